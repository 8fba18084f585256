"""Migrations: any number of processes may start at once; whatever is odd is told, not guessed."""

import subprocess
import sys
from collections.abc import Callable

import msgspec
import psycopg
import pytest

import lastseat
from lastseat.ledger import migrate as migrating
from lastseat.ledger.migrate import MigrationError, migrate, migrations
from lastseat.ledger.verify import verify

PROCESSES = 20

# Loaded once, for all that are forked of it.
MIGRATE_AT_ONCE = """
import json, os, sys, tempfile, traceback
from lastseat.ledger.migrate import migrate
gate, opens = os.pipe()
said, children = [], []
for _ in range(int(sys.argv[2])):
    said.append(tempfile.TemporaryFile("w+"))
    child = os.fork()
    if child:
        children.append(child)
        continue
    code = 1
    try:
        os.close(opens)
        os.read(gate, 1)  # Until nobody has its other end any more: all are let go at once.
        tell = lambda line: print(line, file=said[-1], flush=True)
        tell(migrate(sys.argv[1], report=tell))
        code = 0
    except BaseException:
        traceback.print_exc(file=said[-1])
    finally:
        said[-1].flush()
        os._exit(code)
os.close(opens)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
for one in said:
    one.seek(0)
print(json.dumps([codes, [one.read() for one in said]]))
"""


def run(where: str, sql: str) -> None:
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(sql.encode())


def at_once(where: str, processes: int) -> list[str]:
    """What each of so many processes says, all let go at the same moment."""
    done = subprocess.run(
        [sys.executable, "-c", MIGRATE_AT_ONCE, where, str(processes)],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    codes, said = msgspec.json.decode(done.stdout, type=tuple[list[int], list[str]])
    assert codes == [0] * processes, said
    return said


WRITTEN_BY_THE_FIRST = """
INSERT INTO lastseat.tenants VALUES ('studio', '2026-01-01Z');
INSERT INTO lastseat.heads
    (tenant_id, bookable_id, kind, capacity, taken, seq, at, starts_at, ends_at, actor_time)
VALUES ('studio', 'yoga', 'occurrence', 2, 1, 2, '2026-01-01Z', '2026-01-02Z', '2026-01-03Z',
        'allow');
INSERT INTO lastseat.journal (tenant_id, stream_id, seq, type, v, body, command_id, booking_id,
                              version, lead, principal, at)
VALUES ('studio', 'yoga', 1, 'defined', 1,
        '{"kind":"occurrence","capacity":2,"actor_time":"allow",
          "during":{"start":"2026-01-02T00:00:00Z","end":"2026-01-03T00:00:00Z"}}',
        '00000000-0000-7000-8000-000000000001', NULL, NULL, true, 'desk', '2026-01-01Z'),
       ('studio', 'yoga', 2, 'booked', 1,
        '{"actor_id":"00000000-0000-7000-8000-00000000000a","status":"CONFIRMED",
          "claims":[{"no":1,"units":1}]}',
        '00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000002', 1, true,
        'desk', '2026-01-01Z');
INSERT INTO lastseat.actors
VALUES ('studio', '00000000-0000-7000-8000-00000000000a', 'ann');
INSERT INTO lastseat.bookings
VALUES ('studio', '00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-00000000000a',
        'CONFIRMED', 1, 1, NULL, NULL, '2026-01-01Z', '2026-01-01Z');
INSERT INTO lastseat.claims (tenant_id, booking_id, no, bookable_id, actor_id, units, seq, live,
                             exclusive, override, own_time)
VALUES ('studio', '00000000-0000-7000-8000-000000000002', 1, 'yoga',
        '00000000-0000-7000-8000-00000000000a', 1, 2, true, false, false, false);
"""


def test_a_ledger_of_the_first_release_goes_on(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it wrote is sound, readable, and may be checked in by this release."""
    with monkeypatch.context() as first:
        first.setattr(migrating, "migrations", lambda: migrations()[:1])
        assert migrate(empty) == ["ledger"]
    run(empty, WRITTEN_BY_THE_FIRST)
    assert migrate(empty) == [name for _, name, _ in migrations()[1:]]
    assert verify(empty).differences == ()
    with lastseat.open(empty, migrate=False) as engine:
        studio = engine.tenant("studio")
        there = studio.bookable("yoga")
        assert (there.left, there.location_id, there.name) == (1, None, None)
        assert studio.book("yoga", actor="ann").code == "already"
        assert studio.check_in("yoga", actor="ann").ok
        assert [x.type for x in studio.journal("yoga")] == ["defined", "booked", "checked_in"]
    assert verify(empty).differences == ()


def test_twenty_processes_migrate_one_empty_database_and_one_of_them_does_it(empty: str) -> None:
    said = at_once(empty, PROCESSES)
    names = [name for _, name, _ in migrations()]
    reports = [f"applying {version:04d} {name}" for version, name, _ in migrations()]
    assert sorted(said) == ["[]\n"] * (PROCESSES - 1) + ["\n".join([*reports, f"{names}\n"])]
    assert verify(empty).complete


def test_it_waits_for_the_others_whatever_the_databases_isolation(empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(
            f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'".encode()
        )
    said = at_once(empty, 4)
    assert said.count("[]\n") == 3


def test_a_second_time_it_does_nothing(database: Callable[[], str]) -> None:
    assert migrate(database()) == []


def test_a_migration_whose_text_has_changed_is_refused(database: Callable[[], str]) -> None:
    where = database()
    run(where, "UPDATE lastseat.migrations SET checksum = 'another'")
    with pytest.raises(MigrationError, match=r"^migration 1 \(ledger\) was applied as other text$"):
        migrate(where)


def test_a_database_of_a_newer_release_is_refused(database: Callable[[], str]) -> None:
    where = database()
    run(where, "INSERT INTO lastseat.migrations VALUES (9999, 'later', 'checksum')")
    with pytest.raises(MigrationError, match=r"has migration 9999, .*: upgrade lastseat$"):
        migrate(where)


def test_without_the_right_to_create_it_says_which_right_is_missing(empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        revoke = f"REVOKE CREATE ON DATABASE {connection.info.dbname} FROM CURRENT_USER"
        connection.execute(revoke.encode())
    with pytest.raises(MigrationError, match=r"permission denied for database .* needs CREATE"):
        migrate(empty)
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT to_regnamespace('lastseat')").fetchone() == (None,)


def test_it_needs_no_right_on_the_database_where_the_schema_was_made_for_it(empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA lastseat")
        connection.execute("CREATE EXTENSION btree_gist")
        revoke = f"REVOKE CREATE ON DATABASE {connection.info.dbname} FROM CURRENT_USER"
        connection.execute(revoke.encode())
    assert migrate(empty) == [name for _, name, _ in migrations()]


@pytest.mark.parametrize(
    ("right", "on"), [("USAGE", "schema lastseat"), ("SELECT", "table lastseat.migrations")]
)
def test_a_schema_that_is_closed_to_the_role_is_told_as_such(
    database: Callable[[], str], right: str, on: str
) -> None:
    where = database()
    run(where, f"REVOKE {right} ON {on} FROM CURRENT_USER")
    with pytest.raises(MigrationError, match=r"permission denied for .* needs the GRANTs of .*"):
        migrate(where)
    run(where, f"GRANT {right} ON {on} TO CURRENT_USER")
    assert migrate(where) == []


def test_a_migration_that_fails_leaves_nothing(empty: str) -> None:
    run(empty, "CREATE SCHEMA lastseat; CREATE TABLE lastseat.heads (mine text)")
    with pytest.raises(psycopg.errors.DuplicateTable):
        migrate(empty)
    with psycopg.connect(empty) as connection:
        there = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'lastseat'"
        ).fetchall()
    assert there == [("heads",)]
