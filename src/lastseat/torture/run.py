"""The whole run: set up, let the clients work while faults.py hurts, settle, judge, clean up."""

import asyncio
import contextlib
import shutil
import socket
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
from msgspec import Struct
from psycopg.conninfo import make_conninfo

from lastseat.torture import feed, plan, venue
from lastseat.torture.clients import Crowd
from lastseat.torture.database import Database, keys_for
from lastseat.torture.doors import Sending
from lastseat.torture.driver import Count, Order
from lastseat.torture.faults import Hurt, inflict
from lastseat.torture.processes import Child, Engine
from lastseat.torture.proxy import Wire
from lastseat.torture.recorder import Recorder
from lastseat.torture.report import Evidence, Report, judge

DRIVERS = 2
END_SECONDS = 150.0
"""How long the drivers may take to settle what is open."""


class Options(Struct, frozen=True, kw_only=True):
    """What was asked for."""

    seconds: float = 40.0
    seed: int = 1
    engines: int = 4
    clients: int = 32
    rate: float = 30.0
    faults: tuple[str, ...] = plan.FAULTS
    report: Path | None = None
    keep: Path | None = None


class Progress(Struct, frozen=True):
    """How far it is."""

    phase: str
    seconds: float = 0.0
    counts: dict[str, int] = {}
    faults: dict[str, int] = {}


Say = Callable[[Progress], None]


class Stage:
    """Everything that runs: the database, the wires, the engines, the drivers."""

    def __init__(self, options: Options, database: Database, stack: AsyncExitStack) -> None:
        self.options = options
        self.database = database
        self.stack = stack
        self.home = database.home
        self.engines: list[Engine] = []
        self.drivers: list[Child] = []
        self.counts: list[Count] = []
        self.proxy = Child("proxy", self.home / "proxy.log")
        self.recorder = Recorder(self.home / "run.jsonl", first=DRIVERS, step=DRIVERS + 1)
        self.keys: dict[str, tuple[str, str]] = {}
        self._ports: dict[str, int] = {}

    async def set(self) -> None:
        """Start all of it, and define what there is to book."""
        conninfo = await asyncio.to_thread(self.database.start)
        self.keys = await keys_for(conninfo, venue.TENANTS)
        wires, descriptors = self._wires()
        self.stack.push_async_callback(self.proxy.end)
        await self.proxy.start(wires, descriptors=descriptors)
        await self.proxy.heard()
        for engine in self.engines:
            self.stack.push_async_callback(engine.end)
        await asyncio.gather(*(engine.start() for engine in self.engines))
        await self._define()

    def _wires(self) -> tuple[list[Wire], tuple[int, ...]]:
        """Engines that are not started yet, and the wires to and from them."""
        wires: list[Wire] = []
        to = self.database.socket
        for i in range(self.options.engines):
            library = i % 2 == 0
            name = f"library-{i // 2}" if library else f"http-{i // 2}"
            directory = self.home / f"w{i}"
            directory.mkdir()
            behind = socket.socket(socket.AF_UNIX)
            behind.bind(str(directory / Path(to).name))
            behind.listen(64)
            self._keep(behind)
            wires.append(Wire(f"{name}:database", behind.fileno(), path=to))
            conninfo = make_conninfo(self.database.conninfo, host=str(directory))
            engine = Engine(name, conninfo, self.home, library=library)
            self.engines.append(engine)
            if not library:
                before = socket.create_server(("127.0.0.1", 0), backlog=512)
                self._keep(before)
                self._ports[name] = before.getsockname()[1]
                wires.append(Wire(f"{name}:client", before.fileno(), port=engine.port))
        return wires, tuple(wire.descriptor for wire in wires)

    def _keep(self, listening: socket.socket) -> None:
        self.stack.callback(listening.close)

    def addresses(self) -> list[object]:
        """Where the clients find the engines."""
        return [engine.address(self._ports.get(engine.name)) for engine in self.engines]

    def crowd(self, recorder: Recorder) -> Crowd:
        """A crowd in this process: for what is done before and after."""
        return Crowd(
            [engine.address(self._ports.get(engine.name)) for engine in self.engines],
            {tenant: text for tenant, (text, _) in self.keys.items()},
            {tenant: name for tenant, (_, name) in self.keys.items()},
            recorder,
        )

    async def _define(self) -> None:
        crowd = self.crowd(self.recorder)
        for tenant in venue.TENANTS:
            for i, (kind, args) in enumerate(venue.standing()):
                number = i % len(crowd.doors)
                _, reply = await crowd.send(-1, number, Sending(tenant, kind, args, None))
                if reply.result != "ok":
                    raise RuntimeError(f"{kind} {args} came to {reply}")

    async def drive(self) -> None:
        """Start the clients."""
        options = self.options
        for i in range(DRIVERS):
            driver = Child("driver", self.home / f"driver-{i}.log")
            self.stack.push_async_callback(driver.end)
            order = Order(
                seed=options.seed,
                clients=[*range(i, options.clients, DRIVERS)],
                first=i,
                step=DRIVERS + 1,
                history=str(self.home / f"driver-{i}.jsonl"),
                engines=[engine.address(self._ports.get(engine.name)) for engine in self.engines],
                keys={tenant: text for tenant, (text, _) in self.keys.items()},
                principals={tenant: name for tenant, (_, name) in self.keys.items()},
                sending=[kind for kind in plan.SENDING if kind in options.faults],
                rate=options.rate,
            )
            await driver.start(order)
            self.drivers.append(driver)
            self.counts.append(Count({}))
        self._listening = [asyncio.create_task(self._listen(i)) for i in range(DRIVERS)]

    async def _listen(self, i: int) -> None:
        while line := await self.drivers[i].heard():
            self.counts[i] = msgspec.json.decode(line, type=Count)

    async def settle(self) -> None:
        """Tell the clients to end, and wait until open outcomes are known."""
        for driver in self.drivers:
            await driver.tell("end")
        await asyncio.wait(self._listening, timeout=END_SECONDS)
        for i, count in enumerate(self.counts):
            if not count.ended:
                log = (self.home / f"driver-{i}.log").read_text()[-4000:]
                raise RuntimeError(f"driver {i} did not come to its end:\n{log}")

    def counted(self) -> Counter[str]:
        """What all drivers have counted."""
        counts: Counter[str] = Counter()
        for count in self.counts:
            counts.update(count.counts)
        return counts


async def run(options: Options, say: Say, stop: asyncio.Event) -> Report:
    """Carry out the plan of the seed, and judge what came of it. `stop` ends it early."""
    mounted = "disk_full" in options.faults
    database = Database(mounted=mounted)
    left_out = ["disk_full"] if mounted and not database.mounted else []
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.to_thread, database.remove)
        stage = Stage(options, database, stack)
        try:
            return await _run(stage, left_out, say, stop)
        except Exception as error:
            # Without a verdict, what there is of the history is the clue.
            where = options.keep or _kept_by_default(options.seed)
            stage.recorder.flush()
            _copy(stage.home, where)
            error.add_note(f"torture: seed {options.seed}; what was recorded is in {where}")
            raise


async def _run(stage: Stage, left_out: Sequence[str], say: Say, stop: asyncio.Event) -> Report:
    options, loop = stage.options, asyncio.get_running_loop()
    say(Progress("setting up"))
    await stage.set()
    await stage.drive()
    kinds = [x for x in options.faults if x in plan.HURTING and x not in left_out]
    hurt = Hurt(stage.database, stage.engines, stage.proxy, stage.recorder)
    planned = plan.faults(options.seed, options.seconds, kinds)
    began = loop.time()
    async with _telling(stage, hurt, began, say):
        await inflict(hurt, planned, stop, options.seconds)
    lasted = loop.time() - began
    say(Progress("settling", lasted, stage.counted(), hurt.counts))
    await hurt.heal()
    await stage.settle()
    # Those whose jobs write by themselves first: what they wrote last is fed by the others.
    for engine in stage.engines:
        if engine.port is not None:
            await engine.end()
    await feed.whole(stage.database)
    return await _judged(stage, hurt, lasted, left_out, say)


def _kept_by_default(seed: int) -> Path:
    return Path(tempfile.gettempdir()) / f"lastseat-torture-{seed}"


def _copy(home: Path, where: Path) -> None:
    where.mkdir(parents=True, exist_ok=True)
    for file in (*home.glob("*.log"), *home.glob("*.jsonl"), *home.glob("disk/data/log/*.log")):
        shutil.copy(file, where / file.name)


@asynccontextmanager
async def _telling(stage: Stage, hurt: Hurt, began: float, say: Say) -> AsyncIterator[None]:
    async def tell() -> None:
        while True:
            await asyncio.sleep(1)
            lasted = asyncio.get_running_loop().time() - began
            say(Progress("running", lasted, stage.counted(), hurt.counts))

    watching = feed.watch(stage.database, stage.recorder)
    tasks = [asyncio.create_task(tell()), asyncio.create_task(watching)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _judged(
    stage: Stage, hurt: Hurt, lasted: float, left_out: Sequence[str], say: Say
) -> Report:
    counts = stage.counted()
    say(Progress("judging", lasted, counts, hurt.counts))
    for engine in stage.engines:
        await engine.end()
    stage.recorder.close()
    history = stage.home / "history.jsonl"
    options = stage.options
    header = {
        "seed": options.seed,
        "options": {
            "seconds": options.seconds,
            "engines": options.engines,
            "clients": options.clients,
            "faults": list(options.faults),
            "tenants": list(venue.TENANTS),
        },
    }
    parts = [stage.home / "run.jsonl", *(stage.home / f"driver-{i}.jsonl" for i in range(DRIVERS))]
    evidence = Evidence(
        database=stage.database,
        parts=parts,
        header=header,
        history=history,
        backs=hurt.backs,
        counts=counts,
        faults=hurt.counts,
        unresolved=sum(count.unresolved for count in stage.counts),
        seconds=round(lasted, 1),
        left_out=[*left_out],
    )
    report = await asyncio.to_thread(judge, evidence)
    return _kept(report, options, stage.home)


def _kept(report: Report, options: Options, home: Path) -> Report:
    """The report with where the history is, if it is to be had afterwards."""
    where = options.report
    if options.keep is not None or (where is None and not report.clean):
        directory = options.keep or _kept_by_default(options.seed)
        directory.mkdir(parents=True, exist_ok=True)
        for log in home.glob("*.log"):
            shutil.copy(log, directory / log.name)
        where = where or directory / "history.jsonl"
    if where is None:
        return report
    where.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(home / "history.jsonl", where)
    return msgspec.structs.replace(report, history=str(where))
