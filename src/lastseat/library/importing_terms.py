"""What the arguments of an import may be. What the file itself may be: calendar/ical.py."""

import hashlib
from typing import get_args

import msgspec

from lastseat.core import fields as f
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.gateways.fetch import MOST_URL
from lastseat.library.keeping import invalid
from lastseat.views.calendars import As, Dropped, ImportTerms, Moved, Vanished

CALENDAR_LENGTH = 100
"""Characters of a calendar's id: those of what comes of its items begin with it."""


def terms_of(
    into: str, as_: As | str, capacity: int, vanished: str, moved: str, dropped: str
) -> ImportTerms | o.Invalid:
    """How to import, or what is wrong with it."""
    kind, _, name = into.partition(":")
    if kind not in ("location", "resource") or not name:
        return o.Invalid(field="into", reason="must be location:<id> or resource:<id>")
    for field, value, choices in (
        ("as", as_, tuple(As)),
        ("vanished", vanished, get_args(Vanished)),
        ("moved", moved, get_args(Moved)),
        ("dropped", dropped, get_args(Dropped)),
    ):
        if value not in choices:
            return o.Invalid(field=field, reason=f"must be one of {', '.join(choices)}")
    if as_ == As.EVENTS and kind != "location":
        reason = "events take place at a location: it must be location:<id>"
        return o.Invalid(field="into", reason=reason)
    try:
        f.name("into", name)
        f.integer("capacity", capacity, 1, limits.CAPACITY)
    except f.Bad as bad:
        return bad.invalid
    said = {"into": into, "as": as_, "capacity": capacity}
    return msgspec.convert(
        {**said, "vanished": vanished, "moved": moved, "dropped": dropped}, ImportTerms
    )


def checked(calendar_id: str, data: bytes | str | None, url: str | None) -> o.Invalid | None:
    """What is wrong with what is asked for, but for the terms and the key."""

    def check() -> None:
        f.name("calendar_id", calendar_id, CALENDAR_LENGTH)
        if "@" in calendar_id:
            raise f.Bad("calendar_id", "must not contain '@': an event's id must not")
        if (data is None) == (url is None):
            raise f.Bad("url", "or a file has to be given, and not both")
        if url is not None:
            f.name("url", url, MOST_URL)

    return invalid(check)


def digest(data: bytes | None) -> str | None:
    """What stands for a file in what a key stands for."""
    return hashlib.sha256(data).hexdigest() if data is not None else None
