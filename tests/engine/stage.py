"""Two engines on one database whose clock stands until a test moves it. Nothing is judged here."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

import psycopg

import lastseat
from lastseat.core.commands import AnyCommand
from lastseat.engine.requests import Answer

T = TypeVar("T")

STILL_CLOCK = """
CREATE TABLE public.still_clock (now timestamptz NOT NULL);
INSERT INTO public.still_clock VALUES ('epoch');
CREATE OR REPLACE FUNCTION lastseat.clock() RETURNS timestamptz
    LANGUAGE sql VOLATILE PARALLEL SAFE
    AS 'SELECT now FROM public.still_clock'
"""


class Stage:
    """`engines` share the database `conninfo`; `connection` is for looking at it by hand."""

    def __init__(
        self,
        runner: asyncio.Runner,
        conninfo: str,
        engines: Sequence[lastseat.AsyncEngine],
        connection: psycopg.Connection[tuple[Any, ...]],
    ) -> None:
        self.conninfo = conninfo
        self.engines = engines
        self.connection = connection
        self._runner = runner

    def set_clock(self, now: datetime) -> None:
        """From here on it is `now`, for every decision."""
        self.connection.execute("UPDATE public.still_clock SET now = %s", [now])

    def together(self, commands: Sequence[tuple[int, AnyCommand]]) -> list[Answer]:
        """Submit all at one moment, each to the engine of that number."""

        async def submit() -> list[Answer]:
            return await asyncio.gather(
                *(self.engines[number].execute(command) for number, command in commands)
            )

        return self._runner.run(submit())

    def one(self, command: AnyCommand, number: int = 0) -> Answer:
        """Submit one command."""
        return self.together([(number, command)])[0]

    def call(self, operation: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        """Run one operation of the asynchronous library."""
        return self.run(operation(*args, **kwargs))

    def run(self, coroutine: Awaitable[T]) -> T:
        """Wait for what an asynchronous operation comes to."""

        async def wait() -> T:
            return await coroutine

        return self._runner.run(wait())

    def rows(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """What a query returns, asked beside the engines."""
        return self.connection.execute(query.encode(), params).fetchall()


@contextlib.contextmanager
def stage(conninfo: str) -> Iterator[Stage]:
    """Engines on a database of the test's own, whose clock is replaced."""
    with (
        asyncio.Runner() as runner,
        psycopg.connect(conninfo, autocommit=True) as connection,
    ):
        connection.execute(STILL_CLOCK)

        async def opened() -> list[lastseat.AsyncEngine]:
            return [await lastseat.open_async(conninfo, migrate=False) for _ in "ab"]

        engines = runner.run(opened())
        try:
            yield Stage(runner, conninfo, engines, connection)
        finally:
            for engine in engines:
                runner.run(engine.close())
