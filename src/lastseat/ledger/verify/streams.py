"""Each stream folded, beside its head, claims, line, rules and (of an event) its starts.

A stream that can't be folded to its end (a gap, an entry that can't be read) is reported as such;
its head and claims are then not compared, since there is nothing to compare them with.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from lastseat.core import events as e
from lastseat.core.events import Kind
from lastseat.core.schedule import Schedule
from lastseat.core.state import Entry, LiveClaim, evolve, undefined
from lastseat.ledger.verify.claims import ClaimRows
from lastseat.ledger.verify.lines import compare_line
from lastseat.ledger.verify.overselling import Capacities
from lastseat.ledger.verify.report import Findings, Tally, micros, shown
from lastseat.ledger.verify.rows import Key, Row, Rows, each_key


class Kept(Struct, frozen=True):
    """The projections that are kept by stream."""

    heads: Rows
    claims: Rows
    waitlist: Rows
    events: Rows
    rules: Rows


def check_streams(entries: Rows, kept: Kept, tally: Tally, findings: Findings) -> None:
    """Compare everything that is kept by stream."""
    tenant_id = None
    for key in each_key(entries, kept.heads, kept.claims, kept.waitlist, kept.events, kept.rules):
        if key[0] != tenant_id:
            tenant_id = key[0]
            tally.tenants += 1
        head = kept.heads.one(key)
        rows = ClaimRows(key, kept.claims.take(key), findings)
        stream = Stream(key, rows, findings)
        stream.fold(entries.take(key))
        if head is None and stream.seq:
            findings.add(key[0], stream.where, "has entries, but no head")
        elif head is not None:
            stream.compare_head(head)
        stream.compare_event(kept.events.one(key))
        stream.compare_rules(kept.rules.one(key))
        if not stream.broken:
            compare_line(key, kept.waitlist.take(key), stream.state.waiters, findings)
        rows.finish(sound=not stream.broken)
        kind = head[2] if head is not None else stream.kind
        capacity = head[3] + head[4] if head is not None else stream.state.capacity
        rows.check_oversold(kind, capacity, stream.capacities)
        tally.streams += bool(head is not None or stream.seq)
        tally.entries += stream.entries
        tally.claims += rows.count


class Stream:
    """The fold of one stream, and what is wrong with it."""

    def __init__(self, key: Key, rows: ClaimRows, findings: Findings) -> None:
        self.tenant_id, self.stream = key
        self.where = f"stream {self.stream}"
        self.rows = rows
        self.findings = findings
        self.state = undefined(self.stream)
        self.state.ranked = False
        self.live: dict[str | None, dict[tuple[str, int], LiveClaim]] = {}
        """The live claims of each booking."""
        self.capacities = Capacities()
        self.entries = 0
        self.seq = 0
        self.at: float | None = None
        self.broken = False
        self.oversold = False
        self.ruled = False

    @property
    def kind(self) -> str:
        """The head's word for what the stream is of."""
        defined = self.seq > 0 or self.state.kind in (Kind.ACTOR, Kind.LOCATION)
        return self.state.kind.value if defined else "unborn"

    def _found(self, what: str, seq: int | None = None) -> None:
        where = self.where if seq is None else f"{self.where}, entry {seq}"
        self.findings.add(self.tenant_id, where, what)

    def fold(self, entries: Iterator[Row]) -> None:
        """Follow the stream from its first entry to its last."""
        command = None
        for _, _, seq, name, version, body, booking_id, at, command_id in entries:
            self.entries += 1
            if command_id != command:
                # Not in between: a swap may seat the one before the other has left.
                self._check_taken()
                command = command_id
            if seq != self.seq + 1:
                self._gap(seq)
            if self.at is not None and at < self.at:
                self._found(f"its time {shown('at', at)} is before that of the last entry", seq)
            self.seq, self.at = seq, at
            if self.broken:
                continue
            try:
                event = e.decode(name, version, body)
            except Exception as error:  # noqa: BLE001 - whatever a row holds, it is a difference
                self.broken = True
                self._found(f"can't be read: {type(error).__name__}: {error}", seq)
            else:
                self._follow(Entry(self.stream, event, booking_id, None, False, seq))
        self._check_taken()

    def _gap(self, seq: int) -> None:
        self.broken = True
        first, last = self.seq + 1, seq - 1
        if first > last:
            self._found(f"entry {seq} is there twice")
        elif first == last:
            self._found(f"entry {first} is missing")
        else:
            self._found(f"entries {first} to {last} are missing")

    def _follow(self, entry: Entry) -> None:
        """Let the state evolve, given only the claims of the entry's own booking.

        An event touches no others; looking for them among all live claims would take ever longer.
        """
        state, event = self.state, entry.event
        claims = self.live.pop(entry.booking_id, None) or {}
        before = list(claims.values())
        state.claims = claims
        try:
            evolve(state, entry)
        except (KeyError, ValueError) as error:
            self.broken = True
            self._found(f"can't follow what is before it: {error}", entry.seq)
            return
        if claims:
            self.live[entry.booking_id] = claims
        for claim in before:
            if not claim.live:
                self.rows.freed(claim, entry.seq)
        if isinstance(event, e.Booked | e.Moved | e.Offered):
            self.rows.made(
                [claim for claim in claims.values() if claim.seq == entry.seq],
                counted=state.counted,
                own_time=state.kind is Kind.ACTOR,
            )
        elif isinstance(event, e.Defined | e.CapacityChanged | e.Checkpoint):
            self.capacities.set(entry.seq, event.capacity)
        elif isinstance(event, e.RulesChanged):
            self.ruled = True

    def _check_taken(self) -> None:
        state = self.state
        if state.counted and state.taken > state.capacity + state.overbooked and not self.oversold:
            self.oversold = True
            allowed = f"{state.capacity} and {state.overbooked} overbooked"
            self._found(f"oversold: takes {state.taken}, more than {allowed}", state.seq)

    def compare_head(self, head: Row) -> None:
        """The head is the fold; of a stream without entries it takes nothing."""
        (_, _, kind, capacity, overbooked, taken, seq, at, starts_at, ends_at) = head[:10]
        time_zone, event_id, own_capacity, actor_time, location_id, called_off, parts = head[10:17]
        waiting, waitlist = head[17:]
        if self.broken:
            row, fold = {"seq": seq, "at": at}, {"seq": self.seq, "at": self.at}
            self.findings.compare(self.tenant_id, self.where, row, fold)
            return
        state, during = self.state, self.state.during
        self.findings.compare(
            self.tenant_id,
            self.where,
            {
                "kind": kind,
                "capacity": capacity,
                "overbooked": overbooked,
                "taken": taken,
                "seq": seq,
                "at": at,
                "starts_at": starts_at,
                "ends_at": ends_at,
                "time_zone": time_zone,
                "event_id": event_id,
                "own_capacity": own_capacity,
                "actor_time": actor_time,
                "location_id": location_id,
                "called_off": called_off,
                "parts": parts,
                "waiting": waiting,
                "waitlist": waitlist,
            },
            {
                "kind": self.kind,
                "capacity": state.capacity,
                "overbooked": state.overbooked,
                "taken": state.taken,
                "seq": self.seq,
                "at": self.at,
                "starts_at": micros(during.start if during else None),
                "ends_at": micros(during.end if during else None),
                "time_zone": state.time_zone,
                "event_id": state.event_id,
                "own_capacity": state.own_capacity,
                "actor_time": state.actor_time.value,
                "location_id": state.location,
                "called_off": state.called_off,
                "parts": list(state.parts) or None,
                "waiting": state.waiting,
                "waitlist": state.waitlist.value,
            },
        )

    def compare_event(self, row: Row | None) -> None:
        """An event, and nothing else, has its starts in a row of their own."""
        if self.broken:
            return
        where = f"event {self.stream}"
        if self.kind != Kind.EVENT:
            if row is not None:
                self.findings.add(self.tenant_id, where, "has starts, but the journal has no event")
        elif row is None:
            self.findings.add(self.tenant_id, where, "has no row with its starts")
        else:
            self.findings.compare(
                self.tenant_id,
                where,
                {"starts": row[2], "seconds": row[3], "schedule": row[4]},
                {
                    "starts": list(self.state.starts),
                    "seconds": self.state.seconds,
                    "schedule": _text(self.state.schedule),
                },
            )

    def compare_rules(self, row: Row | None) -> None:
        """The rules in force are the last that were journalled."""
        if self.broken:
            return
        where = f"rules of {self.stream}"
        if row is None and self.ruled:
            self.findings.add(self.tenant_id, where, "are in the journal, but have no row")
        elif row is not None and not self.ruled:
            self.findings.add(self.tenant_id, where, "are a row, but the journal has none")
        elif row is not None:
            text = msgspec.json.encode(self.state.rules).decode()
            self.findings.compare(self.tenant_id, where, {"rules": row[2]}, {"rules": text})


def _text(schedule: Schedule | None) -> str | None:
    return None if schedule is None else msgspec.json.encode(schedule).decode()
