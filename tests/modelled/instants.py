"""How much is in use: recounted instant by instant, with nothing remembered from before.

Not what follows from it: rules.py.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from tests.modelled.things import Piece, Stretch, Thing

from lastseat.core.events import Kind

FOREVER = datetime(2300, 1, 1, tzinfo=UTC)


def meet(one: Stretch, other: Stretch) -> bool:
    """Whether the two share an instant: then the later of their starts is one."""
    instant = max(one[0], other[0])
    return all(start <= instant < end for start, end in (one, other))


def most_at_once(pieces: Sequence[Piece], window: Stretch) -> int:
    """The most units at any instant of the window. Usage only grows where a piece starts."""
    instants = {window[0], *(piece.blocked[0] for piece in pieces)}
    return max(
        sum(piece.units for piece in pieces if piece.blocked[0] <= now < piece.blocked[1])
        for now in instants
        if window[0] <= now < window[1]
    )


def used(thing: Thing, pieces: Sequence[Piece], piece: Piece) -> int:
    """The units in use: of an occurrence all, else the most at any instant of the piece."""
    if thing.kind is Kind.OCCURRENCE:
        return sum(x.units for x in pieces)
    return most_at_once(pieces, piece.blocked)


def takes_more(new: Sequence[Piece], leaving: Sequence[Piece], piece: Piece) -> bool:
    """Whether at some instant of the piece the new ones take more than is left behind there."""
    left = [x for x in leaving if x.bookable == piece.bookable]
    edges = {time for x in [*new, *left] for time in x.blocked}
    instants = [x for x in edges if piece.blocked[0] <= x < piece.blocked[1]]
    return any(
        sum(x.units for x in new if x.blocked[0] <= now < x.blocked[1])
        > sum(x.units for x in left if x.blocked[0] <= now < x.blocked[1])
        for now in instants
    )
