"""`lastseat torture`: hurt engines and database while clients book, and judge what came of it."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastseat.cli.terminal import Failure, Json, err, out

if TYPE_CHECKING:
    from lastseat.torture.report import Report
    from lastseat.torture.run import Progress


def torture(  # noqa: PLR0913 - each is an option
    *,
    seconds: Annotated[float, typer.Option(min=1, help="How long the clients work.")] = 40,
    seed: Annotated[int, typer.Option(help="Which plan of commands and faults.")] = 1,
    engines: Annotated[
        int, typer.Option(min=1, max=16, help="Engine processes: the library and HTTP in turn.")
    ] = 4,
    clients: Annotated[int, typer.Option(min=1, max=1000, help="Clients, in two processes.")] = 32,
    rate: Annotated[
        float, typer.Option(min=0, help="Operations a second of one client at most; 0: no bound.")
    ] = 30,
    faults: Annotated[
        str | None,
        typer.Option(
            help="Which, separated by commas; `none` for none.", show_default="all that can be had"
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the history in this file.")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep history and engines' logs in this directory."),
    ] = None,
    json: Json = False,
) -> None:
    """Torture the engine, and judge the history.

    A PostgreSQL server of its own, engine processes, and clients that book, hold, confirm, move and
    cancel, while engines and server are killed, stopped and cut off from each other. In the end
    `check-history` judges whatever was answered. The seed says what is wanted, and what is done
    when. Exit code 1 if anything was sold twice, lost, done twice or left open.
    """
    from lastseat.torture.run import Options, run

    options = Options(
        seconds=seconds,
        seed=seed,
        engines=engines,
        clients=clients,
        rate=rate,
        faults=_chosen(faults),
        report=report,
        keep=keep,
    )

    async def whole() -> "Report":
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        main = asyncio.current_task()
        assert main is not None

        def interrupted() -> None:
            # Once: the report of so far. Twice: no more than cleaning up.
            if stop.is_set():
                main.cancel()
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, interrupted)
        return await run(options, _say, stop)

    try:
        found = asyncio.run(whole())
    except asyncio.CancelledError:
        raise typer.Exit(130) from None
    _tell(found, as_json=json)
    raise typer.Exit(0 if found.clean else 1)


def _chosen(faults: str | None) -> tuple[str, ...]:
    from lastseat.torture.plan import FAULTS

    if faults is None:
        return FAULTS
    chosen = tuple(name.strip() for name in faults.split(",") if name.strip() not in ("", "none"))
    unknown = [name for name in chosen if name not in FAULTS]
    if unknown:
        raise Failure(f"there is no fault {unknown[0]!r}; there are {', '.join(FAULTS)}")
    return chosen


def _say(progress: "Progress") -> None:
    counts = progress.counts
    kinds = sum(progress.faults.values())
    err.print(
        f"{progress.phase:<10} {progress.seconds:6.1f} s  "
        f"{counts.get('operations', 0):>8} operations, "
        f"{counts.get('ok', 0)} ok, {counts.get('fail', 0)} refused,"
        f" {counts.get('unknown', 0)} unknown, {kinds} faults"
    )


def _tell(report: "Report", *, as_json: bool) -> None:
    import msgspec

    if report.left_out:
        err.print(f"Left out, since this machine can't do it: {', '.join(report.left_out)}")
    for words in report.found[:50]:
        err.print(f"  {words}")
    if not report.clean:
        err.print(f"Seed {report.seed} failed. Look again: lastseat check-history {report.history}")
    elif report.history:
        err.print(f"History: {report.history}")
    if not as_json:
        _summarise(report)
    figures = msgspec.to_builtins(report)
    for name in ("found", "left_out", "history"):
        figures.pop(name)
    sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")


def _summarise(report: "Report") -> None:
    out.print(f"{report.operations} operations in {report.seconds:g} s, seed {report.seed}:")
    out.print(f"  {report.acknowledged} acknowledged, {report.refused} refused")
    out.print(f"  {report.unknown} unknown at first, {report.unresolved} for good")
    told = ", ".join(f"{n} {kind}" for kind, n in sorted(report.faults.items()))
    out.print(f"  faults: {told or 'none'}")
    out.print(f"  recovery: {report.recovery_s}")
    out.print(
        f"  oversold {report.oversold}, lost {report.lost}, doubled {report.doubled},"
        f" violations {report.violations}"
    )
