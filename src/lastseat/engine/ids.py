"""Ids for commands, bookings and actors: UUIDs in the order of time (RFC 9562, version 7)."""

import os
import random
import time

_source = random.Random()  # noqa: S311 - an id need only be unlike all others, it is no secret


def _reseed() -> None:
    # Two processes with one state would draw the same ids.
    _source.seed(os.urandom(32))


_reseed()
os.register_at_fork(after_in_child=_reseed)

_VERSION_AND_VARIANT = (7 << 76) | (2 << 62)
_RANDOM_BITS = (0xFFF << 64) | (2**62 - 1)


def new_id() -> str:
    """A new UUIDv7 as text: 48 bits of milliseconds, then 74 random bits.

    Ids made together lie together in an index, which a random UUID would spread all over.
    """
    number = (
        ((time.time_ns() // 1_000_000) << 80)
        | _VERSION_AND_VARIANT
        | (_source.getrandbits(76) & _RANDOM_BITS)
    )
    text = number.to_bytes(16, "big").hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
