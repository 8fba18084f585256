"""What the model knows of a bookable, a booking and a claim, and in which statuses one counts.

Not how they are counted: instants.py and rules.py.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lastseat.core.events import ActorTime, Kind, WaitPolicy
from lastseat.core.status import Status

Stretch = tuple[datetime, datetime]
"""From, and until but without."""

HOLD_LIMIT = timedelta(hours=1)
LIVE = {
    Status.HELD,
    Status.PENDING_APPROVAL,
    Status.RESERVED,
    Status.CONFIRMED,
    Status.CHECKED_IN,
    Status.COMPLETED,
    Status.NO_SHOW,
}
ARRIVED = {Status.CHECKED_IN, Status.COMPLETED, Status.NO_SHOW}
"""Their time has come: nothing is left to confirm or to move."""


@dataclass
class Thing:
    """A bookable."""

    kind: Kind
    capacity: int
    time: Stretch | None
    zone: str | None
    actor_time: ActorTime
    location: str | None = None
    waitlist: WaitPolicy = WaitPolicy.FIFO
    seq: int = 1


@dataclass(frozen=True)
class Piece:
    """A claim of a booking. `since` is when it was made, for the order of the roster."""

    bookable: str
    units: int
    during: Stretch
    blocked: Stretch
    since: int = 0

    def like(self, other: "Piece") -> bool:
        """Whether both claim the same."""
        return replace(self, since=0) == replace(other, since=0)


@dataclass(frozen=True)
class OwnTime:
    """What a booking takes of its actor's own time."""

    stretches: tuple[Stretch, ...] = ()
    refuses: bool = False
    since: int = 0


@dataclass(frozen=True)
class Turn:
    """What a booking waits for: the first piece is on the bookable whose line it is in."""

    pieces: tuple[Piece, ...]
    seconds: int
    since: int

    @property
    def line(self) -> str:
        """Whose line."""
        return self.pieces[0].bookable


@dataclass
class Party:
    """A booking."""

    booking_id: str
    actor: str
    status: Status
    pieces: list[Piece]
    own: OwnTime
    version: int = 1
    expires_at: datetime | None = None
    limit_at: datetime | None = None
    turn: Turn | None = None
    """Also once it waits no longer."""

    @property
    def live(self) -> bool:
        """Whether it counts."""
        return self.status in LIVE

    @property
    def asked(self) -> list[Piece]:
        """What it has, or waits for."""
        return self.pieces or list(self.turn.pieces if self.turn else ())

    @property
    def waits(self) -> bool:
        """Whether it is in a line."""
        return self.status is Status.WAITLISTED
