"""What a service takes beside its limit: resources, all of some or any of some. Pure.

What it comes to at a time are claims and choices; which of a choice are free is the engine's to
say, in the command that books them all (MISSION C9).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from lastseat.core import fields as f
from lastseat.core import limits
from lastseat.core.asked import one_in_parts
from lastseat.core.commands import Choice, Claim, SeriesDate
from lastseat.views.catalogue import Need

MOST_NEEDS = 20
"""Needs of one service."""

MOST_OF = limits.CANDIDATES
"""Bookables that one need names, and that all needs that leave a choice name together."""

PARTY = "party"
"""The units of a need that takes as many as are booked for."""


class Taking(Struct, frozen=True, kw_only=True):
    """When, with which buffers around it in seconds, and for how many."""

    start: datetime
    end: datetime
    before: int
    after: int
    party: int = 1


def check(needs: Sequence[Need]) -> None:
    """Raises `Bad` with the first thing wrong with the needs by themselves."""
    if len(needs) > MOST_NEEDS:
        raise f.Bad("needs", f"has more than {MOST_NEEDS} entries")
    always: set[str] = set()
    for i, need in enumerate(needs):
        _check(f"needs[{i}]", need, always)
    if sum(len(need.of) for need in needs if need.any is not None) > MOST_OF:
        raise f.Bad("needs", f"leaves the choice among more than {MOST_OF} bookables")
    most = limits.CLAIMS - 1
    if sum(len(need.of) if need.any is None else need.any for need in needs) > most:
        raise f.Bad("needs", f"takes more than {most} bookables")


def check_in_parts(needs: Sequence[Need], parts: Mapping[str, int]) -> None:
    """Raises `Bad` when a booking would be too much, each composite being so many `parts`."""
    some = Taking(start=limits.EARLIEST, end=limits.LATEST, before=0, after=0)
    limit = Claim(bookable="the service's limit")
    taken = SeriesDate(
        booking_id="", claims=(limit, *claims(needs, some)), choices=choices(needs, some)
    )
    try:
        one_in_parts("", taken, parts)
    except f.Bad as bad:
        raise f.Bad("needs", bad.invalid.reason) from None


def _check(field: str, need: Need, always: set[str]) -> None:
    """One of them; `always` are what the needs before it take in any case, and it adds its own."""
    if not 1 <= len(need.of) <= MOST_OF:
        raise f.Bad(f"{field}.of", f"must name 1 to {MOST_OF} bookables")
    for i, name in enumerate(need.of):
        f.name(f"{field}.of[{i}]", name)
        if name in need.of[:i]:
            raise f.Bad(f"{field}.of[{i}]", "is named twice")
        if need.any is None and name in always:
            raise f.Bad(f"{field}.of[{i}]", "is taken by another need already")
    if need.any is None:
        always.update(need.of)
        if need.adjacent:
            raise f.Bad(f"{field}.adjacent", "goes with any: all of them leave no choice")
    else:
        f.integer(f"{field}.any", need.any, 1, len(need.of))
    if need.units != PARTY:
        f.integer(f"{field}.units", need.units, 1, limits.UNITS)


def claims(needs: Iterable[Need], taking: Taking) -> tuple[Claim, ...]:
    """What the needs take in any case."""
    return tuple(
        Claim(
            bookable=name,
            units=units_of(need, taking.party),
            start=taking.start,
            end=taking.end,
            before=taking.before,
            after=taking.after,
        )
        for need in needs
        if need.any is None
        for name in need.of
    )


def choices(needs: Iterable[Need], taking: Taking) -> tuple[Choice, ...]:
    """What is to be picked for them."""
    return tuple(
        Choice(
            of=need.of,
            any=need.any,
            adjacent=need.adjacent,
            units=units_of(need, taking.party),
            start=taking.start,
            end=taking.end,
            before=taking.before,
            after=taking.after,
        )
        for need in needs
        if need.any is not None
    )


def units_of(need: Need, party: int) -> int:
    """Units of each bookable that a party takes."""
    return need.units if isinstance(need.units, int) else party


def fits(needs: Iterable[Need], party: int) -> bool:
    """Whether somebody who books for `party` takes more than one does; else there is no party."""
    return party == 1 or any(need.units == PARTY for need in needs)
