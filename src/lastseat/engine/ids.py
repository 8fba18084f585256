"""Ids for commands, bookings and actors: UUIDs in the order of time (RFC 9562, version 7)."""

import os
import time


def new_id() -> str:
    """A new UUIDv7 as text: 48 bits of milliseconds, then 74 random bits.

    Ids made together lie together in an index, which a random UUID would spread all over.
    """
    stamp = (time.time_ns() // 1_000_000) & 0xFFFF_FFFF_FFFF
    tail = os.urandom(10).hex()
    variant = "89ab"[int(tail[3], 16) & 3]
    digits = f"{stamp:012x}"
    return f"{digits[:8]}-{digits[8:]}-7{tail[:3]}-{variant}{tail[4:7]}-{tail[7:19]}"
