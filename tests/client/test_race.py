"""One client shared by many: the last seat is sold once, over HTTP too."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.client.proxy import Fate, Proxy
from tests.client.venue import occurrence

from lastseat import Code
from lastseat.client import AsyncClient, Client, NotFound, Retries, Unavailable

PEOPLE = [f"fan-{n}" for n in range(30)]


def test_threads_that_share_a_client_fill_the_seats_once(port: int, key: str) -> None:
    with Client(f"http://127.0.0.1:{port}", key=key) as client, ThreadPoolExecutor(10) as threads:
        occurrence(client, "yoga", capacity=3)
        outcomes = list(threads.map(lambda who: client.book("yoga", actor=who), PEOPLE))
        assert Counter(x.code for x in outcomes) == {"booked": 3, "full": 27}
        assert client.booking_count("yoga") == 3


def test_tasks_that_share_a_client_fill_the_seats_once(port: int, key: str) -> None:
    async def rush() -> tuple[list[Code], int]:
        async with AsyncClient(f"http://127.0.0.1:{port}", key=key) as client:
            await client.define_event(
                "yoga", starts=["2027-03-01T18:00"], duration=3600, time_zone="UTC", capacity=3
            )
            booked = (client.book("yoga@2027-03-01T18:00", actor=who) for who in PEOPLE)
            codes = [x.code for x in await asyncio.gather(*booked)]
            return codes, await client.booking_count("yoga@2027-03-01T18:00")

    codes, seated = asyncio.run(rush())
    assert Counter(codes) == {"booked": 3, "full": 27}
    assert seated == 3


def test_a_crowd_waits_its_turn_and_not_longer_than_it_is_ready_to(
    port: int, key: str, proxy: Proxy
) -> None:
    async def rush() -> list[object]:
        brief = Retries(attempts=1, seconds=0.5)
        async with (
            AsyncClient(f"http://127.0.0.1:{port}", key=key, connections=2) as two,
            AsyncClient(proxy.url, key=key, connections=1, timeout=5, retries=brief) as one,
        ):
            occupied = asyncio.gather(
                *(two.bookable("nothing") for _ in range(50)), return_exceptions=True
            )
            proxy.expect(Fate.SILENT)
            silent = asyncio.gather(
                *(one.service("nothing") for _ in range(2)), return_exceptions=True
            )
            return [*await occupied, *await silent]

    *found, slow, waiting = asyncio.run(rush())
    assert {type(x) for x in found} == {NotFound}
    assert isinstance(slow, Unavailable)
    assert "Timeout" in str(slow)
    assert isinstance(waiting, Unavailable)
    assert "too many other calls" in str(waiting)


@pytest.mark.parametrize("face", [Client, AsyncClient])
def test_no_connections_are_no_client(face: type[Client] | type[AsyncClient]) -> None:
    with pytest.raises(ValueError, match="connections"):
        face("http://127.0.0.1:1", connections=0)


def test_a_client_shows_its_key_to_nobody_who_prints_it(key: str) -> None:
    with Client("http://127.0.0.1:1", key=key) as client:
        assert key not in repr(vars(client))
