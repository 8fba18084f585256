"""Ids for commands, bookings and actors: UUIDs in the order of time (RFC 9562, version 7)."""

import os
import time

_AT_ONCE = 256
"""Ids whose random part is asked of the system together: one call for each would cost more."""

_drawn: list[int] = []


def _draw() -> int:
    """80 bits that nobody can foretell.

    A guest has no other proof than the id that a reservation is theirs: whoever has seen some ids
    must not be able to work out others.
    """
    try:
        return _drawn.pop()
    except IndexError:
        fresh = os.urandom(10 * _AT_ONCE)
        _drawn.extend(int.from_bytes(fresh[i : i + 10], "big") for i in range(0, len(fresh), 10))
        return int.from_bytes(os.urandom(10), "big")


# Two processes with the same ones would give out the same ids.
os.register_at_fork(after_in_child=_drawn.clear)

_VERSION_AND_VARIANT = (7 << 76) | (2 << 62)
_RANDOM_BITS = (0xFFF << 64) | (2**62 - 1)


def new_id() -> str:
    """A new UUIDv7 as text: 48 bits of milliseconds, then 74 random bits.

    Ids made together lie together in an index, which a random UUID would spread all over.
    """
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds << 80) | _VERSION_AND_VARIANT | (_draw() & _RANDOM_BITS)
    text = number.to_bytes(16, "big").hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
