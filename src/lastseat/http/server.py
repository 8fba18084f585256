"""`lastseat serve`: the database made ready once, then one or several processes on one port.

The parent opens the port and does what must be done once: the embedded database, the schema, the
first owner's key. Workers share its listening socket, so a connection that nobody has accepted yet
outlives a worker's death. Why uvicorn: docs/adr/0015-http-server.md.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from types import FrameType

import psycopg
import uvicorn
from litestar import Litestar
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lastseat.access.first import ensure_owner
from lastseat.engine.errors import DatabaseUnavailable
from lastseat.feed.hub import Hub
from lastseat.http.app import make_app
from lastseat.http.live import DROP, HUB
from lastseat.http.settings import ServeSettings
from lastseat.ledger.migrate import migrate

log = logging.getLogger("lastseat.http")

GRACE_SECONDS = 30
"""How long requests under way may take once the service is told to stop."""

BACKLOG = 2048
"""Connections that wait to be accepted, at most."""

PAUSE_SECONDS = 1.0
"""Before a worker that ended by itself is replaced: one that can't start must not spin."""

Work = Callable[[ServeSettings, socket.socket], None]
"""What one process does with the open port."""


def prepare(settings: ServeSettings) -> str | None:
    """Bring the schema up to date; the first owner's key if one was made, to be shown once.

    Raises `DatabaseUnavailable` or `MigrationError`.
    """
    try:
        migrate(settings.url)
        return asyncio.run(_first_owner(settings.url)) if settings.auth else None
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the database can't be reached: {error}") from error


async def _first_owner(url: str) -> str | None:
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    async with connection:
        return await ensure_owner(connection)


def listen(host: str, port: int) -> socket.socket:
    """The port, open. Port 0 is any that is free. Raises `OSError`."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def address_of(listening: socket.socket) -> str:
    """Where it can be reached, as a URL."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(settings: ServeSettings, listening: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; what is under way then is finished first."""
    refusal = settings.refusal()
    if refusal is not None:
        raise ValueError(refusal)
    serve_with(settings.workers, work, settings, listening)


def serve_with(workers: int, work: Work, settings: ServeSettings, listening: socket.socket) -> None:
    """Run `work` in as many processes as asked for, until SIGTERM or SIGINT."""
    if workers == 1:
        work(settings, listening)
    else:
        Supervisor(workers, work, settings, listening).run()


def work(settings: ServeSettings, listening: socket.socket) -> None:
    """One process that serves."""
    answer(make_app(settings), listening)


def answer(app: Litestar, listening: socket.socket) -> None:
    """Let an application answer what comes in, until this process is told to stop."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn handles them, and hands them on once all is finished: then there is nothing to do.
        signal.signal(number, _done)
    _many_connections()
    server_of(app).run(sockets=[listening])


def _many_connections() -> None:
    """As many open files as the system lets us have: a live stream is one for as long as it is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def server_of(app: Litestar) -> uvicorn.Server:
    """The server that answers with an application."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=Door,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Who asks is told by the connection: no proxy's word is taken for it.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        backlog=BACKLOG,
    )
    return Server(config, app.opt.get(HUB))


class Door(HttpToolsProtocol):
    """uvicorn's, with a way to end a connection at once whose client does not read."""

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope["extensions"] = {DROP: self.transport.abort}  # type: ignore[dict-item]


class Server(uvicorn.Server):
    """uvicorn's, which waits for every request to be answered: live streams would never be."""

    def __init__(self, config: uvicorn.Config, hub: Hub | None) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is under way."""
        if self._hub is not None:
            self._hub.stop()
        await super().shutdown(sockets)


def _done(_number: int, _frame: FrameType | None) -> None:
    """An end that was asked for is no failure."""


class Supervisor:
    """Keeps as many workers as were asked for, until told to stop."""

    def __init__(
        self, workers: int, work: Work, settings: ServeSettings, listening: socket.socket
    ) -> None:
        self._wanted = workers
        self._work = work
        self._settings = settings
        self._listening = listening
        # A forked child would inherit this process's threads' locks, and its signal handlers.
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[BaseProcess] = []
        self._told = threading.Event()

    def run(self) -> None:
        """Until SIGTERM or SIGINT; then each worker finishes what it has."""
        before = {
            number: signal.signal(number, self._tell) for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            while not self._told.is_set():
                self._fill()
                self._told.wait(0.2)
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self._told.set()

    def _fill(self) -> None:
        for worker in [x for x in self._workers if not x.is_alive()]:
            log.error(
                "worker %s ended with %s; another takes its place", worker.pid, worker.exitcode
            )
            self._workers.remove(worker)
            self._told.wait(PAUSE_SECONDS)
        while len(self._workers) < self._wanted and not self._told.is_set():
            worker = self._context.Process(
                target=_worker,
                args=(self._work, self._settings, self._listening, os.getpid()),
            )
            worker.start()
            self._workers.append(worker)

    def _end(self) -> None:
        for worker in self._workers:
            if worker.is_alive():
                worker.terminate()
        until = time.monotonic() + GRACE_SECONDS + 5
        for worker in self._workers:
            worker.join(max(0.0, until - time.monotonic()))
            if worker.is_alive():
                log.error("worker %s did not end; killed", worker.pid)
                worker.kill()
                worker.join()


def _worker(work: Work, settings: ServeSettings, listening: socket.socket, parent: int) -> None:
    # A terminal's Ctrl-C goes to every process; the parent tells us when it is time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_outlive_not, args=(parent,), daemon=True).start()
    work(settings, listening)


def _outlive_not(parent: int) -> None:
    """End when the parent was killed: nobody would restart or stop us."""
    while os.getppid() == parent:
        time.sleep(1)
    with contextlib.suppress(ProcessLookupError):
        os.kill(os.getpid(), signal.SIGTERM)
