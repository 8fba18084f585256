"""The hall and its halves, any k of n lanes, series, and rules, from many processes at once.

Nothing is sold twice under two names, what fits is sold, and once a rule is acknowledged nobody who
asks after that books against it (MISSION C2, C9, H1, H2).
"""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from tests.races import audit
from tests.races.crowd import Crowd
from tests.races.moments import until
from tests.races.sabotage import Sabotage, without_locks
from tests.races.strangers import waiting
from tests.races.venue import (
    CLOSED,
    HALVES,
    LANES,
    Answered,
    an_hour,
    any_of,
    book_choices,
    book_claims,
    book_on_and_on,
    book_series,
    close_after,
    open_venue,
)

import lastseat
from lastseat import outcomes as o
from lastseat.engine import reading
from lastseat.ledger.verify import verify

PROCESSES = 6
DAYS = 15
TWICE = "two claims of one exclusive time"


def codes(answers: list[list[Answered]]) -> Counter[str]:
    return Counter(str(x.outcome.code) for of_one in answers for x in of_one)


def sound(conninfo: str, tenant_id: str) -> bool:
    found = audit.findings(conninfo, tenant_id)
    return found == [] and verify(conninfo, tenant_id=tenant_id).differences == ()


# The hall and its halves --------------------------------------------------------------------------


def halls(
    crowd: Crowd, conninfo: str, tenant_id: str, sabotage: Sabotage | None = None
) -> list[list[Answered]]:
    """A third of the processes want the hall, a third one half, a third the other, every day."""
    open_venue(conninfo, tenant_id)
    names = ("hall", *HALVES)
    return crowd.run(
        book_claims,
        [
            (
                conninfo,
                tenant_id,
                f"p{i}",
                [an_hour(names[i % 3], day) for day in range(DAYS)],
                sabotage,
            )
            for i in range(PROCESSES)
        ],
    )


def test_the_hall_and_its_halves_are_never_sold_over_one_another(
    crowd: Crowd, conninfo: str, tenant_id: str
) -> None:
    answers = halls(crowd, conninfo, tenant_id)
    assert set(codes(answers)) == {"booked", "conflict"}
    sold = Counter(x.what for of_one in answers for x in of_one if x.outcome.ok)
    # Each half is sold on each day, alone or with the hall: it was wanted, and nothing is lost.
    for half in HALVES:
        assert sold["hall"] + sold[half] == DAYS
        assert audit.units(conninfo, tenant_id, half) == DAYS
    assert sound(conninfo, tenant_id)


def test_control_without_locks_halves_are_sold_twice(
    crowd: Crowd, beltless: str, tenant_id: str
) -> None:
    for attempt in range(5):
        tenant = f"{tenant_id}-{attempt}"
        halls(crowd, beltless, tenant, without_locks)
        if any(finding.startswith(TWICE) for finding in audit.findings(beltless, tenant)):
            return
    pytest.fail("nothing collided in five races")


# Any k of n ---------------------------------------------------------------------------------------


def lanes(
    crowd: Crowd, conninfo: str, tenant_id: str, many: int, sabotage: Sabotage | None = None
) -> list[list[Answered]]:
    """Every process wants any so many of the three lanes, every day."""
    open_venue(conninfo, tenant_id)
    choices = [any_of(many, day) for day in range(DAYS)]
    return crowd.run(
        book_choices,
        [(conninfo, tenant_id, f"p{i}", choices, sabotage) for i in range(PROCESSES)],
    )


@pytest.mark.parametrize(("many", "fit"), [(1, 3), (2, 1), (3, 1)])
def test_of_any_k_of_three_lanes_exactly_as_many_are_sold_as_fit(
    crowd: Crowd, conninfo: str, tenant_id: str, many: int, fit: int
) -> None:
    answers = lanes(crowd, conninfo, tenant_id, many)
    assert set(codes(answers)) == {"booked", "conflict"}
    for day in range(DAYS):
        of_day = [of_one[day].outcome for of_one in answers]
        chosen = [x.chosen for x in of_day if isinstance(x, o.Booked)]
        assert len(chosen) == fit
        taken = [lane for lanes in chosen for lane in lanes]
        assert len(set(taken)) == len(taken) == many * fit
        left = {x.actual for x in of_day if isinstance(x, o.Conflict)}
        assert left <= set(range(many)), "nobody is refused while there are enough"
    assert sound(conninfo, tenant_id)


def test_control_without_locks_one_lane_is_chosen_by_two(
    crowd: Crowd, beltless: str, tenant_id: str
) -> None:
    for attempt in range(5):
        tenant = f"{tenant_id}-{attempt}"
        lanes(crowd, beltless, tenant, 2, without_locks)
        if any(finding.startswith(TWICE) for finding in audit.findings(beltless, tenant)):
            return
    pytest.fail("nothing collided in five races")


# Series -------------------------------------------------------------------------------------------


def series_and_singles(
    crowd: Crowd, conninfo: str, tenant_id: str, policy: str, sabotage: Sabotage | None = None
) -> tuple[list[list[Answered]], list[list[Answered]]]:
    """Half of the processes book each lane for all days as a series, half day by day."""
    open_venue(conninfo, tenant_id)
    days = [[an_hour(lane, day) for day in range(DAYS)] for lane in LANES]
    singles = [claim for claims in days for claim in claims]
    answers = crowd.run(
        _either,
        [
            (conninfo, tenant_id, f"p{i}", days if i % 2 else singles, policy, sabotage)
            for i in range(PROCESSES)
        ],
    )
    return answers[1::2], answers[::2]


def _either(meet, conninfo, tenant_id, who, asked, policy, sabotage):  # type: ignore[no-untyped-def]
    if isinstance(asked[0], list):
        return book_series(meet, conninfo, tenant_id, who, asked, policy, sabotage)
    return book_claims(meet, conninfo, tenant_id, who, asked, sabotage)


def dates_of(answers: list[list[Answered]]) -> int:
    """How many dates the series got."""
    outcomes = [x.outcome for of_one in answers for x in of_one]
    assert all(isinstance(x, o.SeriesBooked | o.SeriesRefused) for x in outcomes)
    return sum(x.booked for x in outcomes if isinstance(x, o.SeriesBooked))


def test_a_series_and_single_bookings_share_the_dates(
    crowd: Crowd, conninfo: str, tenant_id: str
) -> None:
    series, singles = series_and_singles(crowd, conninfo, tenant_id, "skip_conflicts")
    sold = codes(singles)["booked"] + dates_of(series)
    assert sold == DAYS * len(LANES), "each date once, by the one or the other"
    assert sound(conninfo, tenant_id)


def test_a_series_is_had_as_a_whole_or_not_at_all(
    crowd: Crowd, conninfo: str, tenant_id: str
) -> None:
    series, singles = series_and_singles(crowd, conninfo, tenant_id, "all_or_nothing")
    assert dates_of(series) % DAYS == 0
    assert codes(singles)["booked"] + dates_of(series) == DAYS * len(LANES)
    assert sound(conninfo, tenant_id)


def test_control_without_locks_a_date_is_sold_in_a_series_and_by_itself(
    crowd: Crowd, beltless: str, tenant_id: str
) -> None:
    for attempt in range(5):
        tenant = f"{tenant_id}-{attempt}"
        series_and_singles(crowd, beltless, tenant, "skip_conflicts", without_locks)
        if any(finding.startswith(TWICE) for finding in audit.findings(beltless, tenant)):
            return
    pytest.fail("nothing collided in five races")


# Rules --------------------------------------------------------------------------------------------


def rules_that_are_remembered(patch: pytest.MonkeyPatch) -> None:
    """The rules are those of the time when there were none."""
    patch.setattr(reading, "chains", lambda _: {})


def booked_against_the_rules(
    crowd: Crowd, conninfo: str, tenant_id: str, owner: str, sabotage: Sabotage | None = None
) -> int:
    """Of those who asked after it was acknowledged that `owner` is closed, how many booked."""
    open_venue(conninfo, tenant_id)
    # Who remembers that it was open is never refused.
    seconds = 10 if sabotage is None else 1.2
    *bookers, ((closed,)) = crowd.run(
        _book_or_close,
        [
            *((conninfo, tenant_id, f"p{i}", i * 1_000, seconds, sabotage) for i in range(4)),
            (conninfo, tenant_id, owner, None, 0.3, None),
        ],
    )
    assert isinstance(closed.outcome, o.RulesChanged)
    answers = [x for of_one in bookers for x in of_one]
    assert {x.outcome.code for x in answers} <= {"booked", "not_bookable"}
    after = [x for x in answers if x.asked_at > closed.asked_at]
    assert len(after) > 20, "they went on"
    assert any(x.outcome.ok for x in answers), "it was open before"
    return sum(x.outcome.ok for x in after)


def _book_or_close(meet, conninfo, tenant_id, who, first_day, seconds, sabotage):  # type: ignore[no-untyped-def]
    if first_day is None:
        return close_after(meet, conninfo, tenant_id, who, seconds)
    return book_on_and_on(meet, conninfo, tenant_id, who, first_day, seconds, sabotage)


@pytest.mark.parametrize("owner", ["court", "location:north"])
def test_once_rules_are_acknowledged_nobody_books_against_them(
    crowd: Crowd, conninfo: str, tenant_id: str, owner: str
) -> None:
    assert booked_against_the_rules(crowd, conninfo, tenant_id, owner) == 0
    assert sound(conninfo, tenant_id)


@pytest.mark.parametrize("owner", ["court", "location:north"])
def test_control_who_remembers_rules_books_against_new_ones(
    crowd: Crowd, conninfo: str, tenant_id: str, owner: str
) -> None:
    remembered = rules_that_are_remembered
    assert booked_against_the_rules(crowd, conninfo, tenant_id, owner, remembered) > 0


def test_who_waits_for_the_head_while_rules_are_set_is_decided_by_the_new_ones(
    conninfo: str, tenant_id: str
) -> None:
    open_venue(conninfo, tenant_id)
    commands = lastseat.Commands(tenant_id)
    with (
        psycopg.connect(conninfo) as setting,
        psycopg.connect(conninfo) as booking,
        ThreadPoolExecutor(1) as pool,
    ):
        (changed,) = lastseat.execute_in(setting, [commands.set_rules("court", CLOSED)])
        assert isinstance(changed, o.RulesChanged)
        command = commands.book(an_hour("court", 1), actor="ann")
        future = pool.submit(lastseat.execute_in, booking, [command])
        until(lambda: waiting(conninfo, booking.info.backend_pid))
        setting.commit()
        (outcome,) = future.result()
        assert isinstance(outcome, o.NotBookable)
        booking.commit()


def test_a_snapshot_from_before_the_rules_is_told_by_the_lock(
    conninfo: str, tenant_id: str
) -> None:
    open_venue(conninfo, tenant_id)
    commands = lastseat.Commands(tenant_id)
    with psycopg.connect(conninfo) as connection, lastseat.open(conninfo, migrate=False) as engine:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SELECT 1")
        assert engine.tenant(tenant_id).set_rules("court", CLOSED).ok
        with pytest.raises(lastseat.RetryTransaction):
            lastseat.execute_in(connection, [commands.book(an_hour("court", 1), actor="ann")])
        connection.rollback()


def test_nobody_waits_for_a_locations_rules_to_be_set(conninfo: str, tenant_id: str) -> None:
    """They hold for whoever asks once they are acknowledged; before that nobody knows them."""
    open_venue(conninfo, tenant_id)
    commands = lastseat.Commands(tenant_id)
    with psycopg.connect(conninfo) as setting, lastseat.open(conninfo, migrate=False) as engine:
        tenant = engine.tenant(tenant_id)
        lastseat.execute_in(setting, [commands.set_rules("location:north", CLOSED)])
        began = time.monotonic()
        assert tenant.book(an_hour("court", 1), actor="ann").ok
        assert time.monotonic() - began < 1
        setting.commit()
        assert isinstance(tenant.book(an_hour("court", 2), actor="ann"), o.NotBookable)
    assert sound(conninfo, tenant_id)
