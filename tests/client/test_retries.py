"""A write over a bad network is done once, and its answer is had. The control has no key."""

import time
import uuid
from typing import Any

import httpx
import pytest
from tests.client.conftest import Open
from tests.client.proxy import Fate, Proxy
from tests.client.venue import occurrence

from lastseat import outcomes as o
from lastseat.client import Client, Retries, Unavailable

QUICK = Retries(attempts=4, first_pause=0.001, longest_pause=0.01)


@pytest.fixture
def flaky(connect: Open, proxy: Proxy, key: str) -> Client:
    """The client behind the proxy."""
    return connect(proxy.url, key=key, timeout=0.5, retries=QUICK)


def open_yoga(connect: Open, port: int, key: str) -> Client:
    """A client that nothing stands between, which has made an occurrence `yoga`."""
    direct = connect(f"http://127.0.0.1:{port}", key=key)
    occurrence(direct, "yoga", capacity=3)
    return direct


@pytest.mark.parametrize("fate", Fate)
def test_a_booking_whose_answer_is_lost_is_made_once(
    fate: Fate, connect: Open, port: int, key: str, flaky: Client, proxy: Proxy
) -> None:
    direct = open_yoga(connect, port, key)
    proxy.expect(fate)
    answer = flaky.execute(flaky.commands.book("yoga", actor="ann"))
    assert proxy.fates_met
    assert answer.outcome.code == "booked"
    # What the lost answer said is said again.
    assert answer.replayed == (fate in (Fate.CUT_AFTER, Fate.SILENT))
    assert [place.actor for place in direct.roster("yoga")] == ["ann"]
    booked = [row for row in direct.journal("yoga") if row.type == "booked"]
    assert len(booked) == 1


def test_control_without_a_key_the_second_try_is_told_something_else(
    connect: Open, port: int, key: str, proxy: Proxy
) -> None:
    """The same loss, met by hand as one would without the client: the booking seems refused."""
    open_yoga(connect, port, key)
    proxy.expect(Fate.CUT_AFTER)
    wanted: dict[str, Any] = {
        "url": f"{proxy.url}/v1/bookings",
        "headers": {"authorization": f"Bearer {key}"},
        "json": {"bookable": "yoga", "actor": "ann"},
    }
    with pytest.raises(httpx.TransportError):
        httpx.post(**wanted)
    assert httpx.post(**wanted).json()["code"] == "already"


def test_several_in_a_row_are_outlasted(
    connect: Open, port: int, key: str, flaky: Client, proxy: Proxy
) -> None:
    open_yoga(connect, port, key)
    proxy.expect(Fate.CUT_AFTER, Fate.UNAVAILABLE, Fate.CUT_BEFORE)
    assert flaky.book("yoga", actor="ann").code == "booked"
    assert proxy.fates_met


def test_what_is_given_up_can_be_taken_up_again(
    connect: Open, port: int, key: str, flaky: Client, proxy: Proxy
) -> None:
    direct = open_yoga(connect, port, key)
    proxy.expect(*[Fate.CUT_AFTER] * 4)
    with pytest.raises(Unavailable, match="no answer after 4 tries") as met:
        flaky.book("yoga", actor="ann", key=(mine := str(uuid.uuid4())))
    assert met.value.key == mine
    assert direct.is_booked("yoga", "ann")
    answer = flaky.execute(met.value.call)
    assert answer.replayed
    assert isinstance(answer.outcome, o.Booked)


def test_reads_are_retried_too(
    connect: Open, port: int, key: str, flaky: Client, proxy: Proxy
) -> None:
    open_yoga(connect, port, key)
    proxy.expect(Fate.CUT_AFTER, Fate.SILENT)
    assert flaky.seats_left("yoga") == 3
    assert proxy.fates_met


def test_nobody_there_is_unavailable_within_the_bounds(connect: Open) -> None:
    client = connect("http://127.0.0.1:1", retries=Retries(attempts=99, seconds=0.3))
    since = time.monotonic()
    with pytest.raises(Unavailable, match="Connect"):
        client.booking_count("yoga")
    assert time.monotonic() - since < 2


@pytest.mark.parametrize("url", ["", "bookings.example.org", "ftp://example.org", "http://"])
def test_a_base_url_that_is_none_is_refused_at_once(connect: Open, url: str) -> None:
    with pytest.raises((ValueError, httpx.InvalidURL)):
        connect(url)
