"""Lists come whole, page by page as they are read, in the library's order."""

from itertools import islice

import pytest
from tests.client.conftest import Open
from tests.client.venue import occurrence

from lastseat import outcomes as o
from lastseat.client import Client
from lastseat.core.events import Kind


@pytest.fixture
def crowd(client: Client) -> list[str]:
    """Seven bookings, oldest first."""
    occurrence(client, "yoga", capacity=9)
    made = [client.book("yoga", actor=f"fan-{n}") for n in range(7)]
    return [x.booking_id for x in made if isinstance(x, o.Booked)]


@pytest.mark.parametrize("page_size", [1, 2, 3, 7, 1000])
def test_a_list_is_whole_whatever_the_page_size(
    client: Client, crowd: list[str], page_size: int
) -> None:
    listed = client.bookings(bookable="yoga", page_size=page_size)
    assert [x.booking_id for x in listed] == crowd[::-1]
    assert [x.booking_id for x in client.roster("yoga", page_size=page_size)] == crowd
    assert [x.seq for x in client.journal("yoga", page_size=page_size)] == list(range(1, 9))


def test_filters_go_along_from_page_to_page(client: Client, crowd: list[str]) -> None:
    for booking_id in crowd[:4]:
        client.cancel(booking_id)
    cancelled = client.bookings(status=["CANCELLED", "EXPIRED"], page_size=2)
    assert [x.booking_id for x in cancelled] == crowd[3::-1]


def test_a_page_is_asked_for_when_it_is_needed(
    connect: Open, port: int, key: str, client: Client, crowd: list[str]
) -> None:
    first = list(islice(client.bookings(page_size=2), 2))
    client.cancel(crowd[0])
    rest = client.bookings(page_size=2)
    assert [x.booking_id for x in first] == crowd[:-3:-1]
    assert [x.status for x in rest][-1] == "CANCELLED"


def test_bookables_of_all_collections_are_one_list(client: Client) -> None:
    occurrence(client, "b")
    client.define_resource("a")
    client.define_pool("c", capacity=2)
    client.define_event("d", starts=["2027-03-01T08:00"], duration=60, time_zone="UTC", capacity=2)
    assert [x.bookable for x in client.bookables(page_size=1)] == ["b", "a", "c", "d"]
    assert [x.bookable for x in client.bookables(kind=[Kind.POOL, "event"])] == ["c", "d"]
    assert [x.bookable for x in client.bookables(kind="resource")] == ["a"]
    assert list(client.bookables(location="elsewhere")) == []
    with pytest.raises(ValueError, match="not listed"):
        list(client.bookables(kind=[Kind.ACTOR]))
