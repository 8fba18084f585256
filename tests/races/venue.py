"""A venue for the race tests, and what processes of a crowd do there. Nothing is judged here.

A hall of two halves, three lanes, a court. Days are far apart, so what is asked for on one never
meets what is asked for on another.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from tests.races.bookers import with_an_engine
from tests.races.crowd import Meet
from tests.races.moments import NOON
from tests.races.sabotage import Sabotage

import lastseat
from lastseat import ActorTime, AnyOutcome, AsyncTenant, Choice, Claim, Hours, Rules

LANES = ("lane-1", "lane-2", "lane-3")
HALVES = ("east", "west")


class Answered(Struct, frozen=True):
    """What was asked for, when (seconds of this machine's clock), and what it came to."""

    what: str
    asked_at: float
    outcome: AnyOutcome


def open_venue(conninfo: str, tenant_id: str) -> None:
    """Everything there is, at the location `north`."""
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        tenant.catalogue.create_location("north", name="North", time_zone="UTC")
        for name in (*LANES, *HALVES, "court"):
            assert tenant.define_resource(name, actor_time=ActorTime.ALLOW, location="north").ok
        assert tenant.define_composite("hall", parts=HALVES).ok


def on(day: int) -> tuple[datetime, datetime]:
    """An hour of that day."""
    start = NOON + timedelta(days=day)
    return start, start + timedelta(hours=1)


def an_hour(bookable: str, day: int) -> Claim:
    """A bookable for the hour of that day."""
    start, end = on(day)
    return Claim(bookable=bookable, start=start, end=end)


def any_of(many: int, day: int) -> Choice:
    """Any so many of the lanes."""
    start, end = on(day)
    return Choice(of=LANES, any=many, start=start, end=end)


CLOSED = Rules(hours=Hours())

REFUSED, FOR_LONG = 20, 0.2
"""So often, and for so many seconds: by then who closed it has been told that it is closed."""


async def _answered(what: str, booking: Awaitable[AnyOutcome]) -> Answered:
    asked_at = time.monotonic()
    return Answered(what, asked_at, await booking)


Work = Callable[[AsyncTenant], Sequence[Awaitable[Answered]]]


def book_claims(
    meet: Meet,
    conninfo: str,
    tenant_id: str,
    who: str,
    claims: Sequence[Claim],
    sabotage: Sabotage | None = None,
) -> list[Answered]:
    """A booking of each claim, all at once."""

    def work(tenant: AsyncTenant) -> list[Any]:
        return [
            _answered(claim.bookable, tenant.book(claim, actor=f"{who}-{i}"))
            for i, claim in enumerate(claims)
        ]

    return with_an_engine(meet, conninfo, tenant_id, sabotage, work)


def book_choices(
    meet: Meet,
    conninfo: str,
    tenant_id: str,
    who: str,
    choices: Sequence[Choice],
    sabotage: Sabotage | None = None,
) -> list[Answered]:
    """A booking of each choice, all at once."""

    def work(tenant: AsyncTenant) -> list[Any]:
        return [
            _answered(str(i), tenant.book(choices=[choice], actor=f"{who}-{i}"))
            for i, choice in enumerate(choices)
        ]

    return with_an_engine(meet, conninfo, tenant_id, sabotage, work)


def book_series(
    meet: Meet,
    conninfo: str,
    tenant_id: str,
    who: str,
    series: Sequence[Sequence[Claim]],
    policy: str,
    sabotage: Sabotage | None = None,
) -> list[Answered]:
    """Each series, all at once."""

    def work(tenant: AsyncTenant) -> list[Any]:
        return [
            _answered(str(i), tenant.book_series(dates, actor=f"{who}-{i}", policy=policy))
            for i, dates in enumerate(series)
        ]

    return with_an_engine(meet, conninfo, tenant_id, sabotage, work)


def book_on_and_on(
    meet: Meet,
    conninfo: str,
    tenant_id: str,
    who: str,
    first_day: int,
    seconds: float,
    sabotage: Sabotage | None = None,
) -> list[Answered]:
    """The court for one day after the other, one booking at a time, until it is refused for long.

    Or for so many seconds.
    """

    async def go_on(tenant: AsyncTenant) -> list[Answered]:
        end = time.monotonic() + seconds
        answers: list[Answered] = []
        refused: list[Answered] = []
        while time.monotonic() < end:
            claim = an_hour("court", first_day + len(answers))
            answers.append(await _answered("court", tenant.book(claim, actor=who)))
            if not answers[-1].outcome.ok:
                refused.append(answers[-1])
            if len(refused) > REFUSED and answers[-1].asked_at > refused[0].asked_at + FOR_LONG:
                break
        return answers

    (answers,) = with_an_engine(meet, conninfo, tenant_id, sabotage, lambda x: [go_on(x)])
    return answers


def close_after(
    meet: Meet, conninfo: str, tenant_id: str, owner: str, seconds: float
) -> list[Answered]:
    """Let `owner` be closed for good after a while; `asked_at` is when that was acknowledged."""

    async def close(tenant: AsyncTenant) -> Answered:
        await asyncio.sleep(seconds)
        outcome = await tenant.set_rules(owner, CLOSED)
        return Answered(owner, time.monotonic(), outcome)

    return with_an_engine(meet, conninfo, tenant_id, None, lambda tenant: [close(tenant)])
