"""`lastseat serve`: the database made ready once, then one or several processes on one port.

The parent opens the port and does what must be done once: the embedded database, the schema, the
first owner's key. Workers share its listening socket, so a connection that nobody has accepted yet
outlives a worker's death. Why uvicorn: docs/adr/0015-http-server.md.
"""

import asyncio
import contextlib
import logging
import math
import multiprocessing
import os
import resource
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from types import FrameType

import msgspec
import psycopg
import uvicorn
from litestar import Litestar

from lastseat import logs
from lastseat.access.first import ensure_owner
from lastseat.collecting import collect_seldom
from lastseat.engine.errors import DatabaseUnavailable
from lastseat.feed.hub import Hub
from lastseat.http.app import make_app
from lastseat.http.door import Door
from lastseat.http.edge import EDGE, Edge
from lastseat.http.live import HUB
from lastseat.http.settings import ServeSettings
from lastseat.ledger.migrate import migrate

log = logging.getLogger("lastseat.http")

ENDING_SECONDS = 15.0
"""What a worker may take beside `drain` and `grace`: its jobs finish what they are at."""

KEEP_ALIVE = 75
"""Seconds that an idle connection is kept: longer than a proxy in front keeps one, or it would send
a request just when we close."""

BACKLOG = 2048
"""Connections that wait to be accepted, at most."""

HEARING_SECONDS = 2.0
"""How long a server that stops waits for a connection that is new to say something."""

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
    logs.set_up(settings.log_format, settings.log_level)
    serve_with(settings.workers, work, settings, listening)


def serve_with(workers: int, work: Work, settings: ServeSettings, listening: socket.socket) -> None:
    """Run `work` in as many processes as asked for, until SIGTERM or SIGINT."""
    if workers == 1:
        work(settings, listening)
    else:
        Supervisor(workers, work, settings, listening).run()


def work(settings: ServeSettings, listening: socket.socket) -> None:
    """One process that serves."""
    worker = settings.worker if settings.workers > 1 else None
    logs.set_up(settings.log_format, settings.log_level, worker=worker)
    answer(make_app(settings), listening)


def answer(app: Litestar, listening: socket.socket) -> None:
    """Let an application answer what comes in, until this process is told to stop."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn handles them, and hands them on once all is finished: then there is nothing to do.
        signal.signal(number, _done)
    _many_connections()
    collect_seldom()
    server_of(app).run(sockets=[listening])


def _many_connections() -> None:
    """As many open files as the system lets us have: a live stream is one for as long as it is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def server_of(app: Litestar) -> uvicorn.Server:
    """The server that answers with an application."""
    edge = app.opt.get(EDGE) or Edge(ServeSettings(url=""))
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
        timeout_keep_alive=KEEP_ALIVE,
        # uvicorn has a whole number here.
        timeout_graceful_shutdown=math.ceil(edge.settings.grace),
        backlog=BACKLOG,
    )
    return Server(config, edge, app.opt.get(HUB))


class Server(uvicorn.Server):
    """uvicorn's, which cuts off who is too slow, and ends in such a way that no request is cut.

    Streams would never end by themselves: their clients are sent away at once. For `drain` seconds
    requests are still taken, and each answer gives its connection back; a load balancer sees
    meanwhile that this server is not ready. Then nothing new is taken, and what is under way ends.
    """

    def __init__(self, config: uvicorn.Config, edge: Edge, hub: Hub | None) -> None:
        super().__init__(config)
        self._edge = edge
        self._hub = hub

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if counter % 10 == 0:
            self._cut_the_slow()
        return await super().on_tick(counter)

    def _cut_the_slow(self) -> None:
        oldest = time.monotonic() - self._edge.settings.reading
        for door in list(self.server_state.connections):
            since = door.reading_since if isinstance(door, Door) else None
            if since is not None and since < oldest:
                door.transport.abort()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is under way."""
        self._edge.stopping = True
        if self._hub is not None:
            self._hub.stop()
        if not self.force_exit:
            await asyncio.sleep(self._edge.settings.drain)
            await self._hear_out(sockets or [])
        await super().shutdown(sockets)

    async def _let_in(self, listening: socket.socket) -> None:
        """Meet those whom the system has let in already: closing its queue would cut them off."""
        listening.setblocking(False)
        while True:
            try:
                late, _ = listening.accept()
            except BlockingIOError:
                return
            except ConnectionError:
                # Gone again already.
                continue
            except OSError as error:
                log.warning("somebody at the door was not let in: %s", error)
                return
            late.setblocking(False)
            await asyncio.get_running_loop().connect_accepted_socket(self._door, late)

    def _door(self) -> asyncio.Protocol:
        return Door(self.config, self.server_state, self.lifespan.state)

    async def _hear_out(self, sockets: list[socket.socket]) -> None:
        """Let nobody in any more, and who came in a moment ago say what they came for.

        uvicorn closes each connection on which nothing is under way: on one that is new, or of
        whose request a part is there, that would cut a request.
        """
        held = [listening.dup() for listening in sockets]
        for server in self.servers:
            server.close()
        for listening in sockets:
            listening.close()
        # The loop closes its own a moment later: ours is to be the last.
        await asyncio.sleep(0.01)
        for listening in held:
            await self._let_in(listening)
            listening.close()
        while any(map(_speaks, self.server_state.connections)):  # noqa: ASYNC110 - once
            await asyncio.sleep(0.01)


def _speaks(door: object) -> bool:
    since = door.reading_since if isinstance(door, Door) else None
    return since is not None and since > time.monotonic() - HEARING_SECONDS


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
        self._workers: dict[int, BaseProcess] = {}
        self._told = threading.Event()

    def run(self) -> None:
        """Until SIGTERM or SIGINT; then each worker finishes what it has."""
        before = {
            number: signal.signal(number, self._tell) for number in (signal.SIGTERM, signal.SIGINT)
        }
        # Where the workers meet, see siblings.py.
        with tempfile.TemporaryDirectory(prefix="lastseat-") as siblings:
            self._settings = msgspec.structs.replace(self._settings, siblings=siblings)
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
        for number, worker in list(self._workers.items()):
            if not worker.is_alive():
                log.error(
                    "worker %s ended with %s; another takes its place", worker.pid, worker.exitcode
                )
                del self._workers[number]
                self._told.wait(PAUSE_SECONDS)
        for number in range(self._wanted):
            if number not in self._workers and not self._told.is_set():
                settings = msgspec.structs.replace(self._settings, worker=number)
                worker = self._context.Process(
                    target=_worker, args=(self._work, settings, self._listening, os.getpid())
                )
                worker.start()
                self._workers[number] = worker

    def _end(self) -> None:
        for worker in self._workers.values():
            if worker.is_alive():
                worker.terminate()
        # As long as it is open here, who comes would be let in and never served.
        self._listening.close()
        until = time.monotonic() + self._settings.drain + self._settings.grace + ENDING_SECONDS
        for worker in self._workers.values():
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
