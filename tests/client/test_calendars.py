"""Calendars over HTTP with the client: imported, exported, given out as feeds."""

import inspect
from typing import Any

import httpx
import pytest
from tests.calendar.ical_files import calendar, event

from lastseat import outcomes as o
from lastseat.calendar.ical_import import parse
from lastseat.client import Client, NotFound
from lastseat.library.synchronous.groups import Calendars
from lastseat.views.calendars import Calendar, Feed, ImportReport, MadeFeed

NAMES = {
    "import_ics": "import_ics",
    "refresh": "refresh_calendar",
    "calendar": "calendar",
    "calendars": "calendars",
    "remove": "remove_calendar",
    "export": "export_calendar",
    "create_feed": "create_feed",
    "feeds": "feeds",
    "change_feed": "change_feed",
    "revoke_feed": "revoke_feed",
}
"""What the library's operations of `tenant.calendars` are called here."""


def test_a_calendar_is_imported_read_and_forgotten(client: Client) -> None:
    client.create_location("hall", name="Hall", time_zone="Europe/Berlin")
    yoga = event(
        "RRULE:FREQ=WEEKLY;COUNT=4",
        "SUMMARY:Yoga für alle",
        uid="yoga",
        start="DTSTART;TZID=Europe/Berlin:20270607T200000",
    )
    # Latin-1, as files are.
    data = calendar(yoga).decode().encode("latin-1")
    found = client.import_ics("school/1", data, into="location:hall", capacity=3)
    assert isinstance(found, ImportReport)
    assert found.counts.imported == 1
    assert found.imported[0].name == "Yoga für alle"
    (made,) = found.imported[0].made
    assert isinstance(client.book(f"{made}@2027-06-14T20:00", actor="ann"), o.Booked)
    kept = client.calendar("school/1")
    assert isinstance(kept, Calendar)
    assert (kept.terms.into, kept.terms.capacity, kept.last) == ("location:hall", 3, found.counts)
    assert list(client.calendars(page_size=1)) == [kept]
    refused = client.refresh_calendar("school/1")
    assert isinstance(refused, o.Invalid)
    file = client.export_calendar(f"event:{made}")
    assert [x.name for x in parse(file, year=2027).items] in (["Yoga für alle"], [])
    assert client.remove_calendar("school/1") == kept
    with pytest.raises(NotFound):
        client.calendar("school/1")


def test_a_feed_is_given_out_changed_and_revoked(client: Client, port: int) -> None:
    url = f"http://127.0.0.1:{port}"
    client.create_location("hall", name="Hall", time_zone="Europe/Berlin")
    made = client.create_feed("location:hall")
    assert isinstance(made, MadeFeed)
    assert made.path is not None
    assert made.path not in repr(made)
    assert httpx.get(url + made.path).text.startswith("BEGIN:VCALENDAR\r\n")
    changed = client.change_feed(made.feed.feed_id)
    assert isinstance(changed, MadeFeed)
    assert httpx.get(url + made.path).status_code == 404
    assert list(client.feeds()) == [made.feed]
    gone = client.revoke_feed(made.feed.feed_id)
    assert isinstance(gone, Feed)
    assert list(client.feeds()) == []


def parameters(operation: Any) -> list[tuple[str, Any]]:
    found = dict(inspect.signature(operation).parameters)
    for paging in ("self", "after", "limit", "page_size"):
        found.pop(paging, None)
    return [(name, x.default) for name, x in found.items()]


def test_the_client_has_every_operation_with_its_arguments() -> None:
    names = {x for x in dir(Calendars) if not x.startswith("_")}
    assert names == set(NAMES)
    for name, ours in NAMES.items():
        assert parameters(getattr(Client, ours)) == parameters(getattr(Calendars, name)), name
