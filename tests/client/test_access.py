"""What is no outcome is raised: who asks is not known, may not, or asks for what is not there."""

import pytest
from tests.client.conftest import Open
from tests.client.service import new_key
from tests.client.venue import occurrence
from tests.library.venue import at

import lastseat
from lastseat.access.roles import Role
from lastseat.client import Client, Forbidden, NotFound, ServiceError, Unauthorized

NOBODY = "018f0000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    "key", [None, "ls_sk_nonsense", f"ls_sk_{NOBODY.replace('-', '')}_{'A' * 43}"]
)
def test_who_is_not_known_is_unauthorized(connect: Open, port: int, key: str | None) -> None:
    client = connect(f"http://127.0.0.1:{port}", key=key)
    with pytest.raises(Unauthorized) as met:
        client.book("yoga", actor="ann")
    assert met.value.status == 401


def test_who_may_not_is_forbidden_and_told_what(
    connect: Open, port: int, conninfo: str, tenant_id: str
) -> None:
    client = connect(f"http://127.0.0.1:{port}", key=new_key(conninfo, tenant_id, Role.FEED))
    with pytest.raises(Forbidden, match=r"bookings\.book") as met:
        client.book("yoga", actor="ann")
    assert met.value.problem["action"] == "bookings.book"


def test_what_is_not_there_is_not_found_as_in_the_library(
    client: Client, tenant: lastseat.Tenant
) -> None:
    def reads(of: Client | lastseat.Tenant) -> list[object]:
        return [
            lambda: of.bookable("nothing"),
            lambda: of.bookable("no@2027-03-01T18:00"),
            lambda: of.seats_left("nothing"),
            lambda: of.seat_of("nothing", "ann"),
            lambda: list(of.roster("nothing")),
            lambda: of.observe("nothing"),
            lambda: of.booking(NOBODY),
            lambda: of.booking("no id"),
            lambda: list(of.audit(NOBODY)),
        ]

    for over_http, in_process in zip(reads(client), reads(tenant), strict=True):
        with pytest.raises(NotFound):
            over_http()  # type: ignore[operator]
        with pytest.raises(lastseat.NotFound):
            in_process()  # type: ignore[operator]


def test_another_tenants_bookings_are_unknown(
    client: Client, connect: Open, port: int, conninfo: str, tenant_id: str
) -> None:
    occurrence(client, "yoga")
    ours = client.book("yoga", actor="ann")
    assert isinstance(ours, lastseat.outcomes.Booked)
    stranger = connect(
        f"http://127.0.0.1:{port}", key=new_key(conninfo, f"{tenant_id}-other", Role.OWNER)
    )
    with pytest.raises(NotFound):
        stranger.booking(ours.booking_id)
    assert stranger.cancel(ours.booking_id).code == "unknown_booking"
    assert client.is_booked("yoga", "ann")


def test_bad_input_is_an_outcome_of_a_write_and_an_error_of_a_read(client: Client) -> None:
    outcome = client.book("yoga", actor="ann", units=0)
    assert isinstance(outcome, lastseat.outcomes.Invalid)
    with pytest.raises(ServiceError, match="400"):
        list(client.bookings(page_size=0))
    naive = client.define_occurrence("x", start=at(0).replace(tzinfo=None), end=at(1), capacity=1)
    assert isinstance(naive, lastseat.outcomes.Invalid)
    assert naive.field == "start"


def test_over_http_only_a_cancellation_names_a_seat(client: Client) -> None:
    with pytest.raises(ValueError, match="give the booking's id"):
        client.confirm("yoga", actor="ann")
