"""A process of its own that books and can be stopped, or killed, at a named point."""

import asyncio
from collections.abc import Sequence

from tests.races.child import Child, Tell

import lastseat
from lastseat import Claim
from lastseat.core.outcomes import decode, encode

What = str | Claim


class Bookings(Child):
    """A child that books each (what, actor) in turn, `at_once` of them at a time.

    With `keys` the n-th booking has the key `<keys>-<n>`. `fault` is LASTSEAT_FAULT.
    """

    def __init__(
        self,
        conninfo: str,
        tenant_id: str,
        wanted: Sequence[tuple[What, str]],
        *,
        fault: str = "",
        keys: str | None = None,
        at_once: int = 1,
    ) -> None:
        super().__init__(_book_all, conninfo, tenant_id, wanted, keys, at_once, fault=fault)

    def answers(self) -> dict[int, lastseat.AnyOutcome]:
        """By its place in the order, what each booking came to before the child's end."""
        lines = [line.partition(" ") for line in self.told()]
        return {int(number): decode(outcome) for number, _, outcome in lines}

    def outcomes(self) -> list[lastseat.AnyOutcome]:
        """What every booking came to; the child must have ended well."""
        answers = self.answers()
        assert self.ended_well
        return [answers[i] for i in sorted(answers)]


def _book_all(
    tell: Tell,
    conninfo: str,
    tenant_id: str,
    wanted: Sequence[tuple[What, str]],
    keys: str | None,
    at_once: int,
) -> None:
    async def run() -> None:
        turn = asyncio.Semaphore(at_once)

        async def book(i: int, what: What, actor: str) -> None:
            async with turn:
                key = f"{keys}-{i}" if keys else None
                outcome = await tenant.book(what, actor=actor, key=key)
            tell(f"{i} {encode(outcome)}")

        async with lastseat.open_async(conninfo, migrate=False) as engine:
            tenant = engine.tenant(tenant_id)
            await asyncio.gather(*(book(i, what, actor) for i, (what, actor) in enumerate(wanted)))

    asyncio.run(run())
