"""When the things of these tests take place, and how long is waited for something to come true."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

NOON = datetime(2031, 5, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def until(what: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until `what` is true."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)
