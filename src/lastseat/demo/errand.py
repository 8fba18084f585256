"""What the demonstration and the processes of its crowd say to each other: lines of JSON."""

import msgspec
from msgspec import Struct

from lastseat.demo.week import Goal

READY = b"ready\n"
"""What a process says when it is connected."""

GO = b"go\n"
"""What it waits for then."""


class Errand(Struct, frozen=True):
    """What one process has to do."""

    url: str
    key: str
    goal: Goal
    bookers: tuple[tuple[str, str], ...]
    """Each booker with the lane they want."""


class Try(Struct, frozen=True):
    """One attempt: what for ("class" or "lane"), what it came to, and when (monotonic seconds)."""

    what: str
    code: str
    asked: float
    answered: float


class Tried(Struct, frozen=True):
    """What a process comes back with: its attempts, or why it had to give up."""

    tries: tuple[Try, ...] = ()
    failure: str | None = None


def line(message: Errand | Tried) -> bytes:
    """The message as one line."""
    return msgspec.json.encode(message) + b"\n"
