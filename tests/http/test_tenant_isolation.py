"""Of another tenant nothing is known: its ids are as unknown as those that never were.

Each route is asked twice by one tenant's owner: about what is another's, and about what nobody ever
had. Whatever differed between the two answers would tell something. The same for a customer and
another's bookings.
"""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
import pytest
from tests.http.inside import Answer, Inside
from tests.http.routes import ROWS, Asked, Row
from tests.http.venue import HOUR, SOON, Venue, rows, settings, token

import lastseat
from lastseat.access import ALLOWED, Action, Reach, Role
from lastseat.http.app import make_app

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
PRIVATE = [row for row in ROWS if row.action is not None]


class Scene(NamedTuple):
    """Two venues in one service."""

    inside: Inside
    mine: Venue
    theirs: Venue
    connection: psycopg.Connection[Any]

    def ask(self, row: Row, asked: Asked, key: str) -> Answer:
        return self.inside.ask(row.method, row.path(asked), asked.body, key=key, query=asked.query)

    def untouched(self, row: Row, asked: Asked, key: str) -> Answer:
        """Ask, and look that nothing of theirs was changed by it."""
        before = rows(self.connection, self.theirs.tenant_id)
        answer = self.ask(row, asked, key)
        assert rows(self.connection, self.theirs.tenant_id) == before
        return answer


@pytest.fixture(scope="module")
def scene(conninfo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo, autocommit=True) as connection,
    ):
        one, other = (f"-{uuid.uuid4().hex[:8]}" for _ in range(2))
        mine = Venue(engine, f"tenant{one}", mark=one)
        theirs = Venue(engine, f"tenant{other}", mark=other)
        for venue in (mine, theirs):
            venue.booking()
            venue.hold()
            venue.seat(f"actor{venue.mark}")
            venue.reservation()
        directory = tmp_path_factory.mktemp("isolation")
        inside = Inside(make_app(settings(conninfo, directory)))
        try:
            yield Scene(inside, mine, theirs, connection)
        finally:
            inside.close()


class Nobodys:
    """The same request about what never was, and answers with the ids of both made alike."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._other = f"-{uuid.uuid4().hex[:8]}"
        self._ids: dict[str, str] = {}

    def request(self, asked: Asked) -> Asked:
        text = json.dumps([dict(asked.path), dict(asked.query), asked.body]).replace(
            self._mark, self._other
        )
        text = UUID.sub(lambda x: self._ids.setdefault(x[0], str(uuid.uuid4())), text)
        return Asked(*json.loads(text))

    def alike(self, answer: Answer) -> tuple[int, list[tuple[str, str]], Any]:
        text = answer.body.decode()
        for theirs, nobodys in self._ids.items():
            text = text.replace(nobodys, theirs)
        # Of each request its own.
        own = {"content-length", "x-request-id"}
        headers = [(k, v) for k, v in answer.headers if k not in own]
        text = text.replace(self._other, self._mark)
        is_json = (answer.header("content-type") or "").startswith("application/")
        return answer.status, headers, json.loads(text) if is_json else text


@pytest.mark.parametrize("row", PRIVATE, ids=[row.name for row in PRIVATE])
def test_what_is_another_tenants_is_as_what_never_was(scene: Scene, row: Row) -> None:
    asked = row.make(scene.theirs, f"actor{scene.theirs.mark}")
    nobodys = Nobodys(scene.theirs.mark)
    instead = nobodys.request(asked)
    key = scene.mine.owner
    answer = scene.untouched(row, asked, key)
    if instead != asked:
        assert nobodys.alike(answer) == nobodys.alike(scene.ask(row, instead, key))
    if asked.path or (row.template.startswith("/api/booking/") and instead != asked):
        assert answer.problem(404)["code"].startswith("unknown_")


@pytest.mark.parametrize("row", PRIVATE, ids=[row.name for row in PRIVATE])
def test_nothing_of_another_tenant_is_in_an_answer(scene: Scene, row: Row) -> None:
    mine, theirs = scene.mine, scene.theirs
    answer = scene.untouched(row, row.make(mine, f"actor{mine.mark}"), mine.owner)
    if row.action is not Action.TENANTS_CREATE:
        assert answer.status in row.statuses, answer.body
    said = answer.body.decode() + str(answer.headers)
    assert theirs.mark not in said
    known = scene.connection.execute(
        "SELECT booking_id::text FROM lastseat.bookings WHERE tenant_id = %(t)s"
        " UNION SELECT key_id::text FROM lastseat.api_keys WHERE tenant_id = %(t)s"
        " UNION SELECT person_id::text FROM lastseat.people WHERE tenant_id = %(t)s"
        " UNION SELECT actor_id::text FROM lastseat.actors WHERE tenant_id = %(t)s",
        {"t": theirs.tenant_id},
    ).fetchall()
    assert len(known) > 10
    assert not {x for (x,) in known} & set(UUID.findall(said))


@pytest.mark.parametrize("row", PRIVATE, ids=[row.name for row in PRIVATE])
def test_naming_another_tenant_opens_no_door(scene: Scene, row: Row) -> None:
    asked = row.make(scene.theirs, f"actor{scene.theirs.mark}")
    before = rows(scene.connection, scene.theirs.tenant_id)
    answers = [
        scene.inside.ask(
            row.method,
            row.path(asked),
            asked.body,
            key=key,
            query=asked.query,
            headers=[("Lastseat-Tenant", named)],
        )
        for key in (scene.mine.owner, scene.mine.credentials[Role.CUSTOMER])
        for named in (scene.theirs.tenant_id, "never-was")
    ]
    assert rows(scene.connection, scene.theirs.tenant_id) == before
    assert [x.status for x in answers] == [403, 403, 401, 401]
    said = [
        (x.status, [(k, v) for k, v in x.headers if k != "x-request-id"], x.body) for x in answers
    ]
    assert said[0] == said[1]
    assert said[2] == said[3]


def test_what_has_the_same_id_in_both_is_twice_there(scene: Scene) -> None:
    """Ids are a tenant's own: made, booked, moved, forgotten in one, untouched in the other."""
    ask = scene.inside.ask
    name = f"same-{uuid.uuid4().hex[:8]}"
    end = (SOON + HOUR).isoformat()
    occurrence = {"bookable": name, "start": SOON.isoformat(), "end": end, "capacity": 1}
    location = {"location_id": name, "name": "Hall", "time_zone": "Europe/Berlin"}
    service = {"service_id": name, "name": "Massage", "max_simultaneous_bookings": 1}
    owners = (scene.mine.owner, scene.theirs.owner)
    for owner in owners:
        assert ask("POST", "/v1/occurrences", occurrence, key=owner).status == 201
        assert ask("POST", "/v1/locations", location, key=owner).status == 201
        assert ask("POST", "/v1/services", service, key=owner).status == 201
        booked = ask("POST", "/v1/bookings", {"bookable": name, "actor": "ann"}, key=owner)
        assert (booked.status, booked.json()["seat"]) == (201, 1)
    before = rows(scene.connection, scene.theirs.tenant_id)
    mine = scene.mine.owner
    for method, path, body in (
        ("PUT", f"/v1/occurrences/{name}/capacity", {"capacity": 9}),
        ("PATCH", f"/v1/locations/{name}", {"name": "Another"}),
        ("PATCH", f"/v1/services/{name}", {"max_simultaneous_bookings": 7}),
        ("POST", "/v1/bookings/cancel", {"bookable": name, "actor": "ann"}),
        ("POST", "/v1/actors/forget", {"actor": "ann"}),
        ("POST", "/v1/expire", {}),
    ):
        assert ask(method, path, body, key=mine).status == 200
    assert rows(scene.connection, scene.theirs.tenant_id) == before
    roster = ask("GET", f"/v1/occurrences/{name}/roster", key=scene.theirs.owner).json()["items"]
    assert [x["actor"] for x in roster] == ["ann"]


def test_idempotency_keys_of_two_tenants_do_not_meet(scene: Scene) -> None:
    key = [("Idempotency-Key", f"same-{uuid.uuid4().hex}")]
    name = f"lane-{uuid.uuid4().hex[:8]}"
    bodies = [
        ("/v1/resources", {"bookable": name}, {"bookable": name, "capacity": 4}),
        ("/v1/locations", None, None),
        ("/v1/people", {"subject": name, "roles": ["staff"]}, {"subject": "x", "roles": ["feed"]}),
        ("/v1/keys", {"name": "a", "roles": ["feed"]}, {"name": "b", "roles": ["staff"]}),
    ]
    for path, one, other in bodies:
        if one is None:
            continue
        own = [(key[0][0], f"{key[0][1]}{path}")]
        first = scene.inside.ask("POST", path, one, key=scene.mine.owner, headers=own)
        same = scene.inside.ask("POST", path, one, key=scene.theirs.owner, headers=own)
        assert (first.status, same.status) == (201, 201)
        for answer in (first, same):
            assert answer.header("idempotency-replayed") is None
        # In one tenant it is one request's for good.
        again = scene.inside.ask("POST", path, other, key=scene.mine.owner, headers=own)
        again.problem(422, "key_reused")


OWN = [
    row
    for row in PRIVATE
    if all(x in ALLOWED[Role.CUSTOMER] for x in row.needs)
    and Reach.OWN in {ALLOWED[Role.CUSTOMER][x] for x in row.needs}
]


@pytest.mark.parametrize("row", OWN, ids=[row.name for row in OWN])
def test_a_customer_sees_and_touches_only_their_own_bookings(scene: Scene, row: Row) -> None:
    venue = scene.mine
    key = venue.credentials[Role.CUSTOMER]
    asked = row.make(venue, f"another{venue.mark}")
    before = rows(scene.connection, venue.tenant_id)
    answer = scene.ask(row, asked, key)
    if row.name in NAMES_NOBODY:
        assert answer.status in row.statuses, answer.body
        assert f"another{venue.mark}" not in answer.body.decode()
        return
    assert rows(scene.connection, venue.tenant_id) == before
    if "actor" in (asked.body or asked.query) or "of" in asked.query:
        # They said themselves that it is not for them.
        assert answer.problem(403, "forbidden")["action"] == row.action
        return
    assert answer.problem(404)["code"] in {"unknown_booking", "unknown_series"}
    nobodys = Nobodys(venue.mark)
    instead = nobodys.request(asked)
    assert nobodys.alike(answer) == nobodys.alike(scene.ask(row, instead, key))


NAMES_NOBODY = {"GET /v1/bookings", "POST /api/booking/reserve"}
"""Rows whose request does not say whose it is: it is the customer's."""


def test_a_customers_list_is_their_own(scene: Scene) -> None:
    venue = scene.mine
    key = venue.credentials[Role.CUSTOMER]
    own = {venue.booking(venue.customer) for _ in range(3)}
    other = venue.booking(f"another{venue.mark}")
    listed, cursor = set(), None
    while True:
        query: dict[str, Any] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = scene.inside.ask("GET", "/v1/bookings", key=key, query=query).json()
        listed |= {x["booking_id"] for x in page["items"]}
        assert {x["actor"] for x in page["items"]} <= {venue.customer}
        cursor = page["next"]
        if cursor is None:
            break
    assert own <= listed
    assert other not in listed
    asking = {"actor": f"another{venue.mark}"}
    scene.inside.ask("GET", "/v1/bookings", key=key, query=asking).problem(403, "forbidden")


def test_a_customer_learns_nothing_of_who_is_in_the_way(scene: Scene) -> None:
    venue = scene.mine
    start, end = SOON.isoformat(), (SOON + HOUR).isoformat()
    claims = [{"bookable": venue.resource, "start": start, "end": end}]
    there = {"actor": f"another{venue.mark}", "claims": claims}
    taken = scene.inside.ask("POST", "/v1/bookings", there, key=venue.owner)
    assert taken.status == 201
    key = venue.credentials[Role.CUSTOMER]
    answer = scene.inside.ask("POST", "/v1/bookings", {"claims": claims}, key=key)
    answer.problem(409, "conflict")
    said = answer.body.decode()
    assert f"another{venue.mark}" not in said
    assert taken.json()["booking_id"] not in said


def test_a_key_that_another_customer_used_gives_nobody_their_answer(scene: Scene) -> None:
    venue = scene.mine
    body = {"bookable": venue.occurrence, "units": 1}
    headers = [("Idempotency-Key", f"tap-{uuid.uuid4().hex}")]
    first, second = (
        scene.inside.ask(
            "POST",
            "/v1/bookings",
            body,
            key=token(venue.tenant_id, f"{who}-{uuid.uuid4().hex[:6]}{venue.mark}"),
            headers=headers,
        )
        for who in ("ann", "ben")
    )
    assert first.status == 201
    second.problem(422, "key_reused")
    assert first.json()["booking_id"] not in second.body.decode()


def test_a_guest_reaches_guests_reservations_alone(scene: Scene) -> None:
    """Who has a reservation's id has it; but not if it is somebody's with a name."""
    venue, ask = scene.mine, scene.inside.ask
    guest = venue.credentials[Role.GUEST]
    guests, named = venue.reservation(), venue.reservation(venue.customer)
    assert ask("GET", f"/api/booking/reservation/{guests}", key=guest).status == 200
    ask("GET", f"/api/booking/reservation/{named}", key=guest).problem(404, "unknown_booking")
    commit = {"reservationId": named, "guestEmail": "guest@example.org"}
    ask("POST", "/api/booking/commit", commit, key=guest).problem(404, "unknown_booking")
    extend = {"reservationId": named, "ttlMinutes": 20}
    ask("POST", "/api/booking/extend", extend, key=guest).problem(404, "unknown_booking")


def test_a_cancellation_token_is_its_own_tenants(scene: Scene) -> None:
    made = scene.theirs.tenant.reservations.book(scene.theirs.service, start=SOON, end=SOON + HOUR)
    text = made.cancellation_token  # type: ignore[union-attr]
    other = scene.mine.tenant.reservations.book(scene.mine.service, start=SOON, end=SOON + HOUR)
    tenant, booking, mac = text.split(".")
    own, own_booking, own_mac = other.cancellation_token.split(".")  # type: ignore[union-attr]
    before = rows(scene.connection, scene.theirs.tenant_id)
    forged = [
        f"{own}.{booking}.{mac}",
        f"{tenant}.{own_booking}.{mac}",
        f"{tenant}.{booking}.{own_mac}",
        f"{own}.{booking}.{own_mac}",
        f"{tenant}.{booking}.{mac[:-2]}",
        f"{tenant}.{booking}.",
        f"{tenant}.{booking}",
        "",
    ]
    for wrong in forged:
        body = {"cancellationToken": wrong}
        answer = scene.inside.ask("POST", "/api/booking/cancel", body)
        answer.problem(404, "unknown_booking")
    assert rows(scene.connection, scene.theirs.tenant_id) == before
    body = {"cancellationToken": text}
    assert scene.inside.ask("POST", "/api/booking/cancel", body).status == 200
