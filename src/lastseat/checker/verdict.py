"""What the checker found, in words. No checking here."""

from collections import Counter

from msgspec import Struct, field

MOST = 1_000
"""Violations kept with their words; the rest are counted."""

WORDS = {
    "not_understood": "the history holds something the checker does not know",
    "unfinished": "the history is not whole",
    "gap": "sequences or versions are not gapless",
    "order": "ordinals, times or leads are out of order",
    "impossible": "the journal says what can't follow from what is before it",
    "oversold": "more was sold than there is",
    "seated_twice": "somebody is on one roster twice",
    "expired_early": "a hold was ended before its time",
    "overdue": "a hold counted after its time",
    "line": "a place did not go to whoever was first in line for it",
    "projection": "a table differs from the journal's fold",
    "lost": "what was acknowledged is not in the journal",
    "doubled": "one request had two effects",
    "refused_but_done": "what was refused, or failed for certain, was done",
    "nobody_asked": "the journal holds what nobody asked for",
    "answer": "an answer differs from what was done",
    "refusal": "a refusal was never true",
    "real_time": "the journal's order is not the order of time",
    "key": "an idempotency key gave different answers",
    "failed": "the engine failed, and no fault explains it",
    "feed": "the feed is not the journal, in order, once",
    "transaction": "a caller's transaction was done by half",
}
"""Every property, and what its violation means."""


class Violation(Struct, frozen=True, kw_only=True):
    """One violated property: `what` in words, with the numbers of the operations concerned."""

    property: str
    what: str
    tenant: str | None = None
    operations: tuple[int, ...] = ()


class Verdict(Struct):
    """What became of a history: clean when nothing was found."""

    operations: int = 0
    rows: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    """How many violations of each property."""
    violations: list[Violation] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether every property held."""
        return not self.counts

    def add(self, word: str, what: str, *operations: int | None, tenant: str | None = None) -> None:
        """Note a violation of the property `word`, by the operations that are known."""
        assert word in WORDS, word
        self.counts[word] = self.counts.get(word, 0) + 1
        if len(self.violations) < MOST:
            numbers = tuple(x for x in operations if x is not None)
            self.violations.append(
                Violation(property=word, what=what, tenant=tenant, operations=numbers)
            )

    def count_faults(self, kinds: list[str]) -> None:
        """Note how many faults of each kind there were."""
        self.faults = dict(Counter(kinds))
