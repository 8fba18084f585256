"""Journal rows about a bookable itself: what it is, and how much of it there is."""

from math import inf

from lastseat.checker.findings import Findings
from lastseat.checker.lines import JournalRow, micros
from lastseat.checker.model import Command, Stream, peak

KINDS = frozenset({"occurrence", "resource", "pool", "limit", "event"})
"""What can be defined."""

INHERITED = ("capacity", "time_zone", "actor_time", "location", "policy")
"""What an event's occurrence begins with."""


class Definitions:
    """Folds the rows of the types `defined`, `capacity_changed` and `fact`."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def take(self, stream: Stream, row: JournalRow, command: Command) -> None:
        """The next one."""
        if row.type == "fact":
            return
        if row.body.capacity is None:
            self.findings.odd(row, command, "it has no capacity")
        elif row.type == "defined":
            self._defined(stream, row, command, row.body.capacity)
        else:
            self._changed(stream, row, command, row.body.capacity)

    def end(self, command: Command) -> None:
        """After a command's last row: of what it changed one leads, and each definition does."""
        row = command.rows[0]
        about = [x for x in command.rows if x.type in ("capacity_changed", "fact", "defined")]
        leads = sum(x.lead for x in about)
        if about and leads != (len(about) if row.type == "defined" else 1):
            what = f"{row.stream_id}, entry {row.seq}: {leads} rows of {command} lead"
            self.findings.add("order", what, command)

    def _defined(self, stream: Stream, row: JournalRow, command: Command, capacity: int) -> None:
        body = row.body
        if row.seq != 1 or body.kind not in KINDS:
            self.findings.odd(row, command, f"it can't be defined as {body.kind} there")
            return
        stream.kind = body.kind
        if body.during is not None:
            stream.start, stream.end = micros(body.during.start), micros(body.during.end)
        stream.time_zone, stream.event_id = body.time_zone, body.event_id
        stream.starts, stream.seconds = body.starts, body.seconds
        stream.actor_time, stream.location = body.actor_time, body.location
        stream.policy = body.waitlist
        stream.capacity = capacity
        if body.event_id is not None:
            self._opened(stream, row, command)

    def _changed(self, stream: Stream, row: JournalRow, command: Command, capacity: int) -> None:
        override = command.operation is not None and command.operation.asked.args.override
        lower = capacity < stream.capacity
        stream.capacity, stream.overbooked, stream.own = capacity, row.body.overbooked, row.body.own
        over = max(0, stream.taken - capacity) if stream.counted else 0
        if row.body.overbooked != over:
            said = row.body.overbooked
            what = f"{stream.name}: entry {row.seq} says {said} overbooked, and {over} are"
            self.findings.add("impossible", what, command)
        if override or not lower:
            return
        most = stream.taken
        if stream.kind in ("pool", "limit"):
            most = peak([x[3] for x in stream.in_time.claims], row.at, inf)
        if most > capacity:
            what = f"{stream.name}: {command} lowered it to {capacity}, and {most} are taken"
            self.findings.add("oversold", what, command)

    def _opened(self, stream: Stream, row: JournalRow, command: Command) -> None:
        """An event's occurrence begins with what the event says at that moment."""
        event = stream.tenant.streams.get(stream.event_id or "")
        local = stream.name.removeprefix(f"{stream.event_id}@")
        if event is None or event.kind != "event" or local not in event.starts:
            self.findings.odd(row, command, f"{stream.event_id} has no such occurrence")
            return
        given = tuple(getattr(stream, name) for name in INHERITED)
        wanted = tuple(getattr(event, name) for name in INHERITED)
        if given != wanted or (stream.end or 0) - (stream.start or 0) != event.seconds * 1_000_000:
            self.findings.odd(row, command, f"it is not as {event.name} was then")
