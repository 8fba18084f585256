"""What an engine has done since it was opened, in plain numbers for whoever shows them.

Counted where it happens, once a batch where that will do, in one event loop: no locks and no
look-ups of labels on the way of a booking. Read at any time, such as by http/metrics.py.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from lastseat.core.outcomes import Outcome
from lastseat.engine.requests import Answer, Failed, Result

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The bounds that times are told by."""

COMMANDS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""The bounds that the sizes of batches are told by."""


class Spread:
    """How often values fell between each two bounds; a value equal to a bound is below it."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class LaneCounts:
    """What one connection has seen: writes sent, races lost and tried again, connections lost."""

    __slots__ = ("lost", "retried", "written")

    def __init__(self) -> None:
        self.written = 0
        self.retried = 0
        self.lost = 0


class Counts:
    """What went through a turnstile.

    `waited` has how long the oldest command of each batch had waited for it, `took` how long the
    batch's transaction took. `turned_away` found no place in the queues in time.
    """

    __slots__ = ("_outcomes", "batches", "deferred", "failed", "took", "turned_away", "waited")

    def __init__(self) -> None:
        # By type: an enum's hash is Python's, and this is counted for each command.
        self._outcomes: defaultdict[type[Outcome], int] = defaultdict(int)
        self.failed: defaultdict[str, int] = defaultdict(int)
        self.deferred = 0
        self.turned_away = 0
        self.batches = Spread(COMMANDS)
        self.waited = Spread()
        self.took = Spread()

    @property
    def outcomes(self) -> dict[str, int]:
        """How many commands came to what, by its name."""
        return {str(kind.__struct_config__.tag): n for kind, n in self._outcomes.items()}

    def settled(self, results: Sequence[Result]) -> None:
        """What a batch came to."""
        outcomes = self._outcomes
        for result in results:
            if isinstance(result, Answer):
                outcomes[type(result.outcome)] += 1
            elif isinstance(result, Failed):
                self.failed[type(result.error).__name__] += 1
            else:
                self.deferred += 1
