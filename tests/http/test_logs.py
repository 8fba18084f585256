"""The log has the request's id, can be read by programs, and names nobody."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import psycopg_pool
import pytest
from tests.http.conftest import make_key, make_tenant
from tests.http.inside import Inside

from lastseat import logs
from lastseat.http.app import make_app
from lastseat.http.auth import SERVICE
from lastseat.http.settings import ServeSettings

PERSON = {
    "actor": "annabel.lee@sea.example",
    "email": "annabel@kingdom.example",
    "phone": "+49 30 1234567",
    "name": "Annabel Lee",
    "note": "afraid-of-angels",
}
SLOT = {"start": "2027-06-07T18:00:00Z", "end": "2027-06-07T19:00:00Z"}


@pytest.fixture(params=["json", "text"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """All that is logged at `info` and above, as a process writes it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.formatter(request.param, worker=1))
    handler.setLevel(logging.INFO)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield written
    finally:
        root.setLevel(before)
        root.removeHandler(handler)


def story(inside: Inside, key: str, break_it: Any) -> None:
    """A person books, is looked up, is refused, meets a bug, and is forgotten."""
    actor = PERSON["actor"]
    inside.ask("POST", "/v1/resources", {"bookable": "lane"}, key=key)
    booking = {
        "actor": actor,
        "claims": [{"bookable": "lane", **SLOT}],
        "contact": {"email": PERSON["email"], "phone": PERSON["phone"]},
        "metadata": {"name": PERSON["name"], "note": PERSON["note"]},
    }
    made = inside.ask("POST", "/v1/bookings", booking, key=key)
    assert made.status == 201, made.body
    booking_id = made.json()["booking_id"]
    assert inside.ask("POST", "/v1/bookings", booking, key=key).status == 409
    assert inside.ask("GET", f"/v1/actors/{actor}/nowhere", key=key).status == 404
    query = {"actor": actor}
    assert inside.ask("GET", "/v1/bookings", key=key, query=query).status == 200
    reason = {"reason": PERSON["note"]}
    with break_it():
        path = f"/v1/locations/{actor}"
        assert inside.ask("GET", path, key=key, query=query).status == 500
    cancelled = inside.ask("POST", f"/v1/bookings/{booking_id}/cancel", reason, key=key)
    assert cancelled.status == 200
    assert inside.ask("POST", "/v1/actors/forget", query, key=key).status == 200


def test_a_persons_story_leaves_nothing_of_them_in_the_log(
    conninfo: str, tenant_id: str, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tenant(conninfo, tenant_id)
    key = make_key(conninfo, tenant_id)
    inside = Inside(make_app(ServeSettings(url=conninfo)))

    async def broken(*_: object, **__: object) -> None:
        # What PostgreSQL says of a row that it does not want.
        with psycopg.connect(conninfo) as connection:
            connection.execute("CREATE TEMP TABLE people (name text, CHECK (name = ''))")
            connection.execute("INSERT INTO people VALUES (%s)", [PERSON["name"]])

    class Broken:
        def __enter__(self) -> None:
            monkeypatch.setattr(inside._app.opt[SERVICE].engine, "read", broken)

        def __exit__(self, *_: object) -> None:
            monkeypatch.undo()

    try:
        story(inside, key, Broken)
    finally:
        inside.close()
    text = log.getvalue()
    # The control: it did log the requests, and the bug with the database's own words.
    assert "CheckViolation" in text
    assert text.count("/v1/bookings") >= 4
    for value in [*PERSON.values(), key, "1234567", "kingdom"]:
        assert value not in text, value


@pytest.mark.parametrize("log", ["json"], indirect=True)
def test_a_line_is_json_with_the_requests_id(conninfo: str, log: io.StringIO) -> None:
    inside = Inside(make_app(ServeSettings(url=conninfo, auth=False)))
    try:
        inside.ask("GET", "/v1/bookings/nobody", headers=[("X-Request-ID", "tap-9")])
    finally:
        inside.close()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (line,) = [x for x in lines if x["logger"] == "lastseat.access"]
    assert line["request_id"] == "tap-9"
    assert (line["method"], line["route"]) == ("GET", "/v1/bookings/{booking_id}")
    assert (line["status"], line["level"], line["worker"]) == (404, "info", 1)
    assert line["at"].endswith("Z")


def test_a_database_that_is_away_does_not_fill_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    gave_up = threading.Event()
    logs.set_up("text", "warning")
    try:
        with psycopg_pool.ConnectionPool[psycopg.Connection](
            f"host={tmp_path}",
            min_size=1,
            open=True,
            reconnect_timeout=0.9,
            reconnect_failed=lambda _: gave_up.set(),
        ):
            assert gave_up.wait(10)
    finally:
        root.handlers, root.level = handlers, level
    written = capsys.readouterr().err
    assert "reconnection attempt in pool" in written, "that it can't be reached is told"
    assert written.count("error connecting") == 1, "and why, but not at each try"
