"""Every route and every role: what the table of roles says is what the service does.

The routes are the application's own, so a new one without a row fails here.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.http.inside import Answer, Inside
from tests.http.routes import ROWS, SPECIAL, Asked, Row
from tests.http.venue import Venue, make_key, rows, settings

import lastseat
from lastseat.access import ALLOWED, Action, Role
from lastseat.http.app import make_app
from lastseat.http.settings import ServeSettings

PUBLIC = [row for row in ROWS if row.action is None]
PRIVATE = [row for row in ROWS if row.action is not None]
EACH = pytest.mark.parametrize("row", PRIVATE, ids=[row.name for row in PRIVATE])


class Scene:
    """A venue, the application that serves it, and a look at its tables."""

    def __init__(self, inside: Inside, venue: Venue, connection: psycopg.Connection[Any]) -> None:
        self.inside = inside
        self.venue = venue
        self.connection = connection
        self.bad = self._bad_credentials()

    def ask(self, row: Row, key: str | None, *, actor: str) -> Answer:
        return self.send(row, row.make(self.venue, actor), key)

    def send(self, row: Row, asked: Asked, key: str | None, body: bytes | None = None) -> Answer:
        content = asked.body if body is None else body
        return self.inside.ask(row.method, row.path(asked), content, key=key, query=asked.query)

    @contextlib.contextmanager
    def nothing_written(self) -> Iterator[None]:
        """In the block; what it asks about has to be there before."""
        before = rows(self.connection, self.venue.tenant_id)
        yield
        assert rows(self.connection, self.venue.tenant_id) == before

    def _bad_credentials(self) -> dict[str, str | None]:
        conninfo, tenant_id = self.venue.conninfo, self.venue.tenant_id
        expired = make_key(conninfo, tenant_id, Role.OWNER)
        revoked = make_key(conninfo, tenant_id, Role.OWNER)
        change = "UPDATE lastseat.api_keys SET {} = now() - interval '1 s' WHERE key_id = %s"
        self.connection.execute(change.format("expires_at").encode(), [expired.key.key_id])
        self.connection.execute(change.format("revoked_at").encode(), [revoked.key.key_id])
        owner = self.venue.owner
        return {
            "no key": None,
            "malformed key": "ls_sk_nonsense",
            "another secret": owner[:-4] + ("AAAA" if not owner.endswith("AAAA") else "BBBB"),
            "expired key": expired.text,
            "revoked key": revoked.text,
            "half a token": "eyJhbGciOiJIUzI1NiJ9.e30.",
        }


@pytest.fixture(scope="module")
def scene(conninfo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The one scene of all cells: each makes what it asks about."""
    directory = tmp_path_factory.mktemp("roles")
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo, autocommit=True) as connection,
    ):
        # The operator's, so that the table's first row counts.
        venue = Venue(engine, f"roles-{directory.name}-{id(engine):x}", operator=True)
        inside = Inside(make_app(settings(conninfo, directory)))
        try:
            yield Scene(inside, venue, connection)
        finally:
            inside.close()


def allowed(row: Row, role: Role) -> bool:
    """What the table says."""
    return SPECIAL.get((row.name, role), all(x in ALLOWED[role] for x in row.needs))


@EACH
def test_a_role_may_do_what_the_table_says(scene: Scene, row: Row) -> None:
    for role in filter(lambda x: allowed(row, x), Role):
        answer = scene.ask(row, scene.venue.credentials[role], actor=actor_of(role, scene))
        assert answer.status in row.statuses, (role, answer.status, answer.body)


@EACH
def test_a_role_may_do_no_more(scene: Scene, row: Row) -> None:
    asked = {
        role: row.make(scene.venue, actor_of(role, scene))
        for role in Role
        if not allowed(row, role)
    }
    with scene.nothing_written():
        for role, each in asked.items():
            answer = scene.send(row, each, scene.venue.credentials[role])
            members = answer.problem(403, "forbidden")
            assert members["action"] == next(x for x in row.needs if x not in ALLOWED[role]), role
            assert str(role) in members["roles"]


def actor_of(role: Role, scene: Scene) -> str:
    """Who it is about: themselves where that makes a difference."""
    # A guest's bookings are made as theirs.
    return scene.venue.customer if role is Role.CUSTOMER else f"{role}:somebody"


@EACH
def test_who_is_not_known_is_told_so(scene: Scene, row: Row) -> None:
    asked = row.make(scene.venue, "nobody")
    with scene.nothing_written():
        for bad, key in scene.bad.items():
            answer = scene.send(row, asked, key)
            answer.problem(401, "unauthorized")
            assert (answer.header("www-authenticate") or "").startswith("Bearer"), bad


@pytest.mark.parametrize("row", PUBLIC, ids=[row.name for row in PUBLIC])
def test_what_is_public_asks_nobody(
    scene: Scene, row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRON_SECRET", "the scheduler's")
    assert scene.ask(row, None, actor="nobody").status in row.statuses
    assert scene.ask(row, "ls_sk_nonsense", actor="nobody").status in row.statuses


WITH_BODY = [row for row in PRIVATE if row.method in ("POST", "PUT", "PATCH")]


@pytest.mark.parametrize("row", WITH_BODY, ids=[row.name for row in WITH_BODY])
def test_who_may_not_ask_does_not_learn_what_would_be_a_good_body(scene: Scene, row: Row) -> None:
    """So a wrong role is 403, and nobody 401, whatever the body."""
    asked = row.make(scene.venue, "nobody")
    with scene.nothing_written():
        for body in (b"", b"{", b'{"nonsense": 1}', b"\xff"):
            scene.send(row, asked, None, body).problem(401, "unauthorized")
            if row.about:
                # What makes it another action than the route's own stands in the body.
                continue
            forbidden = next(role for role in reversed(Role) if not allowed(row, role))
            key = scene.venue.credentials[forbidden]
            scene.send(row, asked, key, body).problem(403, "forbidden")


def test_only_the_operators_owner_makes_tenants(
    scene: Scene, engine: lastseat.Engine, tenant_id: str
) -> None:
    other = Venue(engine, tenant_id)
    answer = scene.inside.ask("POST", "/v1/tenants", {"tenant_id": "x"}, key=other.owner)
    assert answer.problem(403, "forbidden")["action"] == "tenants.create"


def test_a_scope_narrows_what_a_role_may(scene: Scene) -> None:
    venue = scene.venue
    key = make_key(venue.conninfo, venue.tenant_id, Role.OWNER, scopes=[Action.BOOKINGS_LIST]).text
    for row in PRIVATE:
        if row.needs == [Action.BOOKINGS_LIST]:
            assert scene.ask(row, key, actor="ann").status == 200
        else:
            asked = row.make(venue, "ann")
            with scene.nothing_written():
                assert scene.send(row, asked, key).problem(403)["action"] == row.needs[0]


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    app = make_app(ServeSettings(url=""))
    routes = {
        (method, route.path_format)
        for route in app.routes
        for method in getattr(route, "methods", ())
        # Litestar's own: what a route allows. test_bad_input.py asks it.
        if method not in ("OPTIONS", "HEAD")
    }
    # Who may see it is no matter of roles alone: test_metrics.py.
    routes.remove(("GET", "/metrics"))
    assert {(row.method, row.template) for row in ROWS} == routes


def test_every_action_is_asked_for_by_a_row() -> None:
    assert {row.action for row in PRIVATE} == set(Action)
