"""What the service is told when it starts. Not where its database is: that is `lastseat.config`."""

import ipaddress

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


class ServeSettings(Struct, frozen=True, kw_only=True):
    """How to serve. `url` is the database's, as libpq has it: the parent has seen to it.

    `auth` off makes every caller an owner, and is refused unless `host` is a loopback address.
    A refusal for a time offers up to `suggestions` others, at most `suggest_within` seconds away.
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

    def refusal(self) -> str | None:
        """Why this can't be served, or None."""
        if not self.auth and not loopback(self.host):
            return (
                f"without authentication everybody who reaches {self.host} would be an owner:"
                " serve on 127.0.0.1, or leave --no-auth out"
            )
        if self.workers < 1:
            return "there must be one worker at least"
        return None


def loopback(host: str) -> bool:
    """Whether only this machine reaches it. A name other than `localhost` may mean any address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
