"""One connection of the engine: what it has prepared outlives failures, and is used again."""

import asyncio
from collections.abc import Generator
from typing import Any

import psycopg
import pytest

from lastseat.engine.drivers import Lane
from lastseat.engine.requests import Reconnect, Request, Result, Rows, Run, Statement
from lastseat.ledger.errors import ConnectionLost, Rejected

BEGIN, ROLLBACK, CLOCK = (Statement(name) for name in ("begin", "rollback", "clock"))
BROKEN = Statement("find_entry", {"tenant": "x", "stream": "y", "seq": "not a number"})

Steps = Generator[Request, Any, list[Result]]


def driven(conninfo: str, steps: Steps, *, prepare: bool = True) -> None:
    async def drive() -> None:
        lane = Lane(conninfo, prepare=prepare)
        try:
            assert await lane.drive(steps) == []
        finally:
            await lane.close()

    asyncio.run(drive())


@pytest.mark.parametrize("prepare", [True, False])
def test_after_a_failure_everything_can_be_sent_again_and_again(
    conninfo: str, prepare: bool
) -> None:
    def steps() -> Steps:
        for failures in range(4):
            for _ in range(20):
                answers: list[Rows] = yield Run((BEGIN, CLOCK, CLOCK))
                assert [len(rows) for rows in answers] == [0, 1, 1]
                yield Run((ROLLBACK,))
            with pytest.raises(Rejected):
                yield Run((BEGIN, CLOCK, BROKEN, CLOCK))
            for _ in range(failures):
                with pytest.raises(Rejected, match="aborted"):
                    yield Run((CLOCK,))
            yield Run((ROLLBACK,))
        return []

    driven(conninfo, steps(), prepare=prepare)


def test_a_rollback_without_a_failure_keeps_what_is_prepared(conninfo: str) -> None:
    prepared: list[int] = []

    def steps() -> Steps:
        for _ in range(3):
            yield Run((BEGIN, CLOCK))
            yield Run((ROLLBACK,))
        return []

    async def drive() -> None:
        lane = Lane(conninfo)
        await lane.drive(steps())
        assert lane._connection is not None
        cursor = await lane._connection.execute("SELECT count(*) FROM pg_prepared_statements")
        prepared.extend(await cursor.fetchone() or ())
        await lane.close()

    asyncio.run(drive())
    assert prepared == [3]


def test_without_preparing_nothing_stays_on_the_session(conninfo: str) -> None:
    """As a pooler wants it that gives every transaction another session."""

    async def drive() -> tuple[Any, ...] | None:
        lane = Lane(conninfo, prepare=False)
        await lane.drive(steps())
        assert lane._connection is not None
        cursor = await lane._connection.execute("SELECT count(*) FROM pg_prepared_statements")
        found = await cursor.fetchone()
        await lane.close()
        return found

    def steps() -> Steps:
        yield Run((BEGIN, CLOCK))
        yield Run((ROLLBACK,))
        return []

    assert asyncio.run(drive()) == (0,)


def test_a_session_that_is_ended_is_replaced(conninfo: str) -> None:
    async def drive() -> None:
        lane = Lane(conninfo)
        await lane.drive(ask())
        assert lane._connection is not None
        with psycopg.connect(conninfo, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [lane._connection.info.backend_pid])
        await lane.drive(ask_again())
        await lane.close()

    def ask() -> Steps:
        yield Run((CLOCK,))
        return []

    def ask_again() -> Steps:
        with pytest.raises(ConnectionLost):
            yield Run((CLOCK,))
        yield Reconnect()
        answers: list[Rows] = yield Run((CLOCK,))
        assert len(answers[0]) == 1
        return []

    asyncio.run(drive())
