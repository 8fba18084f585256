"""How often a publishable key may be used: a token bucket for each. Pure: the time is passed in.

The buckets are those of one process: with N workers a key gets up to N times its rate, and a
restart fills them. It keeps one guest's script from using up a server; it is no quota to bill by.
"""

from collections import OrderedDict

MOST_BUCKETS = 10_000
"""Buckets kept at most; past that the one that was longest not asked for is forgotten."""


class Buckets:
    """Token buckets by name. Each starts full, with a minute's worth, and refills evenly."""

    def __init__(self, most: int = MOST_BUCKETS) -> None:
        self._most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, name: str, per_minute: int, now: float) -> float:
        """Take one token: 0.0 if there was one, else the seconds until there is.

        `now` is in seconds of a clock that never goes back, such as `time.monotonic()`.
        """
        tokens, since = self._buckets.pop(name, (float(per_minute), now))
        per_second = per_minute / 60
        tokens = min(float(per_minute), tokens + max(0.0, now - since) * per_second)
        # Who comes back after just the seconds they were told must not be told again.
        wait = 0.0 if tokens > 1 - 1e-6 else (1 - tokens) / per_second
        self._buckets[name] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return wait
