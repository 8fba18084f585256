"""Lanes, pools and people: overlapping times booked from many processes never collide.

Exclusive resources are guarded twice, by the heads' locks and by the exclusion constraint; a pool's
peak and an actor's own time by the locks alone. The controls take all of that away.
"""

from collections import Counter
from datetime import timedelta

import pytest
from tests.races import audit
from tests.races.bookers import Told, book_intervals, book_one_each
from tests.races.crowd import Crowd
from tests.races.moments import LATER, NOON
from tests.races.sabotage import Sabotage, without_locks

import lastseat
from lastseat import ActorTime

PROCESSES = 6


def storm(
    crowd: Crowd, conninfo: str, tenant_id: str, kind: str, sabotage: Sabotage | None = None
) -> Counter[str]:
    """Random claims of one day on two lanes or two pools of 5: the codes of the answers."""
    bookables = [f"{kind}-{i}" for i in range(2)]
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        for bookable in bookables:
            if kind == "pool":
                assert tenant.define_pool(bookable, capacity=5).ok
            else:
                assert tenant.define_resource(bookable).ok
    answers: list[list[Told]] = crowd.run(
        book_intervals,
        [(conninfo, tenant_id, bookables, f"p{i}", 60, sabotage) for i in range(PROCESSES)],
    )
    return Counter(code for of_one in answers for code, _ in of_one)


@pytest.mark.parametrize(("kind", "refusal"), [("lane", "conflict"), ("pool", "full")])
def test_overlapping_claims_stay_within_capacity(
    crowd: Crowd, conninfo: str, tenant_id: str, kind: str, refusal: str
) -> None:
    answers = storm(crowd, conninfo, tenant_id, kind)
    assert set(answers) == {"booked", refusal}
    assert audit.findings(conninfo, tenant_id) == []


@pytest.mark.parametrize(
    ("kind", "collision"),
    [("lane", "two claims of one exclusive time"), ("pool", "a pool past its peak")],
)
def test_control_without_locks_overlapping_claims_collide(
    crowd: Crowd, beltless: str, tenant_id: str, kind: str, collision: str
) -> None:
    for attempt in range(5):
        tenant = f"{tenant_id}-{attempt}"
        storm(crowd, beltless, tenant, kind, without_locks)
        if any(finding.startswith(collision) for finding in audit.findings(beltless, tenant)):
            return
    pytest.fail("nothing collided in five races")


def two_places_at_once(
    crowd: Crowd,
    conninfo: str,
    tenant_id: str,
    *,
    known: bool,
    sabotage: Sabotage | None = None,
) -> list[Counter[str]]:
    """Ten times: two processes book one actor into overlapping occurrences. The answers of each."""
    races = 10
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        for i in range(races):
            at = NOON + timedelta(days=i)
            for bookable in (f"left-{i}", f"right-{i}"):
                outcome = tenant.define_occurrence(
                    bookable, start=at, end=at + timedelta(hours=1), capacity=5
                )
                assert outcome.ok
        if known:
            # A row for the actor, and no stream for its time yet: both sides have to make one.
            tenant.define_resource("locker", actor_time=ActorTime.ALLOW)
            claim = lastseat.Claim(bookable="locker", start=NOON, end=LATER)
            assert tenant.book(claim, actor="ann").ok
    raced = []
    for i in range(races):
        answers: list[list[Told]] = crowd.run(
            book_one_each,
            [
                (conninfo, tenant_id, [bookable], "ann" if known else f"ann-{i}", sabotage)
                for bookable in (f"left-{i}", f"right-{i}")
            ],
        )
        raced.append(Counter(code for of_one in answers for code, _ in of_one))
    return raced


@pytest.mark.parametrize("known", [True, False])
def test_nobody_is_booked_into_two_places_at_once(
    crowd: Crowd, conninfo: str, tenant_id: str, *, known: bool
) -> None:
    raced = two_places_at_once(crowd, conninfo, tenant_id, known=known)
    assert raced == [{"booked": 1, "actor_busy": 1}] * 10
    assert audit.findings(conninfo, tenant_id) == []


def test_control_without_locks_somebody_is_in_two_places_at_once(
    crowd: Crowd, beltless: str, tenant_id: str
) -> None:
    for attempt in range(5):
        tenant = f"{tenant_id}-{attempt}"
        raced = two_places_at_once(crowd, beltless, tenant, known=True, sabotage=without_locks)
        if {"booked": 2} in raced:
            return
    pytest.fail("nobody was booked twice in fifty races")


def test_one_actor_books_a_place_once_from_many_processes(
    crowd: Crowd, conninfo: str, tenant_id: str
) -> None:
    occurrences = [f"o{i}" for i in range(20)]
    with lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        for occurrence in occurrences:
            outcome = tenant.define_occurrence(
                occurrence, start=NOON, end=LATER, capacity=1, actor_time=ActorTime.ALLOW
            )
            assert outcome.ok
    answers: list[list[Told]] = crowd.run(
        book_one_each, [(conninfo, tenant_id, occurrences, "ann")] * PROCESSES
    )
    for of_one_occurrence in zip(*answers, strict=True):
        codes = Counter(code for code, _ in of_one_occurrence)
        assert codes == {"booked": 1, "already": PROCESSES - 1}
    assert audit.findings(conninfo, tenant_id) == []
