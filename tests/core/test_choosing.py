"""Composites, rules and choices: given this world, when this booking, then these claims."""

from typing import Any, NamedTuple

import msgspec
import pytest
from tests.core import given as g
from tests.core.given import between, choice, claim

from lastseat.core import commands as c
from lastseat.core import events as e
from lastseat.core import outcomes as o
from lastseat.core.decide import settle
from lastseat.core.world import World

LANES = tuple(g.resource(f"lane {i}") for i in range(1, 7))
HALVES = (g.resource("east"), g.resource("west"), g.composite("hall", "east", "west"))
SKIS = g.pool("skis", 4)
RENTAL = (SKIS, g.resource("sledge"), g.composite("kit", "skis", "sledge"))


def lanes(*numbers: int) -> tuple[str, ...]:
    return tuple(f"lane {i}" for i in numbers)


def taken(*numbers: int, at: int = 100) -> tuple[c.AnyCommand, ...]:
    """The lanes, and somebody on these from minute 0 to 60."""
    return (
        *LANES,
        *(g.book("eve", claim(f"lane {i}", 1, 0, 60), number=at + i) for i in numbers),
    )


def made(world: World, command: c.AnyCommand) -> dict[str, list[int]]:
    """The streams that a booking claims, with the units of each claim; it has to succeed."""
    outcome, entries = g.when(world, command)
    assert outcome.ok, outcome
    claims: dict[str, list[int]] = {}
    for entry in entries:
        assert isinstance(entry.event, e.Booked | e.Moved)
        claims[entry.stream] = [claim.units for claim in entry.event.claims]
    assert [entry.lead for entry in entries] == [True] + [False] * (len(entries) - 1)
    return claims


# Composites ---------------------------------------------------------------------------------------


def test_who_books_the_hall_books_both_halves() -> None:
    world = g.given(*HALVES)
    assert made(world, g.book("ann", claim("hall", 1, 0, 60))) == {"east": [1], "west": [1]}


def test_the_hall_is_one_thing_to_whoever_asks() -> None:
    outcome = g.answer(g.given(*HALVES), g.book("ann", claim("hall", 1, 0, 60)))
    assert isinstance(outcome, o.Booked)
    assert outcome.units == 1


@pytest.mark.parametrize("half", ["east", "west"])
def test_a_half_is_in_the_way_of_the_hall_and_the_hall_of_a_half(half: str) -> None:
    conflict = o.Conflict(
        rule="exclusive", actor="ben", bookable=half, during=between(0, 60), can_join_waitlist=True
    )
    world = g.given(*HALVES, g.book("ann", claim(half, 1, 0, 60)))
    assert g.answer(world, g.book("ben", claim("hall", 1, 30, 90), number=2)) == conflict
    world = g.given(*HALVES, g.book("ann", claim("hall", 1, 0, 60)))
    assert g.answer(world, g.book("ben", claim(half, 1, 30, 90), number=2)) == conflict
    assert g.answer(world, g.book("ben", claim(half, 1, 60, 90), number=2)).ok


def test_the_hall_and_a_half_of_it_do_not_fit_in_one_booking() -> None:
    both = g.book("ann", claim("hall", 1, 0, 60), claim("west", 1, 59, 90))
    outcome = g.answer(g.given(*HALVES), both)
    assert isinstance(outcome, o.Conflict)
    assert (outcome.rule, outcome.bookable) == ("exclusive", "west")


def test_of_a_pool_as_many_units_are_taken_as_asked_and_the_rest_whole() -> None:
    world = g.given(*RENTAL)
    assert made(world, g.book("ann", claim("kit", 3, 0, 60))) == {"skis": [3], "sledge": [1]}
    outcome = g.answer(world, g.book("ann", claim("kit", 5, 0, 60)))
    assert isinstance(outcome, o.Full)
    assert (outcome.bookable, outcome.left) == ("skis", 4)


def test_a_hall_of_halves_is_claimed_whole() -> None:
    outcome = g.answer(g.given(*HALVES), g.book("ann", claim("hall", 2, 0, 60)))
    assert isinstance(outcome, o.Invalid)
    assert outcome.field == "claims[0].units"


def test_a_composite_of_composites_has_their_parts() -> None:
    nested = (*HALVES, *RENTAL, g.composite("all", "hall", "kit"))
    everything = made(g.given(*nested), g.book("ann", claim("all", 2, 0, 60)))
    assert everything == {"east": [1], "west": [1], "skis": [2], "sledge": [1]}


def test_a_half_can_become_the_hall_and_keeps_its_place() -> None:
    world = g.given(*HALVES, g.book("ann", claim("east", 1, 0, 60)))
    assert made(world, g.move(g.to(1, claim("hall", 1, 0, 60)))) == {"west": [1]}


def test_a_composite_has_no_capacity_of_its_own_to_change() -> None:
    assert isinstance(g.answer(g.given(*HALVES), g.change("hall", 2)), o.Invalid)


@pytest.mark.parametrize(
    ("parts", "then"),
    [
        (("east", "show"), "parts[1]"),
        (("east", "yoga"), "parts[1]"),
        (("east", "limit"), "parts[1]"),
        (("hall", "west"), "parts"),
    ],
)
def test_parts_are_resources_pools_and_composites(parts: tuple[str, ...], then: str) -> None:
    world = g.given(
        *HALVES,
        g.occurrence("show", 2),
        g.event("yoga", 2, "2026-11-23T18:00"),
        g.limit("limit", 3),
    )
    outcome = g.answer(world, g.composite("new", *parts))
    assert isinstance(outcome, o.Invalid)
    assert outcome.field == then


def test_a_composite_of_too_many_parts_is_refused_when_all_are_counted() -> None:
    rooms = [g.resource(f"room {i}") for i in range(80)]
    floors = [
        g.composite(f"floor {n}", *(f"room {i}" for i in range(40 * n, 40 * n + 40)))
        for n in (0, 1)
    ]
    outcome = g.answer(g.given(*rooms, *floors), g.composite("house", "floor 0", "floor 1"))
    assert outcome == o.Invalid(field="parts", reason="are 80 in all; at most 50 fit")


# Rules --------------------------------------------------------------------------------------------


def test_a_rule_in_the_way_of_the_whole_or_of_a_part_is_told() -> None:
    hall = g.book("ann", claim("hall", 1, 0, 60))
    for name in ("hall", "west"):
        world = g.given(*HALVES)
        broken = g.forbid(world, name, 0, 60)
        assert g.answer(world, hall) == msgspec.structs.replace(broken, actor="ann")


def test_a_rule_is_about_what_the_customer_sees_and_about_the_buffers() -> None:
    world = g.given(*LANES)
    g.forbid(world, "lane 1", 0, 60, before=600)
    plain, buffered = claim("lane 1", 1, 0, 60), claim("lane 1", 1, 0, 60, before=600)
    assert g.answer(world, g.book("ann", plain)).ok
    assert isinstance(g.answer(world, g.book("ann", buffered)), o.NotBookable)


def test_an_override_asks_no_rule() -> None:
    world = g.given(*LANES)
    g.forbid(world, "lane 1", 0, 60)
    free = g.book("ann", claim("lane 1", 1, 0, 60), override=True, reason="the mayor")
    assert g.answer(world, free).ok


def test_who_ignores_the_rules_is_held_to_what_is_taken() -> None:
    world = g.given(*taken(2))
    for name in lanes(1, 2, 3):
        g.forbid(world, name, 0, 60)
    free: dict[str, Any] = {"ignore_rules": True, "reason": "maintenance"}
    shut = g.answer(world, g.book("ann", claim("lane 2", 1, 0, 60), **free))
    assert isinstance(shut, o.Conflict)
    outcome = g.answer(world, g.picking("ann", choice(1, *lanes(2, 1)), **free))
    assert isinstance(outcome, o.Booked)
    assert outcome.chosen == lanes(1)
    away = g.move(g.to(100 + 2, claim("lane 3", 1, 0, 60)), **free)
    assert made(world, away) == {"lane 2": [], "lane 3": [1]}


def test_what_a_booking_has_it_keeps_whatever_the_rules_say_by_now() -> None:
    there = g.book("ann", claim("lane 1", 1, 0, 60))
    world = g.given(*LANES, there)
    g.forbid(world, "lane 1", 0, 60)
    stays = g.move(g.to(1, claim("lane 1", 1, 0, 60), claim("lane 2", 1, 0, 60)))
    assert made(world, stays) == {"lane 2": [1]}
    g.forbid(world, "lane 2", 0, 60)
    assert isinstance(g.answer(world, stays), o.NotBookable)


def test_a_time_that_nobody_asked_the_rules_about_is_not_booked() -> None:
    world = g.given(*LANES)
    command = g.book("ann", claim("lane 1", 1, 0, 60))
    g.prepare(world, command)
    world.broken.clear()
    with pytest.raises(KeyError):
        settle(world, command)


def test_new_rules_are_journalled_on_their_owners_stream() -> None:
    world = g.given(*LANES)
    outcome, entries = g.when(world, g.set_rules("lane 1"))
    assert outcome == o.RulesChanged(owner="lane 1", seq=2)
    assert [(x.stream, type(x.event), x.lead) for x in entries] == [
        ("lane 1", e.RulesChanged, True)
    ]


def test_a_location_needs_no_definition_and_is_never_booked() -> None:
    world = g.given(g.set_rules("location:north"))
    assert world.bookables["location:north"].seq == 1
    for command in (
        g.book("ann", claim("location:north", 1, 0, 60)),
        g.change("location:north", 2),
    ):
        assert g.answer(world, command) == o.UnknownBookable(bookable="location:north")


# Choices ------------------------------------------------------------------------------------------


class Row(NamedTuple):
    what: str
    taken: tuple[int, ...]
    choice: c.Choice
    then: tuple[str, ...]


PICKS = [
    Row("the first", (), choice(1, *lanes(1, 2, 3)), lanes(1)),
    Row("in the order given", (), choice(1, *lanes(3, 1, 2)), lanes(3)),
    Row("the first that is free", (1, 2), choice(1, *lanes(1, 2, 3)), lanes(3)),
    Row("several", (2,), choice(2, *lanes(1, 2, 3)), lanes(1, 3)),
    Row("side by side", (2,), choice(2, *lanes(1, 2, 3, 4), adjacent=True), lanes(3, 4)),
    Row(
        "three adjacent lanes", (2,), choice(3, *lanes(*range(1, 7)), adjacent=True), lanes(3, 4, 5)
    ),
    Row(
        "at another time all are free", (1, 2), choice(1, *lanes(1, 2), start=60, end=90), lanes(1)
    ),
]


@pytest.mark.parametrize("row", PICKS, ids=[row.what for row in PICKS])
def test_the_first_that_fit_are_taken(row: Row) -> None:
    world = g.given(*taken(*row.taken))
    outcome, entries = g.when(world, g.picking("ann", row.choice))
    assert isinstance(outcome, o.Booked)
    assert outcome.chosen == row.then
    assert outcome.units == len(row.then)
    assert tuple(entry.stream for entry in entries) == row.then


REFUSED = [
    ("none is free", (1, 2), choice(1, *lanes(1, 2)), "any_of", "lane 1", 0),
    ("one too few", (2,), choice(2, *lanes(1, 2)), "any_of", "lane 2", 1),
    ("none side by side", (2,), choice(2, *lanes(1, 2, 3), adjacent=True), "adjacent", "lane 2", 2),
]


@pytest.mark.parametrize(
    ("busy", "asked", "rule", "bookable", "free"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_too_few_is_a_conflict_that_says_how_many_were_free(
    busy: tuple[int, ...], asked: c.Choice, rule: str, bookable: str, free: int
) -> None:
    assert g.answer(g.given(*taken(*busy)), g.picking("ann", asked)) == o.Conflict(
        rule=rule, actor="ann", bookable=bookable, during=between(0, 60), actual=free
    )


def test_candidates_that_a_rule_is_in_the_way_of_are_passed_over() -> None:
    world = g.given(*taken())
    broken = g.forbid(world, "lane 1", 0, 60)
    outcome = g.answer(world, g.picking("ann", choice(1, *lanes(1, 2))))
    assert isinstance(outcome, o.Booked)
    assert outcome.chosen == lanes(2)
    both = g.picking("ann", choice(2, *lanes(1, 2)))
    assert g.answer(world, both) == msgspec.structs.replace(broken, actor="ann")


def test_that_rules_leave_too_few_side_by_side_is_the_rules_doing() -> None:
    world = g.given(*taken())
    broken = g.forbid(world, "lane 2", 0, 60)
    asked = g.picking("ann", choice(2, *lanes(1, 2, 3), adjacent=True))
    assert g.answer(world, asked) == msgspec.structs.replace(broken, actor="ann")


def test_a_choice_goes_round_what_the_same_booking_takes() -> None:
    world = g.given(*taken())
    asked = g.picking(
        "ann",
        choice(1, *lanes(1, 2, 3)),
        choice(1, *lanes(1, 2, 3), start=30, end=90),
        choice(1, *lanes(1, 2, 3), start=60, end=90),
        claims=(claim("lane 2", 1, 0, 90),),
    )
    outcome = g.answer(world, asked)
    assert isinstance(outcome, o.Booked)
    assert outcome.chosen == lanes(1, 3, 1)
    assert outcome.units == 4


@pytest.mark.parametrize("odd", ["show", "skis for all"])
def test_a_candidate_that_has_no_place_is_named(odd: str) -> None:
    world = g.given(
        *taken(), g.occurrence("show", 3), g.event("skis for all", 2, "2026-11-23T18:00")
    )
    outcome = g.answer(world, g.picking("ann", choice(1, "lane 1"), choice(1, "lane 2", odd)))
    if odd == "show":
        assert isinstance(outcome, o.Invalid)
        assert outcome.field == "choices[1].of[1]"
    else:
        assert outcome == o.UnknownBookable(bookable=odd)
    units = g.answer(world, g.picking("ann", choice(1, "lane 1", units=2)))
    assert isinstance(units, o.Invalid)
    assert units.field == "choices[0].of[0]"


def test_units_of_pools_can_be_chosen() -> None:
    boats = (g.pool("boats", 3), g.pool("canoes", 5), g.book("eve", claim("boats", 1, 0, 60)))
    asked = g.picking("ann", choice(1, "boats", "canoes", units=3), number=2)
    assert made(g.given(*boats), asked) == {"canoes": [3]}


def test_composites_that_share_a_part_are_not_both_chosen() -> None:
    rooms = (
        *(g.resource(x) for x in "abc"),
        g.composite("ab", "a", "b"),
        g.composite("bc", "b", "c"),
    )
    world = g.given(*rooms)
    assert isinstance(g.answer(world, g.picking("ann", choice(2, "ab", "bc"))), o.Conflict)
    outcome = g.answer(world, g.picking("ann", choice(2, "ab", "bc", "c")))
    assert isinstance(outcome, o.Booked)
    assert outcome.chosen == ("ab", "c")


def test_an_override_takes_the_first_when_too_few_are_free() -> None:
    world = g.given(*taken(1, 2))
    asked = g.picking("ann", choice(1, *lanes(1, 2)), override=True, reason="the mayor")
    outcome = g.answer(world, asked)
    assert isinstance(outcome, o.Booked)
    assert outcome.chosen == lanes(1)
    free = g.picking("ann", choice(1, *lanes(1, 2, 3)), override=True, reason="the mayor")
    outcome = g.answer(world, free)
    assert isinstance(outcome, o.Booked)
    assert outcome.chosen == lanes(3)


# Moving -------------------------------------------------------------------------------------------


def moving(number: int, *choices: c.Choice, claims: tuple[c.Claim, ...] = ()) -> c.Relocation:
    return c.Relocation(target=g.by_id(number), claims=claims, choices=choices)


def test_a_booking_moves_to_what_is_free_of_the_choice() -> None:
    world = g.given(*taken(1), g.book("ann", claim("lane 2", 1, 0, 60)))
    later = g.move(moving(1, choice(1, *lanes(1, 2, 3), start=120, end=180)))
    outcome, _ = g.when(world, later)
    assert isinstance(outcome, o.Moved)
    assert outcome.moved[0].chosen == lanes(1)


def test_what_it_has_counts_as_free_and_may_be_chosen_again() -> None:
    world = g.given(*taken(1, 3), g.book("ann", claim("lane 2", 1, 0, 60)))
    stays = g.move(moving(1, choice(1, *lanes(1, 2, 3))))
    outcome, entries = g.when(world, stays)
    assert isinstance(outcome, o.Moved)
    assert outcome.moved[0].chosen == lanes(2)
    assert entries == [], "nothing changes"
    g.forbid(world, "lane 2", 0, 60)
    assert g.when(world, stays)[0].ok, "nor do rules that were set since take it away"


def test_two_that_move_together_do_not_choose_the_same() -> None:
    world = g.given(
        *taken(3),
        g.book("ann", claim("lane 1", 1, 0, 60)),
        g.book("ben", claim("lane 2", 1, 0, 60), number=2),
    )
    swap = g.move(moving(1, choice(1, *lanes(2, 1))), moving(2, choice(1, *lanes(2, 1))))
    outcome, _ = g.when(world, swap)
    assert isinstance(outcome, o.Moved)
    assert [x.chosen for x in outcome.moved] == [lanes(2), lanes(1)]
    three = g.move(moving(1, choice(2, *lanes(1, 2))), moving(2, choice(1, *lanes(1, 2))))
    assert isinstance(g.answer(world, three), o.Conflict)


def test_what_one_of_them_keeps_another_does_not_get() -> None:
    world = g.given(
        *taken(),
        g.book("ann", claim("lane 1", 1, 0, 60)),
        g.book("ben", claim("lane 2", 1, 0, 60), number=2),
    )
    keeping = g.to(1, claim("lane 1", 1, 0, 60))
    outcome = g.answer(world, g.move(moving(2, choice(1, *lanes(1, 3))), keeping))
    assert isinstance(outcome, o.Moved)
    assert outcome.moved[0].chosen == lanes(3)


def test_what_stays_is_not_compared_again_because_of_a_choice() -> None:
    world = g.given(
        *taken(1), g.book("ann", claim("lane 1", 1, 0, 60), override=True, reason="the mayor")
    )
    stays = claim("lane 1", 1, 0, 60)
    more = g.move(moving(1, choice(1, *lanes(1, 2)), claims=(stays,)))
    outcome = g.answer(world, more)
    assert isinstance(outcome, o.Moved)
    assert outcome.moved[0].chosen == lanes(2)
