"""Fetch a file from an address that a user gave: bounded, conditional, from public addresses only.

The name is resolved here and the connection made to the very number that was judged; so is that of
each redirect. No proxy of the environment is asked, no cookie kept, nothing is sent but what is
needed. A refusal says no more than it must: what answers inside a network is nobody's to find out.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

from msgspec import Struct

from lastseat.gateways.addresses import Network, allowed

if TYPE_CHECKING:
    # Loaded when something is fetched: most processes never do.
    import httpx

MOST_BYTES = 10_000_000
SECONDS = 20.0
MOST_REDIRECTS = 5
MOST_URL = 2_000
TRIED = 3
"""Addresses of one name that are tried, in the order of the resolver."""

_REDIRECTED = frozenset({301, 302, 303, 307, 308})
_NOT_MODIFIED = 304
_OK = 200


class Bounds(Struct, frozen=True):
    """How much is fetched, how long it may take, and which networks beside the public are asked."""

    most_bytes: int = MOST_BYTES
    seconds: float = SECONDS
    most_redirects: int = MOST_REDIRECTS
    also: tuple[Network, ...] = ()


class Fetched(Struct, frozen=True):
    """What was there; its validators are for the next time."""

    body: bytes
    etag: str | None = None
    last_modified: str | None = None


class NotModified(Struct, frozen=True):
    """It is as it was when the validators were given."""


class NotFetched(Struct, frozen=True):
    """Nothing was fetched. `reason` is for whoever gave the address; `passing`: it may pass."""

    reason: str
    passing: bool = False


class _Refused(Exception):
    """Why nothing is fetched."""

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.answer = NotFetched(reason, passing)


async def fetch(
    url: str,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    bounds: Bounds = Bounds(),  # noqa: B008 - frozen
) -> Fetched | NotModified | NotFetched:
    """What is at `url` (http, https or webcal). With validators, only if it has changed since."""
    headers = {
        "accept": "text/calendar, text/plain;q=0.5, */*;q=0.1",
        # What is packed may unpack to a thousand times its size, before anybody can count.
        "accept-encoding": "identity",
        "user-agent": "lastseat",
    }
    if etag is not None:
        headers["if-none-match"] = etag
    if last_modified is not None:
        headers["if-modified-since"] = last_modified
    try:
        async with asyncio.timeout(bounds.seconds):
            return await _follow(url, headers, bounds)
    except TimeoutError:
        return NotFetched(f"took longer than {bounds.seconds:g} seconds", passing=True)
    except _Refused as refused:
        return refused.answer


async def _follow(
    url: str, headers: dict[str, str], bounds: Bounds
) -> Fetched | NotModified | NotFetched:
    import httpx  # noqa: PLC0415

    asked = _checked(url)
    secure = asked.scheme == "https"
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=0)
    # A certificate is judged by the name; a proxy of the environment would resolve it once more.
    async with httpx.AsyncClient(trust_env=False, timeout=bounds.seconds, limits=limits) as client:
        for _ in range(bounds.most_redirects + 1):
            found = await _ask(client, asked, headers, bounds)
            if not isinstance(found, _Moved):
                return found
            asked = _checked(urljoin(asked.geturl(), found.to))
            if secure and asked.scheme != "https":
                raise _Refused("was redirected from https to http")
    raise _Refused(f"was redirected more than {bounds.most_redirects} times")


class _Moved(NamedTuple):
    """It is somewhere else."""

    to: str


def _checked(url: str) -> SplitResult:
    """The parts of an address that may be asked. Raises `_Refused`, which never repeats it."""
    if len(url) > MOST_URL or not url.isprintable():
        raise _Refused(f"must be up to {MOST_URL} printable characters")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise _Refused("is no address that can be asked") from None
    if parts.scheme.lower() == "webcal":
        parts = parts._replace(scheme="https")
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or port == 0:
        raise _Refused("must begin with https:// or http:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise _Refused("must not have a user name or a password in it")
    try:
        parts.hostname.encode("idna")
    except UnicodeError:
        raise _Refused("names a host that no host can be called") from None
    return parts._replace(scheme=parts.scheme.lower(), fragment="")


async def _ask(
    client: "httpx.AsyncClient", asked: SplitResult, headers: dict[str, str], bounds: Bounds
) -> Fetched | NotModified | NotFetched | _Moved:
    """Ask the first of the name's addresses that may be asked and answers."""
    import httpx  # noqa: PLC0415

    trouble: _Refused | None = None
    for address in await _addresses(asked, bounds.also):
        try:
            return await _ask_at(client, asked, address, headers, bounds)
        except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError):
            trouble = _Refused("does not answer, or not as a web server does", passing=True)
    assert trouble is not None
    raise trouble


async def _addresses(asked: SplitResult, also: Sequence[Network]) -> list[str]:
    """The numbers to try. Raises `_Refused` when the name has none that may be asked."""
    host = asked.hostname
    assert host is not None
    port = asked.port or (443 if asked.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _Refused("names a host that is not known", passing=True) from None
    numbers = list(dict.fromkeys(str(x[4][0]) for x in found))
    usable = [x for x in numbers if allowed(x, also)]
    if not usable:
        raise _Refused("is not at a public address")
    return usable[:TRIED]


async def _ask_at(
    client: "httpx.AsyncClient",
    asked: SplitResult,
    address: str,
    headers: dict[str, str],
    bounds: Bounds,
) -> Fetched | NotModified | NotFetched | _Moved:
    host = asked.hostname
    assert host is not None
    numeric = f"[{address}]" if ":" in address else address
    port = f":{asked.port}" if asked.port is not None else ""
    target = asked._replace(netloc=f"{numeric}{port}").geturl()
    named = f"[{host}]" if ":" in host else host.encode("idna").decode()
    request = client.build_request(
        "GET",
        target,
        headers={**headers, "host": f"{named}{port}"},
        extensions=None if _is_number(host) else {"sni_hostname": named},
    )
    response = await client.send(request, stream=True, follow_redirects=False)
    try:
        peer = response.extensions["network_stream"].get_extra_info("server_addr")
        if peer is not None and not allowed(str(peer[0]), bounds.also):
            raise _Refused("is not at a public address")
        return await _read(response, bounds)
    finally:
        await response.aclose()


async def _read(
    response: "httpx.Response", bounds: Bounds
) -> Fetched | NotModified | NotFetched | _Moved:
    status = response.status_code
    if status == _NOT_MODIFIED:
        return NotModified()
    if status in _REDIRECTED:
        to = response.headers.get("location")
        if to is None:
            raise _Refused("is redirected to nowhere")
        return _Moved(to)
    if status != _OK:
        return NotFetched(f"was answered with status {status}", passing=status >= 500)  # noqa: PLR2004
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise _Refused("comes packed (Content-Encoding), which was not asked for")
    parts: list[bytes] = []
    size = 0
    # Counted as it comes: a length that is told may be wrong.
    async for chunk in response.aiter_raw(65_536):
        size += len(chunk)
        if size > bounds.most_bytes:
            raise _Refused(f"is larger than {bounds.most_bytes} bytes")
        parts.append(chunk)
    return Fetched(
        b"".join(parts), _validator(response, "etag"), _validator(response, "last-modified")
    )


def _validator(response: "httpx.Response", name: str) -> str | None:
    value: str | None = response.headers.get(name)
    return value if value is not None and len(value) <= 500 and value.isascii() else None  # noqa: PLR2004


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return False
    return True
