"""`lastseat serve`: the HTTP service on a port, its database made ready first."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from lastseat import config
from lastseat.cli.configuring import Config, LogFormat, LogLevel, check_variables
from lastseat.cli.terminal import DataDir, Failure, Url, err, out, reach
from lastseat.http.settings import MetricsFor, ServeSettings


def serve(  # noqa: PLR0913 - its options
    *,
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, envvar="LASTSEAT_PORT", help="The port; 0 takes any that is free."
        ),
    ] = 8000,
    host: Annotated[
        str,
        typer.Option(
            envvar="LASTSEAT_HOST",
            help="The address; others than this machine's need authentication.",
        ),
    ] = "127.0.0.1",
    workers: Annotated[
        int,
        typer.Option(
            min=1, max=64, envvar="LASTSEAT_WORKERS", help="Processes that share the port."
        ),
    ] = 1,
    auth: Annotated[
        bool,
        typer.Option(
            "--auth/--no-auth",
            envvar="LASTSEAT_AUTH",
            help="Ask who calls; off only on a loopback address.",
        ),
    ] = True,
    suggestions: Annotated[
        int,
        typer.Option(
            min=0,
            max=100,
            envvar="LASTSEAT_SUGGESTIONS",
            help="Other times that a refusal for a time offers; 0 saves two or three reads each.",
        ),
    ] = 3,
    suggest_within: Annotated[
        int,
        typer.Option(
            min=1,
            max=604_800,
            envvar="LASTSEAT_SUGGEST_WITHIN",
            help="How far away they are at most, in seconds.",
        ),
    ] = 7_200,
    live_clients: Annotated[
        int,
        typer.Option(
            min=0,
            max=100_000,
            envvar="LASTSEAT_LIVE_CLIENTS",
            help="Live streams of each process, at most.",
        ),
    ] = 5_000,
    heartbeat: Annotated[
        float,
        typer.Option(
            min=1,
            max=3_600,
            envvar="LASTSEAT_HEARTBEAT",
            help="Seconds between a live stream's heartbeats.",
        ),
    ] = 15.0,
    jobs: Annotated[
        bool,
        typer.Option(
            "--jobs/--no-jobs", envvar="LASTSEAT_JOBS", help="Also do what `lastseat worker` does."
        ),
    ] = True,
    read_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="LASTSEAT_READ_URL",
            help="A streaming replica, for lists, agendas and availability.",
        ),
    ] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            envvar="LASTSEAT_CORS_ORIGINS",
            help="Whose pages may call from a browser: https://shop.example, or * for all.",
        ),
    ] = None,
    hsts: Annotated[
        int,
        typer.Option(
            min=0,
            max=63_072_000,
            envvar="LASTSEAT_HSTS",
            help="Seconds for which browsers are to come by TLS only; behind TLS alone.",
        ),
    ] = 0,
    body_bytes: Annotated[
        int,
        typer.Option(
            min=1_000,
            max=100_000_000,
            envvar="LASTSEAT_BODY_BYTES",
            help="Bytes of a request's body, at most.",
        ),
    ] = 1_000_000,
    reading: Annotated[
        float,
        typer.Option(
            min=1,
            max=600,
            envvar="LASTSEAT_READING",
            help="Seconds that a client may take to send one request whole.",
        ),
    ] = 30.0,
    metrics: Annotated[
        MetricsFor,
        typer.Option(
            envvar="LASTSEAT_METRICS",
            help="Who may read /metrics; local: this machine, and the operator's owners.",
        ),
    ] = MetricsFor.LOCAL,
    drain: Annotated[
        float,
        typer.Option(
            min=0,
            max=600,
            envvar="LASTSEAT_DRAIN",
            help="Seconds from SIGTERM, not ready any more, until nothing new is taken.",
        ),
    ] = 0.2,
    grace: Annotated[
        float,
        typer.Option(
            min=0,
            max=3_600,
            envvar="LASTSEAT_GRACE",
            help="Seconds that what is under way may take after that.",
        ),
    ] = 30.0,
    log_format: LogFormat = "text",
    log_level: LogLevel = "warning",
    url: Url = None,
    data_dir: DataDir = None,
    _config: Config = None,
) -> None:
    """Serve bookings over HTTP.

    Starts the embedded database unless a URL is given, brings its schema up to date, and prints the
    first owner's key when there is none yet: once, and never again. Ctrl-C or SIGTERM ends it when
    the requests under way are answered; the database stays, `lastseat db stop` stops it.
    """
    settings = ServeSettings(
        url="",
        host=host,
        port=port,
        workers=workers,
        auth=auth,
        tokens=_tokens(),
        suggestions=suggestions,
        suggest_within=suggest_within,
        live_clients=live_clients,
        heartbeat=heartbeat,
        jobs=jobs,
        read_url=read_url or None,
        cors=tuple(cors_origin or ()),
        hsts=hsts,
        body_bytes=body_bytes,
        reading=reading,
        metrics=metrics,
        drain=drain,
        grace=grace,
        log_format=log_format,
        log_level=log_level,
    )
    check_variables()
    refusal = settings.refusal()
    if refusal is not None:
        raise Failure(refusal)
    _run(settings, url, data_dir)


def _run(settings: ServeSettings, url: str | None, data_dir: Path | None) -> None:
    # Here, since loading takes a moment.
    from lastseat.http.server import address_of, listen, prepare
    from lastseat.http.server import serve as run

    host, port = settings.host, settings.port
    try:
        listening = listen(host, port)
    except OSError as error:
        raise Failure(
            f"{host}, port {port}, can't be opened: {error.strerror}; choose another --port"
        ) from None
    with listening:
        settings = msgspec.structs.replace(settings, url=reach(url, data_dir))
        owner = prepare(settings)
        if owner is not None:
            out.print("The first owner's key. It is shown this once, and only its hash is kept:")
            out.print(f"\n  {owner}\n")
        where = address_of(listening)
        out.print(f"Lastseat serves {where}  (docs: {where}/docs)")
        if not settings.auth:
            err.print("Authentication is off: whoever reaches this port is an owner.")
        out.file.flush()
        run(settings, listening)


def _tokens() -> config.TokenSettings | None:
    from lastseat.access.tokens import Verifier

    try:
        found = config.tokens()
        if found is not None:
            Verifier(found)
    except ValueError as error:
        raise Failure(f"signed tokens: {error}") from None
    return found
