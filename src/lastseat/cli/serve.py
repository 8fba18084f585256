"""`lastseat serve`: the HTTP service on a port, its database made ready first."""

from pathlib import Path

import msgspec

from lastseat import config
from lastseat.cli import serve_options as given
from lastseat.cli.configuring import Config, LogFormat, LogLevel, check_variables
from lastseat.cli.reaching import reach
from lastseat.cli.terminal import DataDir, Failure, Url, err, out
from lastseat.http import settings
from lastseat.http.settings import MetricsFor, ServeSettings


def serve(  # noqa: PLR0913 - its options
    *,
    port: given.Port = settings.PORT,
    host: given.Host = "127.0.0.1",
    workers: given.Workers = 1,
    auth: given.Auth = True,
    suggestions: given.Suggestions = settings.SUGGESTIONS,
    suggest_within: given.SuggestWithin = settings.SUGGEST_WITHIN,
    live_clients: given.LiveClients = settings.LIVE_CLIENTS,
    heartbeat: given.Heartbeat = settings.HEARTBEAT,
    jobs: given.Jobs = True,
    read_url: given.ReadUrl = None,
    cors_origin: given.CorsOrigins = None,
    hsts: given.Hsts = 0,
    body_bytes: given.BodyBytes = settings.BODY_BYTES,
    reading: given.Reading = settings.READING_SECONDS,
    metrics: given.Metrics = MetricsFor.LOCAL,
    drain: given.Drain = settings.DRAIN,
    grace: given.Grace = settings.GRACE,
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
    wanted = ServeSettings(
        url="",
        host=host,
        port=port,
        workers=workers,
        auth=auth,
        tokens=tokens(),
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
    check(wanted)
    _run(wanted, url, data_dir)


def check(wanted: ServeSettings) -> None:
    """Raises `Failure` for settings that can't be served with."""
    check_variables()
    refusal = wanted.refusal()
    if refusal is not None:
        raise Failure(refusal)


def _run(wanted: ServeSettings, url: str | None, data_dir: Path | None) -> None:
    # Here, since loading takes a moment.
    from lastseat.http.server import address_of, listen, prepare
    from lastseat.http.server import serve as run

    host, port = wanted.host, wanted.port
    try:
        listening = listen(host, port)
    except OSError as error:
        raise Failure(
            f"{host}, port {port}, can't be opened: {error.strerror}; choose another --port"
        ) from None
    with listening:
        wanted = msgspec.structs.replace(wanted, url=reach(url, data_dir))
        owner = prepare(wanted)
        if owner is not None:
            out.print("The first owner's key. It is shown this once, and only its hash is kept:")
            out.print(f"\n  {owner}\n")
        where = address_of(listening)
        out.print(f"Lastseat serves {where}  (docs: {where}/docs)")
        if not wanted.auth:
            err.print("Authentication is off: whoever reaches this port is an owner.")
        out.file.flush()
        run(wanted, listening)


def tokens() -> config.TokenSettings | None:
    """How signed tokens are verified, if they are. Raises `Failure`."""
    from lastseat.access.tokens import Verifier

    try:
        found = config.tokens()
        if found is not None:
            Verifier(found)
    except ValueError as error:
        raise Failure(f"signed tokens: {error}") from None
    return found
