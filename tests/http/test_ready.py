"""`/readyz` says whether requests can be taken now, and why not; `/healthz` says it lives."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.http.inside import Inside

from lastseat.http import readiness
from lastseat.http.app import make_app
from lastseat.http.auth import SERVICE
from lastseat.http.edge import EDGE
from lastseat.http.settings import ServeSettings


@pytest.fixture
def url(database: Callable[[], str]) -> str:
    return database()


@pytest.fixture
def inside(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inside]:
    # Each question is asked of the database.
    monkeypatch.setattr(readiness, "BELIEVED_SECONDS", 0.0)
    opened = Inside(make_app(ServeSettings(url=url, patience=0.2)))
    try:
        yield opened
    finally:
        opened.close()


def reasons(inside: Inside) -> list[str]:
    """Why it takes no requests; nothing if it does."""
    assert inside.ask("GET", "/healthz").status == 200
    answer = inside.ask("GET", "/readyz")
    if answer.status == 200:
        assert answer.json() == {"status": "ready"}
        return []
    found: list[str] = answer.problem(503, "not_ready")["reasons"]
    assert answer.header("retry-after") == "1"
    return found


def test_it_is_ready_unless_the_database_is_away(inside: Inside, url: str, conninfo: str) -> None:
    assert reasons(inside) == []
    name = str(conninfo_to_dict(url)["dbname"])
    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        assert reasons(inside) == ["database"]
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
    assert reasons(inside) == []


def test_a_schema_of_an_older_release_is_not_ready(inside: Inside, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "DELETE FROM lastseat.migrations"
            " WHERE version = (SELECT max(version) FROM lastseat.migrations)"
        )
        assert reasons(inside) == ["schema"]
        connection.execute("DROP TABLE lastseat.migrations")
        assert reasons(inside) == ["schema"]


def test_full_queues_and_a_coming_end_are_not_ready(inside: Inside) -> None:
    opt = inside._app.opt
    turnstile = opt[SERVICE].engine.turnstile
    free, turnstile._free = turnstile._free, 0
    opt[EDGE].stopping = True
    assert reasons(inside) == ["stopping", "overloaded"]
    assert inside.ask("GET", "/healthz").header("connection") == "close"
    opt[EDGE].stopping, turnstile._free = False, free
    assert reasons(inside) == []
    assert inside.ask("GET", "/healthz").header("connection") is None
