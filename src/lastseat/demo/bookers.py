"""One process of the crowd, run as a program: an engine of its own, and bookers that go at once.

It reads its errand from stdin and answers on stdout, see errand.py. Whoever started it closes its
stdin by going away, however that happens; then it ends, too.
"""

import asyncio
import os
import sys
import time
from contextlib import suppress
from itertools import chain

import msgspec

import lastseat
from lastseat.core.commands import Claim
from lastseat.demo.errand import READY, Errand, Tried, Try, line
from lastseat.demo.week import Goal

STDOUT = 1


def main() -> None:
    """Do the errand that the first line of stdin gives."""
    asked = sys.stdin.readline()
    if not asked:
        return
    with suppress(BrokenPipeError):
        try:
            asyncio.run(_work(msgspec.json.decode(asked, type=Errand)))
        except lastseat.LastseatError as error:
            # Not print: what is left in its buffer would be complained about at the end.
            os.write(STDOUT, line(Tried(failure=str(error))))


async def _work(errand: Errand) -> None:
    async with lastseat.open_async(errand.conninfo, migrate=False) as engine:
        tenant = engine.tenant(errand.tenant_id, principal="demo")
        # Connected before the word is given: the first booker is not to wait for a handshake.
        await tenant.cancel(errand.goal.occurrence, actor="nobody")
        os.write(STDOUT, READY)
        if not await asyncio.to_thread(sys.stdin.readline):
            return
        tries = await asyncio.gather(
            *(_book(tenant, errand.goal, who, lane) for who, lane in errand.bookers)
        )
    with os.fdopen(STDOUT, "wb", closefd=False) as answer:
        answer.write(line(Tried(tuple(chain.from_iterable(tries)))))


async def _book(tenant: lastseat.AsyncTenant, goal: Goal, who: str, lane: str) -> list[Try]:
    """One person: the class first, then the lane, whatever came of the class."""
    hour = Claim(bookable=lane, start=goal.during.start, end=goal.during.end)
    return [
        await _ask(tenant, "class", goal.occurrence, who),
        await _ask(tenant, "lane", hour, who),
    ]


async def _ask(tenant: lastseat.AsyncTenant, what: str, claim: str | Claim, who: str) -> Try:
    asked = time.monotonic()
    outcome = await tenant.book(claim, actor=who)
    return Try(what, str(outcome.code), asked, time.monotonic())


if __name__ == "__main__":
    main()
