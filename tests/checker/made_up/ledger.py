"""What the made-up engine keeps: its clock, journal, heads, bookings, claims and lines.

Not whether anything may be booked: that is asked of room.py by the files that decide.
"""

import random
from typing import Any

from tests.checker.made_up.rows import SECOND, Row, span

BEGAN = 1_790_000_000 * SECOND
"""What the database's clock showed when the run began."""


class Ledger:
    """The tables of one tenant, with nothing yet in them, and what it was asked and answered."""

    def __init__(self, seed: int = 0, tenant: str = "t0", *, overlapping: bool = True) -> None:
        self.random = random.Random(seed)
        self.overlap = 0.01 if overlapping else 0.0
        self.tenant = tenant
        self.careless: frozenset[str] = frozenset()
        """What it no longer looks at: `room`, `roster`, `own time`, `expiry`, who waits (`line`),
        in which `order`, and that they get `offers`."""
        self.now = 0.0
        self.asked: list[Row] = []
        self.given: list[Row] = []
        self.journal: list[Row] = []
        self.heads: dict[str, Row] = {}
        self.bookings: dict[str, Row] = {}
        self.claims: dict[str, list[Row]] = {}
        self.waiting: dict[str, Row] = {}
        """Who waits, by booking, in the order in which they came: each in the line of a show."""
        self.keys: dict[str, Row] = {}
        self.actors: dict[str, str] = {}
        self.refs: dict[str, str] = {}
        self.live: dict[str, dict[tuple[str, int], Row]] = {}
        self.holds: dict[str, None] = {}
        self.faults: list[Row] = []
        self.begun: dict[int, float] = {}
        self.ids = 0

    # Time and ids -------------------------------------------------------------------------------

    @property
    def clock(self) -> int:
        return BEGAN + int(self.now * 1e6)

    def id(self) -> str:
        self.ids += 1
        return f"00000000-0000-7000-8000-{self.ids:012x}"

    def actor_id(self, ref: str) -> str:
        if ref not in self.actors:
            self.actors[ref] = f"aaaaaaaa-{len(self.actors):012x}"
            self.refs[self.actors[ref]] = ref
        return self.actors[ref]

    # The journal and its heads ------------------------------------------------------------------

    def head(self, name: str) -> Row:
        if name not in self.heads:
            own = name.startswith("actor:")
            self.live[name] = {}
            self.heads[name] = {
                "tenant_id": self.tenant,
                "bookable_id": name,
                "kind": "actor" if own else "unborn",
                "capacity": int(own),
                "overbooked": 0,
                "taken": 0,
                "seq": 0,
                "at": None,
                "starts_at": None,
                "ends_at": None,
                "time_zone": None,
                "event_id": None,
                "own_capacity": False,
                "actor_time": "refuse",
                "location_id": None,
                "waiting": 0,
                "waitlist": "fifo",
            }
        return self.heads[name]

    def append(
        self,
        stream: str,
        type_: str,
        body: Row,
        command_id: str,
        booking: Row | None = None,
        *,
        lead: bool = True,
        principal: str = "till",
    ) -> None:
        head = self.head(stream)
        head["seq"] += 1
        head["at"] = self.clock
        self.journal.append(
            {
                "tenant_id": self.tenant,
                "stream_id": stream,
                "seq": head["seq"],
                "type": type_,
                "v": 1,
                "body": body,
                "command_id": command_id,
                "booking_id": booking and booking["booking_id"],
                "version": booking and booking["version"],
                "lead": lead,
                "principal": principal,
                "at": head["at"],
                # What comes free is offered in the transaction that frees it.
                "tx": str(700 + len(self.asked)),
                "ordinal": len(self.journal) + 1,
            }
        )

    def write(
        self, booking: Row, type_: str, body: Row, command_id: str, to: str, **more: Any
    ) -> list[str]:
        """One version of a booking, on every stream it has; those where it gave something up."""
        booking["version"] += 1
        booking["status"] = to
        if type_ == "confirmed":
            booking["expires_at"] = booking["limit_at"] = None
        if to != "HELD":
            self.holds.pop(booking["booking_id"], None)
        mine = [x for x in self.claims[booking["booking_id"]] if x["live"]]
        names = sorted(
            dict.fromkeys(x["bookable_id"] for x in mine), key=lambda x: x.startswith("actor:")
        )
        for claim in mine:
            claim["expires_at"] = booking["expires_at"]
        freed = type_ in ("released", "cancelled", "expired")
        if freed:
            for claim in mine:
                self.free(claim)
            names = names or self.leave_line(booking)
        for i, name in enumerate(names):
            self.append(name, type_, body, command_id, booking, lead=i == 0, **more)
        self.settle(booking)
        return names if freed else []

    # Claims and lines ---------------------------------------------------------------------------

    def make(self, booking: Row, claims: list[Row], *, override: bool) -> dict[str, list[Row]]:
        """Claims into the tables; what the journal says of them, by stream."""
        made: dict[str, list[Row]] = {}
        for claim in claims:
            booking["made"] += 1
            no, name = booking["made"], claim["bookable"]
            head = self.head(name)
            body: Row = {"no": no, "units": claim["units"]}
            if not claim["counted"]:
                body["during"] = span(*claim["during"])
                if claim["blocked"] != claim["during"]:
                    body["blocked"] = span(*claim["blocked"])
                if claim["exclusive"]:
                    body["exclusive"] = True
            if override:
                body["override"] = True
            made.setdefault(name, []).append(body)
            row = {
                "tenant_id": self.tenant,
                "booking_id": booking["booking_id"],
                "no": no,
                "bookable_id": name,
                "actor_id": booking["actor_id"],
                "units": claim["units"],
                "during": claim["during"],
                "blocked": claim["blocked"],
                "local_start": None,
                "time_zone": None,
                "seq": head["seq"] + 1,
                "live": True,
                "exclusive": claim["exclusive"] and not claim["counted"],
                "override": override,
                "own_time": claim["own"],
                "expires_at": booking["expires_at"],
            }
            self.claims[booking["booking_id"]].append(row)
            self.live[name][booking["booking_id"], no] = row
            if claim["counted"]:
                head["taken"] += claim["units"]
                if override:
                    over = head["taken"] - head["capacity"]
                    head["overbooked"] = max(head["overbooked"], over)
        return made

    def settle(self, booking: Row) -> None:
        booking["updated_at"] = self.clock

    def free(self, claim: Row) -> None:
        claim["live"] = False
        name = claim["bookable_id"]
        del self.live[name][claim["booking_id"], claim["no"]]
        head = self.heads[name]
        if head["kind"] == "occurrence":
            head["taken"] -= claim["units"]
            over = max(0, head["taken"] - head["capacity"])
            head["overbooked"] = min(head["overbooked"], over)

    def seat(self, name: str, claim: Row) -> int:
        older = [x for x in self.live[name].values() if x["seq"] < claim["seq"]]
        return 1 + sum(int(x["units"]) for x in older)

    def line(self, name: str) -> list[Row]:
        return [x for x in self.waiting.values() if x["bookable_id"] == name]

    def leave_line(self, booking: Row) -> list[str]:
        """The streams that it waits on no longer."""
        waiter = self.waiting.pop(booking["booking_id"], None)
        if waiter is None:
            return []
        self.heads[waiter["bookable_id"]]["waiting"] -= 1
        return [waiter["bookable_id"]]
