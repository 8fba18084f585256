"""One process of the crowd, run as a program: a client of its own, and bookers that go at once.

It reads its errand from stdin and answers on stdout, see errand.py. Whoever started it closes its
stdin by going away, however that happens; then it ends, too.
"""

import asyncio
import os
import sys
import time
from contextlib import suppress
from itertools import chain

import httpx
import msgspec

from lastseat.client import AsyncClient, Retries, ServiceError
from lastseat.core.commands import Claim
from lastseat.demo.errand import READY, Errand, Tried, Try, line
from lastseat.demo.week import Goal

STDOUT = 1

CONNECTIONS = 8
"""Requests of one process at a time; with more, the client is slower."""

PATIENCE = Retries(seconds=100)
"""An answer may take its time: thousands may be asking."""


def main() -> None:
    """Do the errand that the first line of stdin gives."""
    asked = sys.stdin.readline()
    if not asked:
        return
    with suppress(BrokenPipeError):
        try:
            asyncio.run(_work(msgspec.json.decode(asked, type=Errand)))
        except ServiceError as error:
            # Not print: what is left in its buffer would be complained about at the end.
            os.write(STDOUT, line(Tried(failure=str(error))))


async def _work(errand: Errand) -> None:
    # The service is on this machine: no proxy of the environment is in between.
    async with (
        httpx.AsyncClient(trust_env=False) as http,
        AsyncClient(
            errand.url, key=errand.key, retries=PATIENCE, connections=CONNECTIONS, http=http
        ) as tenant,
    ):
        # Connected before the word is given: no booker is to wait for a handshake.
        await asyncio.gather(*(_greet(tenant) for _ in errand.bookers[:CONNECTIONS]))
        os.write(STDOUT, READY)
        if not await asyncio.to_thread(sys.stdin.readline):
            return
        tries = await asyncio.gather(
            *(_book(tenant, errand.goal, who, lane) for who, lane in errand.bookers)
        )
    with os.fdopen(STDOUT, "wb", closefd=False) as answer:
        answer.write(line(Tried(tuple(chain.from_iterable(tries)))))


async def _greet(tenant: AsyncClient) -> None:
    async for _ in tenant.bookables(kind="event", page_size=1):
        break


async def _book(tenant: AsyncClient, goal: Goal, who: str, lane: str) -> list[Try]:
    """One person: the class first, then the lane, whatever came of the class."""
    hour = Claim(bookable=lane, start=goal.during.start, end=goal.during.end)
    return [
        await _ask(tenant, "class", goal.occurrence, who),
        await _ask(tenant, "lane", hour, who),
    ]


async def _ask(tenant: AsyncClient, what: str, claim: str | Claim, who: str) -> Try:
    asked = time.monotonic()
    outcome = await tenant.book(claim, actor=who)
    return Try(what, str(outcome.code), asked, time.monotonic())


if __name__ == "__main__":
    main()
