"""Picking for a choice: any k of n bookables, the first that fit in the order given (MISSION C9).

Choices are decided in order, each beside what the claims and the choices before it take, and none
is gone back on. All candidates are under the lock, so what is found free is free.
"""

from collections.abc import Callable, Collection, Sequence

from msgspec import Struct

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.capacity import Key, Placement, Short, shortage
from lastseat.core.placing import Misplaced, place
from lastseat.core.ruling import in_the_way
from lastseat.core.world import World


class Candidate(Struct, frozen=True):
    """One bookable that a choice may take, and what taking it comes to."""

    bookable: str
    placements: list[Placement]
    broken: o.NotBookable | None
    """The rule that does not let it be booked, if there is one."""


class Offer(Struct, frozen=True):
    """A choice with its candidates, in order."""

    choice: c.Choice
    candidates: list[Candidate]

    @property
    def broken(self) -> o.NotBookable | None:
        """What the first rule says when rules alone leave too few, whoever is there."""
        first = next((x.broken for x in self.candidates if x.broken is not None), None)
        if first is None or _first_run(self, lambda run: all(x.broken is None for x in run)):
            return None
        return first


def offers(
    world: World,
    choices: Sequence[c.Choice],
    actor: str,
    unasked: Callable[[Placement], bool],
    queue: str | None = None,
) -> list[Offer] | Misplaced:
    """The choices with their candidates, or the refusal of the first that has no place.

    Of what is `unasked` no rule is asked: what the booking has already it may keep. `queue` is the
    line whose turn it is.
    """
    found: list[Offer] = []
    for i, choice in enumerate(choices):
        candidates: list[Candidate] = []
        for j, name in enumerate(choice.of):
            placements = place(world, (choice.claim(name),), actor, queue)
            if isinstance(placements, o.Invalid):
                return o.Invalid(field=f"choices[{i}].of[{j}]", reason=placements.reason)
            if not isinstance(placements, list):
                return placements
            broken = in_the_way(world, (x for x in placements if not unasked(x)))
            candidates.append(Candidate(name, placements, broken))
        found.append(Offer(choice, candidates))
    return found


def pick(
    offered: Sequence[Offer],
    beside: Sequence[Placement],
    leaving: Collection[Key],
    *,
    override: bool,
) -> list[Candidate] | o.Conflict:
    """What is taken for the choices, beside the placements that the same step takes.

    `conflict` by the rule `any_of` or `adjacent` when too few fit together; with `override` the
    first of those listed then.
    """
    taken = list(beside)
    picked: list[Candidate] = []
    for offer in offered:
        run = _picked(offer, taken, leaving)
        if run is None:
            if not override:
                return _refusal(offer, taken, leaving)
            run = offer.candidates[: offer.choice.any]
        picked += run
        taken += [placement for candidate in run for placement in candidate.placements]
    return picked


def _picked(
    offer: Offer, taken: Sequence[Placement], leaving: Collection[Key]
) -> list[Candidate] | None:
    free = [x for x in offer.candidates if _fits(x, taken, leaving)]
    if offer.choice.adjacent:
        names = {x.bookable for x in free}

        def fit(run: Sequence[Candidate]) -> bool:
            alone = all(x.bookable in names for x in run)
            return alone and len(_together(run, taken, leaving)) == len(run)

        return _first_run(offer, fit)
    together = _together(free, taken, leaving, offer.choice.any)
    return together if len(together) == offer.choice.any else None


def _first_run(offer: Offer, fits: Callable[[Sequence[Candidate]], bool]) -> list[Candidate] | None:
    """The first candidates that are enough and fit, next to each other where that is asked for."""
    wanted = offer.choice.any
    if not offer.choice.adjacent:
        ones = [x for x in offer.candidates if fits([x])]
        return ones[:wanted] if len(ones) >= wanted else None
    runs = (offer.candidates[i : i + wanted] for i in range(len(offer.candidates) - wanted + 1))
    return next((run for run in runs if fits(run)), None)


def _together(
    candidates: Sequence[Candidate],
    taken: Sequence[Placement],
    leaving: Collection[Key],
    most: int | None = None,
) -> list[Candidate]:
    """The candidates, in order, that fit beside those before them: composites may share parts."""
    beside = list(taken)
    found: list[Candidate] = []
    for candidate in candidates:
        if len(found) == most:
            break
        if _fits(candidate, beside, leaving):
            found.append(candidate)
            beside += candidate.placements
    return found


def _fits(candidate: Candidate, taken: Sequence[Placement], leaving: Collection[Key]) -> bool:
    return candidate.broken is None and _short(candidate, taken, leaving) is None


def _short(
    candidate: Candidate, taken: Sequence[Placement], leaving: Collection[Key]
) -> Short | None:
    """What is in the way of a candidate: of what is taken, only that on the same bookables."""
    names = {x.bookable.bookable for x in candidate.placements}
    beside = [x for x in taken if x.bookable.bookable in names]
    return shortage([*beside, *candidate.placements], leaving)


def _refusal(offer: Offer, taken: Sequence[Placement], leaving: Collection[Key]) -> o.Conflict:
    choice, first = offer.choice, offer.candidates[0]
    free = sum(_fits(x, taken, leaving) for x in offer.candidates)
    name, during = first.bookable, first.placements[0].during
    for candidate in offer.candidates:
        short = _short(candidate, taken, leaving)
        if short is not None:
            # Of a composite, the part that is taken is told, as when it is claimed alone.
            name, during = str(short.bookable), short.during or during
            break
    return o.Conflict(
        rule="adjacent" if choice.adjacent else "any_of",
        actor=first.placements[0].actor,
        bookable=name,
        during=during,
        actual=free,
    )
