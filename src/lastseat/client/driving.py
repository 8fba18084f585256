"""What both faces need to send with httpx, and its words for what came of it."""

from importlib.metadata import version

import httpx
from msgspec import Struct

from lastseat.client.exchange import Broken, Reply, Send

CONNECTIONS = 20
"""Requests of one client at a time. More make a crowd slower, not faster: for each request httpx
looks at every connection and at everyone who waits for one (500 calls at once, each process on one
processor: 760 a second over 8 connections, 150 over 64). So those wait before httpx sees them.
"""

NO_TURN = Broken("too many other calls of this client were under way")

FAILED = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError)
"""What is no answer. Anything else httpx raises is a mistake of the caller's, and raised."""


class Settings(Struct, frozen=True):
    """What every request is sent with."""

    url: str
    headers: httpx.Headers
    """Of httpx, since these do not show a key when they are printed."""
    timeout: float


def settings(base_url: str, key: str | None, tenant: str | None, timeout: float) -> Settings:
    """The settings of a face. Raises `ValueError` for a base URL that is none."""
    url = httpx.URL(base_url)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"base_url must be like https://bookings.example.org, not {base_url!r}")
    headers = httpx.Headers({"user-agent": f"lastseat-client/{version('lastseat')}"})
    if key is not None:
        headers["authorization"] = f"Bearer {key}"
    if tenant is not None:
        headers["lastseat-tenant"] = tenant
    return Settings(str(url).rstrip("/"), headers, timeout)


def limits(connections: int) -> httpx.Limits:
    """Room for so many requests at a time. Raises `ValueError`."""
    if connections < 1:
        raise ValueError("connections must be at least 1")
    return httpx.Limits(max_connections=connections, max_keepalive_connections=connections)


def request(made: Settings, send: Send) -> httpx.Request:
    """The request of a try, patient for no longer than both bounds allow."""
    call = send.call
    headers = made.headers.copy()
    headers.update(send.headers)
    patience = httpx.Timeout(min(made.timeout, send.seconds))
    return httpx.Request(
        call.method,
        made.url + call.path,
        params=call.query or None,
        content=call.body,
        headers=headers,
        extensions={"timeout": patience.as_dict()},
    )


def reply(response: httpx.Response) -> Reply:
    """What was answered."""
    return Reply(response.status_code, response.headers, response.content)


def broken(error: httpx.TransportError) -> Broken:
    """Why there was no answer: httpx leaves some of its messages empty."""
    return Broken(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
