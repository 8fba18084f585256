"""SQL that spoils a ledger in one place, what `verify` has to say of it, and how it is mended.

A case names every difference it must make, as `where: what`; `*` stands for what differs from run
to run, `{ann}` for the id of a booking of the busy day (story.py).
"""

from collections.abc import Callable
from fnmatch import fnmatchcase

import psycopg
from msgspec import Struct
from tests.ledger.story import Story

from lastseat.ledger.verify import verify


class Case(Struct, frozen=True):
    """SQL that spoils the studio's ledger, and what has to be said of it."""

    name: str
    sql: str
    found: tuple[str, ...] = ()

    @property
    def alters(self) -> bool:
        """Whether it changes the schema too, which is not mended."""
        return "ALTER" in self.sql or "DROP" in self.sql

    def about(self, ids: dict[str, str]) -> "Case":
        """The same with the bookings' ids in place of their names."""

        def named(text: str) -> str:
            for name, booking_id in ids.items():
                text = text.replace(f"{{{name}}}", booking_id)
            return text

        return Case(self.name, named(self.sql), tuple(map(named, self.found)))


def entry(change: str, stream: str, seq: int) -> str:
    """SQL that changes one journal row of the studio."""
    return f"UPDATE lastseat.journal SET {change} WHERE {mine('stream_id', stream)} AND seq = {seq}"


def body(before: str, after: str, stream: str, seq: int) -> str:
    """SQL that edits the body of one journal row."""
    return entry(f"body = replace(body::text, '{before}', '{after}')::json", stream, seq)


def head(change: str, stream: str = "yoga") -> str:
    """SQL that changes one head."""
    return f"UPDATE lastseat.heads SET {change} WHERE {mine('bookable_id', stream)}"


def booking(change: str, name: str) -> str:
    """SQL that changes one booking's row."""
    return f"UPDATE lastseat.bookings SET {change} WHERE booking_id = '{{{name}}}'"


def claim(change: str, name: str, no: int) -> str:
    """SQL that changes one claim's row."""
    return f"UPDATE lastseat.claims SET {change} WHERE booking_id = '{{{name}}}' AND no = {no}"


def mine(column: str, name: str) -> str:
    """The condition for one row of the studio."""
    return f"tenant_id = 'studio' AND {column} = '{name}'"


def delete(stream: str, first: int, last: int) -> str:
    """SQL that deletes entries of a stream."""
    where = f"{mine('stream_id', stream)} AND seq BETWEEN {first} AND {last}"
    return f"DELETE FROM lastseat.journal WHERE {where}"


TABLES = ("journal", "heads", "events", "rules", "bookings", "claims", "waitlist")


class Spoilable:
    """A ledger that is spoiled and mended again and again, from a copy of its tables."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        with psycopg.connect(conninfo) as connection:
            connection.execute("CREATE SCHEMA sound")
            for table in TABLES:
                connection.execute(f"CREATE TABLE sound.{table} AS TABLE lastseat.{table}".encode())

    def restore(self) -> None:
        """Put every row back as it was."""
        with psycopg.connect(self.conninfo) as connection:
            for table in TABLES:
                connection.execute(f"DELETE FROM lastseat.{table}".encode())
                connection.execute(f"INSERT INTO lastseat.{table} TABLE sound.{table}".encode())


def check(case: Case, ledger: Spoilable, story: Story, retold: Callable[[], str]) -> None:
    """Spoil the ledger as the case says, ask `verify`, and mend it."""
    case = case.about(story.ids)
    if case.alters:
        where = retold()
        execute(where, case.sql)
        expect(case, where)
        return
    try:
        execute(ledger.conninfo, case.sql)
        expect(case, ledger.conninfo)
    finally:
        ledger.restore()


def execute(where: str, sql: str) -> None:
    with psycopg.connect(where) as connection:
        assert connection.execute(sql.encode()).rowcount != 0, "nothing was spoiled"


def expect(case: Case, where: str) -> None:
    """What is said is what the case has, in any order."""
    report = verify(where)
    assert report.complete
    said = sorted(f"{x.where}: {x.what}" for x in report.differences)
    expected = sorted(case.found)
    assert len(said) == len(expected), said
    for have, pattern in zip(said, expected, strict=True):
        assert fnmatchcase(have, pattern), said
    assert {x.tenant_id for x in report.differences} <= {"studio"}
    assert verify(where, tenant_id="annex").differences == ()
