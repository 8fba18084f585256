"""See asynchronous/observing.py."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from lastseat.core.events import Fact
from lastseat.core.observed import Observed
from lastseat.core.outcomes import AnyOutcome
from lastseat.library.synchronous.operations import Operations

T = TypeVar("T")


class Observing(Operations):
    """What is decided on what the caller saw: answered `conflict` when it is no longer so."""

    def observe(self, occurrence: str) -> Observed:
        """See `AsyncTenant.observe`."""
        return self.engine.call(self._tenant.observe, occurrence)

    def book_with_observed(
        self, observed: Observed, *, actor: str, units: int = 1, key: str | None = None
    ) -> AnyOutcome:
        """See `AsyncTenant.book_with_observed`."""
        return self.engine.call(
            self._tenant.book_with_observed, observed, actor=actor, units=units, key=key
        )

    def cancel_with_observed(
        self, observed: Observed, *, actor: str, key: str | None = None
    ) -> AnyOutcome:
        """See `AsyncTenant.cancel_with_observed`."""
        return self.engine.call(self._tenant.cancel_with_observed, observed, actor=actor, key=key)

    def append_expect(
        self, appends: Mapping[str, tuple[int, Sequence[Fact]]], *, key: str | None = None
    ) -> AnyOutcome:
        """See `AsyncTenant.append_expect`."""
        return self.engine.call(self._tenant.append_expect, appends, key=key)
