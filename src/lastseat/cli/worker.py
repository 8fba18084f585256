"""`lastseat worker`: what happens by itself, in a process of its own."""

import asyncio
import logging
import signal
from typing import Annotated

import typer

from lastseat import logs
from lastseat.cli.configuring import Config, LogFormat, LogLevel, check_variables
from lastseat.cli.reaching import reach
from lastseat.cli.terminal import DataDir, Url, out
from lastseat.ledger.migrate import migrate as bring_up


def worker(
    *,
    calendars: Annotated[
        float,
        typer.Option(
            min=60,
            max=604_800,
            envvar="LASTSEAT_CALENDARS",
            help="Seconds between looks at a subscribed calendar; of `lastseat worker` alone.",
        ),
    ] = 3_600.0,
    log_format: LogFormat = "text",
    log_level: LogLevel = "warning",
    url: Url = None,
    data_dir: DataDir = None,
    _config: Config = None,
) -> None:
    """Do what happens by itself, in a process of its own.

    Holds run out, no-shows are noted, old rows go. `lastseat serve` does the same unless told
    `--no-jobs`. Any number of workers may run, on any number of machines. Ctrl-C or SIGTERM ends it
    when what is under way is finished.
    """
    import uvloop

    check_variables()
    where = reach(url, data_dir)
    bring_up(where)
    logs.set_up(log_format, log_level)
    logging.getLogger("lastseat.jobs").setLevel(logging.INFO)
    uvloop.run(_work(where, calendars))


async def _work(where: str, calendars: float) -> None:
    # Here, since loading takes a moment.
    import lastseat
    from lastseat.collecting import collect_seldom
    from lastseat.feed.relay import Relay
    from lastseat.jobs.app import run
    from lastseat.jobs.working import JobSettings

    collect_seldom()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with lastseat.open_async(where, migrate=False) as engine:
        out.print("at work; Ctrl-C ends it")
        out.file.flush()
        # Without a service somebody has to number what webhooks read.
        relaying = asyncio.create_task(Relay(where).run())
        try:
            await run(engine, stopping, JobSettings(calendars=calendars))
        finally:
            relaying.cancel()
            await asyncio.gather(relaying, return_exceptions=True)
