"""Every route and every role, cell by cell: what the table of roles says is what the service does.

The routes are the application's own, so a new one without a row fails here.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.http.inside import Answer, Inside
from tests.http.routes import ROWS, SPECIAL, Row
from tests.http.venue import Venue, make_key, rows, settings

import lastseat
from lastseat.access import ALLOWED, Action, Role
from lastseat.http.app import make_app
from lastseat.http.settings import ServeSettings

PUBLIC = [row for row in ROWS if row.action is None]
PRIVATE = [row for row in ROWS if row.action is not None]


class Scene:
    """A venue, the application that serves it, and a look at its tables."""

    def __init__(self, inside: Inside, venue: Venue, connection: psycopg.Connection[Any]) -> None:
        self.inside = inside
        self.venue = venue
        self.connection = connection
        self.bad = self._bad_credentials()

    def ask(self, row: Row, key: str | None, *, actor: str) -> Answer:
        asked = row.make(self.venue, actor)
        return self.inside.ask(row.method, row.path(asked), asked.body, key=key, query=asked.query)

    def refused(
        self, row: Row, key: str | None, *, actor: str, body: bytes | None = None
    ) -> Answer:
        """Ask for what has to be refused, and look that nothing was written."""
        asked = row.make(self.venue, actor)
        content = asked.body if body is None else body
        before = rows(self.connection, self.venue.tenant_id)
        answer = self.inside.ask(row.method, row.path(asked), content, key=key, query=asked.query)
        assert rows(self.connection, self.venue.tenant_id) == before
        return answer

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


BAD = ["no key", "malformed key", "another secret", "expired key", "revoked key", "half a token"]


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


CELLS = [(row, role) for row in PRIVATE for role in Role]


@pytest.mark.parametrize(("row", "role"), CELLS, ids=[f"{x.name} by {y}" for x, y in CELLS])
def test_a_role_may_do_what_the_table_says_and_no_more(scene: Scene, row: Row, role: Role) -> None:
    key = scene.venue.credentials[role]
    # A guest's bookings are made as theirs.
    actor = scene.venue.customer if role is Role.CUSTOMER else f"{role}:somebody"
    if allowed(row, role):
        answer = scene.ask(row, key, actor=actor)
        assert answer.status in row.statuses, (answer.status, answer.body)
        return
    answer = scene.refused(row, key, actor=actor)
    members = answer.problem(403, "forbidden")
    assert members["action"] == next(x for x in row.needs if x not in ALLOWED[role])
    assert str(role) in members["roles"]


STRANGERS = [(row, bad) for row in PRIVATE for bad in BAD]


@pytest.mark.parametrize(
    ("row", "bad"), STRANGERS, ids=[f"{x.name} with {y}" for x, y in STRANGERS]
)
def test_who_is_not_known_is_told_so(scene: Scene, row: Row, bad: str) -> None:
    answer = scene.refused(row, scene.bad[bad], actor="nobody")
    answer.problem(401, "unauthorized")
    assert (answer.header("www-authenticate") or "").startswith("Bearer")


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
    for body in (b"", b"{", b'{"nonsense": 1}', b"\xff"):
        answer = scene.refused(row, None, actor="nobody", body=body)
        answer.problem(401, "unauthorized")
        if row.about:
            # What makes it another action than the route's own stands in the body.
            continue
        forbidden = next(role for role in reversed(Role) if not allowed(row, role))
        key = scene.venue.credentials[forbidden]
        scene.refused(row, key, actor="nobody", body=body).problem(403, "forbidden")


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
            assert scene.refused(row, key, actor="ann").problem(403)["action"] == row.needs[0]


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
