"""Rules in a decision: whether they let claims be (MISSION C2). Nothing is compared with capacity.

What the rules come to at a time is not worked out here, which would take a calendar: the engine has
it worked out under the locks, for every time that the batch asks about, and puts it into
`World.broken`. A time that nobody asked about is a bug and raises: nothing is let through unasked.
"""

from collections.abc import Iterable

import msgspec

from lastseat.core import outcomes as o
from lastseat.core.capacity import Placement
from lastseat.core.world import World


def in_the_way(world: World, placements: Iterable[Placement]) -> o.NotBookable | None:
    """What the first rule in the way of `placements` says, in their order, or None (C2).

    A composite's own rules are asked before those of its parts.
    """
    for placement in placements:
        if placement.bookable.counted:
            continue
        for name in (placement.within, placement.bookable.bookable):
            if name is None:
                continue
            broken = world.broken[name, placement.during, placement.blocked]
            if broken is not None:
                return msgspec.structs.replace(broken, actor=placement.actor)
    return None


def called_off(placements: Iterable[Placement]) -> o.NotBookable | None:
    """The refusal for an occurrence that does not take place: no override books it either."""
    for placement in placements:
        bookable = placement.bookable
        if bookable.called_off:
            return o.NotBookable(
                rule="called_off",
                actor=placement.actor,
                bookable=bookable.bookable,
                owner=bookable.bookable,
                during=placement.during,
            )
    return None
