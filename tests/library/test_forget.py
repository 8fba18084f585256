"""Forgetting a person (H5): nothing of them is left, the ledger stands, nobody else is touched."""

import json
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from psycopg import IsolationLevel
from tests.ledger.conftest import made_database
from tests.library.conftest import Open
from tests.library.venue import claim, done, occurrence, pool, resource

import lastseat
from lastseat import (
    Contact,
    DatabaseUnavailable,
    Forgotten,
    RetryTransaction,
    Tenant,
    execute_in,
)
from lastseat import outcomes as o
from lastseat.embedded import EmbeddedServer
from lastseat.ledger.migrate import migrate
from lastseat.ledger.sql import QUERIES
from lastseat.ledger.verify import verify
from lastseat.library import forgetting

REF, NAME = "zoë.miller@example.org", 'Zoë "Zo" Miller'
EMAIL, PHONE = "zoe+yoga@example.net", "+44 7700 900123"
DIET, WHY, LATE, GONE = "vegan since 1999", "her birthday", "missed the tram", "ill again"
SECRETS = (REF, NAME, EMAIL, PHONE, DIET, WHY, LATE, GONE)
CONTACT = Contact(name=NAME, email=EMAIL, phone=PHONE)
NOTHING = Forgotten(bookings=0, details=0, contacts=0, notes=0, answers=0, people=0)


@pytest.fixture(scope="module")
def where(server: EmbeddedServer) -> Iterator[str]:
    """A database of this file's own: others' bookings would be searched too."""
    with made_database(server) as made:
        migrate(made)
        yield made


@pytest.fixture(scope="module")
def engine(where: str) -> Iterator[lastseat.Engine]:
    with lastseat.open(where, migrate=False) as opened:
        yield opened


@pytest.fixture
def tenant(engine: lastseat.Engine, tenant_id: str) -> Tenant:
    return engine.tenant(tenant_id)


SEARCH = """
SELECT count(*) FROM lastseat.{table} t
WHERE tenant_id = %s AND (strpos(t::text, %s) > 0 OR strpos(to_jsonb(t)::text, %s) > 0)
"""


def mentions(where: str, tenant_id: str, *texts: str) -> set[tuple[str, str]]:
    """Which tables have which text in any column of the tenant's rows, as it is or as JSON."""
    found = set()
    with psycopg.connect(where) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'lastseat' AND column_name = 'tenant_id'"
        ).fetchall()
        assert len(tables) > 12
        for (table,) in tables:
            for text in texts:
                for spelling in (text, json.dumps(text)[1:-1], text.replace('"', '\\"')):
                    row = connection.execute(
                        SEARCH.format(table=table).encode(),
                        [tenant_id, spelling, spelling],
                    ).fetchone()
                    if row is not None and row[0]:
                        found.add((table, text))
    return found


def a_life(tenant: Tenant, where: str) -> dict[str, str]:
    """Everything that the engine keeps of a person; their bookings by name."""
    yoga, lane = occurrence(tenant, capacity=2), resource(tenant)
    full = occurrence(tenant, "full", capacity=1)
    skis = pool(tenant)
    made = {
        "seat": done(
            tenant.book(yoga, actor=REF, contact=CONTACT, metadata={"diet": DIET}, key="seat"),
            o.Booked,
        ).booking_id,
        "hold": done(tenant.hold(claim(skis, 0, 60), actor=REF, key="hold"), o.Held).booking_id,
        "over": done(
            tenant.book(claim(lane, 0, 60), actor=REF, override=True, reason=WHY, key="over"),
            o.Booked,
        ).booking_id,
    }
    assert tenant.book(full, actor="ben", metadata={"b": 1}, key="ben").ok
    assert tenant.book(full, actor=REF, key="refused").code == "full"
    assert tenant.book(yoga, actor=REF, key="again").code == "already"
    assert tenant.confirm(made["hold"], contact=CONTACT, key="confirm").ok
    assert tenant.update(
        made["seat"], metadata={"diet": DIET, "b": 2}, reason=LATE, key="update"
    ).ok
    assert tenant.cancel(made["over"], reason=GONE, key="cancel").ok
    with psycopg.connect(where) as connection:
        connection.execute(
            "INSERT INTO lastseat.people VALUES (%s, %s, %s, %s, '{customer}', now())",
            [tenant.tenant_id, uuid.uuid4(), REF, NAME],
        )
    return made


def test_nothing_of_a_forgotten_person_is_left_anywhere(tenant: Tenant, where: str) -> None:
    made = a_life(tenant, where)
    kept = mentions(where, tenant.tenant_id, *SECRETS)
    assert {text for _, text in kept} == set(SECRETS), "a control: each was kept somewhere"
    told = tenant.forget(REF)
    assert mentions(where, tenant.tenant_id, *SECRETS) == set()
    assert (told.bookings, told.details, told.contacts, told.notes, told.people) == (3, 1, 2, 3, 1)
    assert told.answers >= 7
    assert set(made) == {"seat", "hold", "over"}


def test_forgetting_again_finds_nothing(tenant: Tenant, where: str) -> None:
    a_life(tenant, where)
    assert tenant.forget(REF) != NOTHING
    assert tenant.forget(REF) == NOTHING
    for nobody in ("nobody", "", "\0", "\ud800", "x" * 100_000):
        assert tenant.forget(nobody) == NOTHING


def test_the_ledger_still_stands_and_answers(tenant: Tenant, where: str) -> None:
    made = a_life(tenant, where)
    before = {name: tenant.booking(booking) for name, booking in made.items()}
    roster = tenant.roster("yoga")
    tenant.forget(REF)
    assert verify(where, tenant_id=tenant.tenant_id).differences == ()
    for name, booking in made.items():
        seen = tenant.booking(booking)
        assert (seen.actor, seen.metadata, seen.contact) == ("", None, None)
        assert (seen.status, seen.version) == (before[name].status, before[name].version)
        assert (seen.claims, seen.expires_at) == (before[name].claims, before[name].expires_at)
        assert [x.reason for x in tenant.audit(booking)] == [None] * seen.version
    assert [(x.booking_id, x.actor) for x in tenant.roster("yoga")] == [(roster[0].booking_id, "")]
    assert tenant.seats_left("yoga") == 1
    assert tenant.bookings(actor=REF).items == []
    assert {x.actor for x in tenant.bookings().items} == {"", "ben"}
    assert tenant.cancel(made["seat"]).ok
    assert tenant.seats_left("yoga") == 2
    assert verify(where, tenant_id=tenant.tenant_id).differences == ()


def test_an_old_key_still_answers_and_books_nothing_again(tenant: Tenant, where: str) -> None:
    made = a_life(tenant, where)
    tenant.forget(REF)
    count = len(tenant.bookings().items)
    again = done(
        tenant.book("yoga", actor=REF, contact=CONTACT, metadata={"diet": DIET}, key="seat"),
        o.Booked,
    )
    assert (again.booking_id, again.actor) == (made["seat"], "")
    assert done(tenant.book("full", actor=REF, key="refused"), o.Full).actor == ""
    assert done(tenant.book("yoga", actor=REF, key="again"), o.Already).actor == ""
    assert done(tenant.cancel(made["over"], reason=GONE, key="cancel"), o.Cancelled).actor == ""
    assert tenant.book("yoga", actor="ben", key="seat").code == "key_reused"
    assert len(tenant.bookings().items) == count
    assert mentions(where, tenant.tenant_id, *SECRETS) == set(), "nor is anything kept of asking"


def test_who_books_again_is_somebody_new(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    first = done(tenant.book(yoga, actor="ann"), o.Booked)
    tenant.forget("ann")
    assert not tenant.is_booked(yoga, "ann")
    second = done(tenant.book(yoga, actor="ann"), o.Booked)
    assert second.booking_id != first.booking_id
    assert [x.actor for x in tenant.roster(yoga)] == ["", "ann"]


def test_nobody_else_is_touched(engine: lastseat.Engine, tenant_id: str) -> None:
    mine, theirs = engine.tenant(tenant_id), engine.tenant(f"{tenant_id}-other")
    for tenant in (mine, theirs):
        yoga = occurrence(tenant, capacity=9)
        for actor in ("ann", "anna", "full"):
            booked = tenant.book(
                yoga, actor=actor, contact=Contact(name="A", email=f"{actor}@x.org"), key=actor
            )
            assert booked.ok
    assert mine.forget("ann").answers == 1
    assert mine.forget("full").answers == 1
    assert [x.actor for x in mine.roster("yoga")] == ["", "anna", ""]
    assert [x.actor for x in theirs.roster("yoga")] == ["ann", "anna", "full"]
    anna = mine.bookings(actor="anna").items[0]
    assert anna.contact == Contact(name="A", email="anna@x.org")
    replayed = mine.book("yoga", actor="anna", contact=anna.contact, key="anna")
    assert done(replayed, o.Booked).actor == "anna"
    contact = Contact(name="A", email="full@x.org")
    assert mine.book("yoga", actor="full", contact=contact, key="full").code == "booked"
    assert theirs.book("yoga", actor="ann", key="another").code == "already"


def test_both_faces_forget(face: Open, tenant_id: str) -> None:
    tenant = face(tenant_id)
    tenant.book(occurrence(tenant), actor="ann", contact=Contact(email="a@x.org"))
    assert tenant.forget("ann") == Forgotten(
        bookings=1, details=0, contacts=1, notes=0, answers=0, people=0
    )


# Bookings under way -------------------------------------------------------------------------------

LEFT_OVER = """
SELECT count(*)
FROM lastseat.booking_contacts k JOIN lastseat.bookings b USING (tenant_id, booking_id)
WHERE tenant_id = %s AND NOT EXISTS (
    SELECT FROM lastseat.actors a WHERE a.tenant_id = b.tenant_id AND a.actor_id = b.actor_id)
"""
"""How to reach people whose names are gone: what nobody would ever find again."""


def left_over(where: str, tenant: Tenant) -> int:
    with psycopg.connect(where) as connection:
        row = connection.execute(LEFT_OVER.encode(), [tenant.tenant_id]).fetchone()
    assert row is not None
    return int(row[0])


def in_the_middle_of_a_booking(tenant: Tenant, where: str) -> Forgotten | None:
    """Forget ann while a transaction has booked for her; what came of it before the commit."""
    yoga = occurrence(tenant, capacity=9)
    lane = resource(tenant)
    assert tenant.book(yoga, actor="ann").ok
    told: list[Forgotten] = []
    with psycopg.connect(where) as connection:
        contact = Contact(email="ann@x.org")
        command = tenant.commands.book(claim(lane, 0, 60), actor="ann", contact=contact, key="k")
        assert execute_in(connection, [command])[0].ok
        other = threading.Thread(target=lambda: told.append(tenant.forget("ann")))
        other.start()
        other.join(0.5)
        early = told[0] if told else None
        connection.commit()
    other.join()
    return early


def test_a_booking_under_way_is_waited_for(tenant: Tenant, where: str) -> None:
    assert in_the_middle_of_a_booking(tenant, where) is None
    assert left_over(where, tenant) == 0
    assert mentions(where, tenant.tenant_id, "ann") == set()
    assert [x.actor for x in tenant.bookings().items] == ["", ""]


def test_control_without_the_lock_half_a_person_would_be_left(
    tenant: Tenant, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(QUERIES, "forget_lock", "SELECT %(tenant)s::text")
    monkeypatch.setitem(QUERIES, "hold_actors", "SELECT %(tenant)s::text, %(refs)s::text")
    assert in_the_middle_of_a_booking(tenant, where) is not None
    assert left_over(where, tenant) == 1


def test_others_go_on_while_a_transaction_is_waited_for(
    tenant: Tenant, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "PATIENCE", 1.0)
    yoga = occurrence(tenant, capacity=9)
    assert tenant.book(yoga, actor="ann", metadata={"a": 1}).ok
    with psycopg.connect(where) as connection:
        execute_in(connection, [tenant.commands.book(yoga, actor="ben")])
        failed: list[Exception] = []

        def forget() -> None:
            try:
                tenant.forget("ann")
            except DatabaseUnavailable as error:
                failed.append(error)

        other = threading.Thread(target=forget)
        other.start()
        lane = resource(tenant)
        for hour in range(3):
            assert tenant.book(claim(lane, hour * 60, hour * 60 + 60), actor="cyd").ok
        other.join()
        assert "nothing was forgotten" in str(failed[0])
    assert tenant.bookings(actor="ann").items[0].metadata == {"a": 1}
    assert tenant.forget("ann").bookings == 1


def test_a_transaction_that_began_before_is_told(tenant: Tenant, where: str) -> None:
    yoga = occurrence(tenant, capacity=9, actor_time="allow")
    lane = resource(tenant)
    assert tenant.book(yoga, actor="ann").ok
    with psycopg.connect(where) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.execute("SELECT 1")
        tenant.forget("ann")
        command = tenant.commands.book(
            claim(lane, 0, 60), actor="ann", contact=Contact(email="ann@x.org")
        )
        with pytest.raises(RetryTransaction):
            execute_in(connection, [command])
        connection.rollback()
    assert mentions(where, tenant.tenant_id, "ann") == set()


def test_a_crowd_of_bookings_leaves_nothing(tenant: Tenant, where: str) -> None:
    lanes = [resource(tenant, f"lane {n}") for n in range(4)]
    stop = threading.Event()

    def book(lane: str) -> None:
        hour = 0
        while not stop.is_set():
            hour += 1
            contact = Contact(email="ann@x.org")
            mine = done(
                tenant.book(
                    claim(lane, hour * 60, hour * 60 + 60),
                    actor="ann",
                    contact=contact,
                    metadata={"a": "ann"},
                    key=f"{lane} {hour}",
                ),
                o.Booked,
            )
            assert tenant.cancel(mine.booking_id, reason="rain", key=f"c {lane} {hour}").ok

    crowd = [threading.Thread(target=book, args=[lane]) for lane in lanes]
    for thread in crowd:
        thread.start()
    ends = datetime.now() + timedelta(seconds=1)  # noqa: DTZ005 - a stopwatch
    forgotten = 0
    while datetime.now() < ends or forgotten < 10:  # noqa: DTZ005
        forgotten += tenant.forget("ann").bookings
        assert left_over(where, tenant) == 0
    stop.set()
    for thread in crowd:
        thread.join()
    tenant.forget("ann")
    assert mentions(where, tenant.tenant_id, "ann") == set()
    assert verify(where, tenant_id=tenant.tenant_id).differences == ()
