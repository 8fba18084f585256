"""What callers ask for: frozen values that say everything a decision needs but the time.

A command names its *boundary*: the bookables, bookings and actors that its decision reads and
writes. The engine locks the boundary, reads it, and calls `decide` (booking.py). No command reads
a clock; ids are drawn by whoever makes the command.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from lastseat.core import limits

# Spelled so that they are exported: claims are part of what a command says.
from lastseat.core.claim import Awaited as Awaited  # noqa: PLC0414
from lastseat.core.claim import Choice as Choice  # noqa: PLC0414
from lastseat.core.claim import Claim as Claim  # noqa: PLC0414
from lastseat.core.events import ActorTime, Fact, Kind, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.rules import Rules
from lastseat.core.schedule import Schedule


class Seat(Struct, frozen=True):
    """A booking named by whose it is and where: the live one of `actor` on `bookable`."""

    bookable: str
    actor: str


class BookingId(Struct, frozen=True):
    """A booking named by its id."""

    booking_id: str


Target = Seat | BookingId


class Contact(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How to reach whoever a booking is for: personal data, kept out of the journal and erasable.

    What is None is not said: it leaves what is there. An empty text, in `update` alone, clears it.
    """

    name: str | None = None
    email: str | None = None
    phone: str | None = None


class Command(
    Struct,
    frozen=True,
    kw_only=True,
    tag=True,
    # So that a field added later leaves the hash of a request that does not use it as it was.
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,
):
    """What every command carries.

    `command_id` is a UUID that the journal keeps beside each effect. `principal` is who asks, an
    opaque id. `key` is the caller's idempotency key (MISSION C6). `expected` maps streams to the
    sequence the caller observed: another one is answered `conflict` (MISSION A2, A3). `reason` is
    why, in the caller's words: personal data, kept out of the journal.
    """

    tenant_id: str
    command_id: str
    principal: str = "system"
    key: str | None = None
    expected: dict[str, int] = {}
    reason: str | None = None


class Define(Command, frozen=True, kw_only=True, tag="define"):
    """Make a bookable. The same definition again changes nothing; another is `already_defined`.

    An occurrence has `start` and `end`. An event has `starts`, naive local times in `time_zone`,
    ISO 8601 to the minute (`2026-11-23T18:00`), and the duration in `seconds`, or instead of both a
    `schedule` with rules; the id of its occurrence is `<event>@<local start>`. A composite has
    `parts`: resources or pools, or composites, which stand for their own parts. `location`,
    which has to be there, and `waitlist` belong to the definition; an event's occurrences have its
    own. `name` and `attributes` do not: they are kept in a row that can be changed and erased, made
    with the definition.
    """

    bookable: str
    kind: Kind
    capacity: int
    start: datetime | None = None
    end: datetime | None = None
    time_zone: str | None = None
    actor_time: ActorTime = ActorTime.REFUSE
    starts: tuple[str, ...] = ()
    seconds: int = 0
    location: str | None = None
    name: str | None = None
    attributes: dict[str, Any] | None = None
    schedule: Schedule | None = None
    parts: tuple[str, ...] = ()
    waitlist: WaitPolicy = WaitPolicy.FIFO


class Book(Command, frozen=True, kw_only=True, tag="book"):
    """Take all `claims` for `actor`, and what is picked for the `choices`, or nothing.

    With `hold_seconds` the booking is HELD and expires that long after the decision; it can be
    extended to `limit_seconds` after it. Without, it is CONFIRMED, or RESERVED when `confirmed` is
    false. `override` skips rules, capacity and the actor's time: a logged permission (MISSION D3),
    with `reason`. `ignore_rules`, with a `reason` too, skips the rules alone: for what the venue
    itself does outside its hours. `metadata`, `contact` and `reason` are personal data and stay out
    of the journal.
    """

    booking_id: str
    actor: str
    claims: tuple[Claim, ...] = ()
    choices: tuple[Choice, ...] = ()
    hold_seconds: int | None = None
    limit_seconds: int | None = None
    confirmed: bool = True
    override: bool = False
    ignore_rules: bool = False
    metadata: dict[str, Any] | None = None
    contact: Contact | None = None


class Join(Command, frozen=True, kw_only=True, tag="join"):
    """Wait for what a `Book` of these claims and choices would take (MISSION C7).

    The line is that of the first claim's bookable: an occurrence, a limit, a resource or a pool.
    The booking is WAITLISTED and takes nothing. When what it waits for comes free and nobody is
    before it, it is HELD for `offer_seconds` in the same transaction: confirming it accepts the
    offer, releasing it declines, cancelling it before then leaves the line.
    """

    booking_id: str
    actor: str
    claims: tuple[Claim, ...]
    choices: tuple[Choice, ...] = ()
    offer_seconds: int = limits.HOLD_SECONDS
    metadata: dict[str, Any] | None = None
    contact: Contact | None = None


class SeriesPolicy(StrEnum):
    """What a series comes to when not all of its dates can be had (MISSION H1)."""

    ALL_OR_NOTHING = "all_or_nothing"
    """Every date, or none."""
    SKIP_CONFLICTS = "skip_conflicts"
    """The dates that can be had, and at least one."""
    FIRST_N = "first_n"
    """The first `most` dates that can be had, or none when there are fewer."""


class SeriesDate(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One date of a series: a booking of its own. The library draws the id that is left out."""

    booking_id: str = ""
    claims: tuple[Claim, ...] = ()
    choices: tuple[Choice, ...] = ()


class BookSeries(Command, frozen=True, kw_only=True, tag="book_series"):
    """Book the dates for `actor`, each as a `Book` would, all in one transaction (MISSION H1).

    `series_id` is a UUID that their bookings share. `most` is the n of `first_n`. The other options
    are those of `Book`, the same for each date.
    """

    series_id: str
    actor: str
    dates: tuple[SeriesDate, ...]
    policy: SeriesPolicy = SeriesPolicy.ALL_OR_NOTHING
    most: int | None = None
    hold_seconds: int | None = None
    limit_seconds: int | None = None
    confirmed: bool = True
    override: bool = False
    metadata: dict[str, Any] | None = None
    contact: Contact | None = None


class SetRules(Command, frozen=True, kw_only=True, tag="set_rules"):
    """Replace the rules of `owner`: a bookable, a service's limit, or a `location:<id>`."""

    owner: str
    rules: Rules


class OccurrenceEdit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an edit does to one occurrence that has a stream.

    `during` is its new time; `call_off` ends it and cancels its bookings. With `empty` whoever made
    the edit took it for unbooked, so it is `conflict` if it is not. `capacity` is its new one: its
    `own` (B3), or its event's when `own` is false; None leaves it what is its own by then.
    `overbook` lets more be taken than that.
    """

    bookable: str
    during: Interval | None = None
    capacity: int | None = None
    own: bool | None = None
    call_off: bool = False
    empty: bool = False
    overbook: bool = False


class EditEvent(Command, frozen=True, kw_only=True, tag="edit_event"):
    """Give an event another schedule or capacity, and do to its occurrences what `edits` says.

    Without `schedule` it keeps the one that it has. `followers` are all its occurrences that had a
    stream when the edit was made; another one by now is a `conflict`. `expected` has the event's
    sequence. All this is worked out from what is there, so an idempotency key stands for what was
    `asked` for instead, or rather for its hash.
    """

    event: str
    schedule: Schedule | None = None
    capacity: int
    followers: tuple[str, ...] = ()
    edits: tuple[OccurrenceEdit, ...] = ()
    asked: str = ""


class Confirm(Command, frozen=True, kw_only=True, tag="confirm"):
    """Make a held or reserved booking CONFIRMED, and add to its `contact` what was not known."""

    target: Target
    version: int | None = None
    contact: Contact | None = None


class Release(Command, frozen=True, kw_only=True, tag="release"):
    """Give a hold back. A booking that is not HELD is left alone (`not_held`)."""

    target: Target
    version: int | None = None


class Cancel(Command, frozen=True, kw_only=True, tag="cancel"):
    """Cancel a booking and free its claims."""

    target: Target
    version: int | None = None


class Extend(Command, frozen=True, kw_only=True, tag="extend"):
    """Let a hold expire `seconds` from the decision on, within its limit; never sooner."""

    target: Target
    seconds: int
    version: int | None = None


class Expire(Command, frozen=True, kw_only=True, tag="expire"):
    """Journal a hold as expired if its time has run out, else `not_expired`."""

    target: Target


class CheckIn(Command, frozen=True, kw_only=True, tag="check_in"):
    """They have arrived: CHECKED_IN. `late` lets in a NO_SHOW, by permission (MISSION C4)."""

    target: Target
    late: bool = False
    version: int | None = None


class CheckOut(Command, frozen=True, kw_only=True, tag="check_out"):
    """They were seen to leave: COMPLETED."""

    target: Target
    version: int | None = None


class Complete(Command, frozen=True, kw_only=True, tag="complete"):
    """What was booked is done: COMPLETED."""

    target: Target
    version: int | None = None


class NoShow(Command, frozen=True, kw_only=True, tag="no_show"):
    """Nobody came: NO_SHOW, not before the booking begins (`too_early`)."""

    target: Target
    version: int | None = None


class Update(Command, frozen=True, kw_only=True, tag="update"):
    """Replace a booking's metadata as a whole, and of its contact each part that is given.

    An empty mapping or text clears. The journal says which were written, not what they are.
    """

    target: Target
    metadata: dict[str, Any] | None = None
    contact: Contact | None = None
    version: int | None = None


class Relocation(Struct, frozen=True, kw_only=True):
    """A booking and the claims it is to have from now on."""

    target: Target
    claims: tuple[Claim, ...] = ()
    choices: tuple[Choice, ...] = ()
    version: int | None = None


class Move(Command, frozen=True, kw_only=True, tag="move"):
    """Relocate one or several bookings in one step, all or none (MISSION A10).

    What the moved bookings held counts as free while their new claims are checked, so two sold-out
    bookings can be swapped. Claims that stay the same keep their place. `override` and
    `ignore_rules` as in `Book`.
    """

    moves: tuple[Relocation, ...]
    override: bool = False
    ignore_rules: bool = False


class ChangeCapacity(Command, frozen=True, kw_only=True, tag="change_capacity"):
    """Set a bookable's capacity; of an event: also that of its occurrences still following it.

    Below what is taken it is refused (`below_taken`) unless `override`, which marks the
    difference as overbooked.
    """

    bookable: str
    capacity: int
    override: bool = False


class Append(Command, frozen=True, kw_only=True, tag="append"):
    """Append facts to streams whose sequences are `expected`, all or none (MISSION A2).

    Only facts: what changes capacity is decided, never appended.
    """

    facts: dict[str, tuple[Fact, ...]]


Targeted = (
    Confirm | Release | Cancel | Extend | Expire | CheckIn | CheckOut | Complete | NoShow | Update
)
"""The commands about one booking that is there."""

Making = Book | BookSeries | Join
"""The commands that make bookings for an actor."""

AnyCommand = Define | Making | Targeted | Move | ChangeCapacity | SetRules | EditEvent | Append


def written_fields(command: Update) -> tuple[str, ...]:
    """The names of the details that an update writes."""
    contact = command.contact or Contact()
    given = (name for name in Contact.__struct_fields__ if getattr(contact, name) is not None)
    metadata = () if command.metadata is None else ("metadata",)
    return (*metadata, *(f"contact.{name}" for name in given))


def metadata_json(metadata: dict[str, Any]) -> str:
    """A booking's metadata, or a bookable's attributes, as JSON text."""
    return msgspec.json.encode(metadata).decode()
