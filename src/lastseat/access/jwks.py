"""An issuer's keys at a URL: fetched over https, kept ten minutes, fetched anew for a new key."""

import asyncio
import logging
import time
from collections.abc import Callable

import httpx

from lastseat.access.signing import SigningKey, find, of_jwks

logger = logging.getLogger(__name__)

KEPT_SECONDS = 600
"""How long fetched keys count; then they are fetched again, so that a withdrawn one stops."""

ANEW_SECONDS = 60
"""How often an unknown key id makes the keys be fetched anew, at most: anybody can send one."""

AGAIN_SECONDS = 10
"""How long after a fetch that failed the next one is tried."""

FETCH_SECONDS = 5
MOST_BYTES = 256 * 1024


class KeysUnavailable(Exception):
    """The issuer's keys can't be fetched, and none fetched before still count."""


class FetchedKeys:
    """The keys of a JWKS URL, for one event loop.

    While the URL can't be reached no token is accepted once the last keys are too old. httpx
    trusts the authorities of certifi, or those of SSL_CERT_FILE and SSL_CERT_DIR.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        if not url.startswith("https://"):
            raise ValueError("the JWKS URL must begin with https://")
        try:
            httpx.URL(url)
        except httpx.InvalidURL:
            raise ValueError("the JWKS URL can't be read") from None
        self._url = url
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: tuple[SigningKey, ...] = ()
        self._fetched = self._tried = float("-inf")

    async def find(self, kid: str | None, algorithm: str) -> SigningKey | None:
        """The key that a token's header names. Raises `KeysUnavailable`."""
        if self._since(self._fetched) >= KEPT_SECONDS:
            await self._fetch_anew(AGAIN_SECONDS)
        if self._since(self._fetched) >= KEPT_SECONDS:
            raise KeysUnavailable("the token issuer's keys can't be fetched")
        key = find(self._keys, kid, algorithm)
        if key is None and kid is not None:
            await self._fetch_anew(ANEW_SECONDS)
            key = find(self._keys, kid, algorithm)
        return key

    def _since(self, moment: float) -> float:
        return self._clock() - moment

    async def _fetch_anew(self, pause: float) -> None:
        """Fetch the keys, unless tried within `pause` seconds. If it fails the old ones stay."""
        if self._since(self._tried) < pause:
            return
        async with self._lock:
            # Who waited for somebody else's fetch has its keys.
            if self._since(self._tried) < pause:
                return
            try:
                self._keys = of_jwks(await _fetch(self._url))
                self._fetched = self._clock()
            except (httpx.HTTPError, OSError, ValueError) as error:
                logger.warning("the token issuer's keys can't be fetched: %r", error)
            self._tried = self._clock()


async def _fetch(url: str) -> bytes:
    # Not compressed: a few bytes could unfold to more than the bound before they are counted.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    content = b""
    async with (
        asyncio.timeout(FETCH_SECONDS),
        httpx.AsyncClient(timeout=FETCH_SECONDS, headers=headers) as client,
        client.stream("GET", url) as response,
    ):
        # A redirect is an error too: it could lead away from https.
        if response.status_code != httpx.codes.OK:
            raise ValueError(f"it answered {response.status_code}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ValueError("it answered with compressed content")
        async for part in response.aiter_bytes():
            content += part
            if len(content) > MOST_BYTES:
                raise ValueError(f"the JWKS is longer than {MOST_BYTES} bytes")
    return content
