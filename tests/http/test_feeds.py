"""Calendars and feeds over HTTP: what a phone, another calendar and a stranger get."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.calendar.ical_files import calendar, event
from tests.gateways.hosts import hosted, ok
from tests.http.inside import Answer, Inside
from tests.http.venue import HOUR, SOON, Venue, settings

import lastseat
from lastseat.access import Role
from lastseat.calendar.ical_import import parse
from lastseat.http.app import make_app


class Scene:
    """A venue with a booked lane, and the application that serves it."""

    def __init__(self, inside: Inside, venue: Venue) -> None:
        self.inside = inside
        self.venue = venue
        claim = lastseat.Claim(bookable=venue.resource, start=SOON, end=SOON + HOUR)
        venue.tenant.book([claim], actor=venue.customer)

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        more.setdefault("key", self.venue.owner)
        return self.inside.ask(method, path, body, **more)

    def feed(self, **more: Any) -> tuple[str, str]:
        """A new feed of the lane: its id and its path."""
        made = self.ask("POST", "/v1/feeds", {"of": f"resource:{self.venue.resource}", **more})
        assert made.status == 201, made.body
        return made.json()["feed"]["feed_id"], made.json()["path"]


@pytest.fixture(scope="module")
def scene(conninfo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("feeds")
    with lastseat.open(conninfo, migrate=False) as engine:
        venue = Venue(engine, f"feeds-{directory.name}-{time.time_ns():x}")
        inside = Inside(make_app(settings(conninfo, directory)))
        try:
            yield Scene(inside, venue)
        finally:
            inside.close()


def test_whoever_has_the_address_reads_the_feed_without_a_key(scene: Scene) -> None:
    _, path = scene.feed()
    found = scene.ask("GET", path, key=None, headers=[("Accept", "text/calendar")])
    assert found.status == 200
    assert found.header("content-type") == "text/calendar; charset=utf-8"
    (item,) = [x for x in parse(found.body, year=2027).items if x.name == "Booked"]
    assert item.schedule.segments[0].seconds == 3600


def test_a_feed_has_no_people_unless_it_was_asked_for(scene: Scene) -> None:
    customer = scene.venue.customer.encode()
    _, redacted = scene.feed()
    _, whole = scene.feed(redacted=False)
    assert customer not in scene.ask("GET", redacted, key=None).body
    assert customer in scene.ask("GET", whole, key=None).body


def test_a_feed_is_sent_again_only_when_it_has_changed(scene: Scene) -> None:
    _, path = scene.feed()
    first = scene.ask("GET", path, key=None)
    tag = first.header("etag")
    assert tag is not None
    again = scene.ask("GET", path, key=None, headers=[("If-None-Match", f'"x", W/{tag}')])
    assert (again.status, again.body) == (304, b"")
    claim = lastseat.Claim(
        bookable=scene.venue.resource, start=SOON + 2 * HOUR, end=SOON + 3 * HOUR
    )
    scene.venue.tenant.book([claim], actor="somebody else")
    changed = scene.ask("GET", path, key=None, headers=[("If-None-Match", tag)])
    assert changed.status == 200
    assert changed.header("etag") != tag


def test_an_address_can_be_changed_and_revoked(scene: Scene) -> None:
    feed_id, path = scene.feed()
    changed = scene.ask("POST", f"/v1/feeds/{feed_id}/secret")
    assert changed.header("cache-control") == "no-store"
    assert scene.ask("GET", path, key=None).problem(404, "not_found")
    new = changed.json()["path"]
    assert scene.ask("GET", new, key=None).status == 200
    assert scene.ask("DELETE", f"/v1/feeds/{feed_id}").status == 200
    assert scene.ask("GET", new, key=None).problem(404, "not_found")
    listed = scene.ask("GET", "/v1/feeds", query={"limit": 1000}).json()["items"]
    assert feed_id not in [x["feed_id"] for x in listed]


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x[:-5] + ("A" if x[-5] != "A" else "B") + ".ics",
        lambda x: x.removesuffix(".ics"),
        lambda x: x.replace(".ics", ".ics.ics"),
        lambda x: x.replace(".", ".x", 1),
        lambda x: x.partition(".")[0] + ".ics",
        lambda x: "/v1/feeds/" + "0" * 8 + x[len("/v1/feeds/") + 8 :],
        lambda x: x.upper().replace("/V1/FEEDS", "/v1/feeds").replace(".ICS", ".ics"),
        lambda x: "/v1/feeds/.ics",
        lambda x: "/v1/feeds/%00.ics",
    ],
)
def test_any_other_address_is_as_unknown_as_one_that_never_was(scene: Scene, change: Any) -> None:
    _, path = scene.feed()
    never = scene.ask("GET", f"/v1/feeds/nothing.{'x' * 43}.ics", key=None)
    found = scene.ask("GET", change(path), key=None)
    found.problem(404, "not_found")
    assert found.body == never.body


def test_a_repeated_request_does_not_show_the_secret_again(scene: Scene) -> None:
    headers = [("Idempotency-Key", f"feed-{time.time_ns()}")]
    body = {"of": f"location:{scene.venue.location}"}
    first = scene.ask("POST", "/v1/feeds", body, headers=headers).json()
    again = scene.ask("POST", "/v1/feeds", body, headers=headers)
    assert again.header("idempotency-replayed") == "true"
    assert again.json() == {"feed": first["feed"], "path": None}


def test_a_secret_is_in_no_log(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Not even when there is a bug: then the path is logged."""
    feed_id, path = scene.feed()
    import psycopg  # noqa: PLC0415

    with psycopg.connect(scene.venue.conninfo, autocommit=True) as connection:
        # What no feed is of: a bug, to whoever reads it.
        connection.execute(
            "UPDATE lastseat.events SET schedule = '{\"segments\": 7}' WHERE tenant_id = %s",
            [scene.venue.tenant_id],
        )
        connection.execute(
            "UPDATE lastseat.feeds SET of = %s WHERE feed_id = %s",
            [f"event:{scene.venue.event}", feed_id],
        )
        found = scene.ask("GET", path, key=None)
        connection.execute(
            "UPDATE lastseat.events SET schedule = NULL WHERE tenant_id = %s",
            [scene.venue.tenant_id],
        )
    found.problem(500, "internal")
    assert "incident" in caplog.text
    secret = path.split(".")[1]
    assert secret not in caplog.text


def test_a_customer_exports_their_own_calendar_and_nothing_else(scene: Scene) -> None:
    venue = scene.venue
    key = venue.credentials[Role.CUSTOMER]
    window = {"start": SOON.isoformat(), "end": (SOON + timedelta(days=1)).isoformat()}
    mine = scene.ask(
        "GET", "/v1/calendar", query={"of": f"actor:{venue.customer}", **window}, key=key
    )
    assert mine.status == 200
    assert parse(mine.body, year=2027).items
    for of in ("actor:another", f"resource:{venue.resource}", f"location:{venue.location}"):
        refused = scene.ask("GET", "/v1/calendar", query={"of": of}, key=key)
        assert refused.problem(403, "forbidden")["action"] == "calendars.export"


def test_an_export_is_a_calendar_and_its_refusals_are_problems(scene: Scene) -> None:
    ask = scene.ask
    of = {"of": f"location:{scene.venue.location}"}
    found = ask("GET", "/v1/calendar", query=of, headers=[("Accept", "text/calendar")])
    assert found.status == 200
    assert found.body.startswith(b"BEGIN:VCALENDAR\r\n")
    ask("GET", "/v1/calendar", query={"of": "event:x"}).problem(404, "unknown_bookable")
    ask("GET", "/v1/calendar", query={"of": "location:x"}).problem(404, "unknown_location")
    ask("GET", "/v1/calendar", query={"of": "x"}).problem(400, "invalid", "of")
    century = {**of, "start": "2027-01-01T00:00:00Z", "end": "2127-01-01T00:00:00Z"}
    ask("GET", "/v1/calendar", query=century).problem(400, "invalid", "end")


def test_a_calendar_is_imported_and_its_events_can_be_booked(scene: Scene) -> None:
    weekly = event(
        "RRULE:FREQ=WEEKLY;COUNT=4",
        "SUMMARY:Yoga",
        uid="yoga",
        start="DTSTART;TZID=Europe/Berlin:20270607T200000",
    )
    calendar_id = f"school-{time.time_ns()}"
    body = {
        "calendar_id": calendar_id,
        "into": f"location:{scene.venue.location}",
        "ics": calendar(weekly, "BEGIN:VTODO\nUID:t\nEND:VTODO").decode(),
        "capacity": 3,
    }
    headers = [("Idempotency-Key", calendar_id)]
    first = scene.ask("POST", "/v1/calendars", body, headers=headers)
    assert first.status == 200, first.body
    report = first.json()
    assert report["counts"]["imported"] == 1
    assert report["skipped"] == [{"what": "VTODO of line 11", "uid": "t", "reason": "is a to-do"}]
    again = scene.ask("POST", "/v1/calendars", body, headers=headers)
    assert again.header("idempotency-replayed") == "true"
    assert again.json() == report
    other = scene.ask("POST", "/v1/calendars", {**body, "capacity": 4}, headers=headers)
    other.problem(422, "key_reused")
    (made,) = report["imported"][0]["made"]
    booked = scene.ask(
        "POST",
        "/v1/bookings",
        {"actor": "ann", "claims": [{"bookable": f"{made}@2027-06-14T20:00"}]},
    )
    assert booked.status == 201, booked.body
    shown = scene.ask("GET", f"/v1/calendars/{calendar_id}").json()
    assert shown["terms"]["as"] == "events" if "as" in shown["terms"] else True
    assert shown["last"]["imported"] == 1


def test_of_an_address_only_the_host_is_shown(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LASTSEAT_FETCH_NETWORKS", "127.0.0.1/32")
    calendar_id = f"there-{time.time_ns()}"
    with hosted({"/private-secret.ics": ok(calendar(event(start="20270607T200000Z")))}) as host:
        body = {
            "calendar_id": calendar_id,
            "into": f"location:{scene.venue.location}",
            "url": f"http://127.0.0.1:{host.port}/private-secret.ics",
        }
        made = scene.ask("POST", "/v1/calendars", body)
        assert made.json()["counts"]["imported"] == 1
        again = scene.ask("POST", f"/v1/calendars/{calendar_id}/refresh")
        assert again.json()["counts"]["unchanged"] == 1
    shown = scene.ask("GET", f"/v1/calendars/{calendar_id}")
    assert shown.json()["host"] == "127.0.0.1"
    listed = scene.ask("GET", "/v1/calendars", query={"limit": 1000})
    for answer in (made, again, shown, listed):
        assert b"private-secret" not in answer.body
    assert scene.ask("DELETE", f"/v1/calendars/{calendar_id}").status == 200
    gone = scene.ask("GET", f"/v1/calendars/{calendar_id}")
    gone.problem(404, "unknown_calendar")


def test_an_inner_address_is_refused_and_nothing_is_told_of_it(scene: Scene) -> None:
    with hosted({"/": ok(b"BEGIN:VCALENDAR")}) as host:
        for url in (f"http://127.0.0.1:{host.port}/", "http://169.254.169.254/latest/"):
            body = {
                "calendar_id": "inner",
                "into": f"location:{scene.venue.location}",
                "url": url,
            }
            problem = scene.ask("POST", "/v1/calendars", body).problem(400, "invalid", "url")
            assert problem["reason"] == "is not at a public address"
        assert host.connections == 0
