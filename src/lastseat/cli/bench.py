"""`lastseat bench`: measure the engine here, against plain SQL on the same server."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
import typer

from lastseat.cli.loading import PLAIN
from lastseat.cli.reaching import reach
from lastseat.cli.terminal import DataDir, Failure, Json, Url, err, out

if TYPE_CHECKING:
    from lastseat.bench.report import Result
    from lastseat.bench.rounds import Report

app = typer.Typer(
    help="Measure speed here, against plain SQL on the same server.",
    no_args_is_help=True,
    **PLAIN,
)

WIDTH = 100
"""Columns of a table, at most."""

Measured = TypeVar("Measured", bound="Result")

Seconds = Annotated[float, typer.Option("--seconds", min=0.1, max=30, help="Length of one window.")]


@app.command()
def hot(
    *,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
    seconds: Seconds = 3.0,
    windows: Annotated[
        int | None,
        typer.Option(
            "--windows",
            min=1,
            max=99,
            help="Windows of each arm; 5 unless told otherwise, or what fits into a minute when"
            " they are shorter than 2 s.",
        ),
    ] = None,
) -> None:
    """Book one hot occurrence at 1 to 1024 in flight; against PostgreSQL itself, and plain SQL.

    About six minutes; under one with --seconds 1. Uses a database of its own, and drops it.
    """
    from lastseat.bench.hot import hot as measure

    _bench(url, data_dir, lambda where, report: measure(where, seconds, windows, report), json=json)


@app.command()
def growth(
    *,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
    rows: Annotated[
        int, typer.Option("--rows", min=2_000, max=3_000_000, help="Rows to grow the journal to.")
    ] = 1_000_000,
    seconds: Seconds = 3.0,
    windows: Annotated[
        int, typer.Option("--windows", min=1, max=99, help="Windows of each arm.")
    ] = 5,
    snapshot_seconds: Annotated[
        float,
        typer.Option(
            "--snapshot-seconds", min=0.1, max=120, help="How long an old snapshot is kept."
        ),
    ] = 60.0,
) -> None:
    """Compare the rate at a million rows with the first 10,000; then under an old snapshot.

    About five minutes. Uses databases of its own, and drops them.
    """
    from lastseat.bench.growth import Plan
    from lastseat.bench.growth import growth as measure

    plan = Plan(rows=rows, windows=windows, seconds=seconds, snapshot_seconds=snapshot_seconds)
    _bench(url, data_dir, lambda where, report: measure(where, plan, report), json=json)


@app.command()
def stall(
    *,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
    hold_seconds: Annotated[
        float,
        typer.Option(
            "--hold-seconds", min=0.1, max=8, help="How long a stranger holds one head's row."
        ),
    ] = 5.0,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=99, help="How often.")] = 5,
) -> None:
    """Let a stranger hold one head's row, and see how long the others' bookings take.

    About a minute. Uses a database of its own, and drops it.
    """
    from lastseat.bench.stall import stall as measure

    _bench(
        url, data_dir, lambda where, report: measure(where, hold_seconds, rounds, report), json=json
    )


@app.command()
def http(
    *,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
    seconds: Annotated[
        float, typer.Option("--seconds", min=1, max=30, help="Length of one window, whole seconds.")
    ] = 3.0,
    windows: Annotated[
        int | None, typer.Option("--windows", min=1, max=99, help="Windows of each arm; else 5.")
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Processes of each server.")
    ] = 1,
) -> None:
    """Book over HTTP; against an empty POST on the same server. wrk sends, where installed.

    About two minutes; under one with --seconds 1. Uses a database of its own, and drops it.
    """
    from lastseat.bench.http import http as measure

    _bench(
        url,
        data_dir,
        lambda where, report: measure(where, seconds, windows, workers, report),
        json=json,
    )


@app.command()
def availability(
    *,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
    claims: Annotated[
        int, typer.Option("--claims", min=1_000, max=1_000_000, help="Live claims on 100 lanes.")
    ] = 100_000,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=99, help="How often.")] = 9,
) -> None:
    """Look for free slots in a busy month; against a scan of its claims, and Python.

    About half a minute. Uses a database of its own, and drops it.
    """
    from lastseat.bench.availability import Plan
    from lastseat.bench.availability import availability as measure
    from lastseat.bench.month import Size

    plan = Plan(size=Size(claims=claims), rounds=rounds)
    _bench(url, data_dir, lambda where, report: measure(where, plan, report), json=json)


@app.command()
def live(
    *,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.5, max=600, help="How long it is booked.")
    ] = 60.0,
    clients: Annotated[
        int, typer.Option("--clients", min=1, max=20_000, help="How many listen.")
    ] = 1_000,
    rate: Annotated[
        float, typer.Option("--rate", min=0.1, max=1_000, help="Bookings a second.")
    ] = 10.0,
) -> None:
    """Book at a steady rate, and see how soon everybody who listens live knows.

    A little over a minute. Uses a database of its own, and drops it.
    """
    from lastseat.bench.live import Plan
    from lastseat.bench.live import live as measure

    plan = Plan(seconds=seconds, clients=clients, rate=rate)
    _bench(url, data_dir, lambda where, report: measure(where, plan, report), json=json)


def _bench(
    url: str | None,
    data_dir: Path | None,
    measure: "Callable[[str, Report], Coroutine[Any, Any, Measured]]",
    *,
    json: bool,
) -> None:
    where = reach(url, data_dir)
    with _progress(json=json) as report:
        result = _run(measure(where, report))
    _show(result, json=json)


def _run(measuring: Coroutine[Any, Any, Measured]) -> Measured:
    """Measure to the end, or until told to stop: then too the database is dropped."""
    import uvloop

    from lastseat.bench.failure import BenchmarkFailed
    from lastseat.collecting import collect_seldom

    async def stoppable() -> Measured:
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await measuring

    # As the service's own processes have it.
    collect_seldom()
    try:
        return uvloop.run(stoppable())
    except BenchmarkFailed as error:
        raise Failure(f"the benchmark failed: {error}") from error
    except asyncio.CancelledError:
        raise Failure("told to stop; the benchmark's database is dropped") from None


@contextmanager
def _progress(*, json: bool) -> "Iterator[Report]":
    """A bar on stderr when that is a terminal; else one line, or none beside JSON."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    if not err.is_terminal:
        if not json:
            err.print("Measuring: the machine should have nothing else to do.")
        yield lambda _what, _done: None
        return
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=err, transient=True) as shown:
        bar = shown.add_task("", total=1.0)
        yield lambda what, done: shown.update(bar, description=what, completed=done)


def _show(result: "Result", *, json: bool) -> None:
    from rich.console import Console

    from lastseat.bench.report import tables

    if json:
        out.print(msgspec.json.encode(result).decode())
        return
    screen = Console(highlight=False, markup=False)
    screen.width = min(WIDTH, screen.width) if screen.is_terminal else WIDTH
    screen.print(tables(result))
