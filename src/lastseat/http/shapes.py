"""The parts that requests are made of, as the OpenAPI document tells them.

Bounds written here as `extra_json_schema` are told, not checked: core/validate.py checks them, for
every door of the engine alike. What is checked here is what JSON itself can't say: that a time has
an offset, and that nothing unknown is sent.
"""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from lastseat.core import limits
from lastseat.core.commands import Claim

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


class ClaimBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """`units` of a bookable. An occurrence has its own time; a resource needs `start` and `end`.

    `before` and `after` are buffers in seconds: capacity is taken for them too.
    """

    bookable: Id
    units: Units = 1
    start: Moment | None = None
    end: Moment | None = None
    before: Buffer = 0
    after: Buffer = 0

    def claim(self) -> Claim:
        """The same for the engine."""
        return Claim(
            bookable=self.bookable,
            units=self.units,
            start=self.start,
            end=self.end,
            before=self.before,
            after=self.after,
        )


Claims = Annotated[
    tuple[ClaimBody, ...],
    Meta(
        description="All or nothing.",
        extra_json_schema={"minItems": 1, "maxItems": limits.CLAIMS},
    ),
]
