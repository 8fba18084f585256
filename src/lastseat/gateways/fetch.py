"""Fetch a file from an address that a user gave: bounded, conditional, from public addresses only.

The name is resolved here and the connection made to the very number that was judged; so is that of
each redirect. No proxy of the environment is asked, no cookie kept, nothing is sent but what is
needed. A refusal says no more than it must: what answers inside a network is nobody's to find out.
"""

import asyncio
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, urljoin

from msgspec import Struct

from lastseat.gateways.addresses import Network
from lastseat.gateways.pinned import MOST_URL, Refused, addresses, checked, client, opened

__all__ = ["MOST_URL", "Bounds", "Fetched", "NotFetched", "NotModified", "fetch"]

if TYPE_CHECKING:
    # Loaded when something is fetched: most processes never do.
    import httpx

MOST_BYTES = 10_000_000
SECONDS = 20.0
MOST_REDIRECTS = 5

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
    except Refused as refused:
        return NotFetched(refused.reason, refused.passing)


async def _follow(
    url: str, headers: dict[str, str], bounds: Bounds
) -> Fetched | NotModified | NotFetched:
    asked = checked(url)
    secure = asked.scheme == "https"
    async with client(bounds.seconds) as asking:
        for _ in range(bounds.most_redirects + 1):
            found = await _ask(asking, asked, headers, bounds)
            if not isinstance(found, _Moved):
                return found
            asked = checked(urljoin(asked.geturl(), found.to))
            if secure and asked.scheme != "https":
                raise Refused("was redirected from https to http")
    raise Refused(f"was redirected more than {bounds.most_redirects} times")


class _Moved(NamedTuple):
    """It is somewhere else."""

    to: str


async def _ask(
    asking: "httpx.AsyncClient", asked: SplitResult, headers: dict[str, str], bounds: Bounds
) -> Fetched | NotModified | NotFetched | _Moved:
    """Ask the first of the name's addresses that may be asked and answers."""
    import httpx  # noqa: PLC0415

    trouble: Refused | None = None
    for address in await addresses(asked, bounds.also):
        try:
            async with opened(
                asking, "GET", asked, address, headers=headers, also=bounds.also
            ) as response:
                return await _read(response, bounds)
        except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError):
            trouble = Refused("does not answer, or not as a web server does", passing=True)
    assert trouble is not None
    raise trouble


async def _read(
    response: "httpx.Response", bounds: Bounds
) -> Fetched | NotModified | NotFetched | _Moved:
    status = response.status_code
    if status == _NOT_MODIFIED:
        return NotModified()
    if status in _REDIRECTED:
        to = response.headers.get("location")
        if to is None:
            raise Refused("is redirected to nowhere")
        return _Moved(to)
    if status != _OK:
        return NotFetched(f"was answered with status {status}", passing=status >= 500)  # noqa: PLR2004
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused("comes packed (Content-Encoding), which was not asked for")
    parts: list[bytes] = []
    size = 0
    # Counted as it comes: a length that is told may be wrong.
    async for chunk in response.aiter_raw(65_536):
        size += len(chunk)
        if size > bounds.most_bytes:
            raise Refused(f"is larger than {bounds.most_bytes} bytes")
        parts.append(chunk)
    return Fetched(
        b"".join(parts), _validator(response, "etag"), _validator(response, "last-modified")
    )


def _validator(response: "httpx.Response", name: str) -> str | None:
    value: str | None = response.headers.get(name)
    return value if value is not None and len(value) <= 500 and value.isascii() else None  # noqa: PLR2004
