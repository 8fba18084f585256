"""What callers say of people is in rows that can be erased; the journal has none of it (H5)."""

from collections.abc import Callable

import psycopg
from tests.ledger.story import at, did

import lastseat
from lastseat import Claim, Contact, Kind
from lastseat.core.outcomes import Code
from lastseat.ledger.verify import verify

SECRETS = (
    "ann.smith@example.org",
    "Zöe Müller",
    "vegan, 07700 900123",
    "her birthday",
    "+44 20 7946 0958",
    "Mx Smith-Jones",
)

WHOLE_ROWS = "SELECT count(*) FROM lastseat.{table} t WHERE strpos(t::text, %s) > 0"


def test_nothing_a_caller_says_of_a_person_is_in_the_journal(database: Callable[[], str]) -> None:
    where = database()
    ann, zoe, diet, why, phone, name = SECRETS
    with lastseat.open(where, migrate=False) as engine:
        tenant = engine.tenant("venue", principal="staff-7")
        tenant.define_occurrence("yoga", start=at(0), end=at(60), capacity=1)
        tenant.define_resource("lane")
        tenant.define_pool("skis", capacity=3)
        did(tenant.book("yoga", actor=ann, metadata={"diet": diet}, key=f"{ann} 1"), Code.BOOKED)
        did(tenant.book("yoga", actor=zoe, override=True, reason=why), Code.BOOKED)
        lane = Claim(bookable="lane", start=at(60), end=at(90))
        held = did(tenant.hold(lane, actor=zoe, metadata={"note": diet}), Code.HELD)
        did(tenant.extend(held.booking_id, seconds=1800), Code.EXTENDED)
        reached = Contact(phone=phone)
        did(tenant.confirm(held.booking_id, contact=reached, reason=why), Code.CONFIRMED)
        named = Contact(name=name)
        did(tenant.update(held.booking_id, contact=named, metadata={"d": diet}), Code.UPDATED)
        later = Claim(bookable="lane", start=at(120), end=at(150))
        did(tenant.move(held.booking_id, later, override=True, reason=why), Code.MOVED)
        did(tenant.cancel("yoga", actor=ann, key=f"{ann} 2"), Code.CANCELLED)
        did(tenant.change_capacity("yoga", 2, reason=why), Code.CAPACITY_CHANGED)
        did(tenant.book("yoga", actor=zoe, key=f"{zoe} 1"), Code.ALREADY)
        did(tenant.define_resource("Smith", name=name, attributes={"call": phone}), Code.DEFINED)
        kinds = {type(x.event) for s in ("yoga", "lane") for x in tenant.journal(s)}
        assert len(kinds) == 8, kinds

    erasable = (
        "actors",
        "booking_details",
        "booking_contacts",
        "bookable_details",
        "notes",
        "keys",
    )
    with psycopg.connect(where) as connection:

        def mentions(table: str, text: str) -> int:
            row = connection.execute(WHOLE_ROWS.format(table=table).encode(), [text]).fetchone()
            assert row is not None
            return int(row[0])

        tables = [
            str(name)
            for (name,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'lastseat'"
            )
        ]
        for secret in SECRETS:
            found = {table for table in tables if mentions(table, secret)}
            assert found, f"a control: {secret!r} was kept somewhere"
            assert found <= set(erasable), secret
        for table in erasable:
            connection.execute(f"DELETE FROM lastseat.{table}".encode())
    assert verify(where).differences == ()


def test_a_person_is_forgotten_and_the_ledger_still_stands(database: Callable[[], str]) -> None:
    where = database()
    with lastseat.open(where, migrate=False) as engine:
        tenant = engine.tenant("venue")
        tenant.define_occurrence("yoga", start=at(0), end=at(60), capacity=1)
        mine = did(tenant.book("yoga", actor="ann", metadata={"a": 1}), Code.BOOKED)
        with psycopg.connect(where) as connection:
            connection.execute("DELETE FROM lastseat.actors")
            connection.execute("DELETE FROM lastseat.booking_details")
        seen = tenant.booking(mine.booking_id)
        assert (seen.actor, seen.metadata) == ("", None)
        assert [x.units for x in tenant.roster("yoga")] == [1]
        assert tenant.bookable("yoga").kind is Kind.OCCURRENCE
        did(tenant.book("yoga", actor="bob"), Code.FULL)
        did(tenant.cancel(mine.booking_id), Code.CANCELLED)
        did(tenant.book("yoga", actor="bob"), Code.BOOKED)
    assert verify(where).differences == ()
