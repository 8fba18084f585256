"""A run made up: a tiny booking engine of lists and dictionaries that writes a history of itself.

Everything it does is right, and it is written for nothing but that: the checker has to find such a
history clean, and to find out every lie told in it afterwards. Operations overlap in time; each is
decided at a moment between its invocation and its return.

Here is the door: what one asks of it, and the history that comes out. What it keeps is in
ledger.py; what it decides is in booking.py, waiting.py, changes.py and moving.py.
"""

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.checker.made_up.booking import decide_booking
from tests.checker.made_up.changes import decide_change, expire_due
from tests.checker.made_up.ledger import Ledger
from tests.checker.made_up.moving import decide_move
from tests.checker.made_up.room import most
from tests.checker.made_up.rows import NOON, SECOND, Row, fed, rfc, span, write
from tests.checker.made_up.waiting import decide_joining, offer

REFUSALS = frozenset(
    {
        *("already", "full", "conflict", "actor_busy", "unknown_booking", "hold_expired"),
        *("already_waiting", "waitlist_closed"),
        *("not_booked", "not_held", "wrong_status", "extend_limit", "below_taken"),
    }
)


class Run(Ledger):
    """A history in the making. `invoke` advances time; lines are in `lines`."""

    # Asking and answering -----------------------------------------------------------------------

    def invoke(self, kind: str, args: Row, key: str | None = None, **more: Any) -> int:
        number = len(self.asked) + 1
        self.now += 0.001
        begun = max(0.0, self.now - self.random.random() * self.overlap)
        self.begun[number] = begun
        args = {"command_id": self.id(), **args}
        line = {
            "t": "invoke",
            "op": number,
            "client": number % 8,
            "at": begun,
            "tenant": self.tenant,
            "engine": "library-0",
            "via": "library",
            "kind": kind,
            "args": args,
            "key": key,
            "attempt_of": None,
            **more,
        }
        self.asked.append(line)
        return number

    def answer(
        self, number: int, outcome: Row | None, result: str | None = None, **more: Any
    ) -> Row:
        if result is None:
            assert outcome is not None
            result = "fail" if outcome["code"] in REFUSALS else "ok"
        line = {
            "t": "return",
            "op": number,
            "at": self.now + self.random.random() * self.overlap,
            "result": result,
            "outcome": outcome,
            "replayed": False,
            "error": None,
            **more,
        }
        self.given.append(line)
        return outcome or {}

    def command(self, number: int) -> str:
        return str(self.asked[number - 1]["args"]["command_id"])

    def keep(self, number: int, outcome: Row) -> None:
        asked = self.asked[number - 1]
        if asked["key"] is None:
            return
        done = outcome["code"] in ("booked", "held")
        self.keys[asked["key"]] = {
            "tenant_id": self.tenant,
            "key": asked["key"],
            "request_hash": "0" * 32,
            "outcome": json.dumps(outcome),
            "command_id": asked["args"]["command_id"],
            "booking_id": outcome.get("booking_id") if done else None,
            "at": self.clock,
            "expires_at": None if done else self.clock + 86_400 * SECOND,
        }

    def again(self, number: int) -> Row:
        """The same command under the same key once more."""
        first = self.asked[number - 1]
        args = {k: v for k, v in first["args"].items() if k not in ("command_id", "booking_id")}
        again = self.invoke(first["kind"], args, first["key"], attempt_of=number)
        kept = json.loads(self.keys[first["key"]]["outcome"])
        return self.answer(again, kept, replayed=True)

    # Operations ---------------------------------------------------------------------------------

    def define(
        self,
        kind: str,
        name: str,
        capacity: int,
        actor_time: str = "allow",
        waitlist: str = "fifo",
    ) -> None:
        args: Row = {"bookable": name, "capacity": capacity, "actor_time": actor_time}
        body: Row = {"kind": kind, "capacity": capacity}
        head = self.head(name)
        if kind == "occurrence":
            args |= {"start": rfc(NOON), "end": rfc(NOON + 3600 * SECOND)}
            body["during"] = span(NOON, NOON + 3600 * SECOND)
            head |= {"starts_at": NOON, "ends_at": NOON + 3600 * SECOND}
        if actor_time != "refuse":
            body["actor_time"] = actor_time
        if waitlist != "fifo":
            args["waitlist"] = body["waitlist"] = head["waitlist"] = waitlist
        number = self.invoke(f"define_{kind}", args)
        head |= {"kind": kind, "capacity": capacity, "actor_time": actor_time}
        self.append(name, "defined", body, self.command(number))
        self.answer(number, {"code": "defined", "bookable": name, "created": True})

    def book(
        self,
        names: str | list[Row],
        actor: str,
        *,
        units: int = 1,
        seconds: int | None = None,
        override: bool = False,
        key: str | None = None,
    ) -> Row:
        wanted = [{"bookable": names, "units": units}] if isinstance(names, str) else names
        args: Row = {"claims": wanted, "actor": actor, "units": units, "override": override}
        if seconds is not None:
            args |= {"seconds": seconds, "limit": 3600}
        number = self.invoke("book" if seconds is None else "hold", args, key)
        args = self.asked[number - 1]["args"]
        args["booking_id"] = args["command_id"]
        expire_due(self)
        outcome = decide_booking(self, args, wanted, actor, seconds, override=override)
        self.keep(number, outcome)
        return self.answer(number, outcome)

    def join(self, name: str, actor: str, *, units: int = 1, seconds: int = 60) -> Row:
        args: Row = {"claims": [{"bookable": name, "units": units}], "actor": actor}
        number = self.invoke("join", {**args, "offer_seconds": seconds})
        args = self.asked[number - 1]["args"]
        args["booking_id"] = args["command_id"]
        expire_due(self)
        outcome = decide_joining(self, args, name, actor, units)
        if outcome["code"] == "joined":
            offered = offer(self, [name])
            outcome = offered.get(args["booking_id"], outcome)
        return self.answer(number, outcome)

    def change(self, kind: str, booking_id: str, key: str | None = None, **args: Any) -> Row:
        """Confirm, cancel, release, extend and the rest, of one booking."""
        number = self.invoke(kind, {"booking_id": booking_id, **args}, key)
        expire_due(self)
        outcome = decide_change(self, self.command(number), kind, booking_id, args)
        self.keep(number, outcome)
        return self.answer(number, outcome)

    def move(self, booking_id: str, wanted: list[Row], *, override: bool = False) -> Row:
        args = {"booking_id": booking_id, "claims": wanted, "override": override}
        number = self.invoke("move", args)
        expire_due(self)
        outcome = decide_move(self, [(booking_id, wanted)], self.command(number), override=override)
        return self.answer(number, outcome)

    def move_together(self, moves: list[tuple[str, list[Row]]]) -> Row:
        asked = [{"booking_id": one, "claims": wanted} for one, wanted in moves]
        number = self.invoke("move_together", {"moves": asked})
        expire_due(self)
        return self.answer(number, decide_move(self, moves, self.command(number), override=False))

    def change_capacity(self, name: str, capacity: int, *, override: bool = False) -> Row:
        args = {"bookable": name, "capacity": capacity, "override": override}
        number = self.invoke("change_capacity", args)
        expire_due(self)
        head = self.heads[name]
        claims = list(self.live[name].values())
        taken = head["taken"]
        if head["kind"] != "occurrence":
            taken = most(claims, (self.clock, 2**62))
        if taken > capacity and not override and "room" not in self.careless:
            was = head["capacity"]
            below = {"code": "below_taken", "bookable": name, "capacity": was, "taken": taken}
            return self.answer(number, below)
        over = max(0, taken - capacity) if head["kind"] == "occurrence" else 0
        if (head["capacity"], head["overbooked"]) != (capacity, over):
            head["capacity"], head["overbooked"] = capacity, over
            body: Row = {"capacity": capacity}
            if over:
                body["overbooked"] = over
            self.append(name, "capacity_changed", body, self.command(number))
            offer(self, [name])
        told = {"bookable": name, "capacity": capacity, "overbooked": over}
        return self.answer(number, {"code": "capacity_changed", **told})

    # Out ----------------------------------------------------------------------------------------

    def lines(self) -> list[Row]:
        """The history, as lines; free to be changed."""
        return copy.deepcopy(list(self.each()))

    def each(self) -> Iterator[Row]:
        """The same as it is kept here."""
        yield {
            "t": "header",
            "format": "lastseat-history",
            "version": 2,
            "seed": 0,
            "options": {},
        }
        yield from sorted(
            [*self.asked, *self.given, *self.faults], key=lambda line: float(line["at"])
        )
        tables: list[tuple[str, Iterable[Row]]] = [
            ("journal", self.journal),
            ("heads", self.heads.values()),
            ("bookings", self.bookings.values()),
            ("waitlist", self.waiting.values()),
            ("claims", (x for claims in self.claims.values() for x in map(self.as_row, claims))),
            ("keys", self.keys.values()),
            ("actors", map(self.actor_row, self.actors.items())),
            ("feed_pages", fed(self.journal)),
            ("relay", [{"epoch": "e1"}]),
        ]
        for table, rows in tables:
            for row in rows:
                yield {"t": "row", "table": table, "row": row}
        yield {"t": "end", "operations": len(self.asked)}

    def as_row(self, claim: Row) -> Row:
        counted = self.heads[claim["bookable_id"]]["kind"] == "occurrence"
        return {**claim, "during": None, "blocked": None} if counted else claim

    def actor_row(self, actor: tuple[str, str]) -> Row:
        return {"tenant_id": self.tenant, "actor_id": actor[1], "ref": actor[0]}

    def save(self, path: Path, spoil: Callable[[list[Row]], object] | None = None) -> Path:
        """Write the history, spoilt by `spoil` if that is given."""
        if spoil is None:
            return write(path, self.each())
        lines = self.lines()
        spoil(lines)
        return write(path, lines)
