"""The venue as the model keeps it: every bookable and every booking ever made, and questions to it.

Not what a command does to it: that is one file for each kind of command, and `tests/model.py`
chooses among them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tests.modelled.instants import FOREVER, meet, most_at_once
from tests.modelled.things import Party, Piece, Stretch, Thing

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.events import Kind
from lastseat.core.status import Status


@dataclass
class Venue:
    """Every bookable and every booking ever made."""

    things: dict[str, Thing] = field(default_factory=dict)
    parties: list[Party] = field(default_factory=list)
    made: int = 0

    # What there is ------------------------------------------------------------------------------

    def seq(self, bookable: str) -> int:
        """How many entries the bookable's stream has; 0 for none."""
        return self.things[bookable].seq if bookable in self.things else 0

    def party(self, booking_id: str) -> Party | None:
        """The booking of that id, whatever became of it."""
        return next((x for x in self.parties if x.booking_id == booking_id), None)

    def on(self, bookable: str, without: Iterable[Piece] = ()) -> list[tuple[Party, Piece]]:
        """The live claims of a bookable, oldest first."""
        gone = [id(piece) for piece in without]
        there = [
            (party, piece)
            for party in self.parties
            if party.live
            for piece in party.pieces
            if piece.bookable == bookable and id(piece) not in gone
        ]
        return sorted(there, key=lambda x: x[1].since)

    def roster(self, occurrence: str) -> list[str]:
        """The actors on an occurrence, one for each seat."""
        return [party.actor for party, piece in self.on(occurrence) for _ in range(piece.units)]

    def seated(self, occurrence: str, actor: str) -> Party | None:
        """The actor's live booking on an occurrence."""
        thing = self.things.get(occurrence)
        if thing is None or thing.kind is not Kind.OCCURRENCE:
            return None
        return next((party for party, _ in self.on(occurrence) if party.actor == actor), None)

    def seat(self, occurrence: str, actor: str) -> int:
        """The actor's first seat there."""
        return 1 + self.roster(occurrence).index(actor)

    def taken(self, bookable: str, since: datetime) -> int:
        """The units taken: of an occurrence all, else the most at any instant from `since` on."""
        pieces = [piece for _, piece in self.on(bookable)]
        if self.things[bookable].kind is Kind.OCCURRENCE:
            return sum(piece.units for piece in pieces)
        return most_at_once(pieces, (since, FOREVER))

    def line(self, bookable: str, over: Stretch | None = None) -> list[Party]:
        """Who waits in the bookable's line, first come first: for a time that meets this one."""
        there = [x for x in self.parties if x.waits and x.turn and x.turn.line == bookable]
        if over is not None:
            there = [x for x in there if x.turn and meet(x.turn.pieces[0].blocked, over)]
        return sorted(there, key=lambda x: x.turn.since if x.turn else 0)

    def find(self, target: c.Target, version: int | None) -> Party | o.AnyOutcome:
        if isinstance(target, c.Seat):
            if target.bookable not in self.things:
                return o.UnknownBookable(bookable=target.bookable)
            party = self.seated(target.bookable, target.actor)
            if party is None:
                return o.NotBooked(actor=target.actor, bookable=target.bookable)
        else:
            party = self.party(target.booking_id)
            if party is None:
                return o.UnknownBooking(booking_id=target.booking_id)
        if version not in (None, party.version):
            booking_id = party.booking_id
            return o.Conflict(rule="version", booking_id=booking_id, actual=party.version)
        return party

    # What becomes of a booking ------------------------------------------------------------------

    def became(self, party: Party, status: Status) -> None:
        pieces = party.asked if party.waits else party.pieces
        party.status = status
        self.changed(party, {piece.bookable for piece in pieces})

    def changed(self, party: Party, streams: Iterable[str]) -> None:
        party.version += 1
        for bookable in streams:
            self.things[bookable].seq += 1
