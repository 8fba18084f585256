"""An engine for threads: the asynchronous one in a thread of its own."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import uvloop

from lastseat.core import commands as c
from lastseat.engine.errors import EngineClosed
from lastseat.engine.requests import Answer
from lastseat.library.asynchronous.engine import AsyncEngine
from lastseat.library.reserving import Cleaned

if TYPE_CHECKING:
    from lastseat.library.synchronous.tenant import Tenant

T = TypeVar("T")


class Engine:
    """Connections to one database and the turnstile before them; made by `open`.

    Safe to share by all threads of a process, not across a fork. Close it, or use it as a context
    manager.
    """

    def __init__(self, make: Callable[[], AsyncEngine]) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lastseat", daemon=True)
        self._thread.start()
        self._lock = threading.Lock()
        self._closed = False
        self._engine = self._wait(self._submit(self._open(make)))

    @staticmethod
    async def _open(make: Callable[[], AsyncEngine]) -> AsyncEngine:
        return await make().__aenter__()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def conninfo(self) -> str:
        """Where the database is, as libpq has it."""
        return self._engine.conninfo

    def close(self) -> None:
        """Finish what is queued, then close the connections."""
        self._engine.check_process()
        with self._lock:
            if self._closed:
                return
            self._closed = True
            closing = self._submit(self._finish())
        closing.result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _finish(self) -> None:
        await self._engine.close()
        # Nobody may be left waiting for an answer from a loop that has stopped.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    def tenant(self, tenant_id: str, *, principal: str = "system") -> "Tenant":
        """A tenant's operations, asked for by `principal`."""
        from lastseat.library.synchronous.tenant import Tenant  # noqa: PLC0415 - it imports this one

        return Tenant(self, self._engine.tenant(tenant_id, principal=principal))

    def execute(self, command: c.AnyCommand) -> Answer:
        """Run one command through the turnstile; the answer says whether it was a replay."""
        return self.call(self._engine.execute, command)

    def cleanup_reservations(self, *, limit: int = 1_000) -> Cleaned:
        """See `AsyncEngine.cleanup_reservations`."""
        return self.call(self._engine.cleanup_reservations, limit=limit)

    def cleanup_lag(self) -> float:
        """See `AsyncEngine.cleanup_lag`."""
        return self.call(self._engine.cleanup_lag)

    def call(self, function: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        """Run a coroutine function of the asynchronous face and wait for it."""

        async def run() -> T:
            return await function(*args, **kwargs)

        # A forked child has no thread to answer: it would wait for ever.
        self._engine.check_process()
        # Under the lock, so that all is submitted before the engine closes or not at all.
        with self._lock:
            if self._closed:
                raise EngineClosed("the engine is closed")
            future = self._submit(run())
        return self._wait(future)

    def _submit(self, coroutine: Coroutine[Any, Any, T]) -> "concurrent.futures.Future[T]":
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    @staticmethod
    def _wait(future: "concurrent.futures.Future[T]") -> T:
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise
