"""The options of `lastseat serve`: each is a setting, and a line of docs/configuration.md."""

from typing import Annotated

import typer

from lastseat.http.settings import MetricsFor

Port = Annotated[
    int,
    typer.Option(
        min=0, max=65535, envvar="LASTSEAT_PORT", help="The port; 0 takes any that is free."
    ),
]
Host = Annotated[
    str,
    typer.Option(
        envvar="LASTSEAT_HOST", help="The address; others than this machine's need authentication."
    ),
]
Workers = Annotated[
    int,
    typer.Option(min=1, max=64, envvar="LASTSEAT_WORKERS", help="Processes that share the port."),
]
Auth = Annotated[
    bool,
    typer.Option(
        "--auth/--no-auth",
        envvar="LASTSEAT_AUTH",
        help="Ask who calls; off only on a loopback address.",
    ),
]
Suggestions = Annotated[
    int,
    typer.Option(
        min=0,
        max=100,
        envvar="LASTSEAT_SUGGESTIONS",
        help="Other times that a refusal for a time offers; 0 saves two or three reads each.",
    ),
]
SuggestWithin = Annotated[
    int,
    typer.Option(
        min=1,
        max=604_800,
        envvar="LASTSEAT_SUGGEST_WITHIN",
        help="How far away they are at most, in seconds.",
    ),
]
LiveClients = Annotated[
    int,
    typer.Option(
        min=0,
        max=100_000,
        envvar="LASTSEAT_LIVE_CLIENTS",
        help="Live streams of each process, at most.",
    ),
]
Heartbeat = Annotated[
    float,
    typer.Option(
        min=1,
        max=3_600,
        envvar="LASTSEAT_HEARTBEAT",
        help="Seconds between a live stream's heartbeats.",
    ),
]
Jobs = Annotated[
    bool,
    typer.Option(
        "--jobs/--no-jobs", envvar="LASTSEAT_JOBS", help="Also do what `lastseat worker` does."
    ),
]
ReadUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="LASTSEAT_READ_URL",
        help="A streaming replica, for lists, agendas and availability.",
    ),
]
CorsOrigins = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ORIGIN",
        envvar="LASTSEAT_CORS_ORIGINS",
        help="Whose pages may call from a browser: https://shop.example, or * for all.",
    ),
]
Hsts = Annotated[
    int,
    typer.Option(
        min=0,
        max=63_072_000,
        envvar="LASTSEAT_HSTS",
        help="Seconds for which browsers are to come by TLS only; behind TLS alone.",
    ),
]
BodyBytes = Annotated[
    int,
    typer.Option(
        min=1_000,
        max=100_000_000,
        envvar="LASTSEAT_BODY_BYTES",
        help="Bytes of a request's body, at most.",
    ),
]
Reading = Annotated[
    float,
    typer.Option(
        min=1,
        max=600,
        envvar="LASTSEAT_READING",
        help="Seconds that a client may take to send one request whole.",
    ),
]
Metrics = Annotated[
    MetricsFor,
    typer.Option(
        envvar="LASTSEAT_METRICS",
        help="Who may read /metrics; local: this machine, and the operator's owners.",
    ),
]
Drain = Annotated[
    float,
    typer.Option(
        min=0,
        max=600,
        envvar="LASTSEAT_DRAIN",
        help="Seconds from SIGTERM, not ready any more, until nothing new is taken.",
    ),
]
Grace = Annotated[
    float,
    typer.Option(
        min=0,
        max=3_600,
        envvar="LASTSEAT_GRACE",
        help="Seconds that what is under way may take after that.",
    ),
]
