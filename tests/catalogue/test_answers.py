"""Writes outside the ledger keep their answer with their effect, as commands do (MISSION C6)."""

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

import lastseat
from lastseat.catalogue import Saved
from lastseat.core import outcomes as o
from lastseat.views.catalogue import Location, Terms

PLACE: dict[str, Any] = {"name": "House", "time_zone": "Europe/Berlin"}


def saved(answer: object) -> Saved[Any]:
    assert isinstance(answer, Saved), answer
    return answer


def test_a_duplicate_in_flight_waits_for_the_answer(tenant: lastseat.Tenant, conninfo: str) -> None:
    """Somebody is at work under the key: the second gets their answer, and writes nothing."""
    first = saved(tenant.catalogue.create_location("a", **PLACE, key="k"))
    answers: list[object] = []
    with psycopg.connect(conninfo) as at_work:
        at_work.execute("DELETE FROM lastseat.keys WHERE tenant_id = %s", [tenant.tenant_id])
        # The delete is not committed: whoever inserts the key waits for what becomes of it.
        crowd = threading.Thread(
            target=lambda: answers.append(tenant.catalogue.create_location("a", **PLACE, key="k"))
        )
        crowd.start()
        crowd.join(0.2)
        assert crowd.is_alive()
        at_work.rollback()
    crowd.join()
    again = saved(answers[0])
    assert again.replayed
    assert again.row == first.row


def test_a_key_whose_time_is_over_may_be_used_anew(tenant: lastseat.Tenant, conninfo: str) -> None:
    saved(tenant.catalogue.create_location("a", **PLACE, key="k"))
    other = tenant.catalogue.create_location("b", **PLACE, key="k")
    assert isinstance(other, o.KeyReused)
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "UPDATE lastseat.keys SET expires_at = clock_timestamp() WHERE tenant_id = %s",
            [tenant.tenant_id],
        )
    assert saved(tenant.catalogue.create_location("b", **PLACE, key="k")).created


def test_the_keys_of_commands_and_of_the_catalogue_are_one_space(
    tenant: lastseat.Tenant,
) -> None:
    tenant.define_resource("lane")
    claim = lastseat.Claim(
        bookable="lane",
        start=lastseat.core.limits.EARLIEST,
        end=lastseat.core.limits.EARLIEST.replace(hour=1),
    )
    assert tenant.book(claim, actor="ann", key="command").ok
    reused = tenant.catalogue.create_location("a", **PLACE, key="command")
    assert isinstance(reused, o.KeyReused)
    saved(tenant.catalogue.create_location("a", **PLACE, key="catalogue"))
    assert tenant.book(claim, actor="ben", key="catalogue").code == "key_reused"


def test_a_refusal_is_kept_too_and_undoes_what_was_written(tenant: lastseat.Tenant) -> None:
    terms = Terms(name="Massage")
    saved(tenant.catalogue.create_service("massage", terms, max_simultaneous_bookings=1))
    create = tenant.catalogue.create_service
    refused = create("massage", terms, max_simultaneous_bookings=2, key="k")
    assert refused == o.AlreadyDefined(bookable="massage", field="max_simultaneous_bookings")
    assert create("massage", terms, max_simultaneous_bookings=2, key="k") == refused
    service = tenant.catalogue.service("massage")
    assert service is not None
    assert service.max_simultaneous_bookings == 1


def test_updates_at_once_at_one_version_one_gets_through(tenant: lastseat.Tenant) -> None:
    saved(tenant.catalogue.create_location("a", **PLACE))
    answers: list[object] = []

    def rename(name: str) -> None:
        answers.append(tenant.catalogue.update_location("a", name=name, version=1))

    crowd = [threading.Thread(target=rename, args=[f"name {n}"]) for n in range(8)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sum(isinstance(x, Saved) for x in answers) == 1
    assert answers.count(o.Conflict(rule="version", actual=2)) == 7


@pytest.mark.parametrize("bad", ["", "x" * 201, "a\x00b"])
def test_a_bad_key_is_refused_by_name(bad: str, tenant: lastseat.Tenant) -> None:
    refused = tenant.catalogue.create_location("a", **PLACE, key=bad)
    assert isinstance(refused, o.Invalid)
    assert refused.field == "key"


def test_what_is_not_there_is_none(tenant: lastseat.Tenant) -> None:
    assert tenant.catalogue.location("\x00") is None
    assert tenant.catalogue.service("\ud800") is None
    assert tenant.catalogue.locations() == []
    assert tenant.catalogue.services(after="\x00") == []
    with pytest.raises(ValueError, match="limit must be"):
        tenant.catalogue.services(limit=0)


def test_a_page_starts_after_an_id(tenant: lastseat.Tenant) -> None:
    for name in "cab":
        saved(tenant.catalogue.create_location(name, **PLACE))
    page: list[Location] = tenant.catalogue.locations(after="a", limit=1)
    assert [x.location_id for x in page] == ["b"]


@pytest.mark.parametrize(
    ("trigger", "raised"),
    [
        ("CREATE TRIGGER fall AFTER INSERT", lastseat.DatabaseUnavailable),
        # Fires at COMMIT.
        (
            "CREATE CONSTRAINT TRIGGER fall AFTER INSERT {} DEFERRABLE INITIALLY DEFERRED",
            lastseat.OutcomeUnknown,
        ),
    ],
    ids=["before its end", "at its end"],
)
def test_a_connection_that_breaks_is_no_answer(
    database: Callable[[], str], tenant_id: str, trigger: str, raised: type[Exception]
) -> None:
    conninfo = database()
    where = "ON lastseat.locations"
    trigger = trigger.format(where) if "{}" in trigger else f"{trigger} {where}"
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "CREATE FUNCTION fall() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'"
        )
        connection.execute(f"{trigger} FOR EACH ROW EXECUTE FUNCTION fall()")
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        with pytest.raises(raised):
            tenant.catalogue.create_location("a", **PLACE, key="k")
        with psycopg.connect(conninfo) as connection:
            connection.execute("DROP TRIGGER fall ON lastseat.locations")
        # The same key tells, whichever it was.
        assert saved(tenant.catalogue.create_location("a", **PLACE, key="k")).created
