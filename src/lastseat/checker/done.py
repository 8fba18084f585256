"""What a command did: its rows and claims, laid beside what was asked for."""

from lastseat.checker.findings import maker
from lastseat.checker.lines import Asked, JournalRow, micros
from lastseat.checker.model import Booking, Claim, Command, Stream


def lead_of(command: Command, booking_id: str) -> JournalRow | None:
    """The command's lead row of a booking."""
    for row in command.rows:
        if row.lead and row.booking_id == booking_id:
            return row
    return None


def there_after(claim: Claim, command: Command) -> bool:
    """Whether a claim was live when the command had been done."""
    stream = claim.stream
    step = next((x.stream_id for x in command.rows if x.stream_id == stream.name), None)
    if step is None:
        # Untouched by it: live unless freed before, which versions of one booking tell in order.
        lead = command.rows[0].ordinal
        made = maker(claim).rows[0].ordinal
        if made > lead:
            return False
        return claim.live or stream.steps[claim.freed_at - 1].rows[0].ordinal > lead
    number = step_number(stream, command)
    return claim.made_at <= number < claim.freed_at


def step_number(stream: Stream, command: Command) -> int:
    """Which step of the stream the command's is."""
    seq = next(x.seq for x in command.rows if x.stream_id == stream.name)
    low, high = 0, len(stream.seq_after) - 1
    while low < high:
        middle = (low + high) // 2
        if stream.seq_after[middle] < seq:
            low = middle + 1
        else:
            high = middle
    return low


def seat_after(booking: Booking, command: Command) -> int:
    """The first seat on the first occurrence that a move took, once all of it was done."""
    made = [x for x in booking.claims.values() if x.stream.counted and maker(x) is command]
    if not made:
        return 0
    first = min(made, key=lambda claim: claim.no)
    stream, step = first.stream, first.made_at
    behind = sum(
        row_claim.units
        for row in command.rows
        if row.stream_id == stream.name and row.seq >= first.seq
        for row_claim in row.body.claims
        if row.seq > first.seq or row_claim.no >= first.no
    )
    return stream.taken_after[step] - behind + 1


def wish(claim: Asked) -> tuple[object, ...]:
    """A claim asked for, as the journal would have it."""
    if claim.start is None or claim.end is None:
        return claim.bookable, claim.units
    start, end = micros(claim.start), micros(claim.end)
    blocked = start - claim.before * 1_000_000, end + claim.after * 1_000_000
    return claim.bookable, claim.units, start, end, *blocked


def times_of(claim: Claim, asked: Asked) -> tuple[int, ...]:
    """A claim's times, where times were asked for."""
    if asked.start is None or asked.end is None:
        return ()
    return claim.start, claim.end, claim.blocked_start, claim.blocked_end
