"""When an event's occurrences are: its rule and what differs from it. Data only.

`lastseat.calendar` expands it. All times are local to the event's time zone, to the minute:
`2026-11-23T18:00`. An occurrence is known by its *original* local start for ever, wherever it is
moved to: its id is `<event>@<original local start>` (RFC 5545 calls it the RECURRENCE-ID).
"""

from msgspec import Struct


class Segment(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The rule from the local time `since` on, until the next segment's `since`.

    `start` is the first start (DTSTART). With `rrule`, one or several, it has to match one of them,
    and counts. `rdate` adds starts, `exdate` takes some away (RFC 5545, 3.8.5). Without `capacity`
    its occurrences follow the event's.
    """

    start: str
    seconds: int
    rrule: tuple[str, ...] = ()
    rdate: tuple[str, ...] = ()
    exdate: tuple[str, ...] = ()
    since: str | None = None
    capacity: int | None = None


class Override(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One occurrence, by its original start `at`, that differs from its event (MISSION B3).

    What is None follows the event. An `at` that no segment gives is an occurrence all the same: one
    that was kept when the rule changed.
    """

    at: str
    start: str | None = None
    seconds: int | None = None
    capacity: int | None = None
    cancelled: bool = False


class Schedule(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Segments in order of `since` (the first has none), and the overrides by `at`."""

    segments: tuple[Segment, ...]
    overrides: tuple[Override, ...] = ()
