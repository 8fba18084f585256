"""What a serving process does by itself, beside answering: each is a line of `BACKGROUND`.

A work runs until the process stops serving and is then cancelled. One that ends, or breaks off, is
logged and begun again: the others, and the requests, must not suffer for it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct

from lastseat.feed.hub import Hub
from lastseat.feed.relay import Relay
from lastseat.http.settings import ServeSettings
from lastseat.jobs.app import run as run_jobs
from lastseat.library.asynchronous.engine import AsyncEngine

log = logging.getLogger("lastseat.http")

PAUSE_SECONDS = 1.0
"""Before a work that broke off is begun again."""


class Serving(Struct, frozen=True):
    """What a work may use."""

    settings: ServeSettings
    engine: AsyncEngine
    hub: Hub


Work = Callable[[Serving], Coroutine[Any, Any, None]]


async def relay(serving: Serving) -> None:
    """Copy the journal's order into the feed: of all processes on a database one at a time does."""
    await Relay(serving.settings.url, heard=serving.hub.heard).run()


async def jobs(serving: Serving) -> None:
    """What happens by itself, unless it is left to `lastseat worker`."""
    if serving.settings.jobs:
        await run_jobs(serving.engine, asyncio.Event())
    else:
        await asyncio.Event().wait()


BACKGROUND: list[Work] = [relay, jobs]
"""The works of every serving process."""


@asynccontextmanager
async def at_work(serving: Serving) -> AsyncIterator[None]:
    """Have all of them done meanwhile."""
    serving.hub.open()
    tasks = [asyncio.create_task(_again_and_again(work, serving)) for work in BACKGROUND]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await serving.hub.close()


async def _again_and_again(work: Work, serving: Serving) -> None:
    while True:
        try:
            await work(serving)
        except Exception:
            log.exception("%s broke off; it is begun again", work.__name__)
        await asyncio.sleep(PAUSE_SECONDS)
