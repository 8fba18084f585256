"""Ask an address on a user's word, at a number that was judged: what fetching and posting share.

The name is resolved here and the connection made to the very number that was judged, so a name that
means something else a moment later reaches nothing inside. No proxy of the environment is asked.
Redirects are not followed here.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from lastseat.gateways.addresses import Network, allowed

if TYPE_CHECKING:
    # Loaded when something is asked: most processes never do.
    import ssl

    import httpx

MOST_URL = 2_000
TRIED = 3
"""Addresses of one name that are tried, in the order of the resolver."""

_NAME = re.compile(r"[a-zA-Z0-9._-]+")

NAMES = ThreadPoolExecutor(64, thread_name_prefix="lastseat-names")
"""Where names are resolved: one that takes for ever must not keep the rest of the process waiting,
as it would in the event loop's own few threads."""


class Refused(Exception):
    """Why an address is not asked, for whoever gave it. `passing`: it may pass."""

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.passing = passing


def checked(url: str) -> SplitResult:
    """The parts of an address that may be asked. Raises `Refused`, which never repeats it."""
    if len(url) > MOST_URL or not url.isprintable():
        raise Refused(f"must be up to {MOST_URL} printable characters")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise Refused("is no address that can be asked") from None
    if parts.scheme.lower() == "webcal":
        parts = parts._replace(scheme="https")
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or port == 0:
        raise Refused("must begin with https:// or http:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise Refused("must not have a user name or a password in it")
    try:
        name = parts.hostname.encode("idna").decode()
    except UnicodeError:
        name = ""
    if not (is_number(parts.hostname) or _NAME.fullmatch(name)):
        raise Refused("names a host that no host can be called")
    return parts._replace(scheme=parts.scheme.lower(), fragment="")


def is_number(host: str) -> bool:
    """Whether a host is named by its number."""
    try:
        ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return False
    return True


async def addresses(asked: SplitResult, also: Sequence[Network]) -> list[str]:
    """The numbers to try. Raises `Refused` when the name has none that may be asked."""
    host = asked.hostname
    assert host is not None
    port = asked.port or (443 if asked.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(NAMES, _resolved, host, port)
    except (OSError, UnicodeError):
        raise Refused("names a host that is not known", passing=True) from None
    numbers = list(dict.fromkeys(found))
    usable = [x for x in numbers if allowed(x, also)]
    if not usable:
        raise Refused("is not at a public address")
    return usable[:TRIED]


def _resolved(host: str, port: int) -> list[str]:
    return [str(x[4][0]) for x in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


async def ready() -> None:
    """Load what asks, in a thread the first time: it takes long enough for others to notice."""
    if not _trust.cache_info().currsize:
        await asyncio.get_running_loop().run_in_executor(NAMES, _trust)


def client(seconds: float) -> "httpx.AsyncClient":
    """What asks. Of its connections none is used again: they are for one name's certificate."""
    import httpx  # noqa: PLC0415

    # A certificate is judged by the name; a proxy of the environment would resolve it once more.
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=0)
    return httpx.AsyncClient(verify=_trust(), trust_env=False, timeout=seconds, limits=limits)


@cache
def _trust() -> "ssl.SSLContext":
    """The authorities whose certificates count. Reading them takes longer than most requests."""
    import httpx  # noqa: PLC0415

    return httpx.create_ssl_context(trust_env=False)


@asynccontextmanager
async def opened(
    asking: "httpx.AsyncClient",
    method: str,
    asked: SplitResult,
    address: str,
    *,
    headers: Mapping[str, str],
    content: bytes | None = None,
    also: Sequence[Network] = (),
) -> "AsyncIterator[httpx.Response]":
    """The answer of a host at one of its numbers, its body not yet read.

    Raises `Refused`, or what `httpx` raises.
    """
    host = asked.hostname
    assert host is not None
    numeric = f"[{address}]" if ":" in address else address
    port = f":{asked.port}" if asked.port is not None else ""
    named = f"[{host}]" if ":" in host else host.encode("idna").decode()
    request = asking.build_request(
        method,
        asked._replace(netloc=f"{numeric}{port}").geturl(),
        headers={**headers, "host": f"{named}{port}"},
        content=content,
        extensions=None if is_number(host) else {"sni_hostname": named},
    )
    response = await asking.send(request, stream=True, follow_redirects=False)
    try:
        peer = response.extensions["network_stream"].get_extra_info("server_addr")
        if peer is not None and not allowed(str(peer[0]), also):
            raise Refused("is not at a public address")
        yield response
    finally:
        await response.aclose()
