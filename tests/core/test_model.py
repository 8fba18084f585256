"""The core does what the model says, whatever happens in whatever order; and this would tell.

The second half plants mistakes in the core, one at a time: each has to be found, or the first half
proves nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.core import given as g
from tests.core.machine import VenueMachine
from tests.hunting import hunt

from lastseat.core import (
    booking,
    capacity,
    decide,
    joining,
    lifecycle,
    moving,
    state,
    visiting,
    waiting,
)
from lastseat.core import commands as c
from lastseat.core.events import Expired, Offered
from lastseat.core.interval import Interval, Load
from lastseat.core.state import Bookable, Booking, Entry
from lastseat.core.world import Decision, World

LIFE = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_the_core_agrees_with_the_model() -> None:
    run_state_machine_as_test(VenueMachine, settings=LIFE)


Plant = Callable[[pytest.MonkeyPatch], None]


def nothing_is_ever_full(core: pytest.MonkeyPatch) -> None:
    for module in (booking, moving):
        core.setattr(module, "shortage", lambda *_: None)


def a_pools_peak_is_nothing(core: pytest.MonkeyPatch) -> None:
    core.setattr(capacity, "peak_overlap", lambda *_: 0)


def a_pools_peak_is_the_sum(core: pytest.MonkeyPatch) -> None:
    def total(loads: Iterable[Load], window: Interval) -> int:
        return sum(load.units for load in loads if load.interval.overlaps(window))

    core.setattr(capacity, "peak_overlap", total)


def an_interval_holds_its_end(core: pytest.MonkeyPatch) -> None:
    core.setattr(Interval, "overlaps", lambda a, b: a.start <= b.end and b.start <= a.end)


def a_lane_is_not_exclusive(core: pytest.MonkeyPatch) -> None:
    core.setattr(capacity, "_in_the_way", lambda *_: None)


def an_occurrence_has_a_seat_more(core: pytest.MonkeyPatch) -> None:
    whole = capacity._too_many

    def one_too_many(bookable: Bookable, group: Any, leaving: Any) -> Any:
        refusal = whole(bookable, group, leaving)
        wanted = sum(placement.claim.units for placement in group)
        return None if bookable.taken + wanted == bookable.capacity + 1 else refusal

    core.setattr(capacity, "_too_many", one_too_many)


def actors_may_be_in_two_places(core: pytest.MonkeyPatch) -> None:
    for module in (booking, moving):
        core.setattr(module, "check_actor_time", lambda *_: ())


def holds_do_not_expire(core: pytest.MonkeyPatch) -> None:
    core.setattr(Booking, "expired", lambda *_: False)


def the_batch_forgets_to_sweep(core: pytest.MonkeyPatch) -> None:
    core.setattr(decide, "expired_holds", lambda _: [])


def a_hold_lasts_an_instant_longer(core: pytest.MonkeyPatch) -> None:
    core.setattr(Booking, "expired", lambda x, now: bool(x.expires_at and x.expires_at < now))


def a_move_gives_nothing_up_before_it_takes(core: pytest.MonkeyPatch) -> None:
    core.setattr(moving.Plan, "keys", property(lambda _: []))


def a_swap_forgets_who_sits_there(core: pytest.MonkeyPatch) -> None:
    def forget(world: World, bookable: Bookable, one: Booking, numbers: Iterable[int]) -> None:
        for no in numbers:
            world.freed.append(one.claims.pop(no))
            world.seated.pop((bookable.bookable, one.actor_id), None)

    core.setattr(World, "_free", forget)


def a_move_keeps_the_old_rule_of_the_actors_time(core: pytest.MonkeyPatch) -> None:
    first = capacity.actor_claims
    core.setattr(
        moving,
        "actor_claims",
        lambda *x: capacity.ActorClaims(first(*x).stream, first(*x).intervals, exclusive=False),
    )


def half_a_party_is_seated(core: pytest.MonkeyPatch) -> None:
    made = capacity.Placement.made

    def one_seat(placement: Any, no: int, *, override: bool) -> Any:
        whole = made(placement, no, override=override)
        return type(whole)(no, 1, whole.during, whole.blocked, whole.exclusive, override)

    core.setattr(capacity.Placement, "made", one_seat)


def seats_behind_stay_where_they_were(core: pytest.MonkeyPatch) -> None:
    def remove(there: Bookable, keys: list[tuple[str, int]]) -> None:
        there.ranked = False
        remove_all(there, keys)
        there.ranked = True

    remove_all = state._remove
    core.setattr(state, "_remove", remove)


def every_entry_leads(core: pytest.MonkeyPatch) -> None:
    entries = lifecycle.on_every_stream

    def all_lead(one: Booking, event: Any) -> list[Entry]:
        made = entries(one, event)
        for entry in made:
            entry.lead = True
        return made

    core.setattr(lifecycle, "on_every_stream", all_lead)


def deciding_changes_the_world(core: pytest.MonkeyPatch) -> None:
    whole = capacity.shortage

    def shortage(placements: Any, leaving: Any) -> Any:
        refusal = whole(placements, leaving)
        placements[0].bookable.at = None
        return refusal

    core.setattr(booking, "shortage", shortage)


def whoever_arrived_can_still_cancel(core: pytest.MonkeyPatch) -> None:
    core.setattr(lifecycle, "may_follow", lambda *_: True)


def whoever_left_can_arrive_again(core: pytest.MonkeyPatch) -> None:
    core.setattr(visiting, "may_follow", lambda *_: True)


def nobody_is_too_early_for_a_no_show(core: pytest.MonkeyPatch) -> None:
    core.setattr(visiting, "min", lambda _: g.at(-999), raising=False)


def a_no_show_walks_in(core: pytest.MonkeyPatch) -> None:
    whole = visiting.decide_check_in

    def whoever(world: World, command: c.CheckIn) -> Decision:
        return whole(world, msgspec.structs.replace(command, late=True))

    core.setattr(visiting, "decide_check_in", whoever)


def the_last_in_line_is_first(core: pytest.MonkeyPatch) -> None:
    first = capacity.in_line
    core.setattr(waiting, "in_line", lambda *x: first(*x)[::-1])


def walk_ins_pass_the_line(core: pytest.MonkeyPatch) -> None:
    core.setattr(capacity, "_behind", lambda *_: None)


def a_smaller_party_is_a_walk_in(core: pytest.MonkeyPatch) -> None:
    core.setattr(capacity, "_had", lambda *_: False)


def a_larger_party_is_no_walk_in(core: pytest.MonkeyPatch) -> None:
    core.setattr(capacity, "_had", lambda *_: True)


def an_expired_holds_place_is_not_offered(core: pytest.MonkeyPatch) -> None:
    whole = decide.offer_freed

    def offer(world: World, entries: list[Entry], freed: int) -> Any:
        left = any(isinstance(entry.event, Expired) for entry in entries)
        return {} if left else whole(world, entries, freed)

    core.setattr(decide, "offer_freed", offer)


def whoever_has_an_offer_stays_in_line(core: pytest.MonkeyPatch) -> None:
    whole = state._leave

    def leave(there: Bookable, entry: Entry) -> None:
        if not isinstance(entry.event, Offered):
            whole(there, entry)

    core.setattr(state, "_leave", leave)


def one_waits_twice_in_one_line(core: pytest.MonkeyPatch) -> None:
    core.setattr(joining, "in_line", lambda *_: [])


PLANTED: list[Plant] = [
    the_last_in_line_is_first,
    walk_ins_pass_the_line,
    a_smaller_party_is_a_walk_in,
    a_larger_party_is_no_walk_in,
    an_expired_holds_place_is_not_offered,
    whoever_has_an_offer_stays_in_line,
    one_waits_twice_in_one_line,
    nothing_is_ever_full,
    a_pools_peak_is_nothing,
    a_pools_peak_is_the_sum,
    an_interval_holds_its_end,
    a_lane_is_not_exclusive,
    an_occurrence_has_a_seat_more,
    actors_may_be_in_two_places,
    holds_do_not_expire,
    the_batch_forgets_to_sweep,
    a_hold_lasts_an_instant_longer,
    a_move_gives_nothing_up_before_it_takes,
    a_swap_forgets_who_sits_there,
    a_move_keeps_the_old_rule_of_the_actors_time,
    half_a_party_is_seated,
    seats_behind_stay_where_they_were,
    every_entry_leads,
    deciding_changes_the_world,
    whoever_arrived_can_still_cancel,
    whoever_left_can_arrive_again,
    nobody_is_too_early_for_a_no_show,
    a_no_show_walks_in,
]

BEGIN: dict[Plant, int] = {
    the_last_in_line_is_first: 4,
    an_expired_holds_place_is_not_offered: 4,
    the_batch_forgets_to_sweep: 3,
    a_hold_lasts_an_instant_longer: 12,
    a_move_keeps_the_old_rule_of_the_actors_time: 6,
    whoever_arrived_can_still_cancel: 2,
    nobody_is_too_early_for_a_no_show: 5,
    a_no_show_walks_in: 11,
}
"""The seeds that meet a mistake soon where the first one does not."""


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_control_a_planted_mistake_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        hunt(VenueMachine, LIFE, BEGIN.get(plant, 1))
