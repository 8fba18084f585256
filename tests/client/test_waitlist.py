"""The waitlist over HTTP, with the library's names and outcomes (MISSION C7)."""

from tests.client.venue import occurrence
from tests.library.venue import at

from lastseat import Claim, Status
from lastseat import outcomes as o
from lastseat.client import Client
from lastseat.client.wired import SlotRefused
from lastseat.core.events import WaitPolicy
from lastseat.views.catalogue import Service, Terms


def test_join_stand_in_line_and_accept(client: Client) -> None:
    occurrence(client, "yoga", capacity=1)
    first = client.book("yoga", actor="ann")
    assert isinstance(first, o.Booked)
    full = client.book("yoga", actor="ben")
    assert isinstance(full, o.Full)
    assert full.can_join_waitlist
    ben = client.join_waitlist("yoga", actor="ben", metadata={"mat": 1})
    cy = client.join_waitlist([Claim(bookable="yoga")], actor="cy", offer_seconds=60)
    assert isinstance(ben, o.Joined)
    assert isinstance(cy, o.Joined)
    assert isinstance(client.join_waitlist("yoga", actor="cy"), o.AlreadyWaiting)
    assert [(x.actor, x.position) for x in client.waitlist("yoga", page_size=1)] == [
        ("ben", 1),
        ("cy", 2),
    ]
    view = client.booking(cy.booking_id)
    assert (view.status, client.position(cy.booking_id)) == (Status.WAITLISTED, 2)
    assert view.waiting is not None
    assert view.waiting.awaited.claims == (Claim(bookable="yoga"),)
    there = client.bookable("yoga")
    assert (there.waiting, there.left, there.waitlist) == (2, 0, WaitPolicy.FIFO)
    assert client.cancel(first.booking_id).ok
    assert client.release(ben.booking_id).ok
    assert client.confirm(cy.booking_id).ok
    assert client.position(cy.booking_id) == 0
    assert [x.action for x in client.audit(cy.booking_id)] == ["joined", "offered", "confirmed"]


def test_wait_for_a_slot_of_a_service(client: Client, tenant_id: str) -> None:
    made = client.create_service(
        "massage",
        Terms(name="Massage", duration_seconds=3600),
        max_simultaneous_bookings=1,
        waitlist="first_that_fits",
    )
    assert isinstance(made, Service)
    assert made.waitlist is WaitPolicy.FIRST_THAT_FITS
    held = client.book_service("massage", start=at(0), actor="ann", hold_seconds=60)
    assert held.ok
    refused = client.reserve(tenant_id, "massage", start=at(0), end=at(60))
    assert isinstance(refused, SlotRefused)
    assert refused.can_join_waitlist
    joined = client.join_service_waitlist("massage", start=at(0), actor="ben")
    assert isinstance(joined, o.Joined)
    waits = client.reservation(joined.booking_id)
    assert (waits.status, waits.position) == (Status.WAITLISTED, 1)
    assert client.cancel(joined.booking_id).ok
    assert list(client.waitlist("service:massage", start=at(0), end=at(60))) == []
