"""Composites, choices, series and rules against an independent model (tests/venue_model.py)."""

from collections.abc import Callable

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import settings
from hypothesis import strategies as st
from tests.core import given as g
from tests.venue_model import (
    CAPACITY,
    CLOSED,
    HALF_HOURS,
    PARTS,
    VENUE,
    Asking,
    VenueModel,
    chosen,
    code,
    half_hours,
)

from lastseat.core import booking, choosing, moving, placing
from lastseat.core.decide import settle
from lastseat.core.world import World

STEPS = 40


def close(world: World) -> None:
    """The rules of the model, for every time that can be asked about."""
    for name in (*CAPACITY, *PARTS):
        for first in range(HALF_HOURS):
            for end in range(first + 1, HALF_HOURS + 1):
                if any((name, i) in CLOSED for i in range(first, end)):
                    g.forbid(world, name, 30 * first, 30 * end)


def live(seed: int) -> tuple[int, int]:
    """A venue's life, each answer compared: how many commands succeeded, and how many did not."""
    world, model, asking = g.given(*VENUE), VenueModel(), Asking(seed)
    close(world)
    tally = [0, 0]
    for _ in range(STEPS):
        command = asking.command(model)
        g.prepare(world, command)
        outcome, _ = settle(world, command)
        expected = model.apply(command)
        assert (code(outcome), chosen(outcome)) == expected, command
        tally[not outcome.ok] += 1
        taken: dict[tuple[str, int], int] = {}
        for name in CAPACITY:
            for claim in world.bookables[name].claims.values():
                for i in half_hours(claim.during):
                    taken[name, i] = taken.get((name, i), 0) + claim.units
        assert taken == model.grid()
    return tally[0], tally[1]


@settings(max_examples=60, deadline=None)
@hypothesis_given(st.integers(0, 2**32))
def test_the_core_agrees_with_the_model(seed: int) -> None:
    live(seed)


def test_enough_is_refused_and_enough_is_not() -> None:
    done, refused = (sum(x) for x in zip(*(live(seed) for seed in range(20)), strict=True))
    assert refused > 0.3 * (done + refused)
    assert done > 0.3 * (done + refused)


def parts_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    placed = placing.place

    def first_part_only(*args, **kwargs):  # type: ignore[no-untyped-def]
        found = placed(*args, **kwargs)
        kept: dict[object, object] = {}
        for x in found if isinstance(found, list) else ():
            kept.setdefault(x.within or id(x), x)
        return list(kept.values()) if isinstance(found, list) else found

    patch.setattr(booking, "place", first_part_only)


def choices_do_not_see_each_other(patch: pytest.MonkeyPatch) -> None:
    short = choosing._short
    patch.setattr(choosing, "_short", lambda x, _, leaving: short(x, (), leaving))


def rules_are_not_asked(patch: pytest.MonkeyPatch) -> None:
    for module in (booking, moving, choosing):
        patch.setattr(module, "in_the_way", lambda *_: None)


def the_last_that_fits_is_taken(patch: pytest.MonkeyPatch) -> None:
    first = choosing._together
    patch.setattr(choosing, "_together", lambda x, *more: first(x[::-1], *more))


def what_is_left_is_not_free(patch: pytest.MonkeyPatch) -> None:
    pick = choosing.pick
    patch.setattr(moving, "pick", lambda x, y, _, override: pick(x, y, (), override=override))


@pytest.mark.parametrize(
    "mistake",
    [
        parts_are_forgotten,
        choices_do_not_see_each_other,
        rules_are_not_asked,
        the_last_that_fits_is_taken,
        what_is_left_is_not_free,
    ],
)
def test_control_a_planted_mistake_is_found(
    mistake: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mistake(monkeypatch)
    for seed in range(60):
        try:
            live(seed)
        except AssertionError:
            return
    pytest.fail("nobody noticed")
