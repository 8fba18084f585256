"""Locations, services, and a guest's reservation from the first look to the cancellation."""

from datetime import timedelta

import pytest
from tests.client.conftest import Open
from tests.client.service import new_key
from tests.library.venue import at

from lastseat import outcomes as o
from lastseat.access.roles import Role
from lastseat.client import Client, NotFound
from lastseat.client.wired import SlotRefused
from lastseat.views.catalogue import Location, Service, Terms
from lastseat.views.reservations import AppointmentAnswer, ReservationAnswer, ReservedAnswer

HOUR = timedelta(hours=1)


def test_a_location_is_made_changed_and_listed(client: Client) -> None:
    made = client.create_location("rome/1", name="Roma", time_zone="Europe/Rome")
    assert isinstance(made, Location)
    assert client.location("rome/1") == made
    same = client.create_location("rome/1", name="Roma", time_zone="Europe/Rome")
    assert isinstance(same, Location)
    other = client.create_location("rome/1", name="Rome", time_zone="Europe/Rome")
    assert isinstance(other, o.AlreadyDefined)
    changed = client.update_location("rome/1", name="Rome", attributes={"hills": 7}, version=1)
    assert isinstance(changed, Location)
    assert (changed.name, changed.attributes, changed.version) == ("Rome", {"hills": 7}, 2)
    stale = client.update_location("rome/1", name="Roma", version=1)
    assert isinstance(stale, o.Conflict)
    assert stale.actual == 2
    client.create_location("bonn", name="Bonn", time_zone="Europe/Berlin")
    assert [x.location_id for x in client.locations(page_size=1)] == ["bonn", "rome/1"]
    with pytest.raises(NotFound):
        client.location("paris")
    assert isinstance(client.create_location("x", name="X", time_zone="Mars"), o.Invalid)


def test_a_service_is_made_changed_and_listed(client: Client) -> None:
    terms = Terms(name="Massage", duration_seconds=3600, after_seconds=600)
    made = client.create_service("massage", terms, max_simultaneous_bookings=2)
    assert isinstance(made, Service)
    assert client.service("massage") == made
    changed = client.update_service(
        "massage", {"duration_seconds": None}, max_simultaneous_bookings=1, version=made.version
    )
    assert isinstance(changed, Service)
    assert (changed.duration_seconds, changed.max_simultaneous_bookings) == (None, 1)
    assert [x.service_id for x in client.services()] == ["massage"]
    with pytest.raises(NotFound):
        client.create_service(
            "x", Terms(name="X", location_id="nowhere"), max_simultaneous_bookings=1
        )


def test_a_guest_reserves_commits_and_cancels(
    client: Client, connect: Open, port: int, conninfo: str, tenant_id: str
) -> None:
    client.create_service("massage", Terms(name="Massage"), max_simultaneous_bookings=1)
    guest = connect(
        f"http://127.0.0.1:{port}", key=new_key(conninfo, tenant_id, Role.GUEST, publishable=True)
    )
    assert guest.capacity(tenant_id, "massage", start=at(0), end=at(60)).available_slots == 1
    held = guest.reserve(tenant_id, "massage", start=at(0), end=at(60), minutes=5, key="tap-1")
    assert isinstance(held, ReservedAnswer)
    assert (
        guest.reserve(tenant_id, "massage", start=at(0), end=at(60), minutes=5, key="tap-1") == held
    )

    taken = guest.reserve(tenant_id, "massage", start=at(0), end=at(60))
    assert isinstance(taken, SlotRefused)
    assert taken.message == "The selected time slot is no longer available"
    assert taken.available_slots == 0

    longer = guest.extend_reservation(held.reservation_id, minutes=10)
    assert isinstance(longer, ReservationAnswer)
    assert longer.expires_at is not None
    assert longer.expires_at > held.expires_at
    assert guest.reservation(held.reservation_id).valid

    appointment = guest.commit(held.reservation_id, email="ann@example.org", phone="+39 1")
    assert isinstance(appointment, AppointmentAnswer)
    moved = client.reschedule(
        appointment.appointment_id, start=at(0) + HOUR, end=at(60) + HOUR, version=1
    )
    assert isinstance(moved, SlotRefused)
    assert (moved.message, moved.current_version) == ("CONFLICT", appointment.version)

    nobody = connect(f"http://127.0.0.1:{port}")
    gone = nobody.cancel_by_token(appointment.cancellation_token)
    assert gone.appointment_id == appointment.appointment_id
    late = guest.commit(held.reservation_id, email="ann@example.org")
    assert isinstance(late, SlotRefused)
    assert late.message == "Reservation not found or expired"
    with pytest.raises(NotFound):
        nobody.cancel_by_token("no token")
