"""What is kept beside bookings and bookables: contacts, metadata, names; erasable."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from tests.library.venue import at, claim, done, occurrence

import lastseat
from lastseat import ActorTime, Contact, Status, Tenant
from lastseat import outcomes as o

ANN = Contact(name="Ann Smith", email="ann@example.org", phone="+44 20 7946 0958")


def test_a_booking_says_how_to_reach_whoever_it_is_for(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    booked = done(tenant.book(yoga, actor="ann", contact=ANN, metadata={"mat": True}), o.Booked)
    seen = tenant.booking(booked.booking_id)
    assert (seen.contact, seen.metadata) == (ANN, {"mat": True})
    plain = done(tenant.book(yoga, actor="ben"), o.Booked)
    seen = tenant.booking(plain.booking_id)
    assert (seen.contact, seen.metadata) == (None, None)


def test_a_guest_who_confirms_adds_what_was_not_known(tenant: Tenant) -> None:
    """A reservation is held first; the address comes with the commit (D1)."""
    yoga = occurrence(tenant)
    named = Contact(name="Ann Smith")
    held = done(tenant.hold(yoga, actor="ann", contact=named), o.Held)
    reached = Contact(email=ANN.email, phone=ANN.phone)
    assert tenant.confirm(held.booking_id, contact=reached).ok
    assert tenant.booking(held.booking_id).contact == ANN
    late = Contact(name="Somebody else")
    assert tenant.confirm(held.booking_id, contact=late).ok
    assert tenant.booking(held.booking_id).contact == ANN, "confirmed already: nothing changed"


def test_details_are_updated_part_by_part(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    booked = done(tenant.book(yoga, actor="ann", contact=ANN, metadata={"a": 1, "b": 2}), o.Booked)
    update, booking_id = tenant.update, booked.booking_id
    changed = done(
        update(booking_id, contact=Contact(email="new@example.org", phone="")), o.Updated
    )
    assert (changed.version, changed.fields) == (2, ("contact.email", "contact.phone"))
    seen = tenant.booking(booking_id)
    assert seen.contact == Contact(name=ANN.name, email="new@example.org")
    assert (seen.metadata, seen.version) == ({"a": 1, "b": 2}, 2)
    changed = done(update(yoga, actor="ann", metadata={"c": 3}, version=2), o.Updated)
    assert changed.fields == ("metadata",)
    assert tenant.booking(booking_id).metadata == {"c": 3}, "metadata is replaced as a whole"
    stale = done(update(booking_id, metadata={}, version=2), o.Conflict)
    assert (stale.rule, stale.actual) == ("version", 3)
    everything = Contact(name="", email="")
    assert done(update(booking_id, metadata={}, contact=everything), o.Updated).ok
    seen = tenant.booking(booking_id)
    assert (seen.contact, seen.metadata, seen.status) == (None, None, Status.CONFIRMED)
    assert update(booking_id).code == "invalid"
    assert [x.type for x in tenant.journal(yoga)][2:] == ["updated"] * 3


def test_a_contact_is_added_to_a_booking_that_had_none(tenant: Tenant) -> None:
    yoga = occurrence(tenant)
    booked = done(tenant.book(yoga, actor="ann"), o.Booked)
    assert tenant.update(booked.booking_id, contact=ANN, metadata={"a": 1}).ok
    seen = tenant.booking(booked.booking_id)
    assert (seen.contact, seen.metadata) == (ANN, {"a": 1})


def test_several_updates_in_one_transaction_end_as_if_one_by_one(
    tenant: Tenant, conninfo: str
) -> None:
    """One statement writes them all, and can't write a row twice."""
    yoga = occurrence(tenant)
    make = tenant.commands
    booked = make.book(yoga, actor="ann", contact=Contact(name="A"), metadata={"n": 0})
    confirmed = make.update(booked.booking_id, contact=Contact(phone="1"), metadata={"n": 1})
    again = make.update(booked.booking_id, contact=Contact(phone="", email="a@b"), metadata={})
    last = make.update(booked.booking_id, contact=Contact(name="B"), metadata={"n": 3})
    with psycopg.connect(conninfo) as connection:
        outcomes = lastseat.execute_in(connection, [booked])
        outcomes += lastseat.execute_in(connection, [confirmed, again, last])
    assert [x.code for x in outcomes] == ["booked", "updated", "updated", "updated"]
    seen = tenant.booking(booked.booking_id)
    assert (seen.contact, seen.metadata) == (Contact(name="B", email="a@b"), {"n": 3})


def test_a_bookable_has_a_place_a_name_and_attributes(
    tenant: Tenant, place: Callable[[str], str]
) -> None:
    where: dict[str, Any] = {
        "location": place("north"),
        "name": "Lané 1\N{ZERO WIDTH JOINER}",
        "attributes": {"oil": [1]},
    }
    tenant.define_resource("lane", **where)
    tenant.define_pool("skis", capacity=2, **where)
    tenant.define_limit("service:tour", capacity=2, **where)
    tenant.define_occurrence("yoga", start=at(0), end=at(60), capacity=1, **where)
    tenant.define_event(
        "class",
        starts=["2027-03-01T18:00"],
        duration=3600,
        time_zone="UTC",
        capacity=2,
        **where,
    )
    for name in ("lane", "skis", "service:tour", "yoga", "class"):
        seen = tenant.bookable(name)
        assert (seen.location_id, seen.name, seen.attributes) == tuple(where.values()), name
    tenant.book("class@2027-03-01T18:00", actor="ann")
    opened = tenant.bookable("class@2027-03-01T18:00")
    assert (opened.location_id, opened.name, opened.event_id) == ("north", None, "class")
    tenant.define_resource("plain")
    seen = tenant.bookable("plain")
    assert (seen.location_id, seen.name, seen.attributes) == (None, None, None)


def test_a_place_belongs_to_the_definition_a_name_does_not(
    tenant: Tenant, place: Callable[[str], str]
) -> None:
    place("north")
    place("south")
    tenant.define_resource("lane", location="north", name="Left", actor_time=ActorTime.ALLOW)
    again = tenant.define_resource("lane", location="north", name="Right", actor_time="allow")
    assert again == o.Defined(bookable="lane", created=False)
    assert tenant.bookable("lane").name == "Left", "what was there was not defined anew"
    moved = tenant.define_resource("lane", location="south", actor_time="allow")
    assert moved == o.AlreadyDefined(bookable="lane", field="location")
    assert tenant.change_capacity("lane", 1).code == "invalid"
    assert tenant.book(claim("lane", 0, 60), actor="ann").ok
    assert tenant.bookable("lane").location_id == "north"


def test_a_change_of_capacity_leaves_the_place(tenant: Tenant, place: Callable[[str], str]) -> None:
    tenant.define_pool("skis", capacity=2, location=place("north"))
    assert tenant.change_capacity("skis", 3).ok
    assert tenant.bookable("skis").location_id == "north"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"contact": Contact()}, "contact"),
        ({"contact": Contact(email="nobody")}, "contact.email"),
        ({"contact": Contact(name="a\nb")}, "contact.name"),
        ({"contact": {"email": "ann@example.org"}}, "contact"),
    ],
)
def test_a_contact_that_is_none_is_refused(
    tenant: Tenant, wrong: dict[str, Contact], field: str
) -> None:
    yoga = occurrence(tenant)
    assert done(tenant.book(yoga, actor="ann", **wrong), o.Invalid).field == field  # type: ignore[arg-type]
    assert tenant.booking_count(yoga) == 0
