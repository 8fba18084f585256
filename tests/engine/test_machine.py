"""The engine does what the model says, whatever happens in whatever order; and this would tell.

The second half plants mistakes, in the core and in the engine, one at a time: each has to be found,
or the first half proves nothing.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test
from tests.engine.machine import EngineMachine
from tests.engine.stage import Stage
from tests.hunting import hunt

import lastseat
from lastseat.core import booking, decide, moving
from lastseat.core.world import World
from lastseat.engine import reading, transaction
from lastseat.engine.requests import Rows
from lastseat.ledger import rows
from lastseat.ledger.sql import QUERIES

LIFE = settings(
    max_examples=40,
    stateful_step_count=20,
    # No shrinking: a failure that takes a race to happen would be hunted for minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_the_engine_agrees_with_the_model(still: Stage) -> None:
    EngineMachine.stage = still
    run_state_machine_as_test(EngineMachine, settings=LIFE)


Plant = Callable[[pytest.MonkeyPatch], None]


def nothing_is_ever_full(engine: pytest.MonkeyPatch) -> None:
    for module in (booking, moving):
        engine.setattr(module, "shortage", lambda *_: None)


def actors_may_be_in_two_places(engine: pytest.MonkeyPatch) -> None:
    for module in (booking, moving):
        engine.setattr(module, "check_actor_time", lambda *_: ())


def nobody_locks_a_head(engine: pytest.MonkeyPatch) -> None:
    for name in ("lock_heads", "lock_free_heads"):
        engine.setitem(QUERIES, name, QUERIES[name].split("FOR UPDATE")[0])


def overdue_holds_are_left_alone(engine: pytest.MonkeyPatch) -> None:
    engine.setattr(transaction, "expire_due", lambda _: [])


def other_claims_are_not_read(engine: pytest.MonkeyPatch) -> None:
    engine.delitem(reading._TAKE, "read_overlapping")


def seats_are_not_looked_up(engine: pytest.MonkeyPatch) -> None:
    engine.delitem(reading._TAKE, "read_places")


def keys_are_not_looked_up(engine: pytest.MonkeyPatch) -> None:
    engine.setattr(transaction.Transaction, "_replay", lambda *_: None)


def an_actors_other_bookings_are_not_read(engine: pytest.MonkeyPatch) -> None:
    take = reading._take_overlapping

    def without_own_time(world: World, found: Rows) -> None:
        take(world, [row for row in found if not row[2].startswith("actor:")])

    engine.setitem(reading._TAKE, "read_overlapping", without_own_time)


def what_is_freed_stays_live_in_the_rows(engine: pytest.MonkeyPatch) -> None:
    written = rows._claims

    def all_live(*args: Any) -> dict[str, str]:
        params = written(*args)
        return params | {"cc_live": params["cc_live"].replace("false", "true")}

    engine.setattr(rows, "_claims", all_live)


def nobody_asks_who_waits(engine: pytest.MonkeyPatch) -> None:
    engine.setattr(decide, "offer_freed", lambda *_: {})


def the_line_is_read_backwards(engine: pytest.MonkeyPatch) -> None:
    read = QUERIES["read_lines"]
    engine.setitem(
        QUERIES, "read_lines", read.replace("w.queue_id, w.seq, ", "w.queue_id, -w.seq, ")
    )


def who_has_an_offer_stays_in_the_rows(engine: pytest.MonkeyPatch) -> None:
    engine.setitem(QUERIES, "leave_lines", QUERIES["leave_lines"] + " AND false")


PLANTED: list[Plant] = [
    nobody_asks_who_waits,
    the_line_is_read_backwards,
    who_has_an_offer_stays_in_the_rows,
    nothing_is_ever_full,
    actors_may_be_in_two_places,
    nobody_locks_a_head,
    overdue_holds_are_left_alone,
    other_claims_are_not_read,
    seats_are_not_looked_up,
    keys_are_not_looked_up,
    an_actors_other_bookings_are_not_read,
    what_is_freed_stays_live_in_the_rows,
]

BEGIN: dict[Plant, int] = {
    the_line_is_read_backwards: 4,
    actors_may_be_in_two_places: 3,
    nobody_locks_a_head: 2,
    keys_are_not_looked_up: 5,
    an_actors_other_bookings_are_not_read: 3,
}
"""The seeds that meet a mistake soon where the first one does not."""


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_control_a_planted_mistake_is_found(
    plant: Plant, still: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    EngineMachine.stage = still
    plant(monkeypatch)
    # A race need not go the same way twice, which Hypothesis calls flaky.
    with pytest.raises((AssertionError, lastseat.CommandFailed, Flaky)):
        hunt(EngineMachine, LIFE, BEGIN.get(plant, 1))
