"""The claim rows of one stream beside its fold, met in the order in which its entries made them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from lastseat.core.events import Kind
from lastseat.core.state import LiveClaim
from lastseat.ledger.verify.overselling import Capacities, Use, excess, overlaps
from lastseat.ledger.verify.report import Findings, Value, micros, shown
from lastseat.ledger.verify.rows import Key, Row

ClaimKey = tuple[str, int]


class ClaimRows:
    """Rows of `verify_claims` of one stream.

    A row is compared when its entry is folded, except for `live`, which is not known until the
    claim is freed or the stream ends: until then a row that is not live is remembered.
    """

    def __init__(self, key: Key, rows: Iterator[Row], findings: Findings) -> None:
        self.tenant_id, self.stream = key
        self.findings = findings
        self.count = 0
        self._rows = rows
        self._next: Row | None = next(rows, None)
        self._not_live: set[ClaimKey] = set()
        self._strays: dict[ClaimKey, Row] = {}
        """Rows that no entry made, so far."""
        self._lacking: dict[ClaimKey, LiveClaim] = {}
        """Claims without a row, so far."""
        self._units = 0
        self._uses: list[Use] = []
        self._shared: list[Use] = []

    def made(self, claims: Sequence[LiveClaim], *, counted: bool, own_time: bool) -> None:
        """An entry made these claims: each is a row that says the same."""
        self._read_to(claims[0].seq if claims else 0)
        for claim in claims:
            key = claim.booking_id, claim.no
            row = self._strays.pop(key, None)
            if row is None:
                self._lacking[key] = claim
                continue
            if not row[5]:
                self._not_live.add(key)
            self._compare(row, claim, counted=counted, own_time=own_time)

    def freed(self, claim: LiveClaim, seq: int) -> None:
        """Entry `seq` freed this claim: its row is not live."""
        key = claim.booking_id, claim.no
        if key in self._not_live:
            self._not_live.discard(key)
        elif key not in self._lacking:
            self._found(key, f"is live, but entry {seq} of {self.stream} freed it")

    def finish(self, *, sound: bool) -> None:
        """Read to the end; where the fold is sound, report what it and the rows do not share."""
        self._read_to(None)
        if not sound:
            return
        for key in sorted(self._not_live):
            self._found(key, "is not live, but the journal never freed it")
        for key in sorted(self._lacking):
            row = self._strays.pop(key, None)
            if row is None:
                self._found(key, f"of {self.stream} is in the journal, but has no row")
            else:
                seq = self._lacking[key].seq
                self._found(key, f"seq is {row[2]}; the journal comes to {seq}")
        for key in sorted(self._strays):
            self._found(key, f"is a row of {self.stream}, but no entry made it")

    def check_oversold(self, kind: str, capacity: int, capacities: Capacities) -> None:
        """No more live units than fit: a sum, no overlap, or a peak, by the kind of bookable."""
        where = f"stream {self.stream}"
        if kind == Kind.OCCURRENCE:
            if self._units > capacity:
                what = f"oversold: {self._units} units are live, and {capacity} fit"
                self.findings.add(self.tenant_id, where, what)
            return
        for first, second in overlaps(self._uses):
            what = f"sold twice: {first.name} and {second.name} overlap"
            self.findings.add(self.tenant_id, where, what)
        peaked = kind in (Kind.POOL, Kind.LIMIT)
        over = excess(self._shared, capacities) if peaked else None
        if over is not None:
            when, units, fit = over
            what = f"oversold: {units} units are live at {shown('at', when)}, and {fit} fit"
            self.findings.add(self.tenant_id, where, what)

    def _read_to(self, seq: int | None) -> None:
        """Take the rows that entries up to `seq` made, all of them for None."""
        while (row := self._next) is not None and (seq is None or row[2] <= seq):
            self._next = next(self._rows, None)
            self.count += 1
            self._strays[row[3], row[4]] = row
            if row[5]:
                self._count_live(row)

    def _count_live(self, row: Row) -> None:
        units, start, end, exclusive, override = row[7], row[10], row[11], row[12], row[13]
        if start is None or end is None:
            self._units += units
        elif not override:
            use = Use(start, end, units, row[2], f"{row[3]}/{row[4]}")
            (self._uses if exclusive else self._shared).append(use)

    def _compare(self, row: Row, claim: LiveClaim, *, counted: bool, own_time: bool) -> None:
        during = None if counted else claim.during
        blocked = None if counted else claim.blocked
        fold: dict[str, Value] = {
            "seq": claim.seq,
            "actor_id": claim.actor_id,
            "units": claim.units,
            "start": micros(during.start if during else None),
            "end": micros(during.end if during else None),
            "blocked_start": micros(blocked.start if blocked else None),
            "blocked_end": micros(blocked.end if blocked else None),
            "exclusive": claim.exclusive,
            "override": claim.override,
            "own_time": own_time,
            "local_start": _local(claim.local_start),
            "time_zone": claim.time_zone,
        }
        values = dict(zip(fold, (row[2], *row[6:]), strict=True))
        values["local_start"] = _local(values["local_start"])
        key = claim.booking_id, claim.no
        self.findings.compare(self.tenant_id, _where(key), values, fold)

    def _found(self, key: ClaimKey, what: str) -> None:
        self.findings.add(self.tenant_id, _where(key), what)


def _where(key: ClaimKey) -> str:
    return f"booking {key[0]}, claim {key[1]}"


def _local(text: str | None) -> str | None:
    """A local time as the caller wrote it and as PostgreSQL prints it, alike."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return text
