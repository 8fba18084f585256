"""The parts that requests are made of, as the OpenAPI document tells them.

Bounds written here as `extra_json_schema` are told, not checked: core/validate.py checks them, for
every door of the engine alike. What is checked here is what JSON itself can't say: that a time has
an offset, and that nothing unknown is sent.
"""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from lastseat.calendar import zones
from lastseat.core import limits
from lastseat.core.commands import Choice, Claim

# Without what a browser, a terminal or a log would not show: control characters.
_VISIBLE = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$"

Id = Annotated[
    str,
    Meta(extra_json_schema={"minLength": 1, "maxLength": limits.NAME_LENGTH, "pattern": _VISIBLE}),
]
Name = Annotated[str, Meta(min_length=1, max_length=limits.NAME_LENGTH, pattern=_VISIBLE)]
"""The same, checked here: of reads and of what is no command, where nobody else would."""
Moment = Annotated[
    datetime,
    Meta(
        tz=True,
        description="RFC 3339, with its offset.",
        extra_json_schema={"examples": ["2026-11-23T18:00:00+01:00"]},
    ),
]
Reason = Annotated[
    str,
    Meta(
        description="Why, for the audit trail; kept apart from the journal, and erasable.",
        extra_json_schema={"minLength": 1, "maxLength": limits.TEXT_LENGTH, "pattern": "\\S"},
    ),
]
Units = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": limits.UNITS})]
Capacity = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": limits.CAPACITY})]
Buffer = Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": limits.BUFFER_SECONDS})]
HoldSeconds = Annotated[
    int, Meta(extra_json_schema={"minimum": 1, "maximum": limits.LONGEST_HOLD_SECONDS})
]
Step = Annotated[
    int,
    Meta(
        ge=60,
        le=86_400,
        description="Begin each so many seconds of the day, where no rule says when.",
    ),
]
Version = Annotated[
    int,
    Meta(
        description="The booking's version as it was read; another one is refused (`conflict`).",
        extra_json_schema={"minimum": 1, "maximum": 2**31 - 1},
    ),
]
Attributes = Annotated[
    dict[str, Any], Meta(description=f"Any JSON, up to {limits.METADATA_BYTES} bytes; erasable.")
]
Sequences = Annotated[
    dict[str, int],
    Meta(description="The sequences that were observed; a stream past its own is a `conflict`."),
]


Zone = Annotated[
    str, Meta(description="An IANA time zone.", extra_json_schema={"examples": ["Europe/Berlin"]})
]


class ClaimBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """`units` of a bookable. An occurrence has its own time; a resource needs `start` and `end`.

    `before` and `after` are buffers in seconds: capacity is taken for them too. With `time_zone`
    the booking remembers what the wall clock there shows at its start.
    """

    bookable: Id
    units: Units = 1
    start: Moment | None = None
    end: Moment | None = None
    before: Buffer = 0
    after: Buffer = 0
    time_zone: Zone | None = None

    @classmethod
    def asking(cls, claim: Claim) -> "ClaimBody":
        """What has to be sent for a claim."""
        return cls(
            bookable=claim.bookable,
            units=claim.units,
            start=claim.start,
            end=claim.end,
            before=claim.before,
            after=claim.after,
            time_zone=claim.time_zone,
        )

    def claim(self) -> Claim:
        """The same for the engine."""
        zone = self.time_zone
        return Claim(
            bookable=self.bookable,
            units=self.units,
            start=_on_the_wall(self.start, zone) if zone and self.start else self.start,
            end=self.end,
            before=self.before,
            after=self.after,
            time_zone=zone,
        )


class ChoiceBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """`units` of each of any `any` of the bookables `of`: the first that are free, in that order.

    `adjacent`: the first that follow each other there, as `of` lists lanes as they lie.
    """

    of: Annotated[
        tuple[Id, ...], Meta(extra_json_schema={"minItems": 1, "maxItems": limits.CANDIDATES})
    ]
    any: Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": limits.CANDIDATES})] = 1
    adjacent: bool = False
    units: Units = 1
    start: Moment
    end: Moment
    before: Buffer = 0
    after: Buffer = 0
    time_zone: Zone | None = None

    @classmethod
    def asking(cls, choice: Choice) -> "ChoiceBody":
        """What has to be sent for a choice."""
        return cls(
            of=choice.of,
            any=choice.any,
            adjacent=choice.adjacent,
            units=choice.units,
            start=choice.start,
            end=choice.end,
            before=choice.before,
            after=choice.after,
            time_zone=choice.time_zone,
        )

    def choice(self) -> Choice:
        """The same for the engine."""
        zone = self.time_zone
        return Choice(
            of=self.of,
            any=self.any,
            adjacent=self.adjacent,
            units=self.units,
            start=_on_the_wall(self.start, zone) if zone else self.start,
            end=self.end,
            before=self.before,
            after=self.after,
            time_zone=zone,
        )


def _on_the_wall(start: datetime, zone: str) -> datetime:
    """The time in its zone. What is no zone, or out of range, is left to be refused as it is."""
    if not limits.EARLIEST <= start < limits.LATEST:
        return start
    try:
        return start.astimezone(zones.zone(zone))
    except zones.UnknownZone:
        return start


Claims = Annotated[
    tuple[ClaimBody, ...],
    Meta(
        description="All or nothing.",
        extra_json_schema={"minItems": 1, "maxItems": limits.CLAIMS},
    ),
]
Choices = Annotated[
    tuple[ChoiceBody, ...],
    Meta(
        description="Of each, the first that are free are taken; all or nothing with `claims`.",
        extra_json_schema={"minItems": 1, "maxItems": limits.CANDIDATES},
    ),
]


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No more has to be said."""
