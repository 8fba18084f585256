"""What the service is told when it starts: each has a line in `lastseat.config.settings`, too."""

import ipaddress
from enum import StrEnum
from urllib.parse import urlsplit

from msgspec import Struct

from lastseat.config import TokenSettings

BODY_BYTES = 1_000_000
"""Bytes of a request's body, at most; past that it is answered 413."""

PORT = 8000

SUGGESTIONS = 3
"""Other times that a refusal for a time offers (MISSION C10)."""

SUGGEST_WITHIN = 2 * 3600
"""How far from the time asked for they are looked for, in seconds."""

LIVE_CLIENTS = 5_000
"""Live streams of one process at a time, at most; past that 503."""

HEARTBEAT = 15.0
"""Seconds between two heartbeats of a live stream."""


GRACE = 30.0
"""Seconds that requests under way may take once the service is told to stop."""

DRAIN = 0.2
"""Seconds between being told to stop and taking no more: connections are given back meanwhile."""

READING_SECONDS = 30.0
"""How long a client may take to send one request whole."""

HEAD_BYTES = 65_536
"""Bytes of a request's line and headers, at most; past that it is answered 431."""


class MetricsFor(StrEnum):
    """Who may read `/metrics`: this machine and the operator, the operator, everybody, nobody."""

    LOCAL = "local"
    OPERATOR = "operator"
    ANYBODY = "anybody"
    NOBODY = "nobody"


class ServeSettings(Struct, frozen=True, kw_only=True):
    """How to serve. `url` is the database's, as libpq has it: the parent has seen to it.

    `auth` off makes every caller an owner, and is refused unless `host` is a loopback address.
    A refusal for a time offers up to `suggestions` others, at most `suggest_within` seconds away.
    `jobs`: holds run out, no-shows are noted and so on in this process too. `cors`: the origins
    whose pages may call, `*` for all. `hsts`: for so many seconds browsers are to come by TLS only.
    `read_url` is a replica's, for lists, agendas and availability. `worker` and `siblings` are set
    by whoever starts several: which of them this is, and the directory in which they meet.
    """

    url: str
    host: str = "127.0.0.1"
    port: int = PORT
    workers: int = 1
    auth: bool = True
    tokens: TokenSettings | None = None
    body_bytes: int = BODY_BYTES
    patience: float = 2.0
    suggestions: int = SUGGESTIONS
    suggest_within: int = SUGGEST_WITHIN
    live_clients: int = LIVE_CLIENTS
    heartbeat: float = HEARTBEAT
    jobs: bool = False
    grace: float = GRACE
    drain: float = DRAIN
    reading: float = READING_SECONDS
    head_bytes: int = HEAD_BYTES
    metrics: MetricsFor = MetricsFor.LOCAL
    cors: tuple[str, ...] = ()
    hsts: int = 0
    read_url: str | None = None
    log_format: str = "text"
    log_level: str = "warning"
    worker: int = 0
    siblings: str = ""

    def refusal(self) -> str | None:
        """Why this can't be served, or None."""
        if not self.auth and not loopback(self.host):
            return (
                f"without authentication everybody who reaches {self.host} would be an owner:"
                " serve on 127.0.0.1, or leave --no-auth out"
            )
        if self.workers < 1:
            return "there must be one worker at least"
        wrong = next((x for x in self.cors if not (x == "*" or is_origin(x))), None)
        if wrong is not None:
            return f"{wrong!r} is no origin: it must be like https://example.org, or *"
        return None


def is_origin(text: str) -> bool:
    """Whether it is an origin as browsers send it: no path, no slash at the end, no capitals."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and text == f"{parts.scheme}://{parts.netloc}".lower()
        and "@" not in text
    )


def loopback(host: str) -> bool:
    """Whether only this machine reaches it. A name other than `localhost` may mean any address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
