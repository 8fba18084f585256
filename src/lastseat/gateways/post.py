"""Post a message to an address that a user gave: bounded, to public addresses over https only.

Never follows a redirect, and says nothing of an answer but its status: what answers inside a
network is nobody's to find out. The operator may allow networks beside the public ones; there plain
http will do, too. What a message says, and when it is tried again, is not known here.
"""

import asyncio
import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import SplitResult

from msgspec import Struct

from lastseat.gateways.addresses import Network, allowed, within
from lastseat.gateways.pinned import Refused, addresses, checked, client, is_number, opened, ready

if TYPE_CHECKING:
    # Loaded when something is posted: most processes never do.
    import httpx

SECONDS = 15.0
MOST_BYTES = 65_536
"""Of an answer, read at most; its status counts whatever comes after that."""

_INNER = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa")
"""Last parts of names that mean something inside a network, if anything."""

_PORTS = frozenset({80, 443})
_USER_PORTS = 1_024

_OVERLOADED = frozenset({429, 503})


class Bounds(Struct, frozen=True):
    """How long a post may take, and which networks beside the public are posted to."""

    seconds: float = SECONDS
    most_bytes: int = MOST_BYTES
    also: tuple[Network, ...] = ()


class Posted(Struct, frozen=True):
    """It was answered. `retry_after`: in how many seconds to come again, where it said so."""

    status: int
    retry_after: float | None = None


class NotPosted(Struct, frozen=True):
    """There was no answer, or none was asked for. `reason` is for whoever gave the address."""

    reason: str


def refusal(url: str, also: tuple[Network, ...] = ()) -> str | None:
    """Why nothing is ever posted to this address, or None. Asks nobody: a name may mean anything.

    The words never repeat the address.
    """
    try:
        _usable(url, also)
    except Refused as refused:
        return refused.reason
    return None


async def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    bounds: Bounds = Bounds(),  # noqa: B008 - frozen
) -> Posted | NotPosted:
    """Post `body` to `url`. Any status is an answer, a redirect's too."""
    sent = {
        "content-type": "application/json",
        "accept": "*/*",
        "accept-encoding": "identity",
        "user-agent": "lastseat",
        **headers,
    }
    await ready()
    try:
        async with asyncio.timeout(bounds.seconds):
            return await _post(url, body, sent, bounds)
    except TimeoutError:
        return NotPosted(f"took longer than {bounds.seconds:g} seconds")
    except Refused as refused:
        return NotPosted(refused.reason)


async def _post(url: str, body: bytes, headers: dict[str, str], bounds: Bounds) -> Posted:
    import httpx  # noqa: PLC0415

    asked = _usable(url, bounds.also)
    numbers = await addresses(asked, bounds.also)
    unfit = _unfit_for_public(asked)
    if unfit is not None:
        numbers = [x for x in numbers if within(x, bounds.also)]
    if not numbers:
        raise Refused(unfit or "is not at a public address")
    async with client(bounds.seconds) as asking:
        for address in numbers:
            try:
                return await _post_at(asking, asked, address, body, headers, bounds)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                # Nothing was sent: the next of its addresses may be up.
                continue
            except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError):
                break
    raise Refused("does not answer, or not as a web server does")


async def _post_at(
    asking: "httpx.AsyncClient",
    asked: SplitResult,
    address: str,
    body: bytes,
    headers: dict[str, str],
    bounds: Bounds,
) -> Posted:
    async with opened(
        asking, "POST", asked, address, headers=headers, content=body, also=bounds.also
    ) as response:
        size = 0
        # To its end if that is near: who breaks off sooner may undo what a receiver did.
        async for chunk in response.aiter_raw(16_384):
            size += len(chunk)
            if size >= bounds.most_bytes:
                break
        wait = None
        if response.status_code in _OVERLOADED:
            wait = _seconds(response.headers.get("retry-after"))
        return Posted(response.status_code, wait)


def _usable(url: str, also: tuple[Network, ...]) -> SplitResult:
    """The parts of an address that may be posted to. Raises `Refused`."""
    asked = checked(url)
    host = asked.hostname
    assert host is not None
    if not url.strip().lower().startswith(("https://", "http://")):
        raise Refused("must begin with https://")
    if also and (not is_number(host) or within(host, also)):
        # The operator has networks of their own, with names and ports as they like.
        return asked
    unfit = _unfit_for_public(asked)
    if unfit is not None:
        raise Refused(unfit)
    if is_number(host):
        if not allowed(host):
            raise Refused("is not at a public address")
        return asked
    name = host.encode("idna").decode().rstrip(".")
    labels = name.split(".")
    last = labels[-1]
    # Some systems read a name that ends in a number as an address, in one of many spellings.
    inner = any(f".{name}".endswith(f".{x}") for x in _INNER)
    if len(labels) == 1 or inner or last.isdigit() or last.startswith("0x"):
        raise Refused("does not name a public host")
    return asked


def _unfit_for_public(asked: SplitResult) -> str | None:
    """Why this is not posted to a public address; None: it is."""
    if asked.scheme != "https":
        return "must begin with https://"
    if asked.port is not None and asked.port < _USER_PORTS and asked.port not in _PORTS:
        return f"must have port 443, 80, or one from {_USER_PORTS} on"
    return None


def _seconds(value: str | None) -> float | None:
    """Retry-After in seconds from now, whichever of its two forms it has."""
    if value is None or len(value) > 100:  # noqa: PLR2004
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
