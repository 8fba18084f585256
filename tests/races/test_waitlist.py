"""What comes free goes to who waits, in order, whoever cancels and whoever dies over it (C7).

Two hundred people wait for a full class of twelve; twelve cancel at random moments, in two
processes, of which one is killed; walk-ins try all the while. Whoever was offered a place has
waited longest, and no walk-in had one before them.

Under `first_that_fits` that rests on the offer being made in the transaction that frees the place:
the control makes it in the next, and a walk-in is in between. (Under `fifo` the line itself is in
the walk-ins' way.)
"""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from tests.races import audit
from tests.races.leavers import Leavers
from tests.races.moments import LATER, NOON
from tests.races.sabotage import offers_in_a_transaction_of_their_own, switched_off

import lastseat
from lastseat import Status, Tenant
from lastseat import outcomes as o
from lastseat.ledger.verify import verify

SEATS, WAITING = 12, 200


def sold_out(tenant: Tenant, seats: int, policy: str) -> list[str]:
    """The class "gala", full: its bookings."""
    made = tenant.define_occurrence(
        "gala", start=NOON, end=LATER, capacity=seats, actor_time="allow", waitlist=policy
    )
    assert made.ok, made
    booked = [tenant.book("gala", actor=f"seated-{i}") for i in range(seats)]
    return [x.booking_id for x in booked if isinstance(x, o.Booked)]


def all_join(conninfo: str, tenant_id: str, many: int) -> None:
    """As many people join at once, through an engine of their own."""

    async def join() -> Sequence[lastseat.AnyOutcome]:
        async with lastseat.open_async(conninfo, migrate=False) as engine:
            tenant = engine.tenant(tenant_id)
            return await asyncio.gather(
                *(tenant.join_waitlist("gala", actor=f"waits-{i}") for i in range(many))
            )

    told = asyncio.run(join())
    assert sorted(x.position for x in told if isinstance(x, o.Joined)) == list(range(1, many + 1))


class WalkIns:
    """A thread that tries to book, by whoever comes by, until it is told to stop."""

    def __init__(self, tenant: Tenant) -> None:
        self.told: list[lastseat.AnyOutcome] = []
        self._tenant = tenant
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._try)
        self._thread.start()

    def _try(self) -> None:
        while not self._enough.is_set():
            self.told.append(self._tenant.book("gala", actor=f"walk-in-{len(self.told)}"))

    def stop(self) -> None:
        self._enough.set()
        self._thread.join()


@pytest.mark.parametrize("policy", ["fifo", "first_that_fits"])
def test_those_who_wait_longest_are_offered_what_comes_free(
    conninfo: str, tenant: Tenant, tenant_id: str, policy: str
) -> None:
    bookings = sold_out(tenant, SEATS, policy)
    all_join(conninfo, tenant_id, WAITING)
    in_line = [x.booking_id for x in tenant.waitlist("gala", limit=WAITING).items]
    walk_ins = WalkIns(tenant)
    try:
        with (
            Leavers(conninfo, tenant_id, bookings[::2]) as some,
            Leavers(conninfo, tenant_id, bookings[1::2], fault="before_commit=kill:3") as others,
        ):
            assert len(some.told()) == SEATS // 2
            assert len(others.told()) < SEATS // 2
            assert others.killed
        # Whoever was not answered asks again.
        again = [tenant.cancel(x) for x in bookings[1::2]]
        assert any(isinstance(x, o.Cancelled) for x in again)
    finally:
        walk_ins.stop()
    assert walk_ins.told
    assert {x.code for x in walk_ins.told} == {lastseat.Code.FULL}
    offered = [x.booking_id or "" for x in tenant.journal("gala") if x.type == "offered"]
    assert offered == in_line[:SEATS]
    statuses = {tenant.booking(x).status for x in offered}
    assert statuses == {Status.HELD}
    assert [x.booking_id for x in tenant.waitlist("gala", limit=WAITING).items] == in_line[SEATS:]
    assert [x.booking_id for x in tenant.roster("gala")] == offered
    assert audit.findings(conninfo, tenant_id) == []
    assert verify(conninfo, tenant_id=tenant_id).differences == ()


def test_control_offers_in_a_transaction_of_their_own_let_a_walk_in_between(
    conninfo: str, tenant_id: str
) -> None:
    with (
        switched_off(offers_in_a_transaction_of_their_own),
        lastseat.open(conninfo, migrate=False) as engine,
    ):
        tenant = engine.tenant(tenant_id)
        (only,) = sold_out(tenant, 1, "first_that_fits")
        all_join(conninfo, tenant_id, 3)
        assert tenant.cancel(only).ok
        # The offer would be made by the next command; this is the one in between.
        assert tenant.book("gala", actor="walk-in").ok
        assert [x.position for x in tenant.waitlist("gala").items] == [1, 2, 3]
