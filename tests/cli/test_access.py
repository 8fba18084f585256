"""`lastseat tenants`, `keys` and `people`: an installation's doors, from its terminal."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests.cli.running import error_line, lastseat, on_a_terminal

from lastseat.access import Principal, Role, store


@pytest.fixture
def studio(conninfo: str, tenant_id: str) -> str:
    """A tenant of the database that tests share."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("INSERT INTO lastseat.tenants VALUES (%s, now())", [tenant_id])
    return tenant_id


def principal(where: str, key: str) -> Principal | None:
    async def asked() -> Principal | None:
        async with await psycopg.AsyncConnection.connect(where) as connection:
            return await store.authenticate_key(connection, key)

    return asyncio.run(asked())


def test_tenants_are_made_once_and_listed(database: Callable[[], str]) -> None:
    where = database()
    done = lastseat("tenants", "create", "studio", "--name", "Studio", "--url", where)
    assert (done.returncode, done.stdout) == (0, "made the tenant studio\n"), done.stderr
    again = lastseat("tenants", "create", "studio", "--url", where)
    assert again.returncode == 1
    assert "'studio' already" in error_line(again)
    assert lastseat("tenants", "list", LASTSEAT_DATABASE_URL=where).stdout == "studio\tStudio\t\n"
    told = json.loads(lastseat("tenants", "list", "--json", "--url", where).stdout)
    assert [x["tenant_id"] for x in told] == ["studio"]
    code, shown = on_a_terminal("tenants", "list", "--url", where)
    assert code == 0
    assert "tenant" in shown
    assert "studio" in shown

    with psycopg.connect(where) as connection:
        connection.execute("ALTER TABLE lastseat.tenants DROP COLUMN operator")
    older = lastseat("tenants", "list", "--url", where)
    assert older.returncode == 1
    assert "lastseat migrate" in error_line(older)


def test_a_key_is_shown_once_lets_in_and_is_revoked(conninfo: str, studio: str) -> None:
    of = ("--tenant", studio, "--url", conninfo)
    made = lastseat("keys", "create", "--name", "till", "--role", "staff", *of)
    key = made.stdout.strip()
    assert made.returncode == 0, made.stderr
    assert "shown once" in made.stderr
    found = principal(conninfo, key)
    assert found is not None
    assert (found.tenant_id, found.roles) == (studio, frozenset({Role.STAFF}))

    listed = lastseat("keys", "list", *of)
    key_id, name, roles, state = listed.stdout.rstrip("\n").split("\t")
    assert (name, roles, state) == ("till", "staff", "valid")
    assert key[-43:] not in listed.stdout + lastseat("keys", "list", "--json", *of).stdout

    assert lastseat("keys", "revoke", key_id, *of).stdout == f"revoked the key {key_id} (till)\n"
    assert principal(conninfo, key) is None
    assert "\trevoked " in lastseat("keys", "list", *of).stdout
    unknown = lastseat("keys", "revoke", "nonsense", *of)
    assert unknown.returncode == 1
    assert "keys list" in error_line(unknown)


def test_a_publishable_key_in_json(conninfo: str, studio: str) -> None:
    of = ("--tenant", studio, "--url", conninfo)
    options = ("--publishable", "--per-minute", "30", "--days", "7", "--json")
    done = lastseat("keys", "create", "--name", "web", *options, *of)
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert told["text"].startswith("ls_pk_")
    assert (told["key"]["roles"], told["key"]["per_minute"]) == (["guest"], 30)
    found = principal(conninfo, told["text"])
    assert found is not None
    assert found.publishable


def test_people_are_given_roles_and_lose_them(conninfo: str, studio: str) -> None:
    of = ("--tenant", studio, "--url", conninfo)
    added = lastseat("people", "add", "ann@id", "--role", "owner", "--role", "staff", *of)
    assert added.stdout.startswith("ann@id is owner, staff: "), added.stderr
    changed = lastseat("people", "add", "ann@id", "--role", "staff", "--name", "Ann", *of)
    assert changed.stdout.startswith("ann@id is staff: ")
    person_id, *rest = lastseat("people", "list", *of).stdout.rstrip("\n").split("\t")
    assert rest == ["ann@id", "Ann", "staff"]
    assert lastseat("people", "remove", person_id, *of).stdout == "removed ann@id\n"
    assert lastseat("people", "list", *of).stdout == ""
    assert lastseat("people", "remove", person_id, *of).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["keys", "create", "--name", "x", "--role", "owner", "--tenant", "studoi"],
            "no tenant 'studoi': see `lastseat tenants list`",
        ),
        (["keys", "revoke", "x", "--tenant", "studoi"], "no tenant 'studoi'"),
        (["people", "add", "ann", "--role", "staff", "--tenant", "studoi"], "no tenant 'studoi'"),
        (["people", "remove", "x", "--tenant", "studoi"], "no tenant 'studoi'"),
        (["keys", "create", "--name", "x"], "roles: must be one or more"),
        (["keys", "create", "--name", "x", "--publishable", "--role", "owner"], "no other"),
        (["people", "list", "--tenant", "studoi"], "no tenant 'studoi'"),
        (["people", "add", "ann", "--role", "guest"], "roles"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    conninfo: str, studio: str, arguments: list[str], complaint: str
) -> None:
    of = () if "--tenant" in arguments else ("--tenant", studio)
    done = lastseat(*arguments, *of, LASTSEAT_DATABASE_URL=conninfo)
    assert done.returncode == 1
    assert complaint in error_line(done)


def test_a_role_that_is_none_is_wrong_usage() -> None:
    done = lastseat("keys", "create", "--name", "x", "--tenant", "x", "--role", "emperor")
    assert done.returncode == 2
    assert "emperor" in done.stderr


def test_what_only_looks_makes_no_database(tmp_path: Path) -> None:
    done = lastseat("tenants", "list", LASTSEAT_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert "lastseat migrate" in error_line(done)
    assert list(tmp_path.iterdir()) == []
