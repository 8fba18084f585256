"""`lastseat serve`: the HTTP service on a port, its database made ready first."""

from typing import Annotated

import msgspec
import typer

from lastseat import config
from lastseat.cli.terminal import DataDir, Failure, Url, err, out, reach


def serve(  # noqa: PLR0913 - its options
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes any that is free.")
    ] = 8000,
    host: Annotated[
        str, typer.Option(help="The address; others than this machine's need authentication.")
    ] = "127.0.0.1",
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that share the port.")] = 1,
    auth: Annotated[
        bool,
        typer.Option("--auth/--no-auth", help="Ask who calls; off only on a loopback address."),
    ] = True,
    suggestions: Annotated[
        int, typer.Option(min=0, max=100, help="Other times that a refusal for a time offers.")
    ] = 3,
    suggest_within: Annotated[
        int, typer.Option(min=1, max=604_800, help="How far away they are at most, in seconds.")
    ] = 7_200,
    live_clients: Annotated[
        int, typer.Option(min=0, max=100_000, help="Live streams of each process, at most.")
    ] = 5_000,
    heartbeat: Annotated[
        float, typer.Option(min=1, max=3_600, help="Seconds between a live stream's heartbeats.")
    ] = 15.0,
    url: Url = None,
    data_dir: DataDir = None,
) -> None:
    """Serve bookings over HTTP.

    Starts the embedded database unless a URL is given, brings its schema up to date, and prints the
    first owner's key when there is none yet: once, and never again. Ctrl-C or SIGTERM ends it when
    the requests under way are answered; the database stays, `lastseat db stop` stops it.
    """
    # Here, since loading takes a moment.
    from lastseat.http.server import address_of, listen, prepare
    from lastseat.http.server import serve as run
    from lastseat.http.settings import ServeSettings

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
    )
    refusal = settings.refusal()
    if refusal is not None:
        raise Failure(refusal)
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
        if not auth:
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
