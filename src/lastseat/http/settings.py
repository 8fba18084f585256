"""What the service is told when it starts. Not where its database is: that is `lastseat.config`."""

import ipaddress

from msgspec import Struct

from lastseat.config import TokenSettings

BODY_BYTES = 1_000_000
"""Bytes of a request's body, at most; past that it is answered 413."""

PORT = 8000


class ServeSettings(Struct, frozen=True, kw_only=True):
    """How to serve. `url` is the database's, as libpq has it: the parent has seen to it.

    `auth` off makes every caller an owner, and is refused unless `host` is a loopback address.
    """

    url: str
    host: str = "127.0.0.1"
    port: int = PORT
    workers: int = 1
    auth: bool = True
    tokens: TokenSettings | None = None
    body_bytes: int = BODY_BYTES
    patience: float = 2.0

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
