"""The life of a booking as one table: which status may follow which (MISSION C3).

Not for who may cause a change, nor for capacity arithmetic: see booking.py for both.
"""

from enum import StrEnum


class Status(StrEnum):
    """Where a booking stands."""

    WAITLISTED = "WAITLISTED"
    HELD = "HELD"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    RESERVED = "RESERVED"
    CONFIRMED = "CONFIRMED"
    CHECKED_IN = "CHECKED_IN"
    COMPLETED = "COMPLETED"
    NO_SHOW = "NO_SHOW"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


S = Status

FOLLOWS: dict[Status, frozenset[Status]] = {
    # It takes nothing; HELD is the offer (C7).
    S.WAITLISTED: frozenset({S.HELD, S.CANCELLED, S.EXPIRED}),
    S.HELD: frozenset({S.CONFIRMED, S.RESERVED, S.PENDING_APPROVAL, S.CANCELLED, S.EXPIRED}),
    S.PENDING_APPROVAL: frozenset({S.RESERVED, S.CONFIRMED, S.REJECTED, S.CANCELLED, S.EXPIRED}),
    S.RESERVED: frozenset({S.CONFIRMED, S.CHECKED_IN, S.CANCELLED, S.NO_SHOW}),
    S.CONFIRMED: frozenset({S.CHECKED_IN, S.CANCELLED, S.NO_SHOW}),
    S.CHECKED_IN: frozenset({S.COMPLETED, S.CANCELLED}),
    S.COMPLETED: frozenset(),
    # A late check-in is a permission (C4).
    S.NO_SHOW: frozenset({S.CHECKED_IN}),
    S.CANCELLED: frozenset(),
    S.EXPIRED: frozenset(),
    S.REJECTED: frozenset(),
}
"""For each status, the ones that may come next."""

FREED = frozenset({S.CANCELLED, S.EXPIRED, S.REJECTED})
"""A booking in one of these holds no capacity; in any other its claims are live."""

RELOCATABLE = frozenset({S.HELD, S.PENDING_APPROVAL, S.RESERVED, S.CONFIRMED})
"""A booking in one of these can still be moved."""


def may_follow(now: Status, then: Status) -> bool:
    """Whether a booking that is `now` may become `then`."""
    return then in FOLLOWS[now]
