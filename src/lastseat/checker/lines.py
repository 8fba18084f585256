"""The lines of a history, as values: what was asked for, what came back, the ledger's rows.

A field, a word or a table that is not named here is not understood, and that is a violation: a
checker that skips what it does not know proves nothing. Only rows of the ledger may have columns
more. Times in arguments are RFC 3339 or whole microseconds since 1970; those of rows the latter.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from lastseat.checker import told

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Time = datetime | int


def micros(time: Time) -> int:
    """A time as whole microseconds since 1970."""
    return time if isinstance(time, int) else (time - EPOCH) // MICROSECOND


class Asked(Struct, gc=False, forbid_unknown_fields=True):
    """A claim asked for. An occurrence has its own time."""

    bookable: str
    units: int = 1
    start: Time | None = None
    end: Time | None = None
    before: int = 0
    after: int = 0
    local_start: str | None = None
    time_zone: str | None = None


class Relocation(Struct, gc=False, forbid_unknown_fields=True):
    """A booking and what it is to have."""

    booking_id: str
    claims: tuple[Asked, ...]
    version: int | None = None


class Args(Struct, gc=False, forbid_unknown_fields=True):
    """The arguments of any operation; which belong to which is the library's to say."""

    command_id: str | None = None
    booking_id: str | None = None
    actor: str | None = None
    claims: tuple[Asked, ...] = ()
    units: int | None = None
    override: bool = False
    confirmed: bool = True
    seconds: int | None = None
    limit: int | None = None
    offer_seconds: int | None = None
    version: int | None = None
    moves: tuple[Relocation, ...] = ()
    bookable: str | None = None
    capacity: int | None = None
    start: Time | None = None
    end: Time | None = None
    starts: tuple[str, ...] = ()
    duration: int | None = None
    time_zone: str | None = None
    actor_time: str | None = None
    location: str | None = None
    waitlist: str | None = None
    late: bool = False
    reason: str | None = None
    metadata: dict[str, Any] | None = None
    contact: dict[str, Any] | None = None
    name: str | None = None
    attributes: dict[str, Any] | None = None
    expected: dict[str, int] | None = None
    facts: dict[str, list[Any]] | None = None


class Header(Struct, tag="header", tag_field="t"):
    """The first line."""

    format: str
    version: int
    seed: int | str | None = None
    options: Any = None


class Invoke(Struct, tag="invoke", tag_field="t", gc=False, forbid_unknown_fields=True):
    """Before the request was sent. `transaction` is shared by what a caller committed together."""

    op: int
    at: float
    tenant: str
    kind: str
    args: Args
    client: int | str | None = None
    engine: str | None = None
    via: str = "library"
    key: str | None = None
    attempt_of: int | None = None
    transaction: int | str | None = None


class Return(Struct, tag="return", tag_field="t", gc=False, forbid_unknown_fields=True):
    """After the answer came."""

    op: int
    at: float
    result: str
    outcome: told.Answer | None = None
    replayed: bool = False
    error: str | None = None


class Fault(Struct, tag="fault", tag_field="t"):
    """What was done to the engines and the database."""

    at: float
    what: str
    detail: Any = None


class Recovered(Struct, tag="recovered", tag_field="t"):
    """How long the first acknowledgement took."""

    at: float
    seconds: float


class Fed(Struct, tag="fed", tag_field="t", forbid_unknown_fields=True):
    """Where the tenants' feeds ended at a moment."""

    at: float
    epoch: str | None
    ends: dict[str, int]


class RowLine(Struct, tag="row", tag_field="t", gc=False, forbid_unknown_fields=True):
    """A row of the ledger."""

    table: str
    row: msgspec.Raw


class End(Struct, tag="end", tag_field="t"):
    """The last line."""

    operations: int


class Made(Struct, gc=False, forbid_unknown_fields=True):
    """A claim as the journal has it."""

    no: int
    units: int
    during: told.Span | None = None
    blocked: told.Span | None = None
    exclusive: bool = False
    override: bool = False
    local_start: str | None = None
    time_zone: str | None = None


class Awaited(Struct, gc=False, forbid_unknown_fields=True):
    """What a booking waits for: claims as they are asked for, and where any of it may be."""

    claims: tuple[Asked, ...]
    choices: tuple[Any, ...] = ()
    offer_seconds: int = 900
    on: tuple[str, ...] = ()


class Body(Struct, gc=False, forbid_unknown_fields=True):
    """What a journal row says; which fields belong to which type is the fold's to say."""

    kind: str | None = None
    capacity: int | None = None
    overbooked: int = 0
    own: bool = False
    during: told.Span | None = None
    event_id: str | None = None
    starts: tuple[str, ...] = ()
    seconds: int = 0
    actor_time: str = "refuse"
    location: str | None = None
    time_zone: str | None = None
    actor_id: str | None = None
    status: str | None = None
    waitlist: str = "fifo"
    queue: str | None = None
    awaited: Awaited | None = None
    claims: tuple[Made, ...] = ()
    left: tuple[int, ...] = ()
    expires_at: datetime | None = None
    limit_at: datetime | None = None
    late: bool = False
    fields: tuple[str, ...] = ()
    name: str | None = None
    data: Any = None


class JournalRow(Struct, gc=False):
    """A row of `journal`."""

    tenant_id: str
    stream_id: str
    seq: int
    type: str
    v: int
    body: Body
    command_id: str
    booking_id: str | None
    version: int | None
    lead: bool
    principal: str
    at: int
    tx: str
    ordinal: int


class HeadRow(Struct, gc=False):
    """A row of `heads`."""

    tenant_id: str
    bookable_id: str
    kind: str
    capacity: int
    overbooked: int
    taken: int
    seq: int
    at: int | None
    starts_at: int | None
    ends_at: int | None
    time_zone: str | None
    event_id: str | None
    own_capacity: bool
    actor_time: str
    location_id: str | None
    waiting: int
    waitlist: str


class BookingRow(Struct, gc=False):
    """A row of `bookings`."""

    tenant_id: str
    booking_id: str
    actor_id: str
    status: str
    version: int
    made: int
    expires_at: int | None
    limit_at: int | None


class ClaimRow(Struct, gc=False):
    """A row of `claims`."""

    tenant_id: str
    booking_id: str
    no: int
    bookable_id: str
    actor_id: str
    units: int
    during: tuple[int, int] | None
    blocked: tuple[int, int] | None
    local_start: str | int | None
    time_zone: str | None
    seq: int
    live: bool
    exclusive: bool
    override: bool
    own_time: bool
    expires_at: int | None


class WaitingRow(Struct, gc=False):
    """A row of `waitlist`: a booking on one of the bookables that it waits on."""

    tenant_id: str
    bookable_id: str
    booking_id: str
    queue_id: str
    actor_id: str
    seq: int
    units: int | None
    during: tuple[int, int] | None


class KeyRow(Struct, gc=False):
    """A row of `keys`; `outcome` is JSON text."""

    tenant_id: str
    key: str
    request_hash: str
    outcome: str
    command_id: str
    booking_id: str | None
    at: int
    expires_at: int | None


class ActorRow(Struct, gc=False):
    """A row of `actors`."""

    tenant_id: str
    actor_id: str
    ref: str


class FeedPageRow(Struct, gc=False):
    """A row of `feed_pages`: which journal rows have the positions from the first to the last."""

    tenant_id: str
    last_pos: int
    first_pos: int
    streams: list[str]
    seqs: list[int]


class RelayRow(Struct, gc=False):
    """The row of `relay`."""

    epoch: str | None


class EventRow(Struct, gc=False):
    """A row of `events`."""

    tenant_id: str
    event_id: str
    starts: list[str]
    seconds: int
