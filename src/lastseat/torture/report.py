"""What a run came to: the checker's verdict, a count by plain SQL, `verify`, and the figures."""

import re
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from msgspec import Struct

from lastseat.checker import check
from lastseat.engine.faults import POINTS
from lastseat.ledger.sql import load
from lastseat.ledger.verify import verify
from lastseat.torture import dump
from lastseat.torture.database import Database
from lastseat.torture.recorder import Recorder, merge


class Report(Struct, frozen=True, kw_only=True):
    """The figures. All of the first five are 0, or something is wrong."""

    oversold: int
    lost: int
    doubled: int
    unresolved: int
    violations: int
    operations: int
    acknowledged: int
    refused: int
    unknown: int
    faults: dict[str, int]
    recovery_s: dict[str, float | None]
    seed: int
    seconds: float
    left_out: list[str] = []
    found: list[str] = []
    """Each violation in words."""
    history: str | None = None
    """Where the history was kept."""

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (
            self.oversold or self.lost or self.doubled or self.unresolved or self.violations
        )


class Evidence(Struct, frozen=True, kw_only=True):
    """What a run leaves behind: the parts of its history, and where the whole is to be."""

    database: Database
    parts: list[Path]
    header: dict[str, Any]
    history: Path
    backs: list[float]
    """When the database took connections again."""
    counts: Mapping[str, int]
    faults: Mapping[str, int]
    unresolved: int
    seconds: float
    left_out: list[str]


def judge(evidence: Evidence) -> Report:
    """Put the history together and have it judged by all who can."""
    database, history, parts = evidence.database, evidence.history, evidence.parts
    counts, faults = evidence.counts, dict(evidence.faults)
    recovered = recoveries(parts, evidence.backs)
    note = parts[0].with_name("recovered.jsonl")
    with Recorder(note) as recorder:
        for at, lasted in recovered:
            recorder.recovered(at, lasted)
    operations = merge([*parts, note], evidence.header, dump.rows(database.conninfo), history)
    verdict = check(history)
    oversold, twice = counted(database.conninfo)
    found = [f"{x.property}: {x.what}" for x in verdict.violations]
    found += [f"verify: {difference}" for difference in verify(database.conninfo).differences]
    found += callers(database.conninfo, history)
    found += failures(sorted(history.parent.glob("http-*.log")))
    words = Counter(verdict.counts)
    violations = words.total() + len(found) - len(verdict.violations)
    for name, number in counts.items():
        if name.startswith("fault:"):
            faults[name.removeprefix("fault:")] = number
    times = [lasted for _, lasted in recovered]
    return Report(
        oversold=max(oversold, words["oversold"]),
        lost=words["lost"],
        doubled=max(twice, words["doubled"] + words["seated_twice"]),
        unresolved=evidence.unresolved,
        violations=violations,
        operations=operations,
        acknowledged=counts.get("ok", 0),
        refused=counts.get("fail", 0),
        unknown=counts.get("unknown", 0),
        faults=faults,
        recovery_s={
            "median": round(statistics.median(times), 3) if times else None,
            "worst": round(max(times), 3) if times else None,
        },
        seed=evidence.header["seed"],
        seconds=evidence.seconds,
        left_out=evidence.left_out,
        found=found,
    )


def counted(conninfo: str) -> tuple[int, int]:
    """Places sold beyond the capacity, and actors seated twice, by SQL alone."""
    queries = load("lastseat.torture")
    numbers: dict[str, int] = {}
    with psycopg.connect(conninfo) as connection:
        for name, query in queries.items():
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            numbers[name] = int(row[0])
    twice = numbers.pop("seated_twice")
    return sum(numbers.values()), twice


def callers(conninfo: str, history: Path) -> list[str]:
    """Callers' own rows that were kept though their transaction was not, or the other way round."""
    with psycopg.connect(conninfo) as connection:
        kept = {op for (op,) in connection.execute("SELECT op FROM public.torture_callers")}
    decode = msgspec.json.Decoder(_Line).decode
    asked: set[int] = set()
    wrong: list[str] = []
    with history.open("rb") as lines:
        for line in lines:
            if line.startswith(b'{"t":"invoke"'):
                found = decode(line)
                if found.transaction == found.op:
                    asked.add(found.op)
            elif line.startswith(b'{"t":"return"'):
                found = decode(line)
                if found.op not in asked or found.result == "unknown":
                    continue
                committed = found.outcome is not None
                if committed != (found.op in kept):
                    was = "was answered" if committed else "had failed"
                    wrong.append(f"transaction: op {found.op} {was}, unlike its caller's own row")
    return wrong


EXPLAINED = re.compile(
    "53100|57014|58[0-9A-Z]{3}|57P0|InjectedFault|connections? lost|attempts lost|"
    + "|".join(POINTS)
)
"""Why an engine may fail: a full disk, a timeout, an injected fault, a database that goes away."""


def failures(logs: Sequence[Path]) -> list[str]:
    """Incidents in the services' logs that no fault explains."""
    found: list[str] = []
    for log in logs:
        incidents = re.split(r"^\S+ \S+ ERROR (?=incident )", log.read_text(), flags=re.MULTILINE)
        for incident in incidents[1:]:
            last = re.findall(r"^(?:\w+\.)+\w+: .*$", incident, flags=re.MULTILINE)
            why = last[-1] if last else incident.strip()[-300:]
            if not EXPLAINED.search(why):
                found.append(f"failed: {log.stem}: {why}")
    return found


class _Line(Struct):
    t: str
    at: float
    op: int = -1
    kind: str = ""
    result: str = ""
    replayed: bool = False
    transaction: int = -1
    outcome: Any = None


def recoveries(parts: Sequence[Path], backs: Sequence[float]) -> list[tuple[float, float]]:
    """When the first booking was acknowledged after each return of the database, how long after.

    A booking that the database had committed before, and that is only told now, does not count: it
    was sent after the return.
    """
    if not backs:
        return []
    decode = msgspec.json.Decoder(_Line).decode
    acknowledged: list[float] = []
    for part in parts:
        sent: dict[int, float] = {}
        with part.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    continue
                found = decode(line)
                if found.t == "invoke" and found.kind in ("book", "hold"):
                    sent[found.op] = found.at
                elif found.t == "return" and found.op in sent:
                    del sent[found.op]
                    if found.result == "ok" and not found.replayed:
                        acknowledged.append(found.at)
    acknowledged.sort()
    told: list[tuple[float, float]] = []
    for back in sorted(backs):
        first = next((at for at in acknowledged if at >= back), None)
        if first is not None:
            told.append((first, first - back))
    return told
