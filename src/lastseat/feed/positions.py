"""The ids of live messages: where in which feed. Pure.

`<epoch>.<tenant's tag>.<position>`: what comes back as Last-Event-ID names the feed that it is of,
so that one of another tenant, or from before a restore, is not taken for a place in this one.
"""

import hashlib
import re

from msgspec import Struct

UNFED = "0"
"""The epoch before the first one: the relay has never run."""

_ID = re.compile(r"([0-9a-f-]{1,36})\.([0-9a-f]{12})\.([0-9]{1,18})", re.ASCII)


class Position(Struct, frozen=True):
    """A place in a feed: everything up to `pos` has been told."""

    epoch: str
    tag: str
    pos: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.tag}.{self.pos}"


def tag_of(tenant: str) -> str:
    """What stands for a tenant in an id, which may be shown to its customers."""
    return hashlib.sha256(tenant.encode()).hexdigest()[:12]


def read_position(text: str) -> Position | None:
    """The position that an id names; None: it is no id of ours."""
    found = _ID.fullmatch(text)
    return Position(found[1], found[2], int(found[3])) if found else None
