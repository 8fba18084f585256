"""What the fold finds, put in words: operations are named where they are known."""

from lastseat.checker.lines import JournalRow
from lastseat.checker.model import OWN_TIME, Booking, Claim, Command, Stream
from lastseat.checker.verdict import Verdict


class Findings:
    """Says what is wrong by the commands concerned."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def add(self, word: str, what: str, *commands: Command) -> None:
        """A violation of the property `word`."""
        tenant = commands[0].tenant.name if commands else None
        self.verdict.add(word, what, *dict.fromkeys(x.op for x in commands), tenant=tenant)

    def odd(self, row: JournalRow, command: Command, what: str) -> None:
        """A row that can't be where it is. Its stream is not compared with its tables any more."""
        place = f"{row.stream_id}, entry {row.seq} ({row.type}, by {command})"
        self.add("impossible", f"{place}: {what}", command)
        command.tenant.streams[row.stream_id].broken = True


def booking_of(booking: Booking) -> str:
    """A booking in words: the operation that made it says more than its id."""
    if booking.versions and booking.versions[0].command.op is not None:
        return f"the booking of op {booking.versions[0].command.op}"
    return f"booking {booking.booking_id}"


def hold_of(booking: Booking) -> str:
    """The same for a hold."""
    return booking_of(booking).replace("booking", "hold", 1)


def maker(claim: Claim) -> Command:
    """The command that made a claim."""
    return claim.stream.steps[claim.made_at - 1]


def who(claim: Claim) -> str:
    """A claim in words: the operation that made it."""
    command = maker(claim)
    return str(command) if command.op is not None else booking_of(claim.booking)


def makers(claims: list[Claim]) -> list[Command]:
    """The commands that made claims."""
    return [maker(claim) for claim in claims]


def named(stream: Stream) -> str:
    """A stream in words: an actor's own time says whose."""
    if not stream.own_time:
        return stream.name
    ref = stream.tenant.refs.get(stream.name.removeprefix(OWN_TIME))
    return stream.name if ref is None else f"{ref}'s own time"
