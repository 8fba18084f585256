"""A run made up: a tiny booking engine of lists and dictionaries that writes a history of itself.

Everything it does is right, and it is written for nothing but that: the checker has to find such a
history clean, and to find out every lie told in it afterwards. Operations overlap in time; each is
decided at a moment between its invocation and its return.
"""

import copy
import json
import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

Row = dict[str, Any]

SECOND = 1_000_000
NOON = 1_800_000_000 * SECOND
"""When the shows, courts and skis are booked for, in microseconds."""
BEGAN = 1_790_000_000 * SECOND
"""What the database's clock showed when the run began."""


def rfc(time: int) -> str:
    """Microseconds as the engine writes them in JSON."""
    whole, rest = divmod(time, SECOND)
    text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:06d}Z" if rest else f"{text}Z"


def span(start: int, end: int) -> Row:
    return {"start": rfc(start), "end": rfc(end)}


class Plan(NamedTuple):
    """One booking's move."""

    booking: Row
    actor: str
    leaving: list[Row]
    taking: list[Row]
    own: list[Row]


class Run:
    """A history in the making. `decide` advances time; lines are in `lines`."""

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

    # The ledger ---------------------------------------------------------------------------------

    def actor_id(self, ref: str) -> str:
        if ref not in self.actors:
            self.actors[ref] = f"aaaaaaaa-{len(self.actors):012x}"
            self.refs[self.actors[ref]] = ref
        return self.actors[ref]

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

    def command(self, number: int) -> str:
        return str(self.asked[number - 1]["args"]["command_id"])

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
        self.expire_due()
        outcome = self._book(args, wanted, actor, seconds, override=override)
        self.keep(number, outcome)
        return self.answer(number, outcome)

    # Who waits: for places in a show, in its own line -------------------------------------------

    def join(self, name: str, actor: str, *, units: int = 1, seconds: int = 60) -> Row:
        args: Row = {"claims": [{"bookable": name, "units": units}], "actor": actor}
        number = self.invoke("join", {**args, "offer_seconds": seconds})
        args = self.asked[number - 1]["args"]
        args["booking_id"] = args["command_id"]
        self.expire_due()
        outcome = self._join(args, name, actor, units)
        if outcome["code"] == "joined":
            offered = self.offer([name])
            outcome = offered.get(args["booking_id"], outcome)
        return self.answer(number, outcome)

    def _join(self, args: Row, name: str, actor: str, units: int) -> Row:
        (claim,) = self.placed(args["claims"])
        head, there = self.heads[name], self.line(name)
        told = {"actor": actor, "bookable": name}
        actor_id = self.actors.get(actor, "nobody yet")
        already = self.already([claim], actor, actor_id, set())
        if already is not None:
            return already
        for i, waiter in enumerate(there):
            if waiter["actor_id"] == actor_id:
                waits = {"booking_id": waiter["booking_id"], "position": i + 1}
                return {"code": "already_waiting", **told, **waits}
        if head["waitlist"] == "closed":
            return {"code": "waitlist_closed", **told, "reason": "it has no waitlist"}
        if units > head["capacity"]:
            room = {"capacity": head["capacity"], "left": max(0, head["capacity"] - head["taken"])}
            return {"code": "full", **told, **room, "during": span(*claim["during"])}
        busy = self.busy(actor, self.own_time([claim], actor_id), set(), [])
        free = units <= head["capacity"] - head["taken"]
        if busy is not None and free and (not there or head["waitlist"] != "fifo"):
            return busy
        booking: Row = {
            **dict.fromkeys(("expires_at", "limit_at")),
            "tenant_id": self.tenant,
            "booking_id": args["booking_id"],
            "actor_id": self.actor_id(actor),
            "status": "WAITLISTED",
            "version": 1,
            "made": 0,
        }
        self.bookings[booking["booking_id"]] = booking
        self.claims[booking["booking_id"]] = []
        asked = {"claims": args["claims"], "offer_seconds": args["offer_seconds"], "on": [name]}
        body = {"actor_id": booking["actor_id"], "queue": name, "awaited": asked}
        self.append(name, "joined", body, args["command_id"], booking)
        head["waiting"] += 1
        self.waiting[booking["booking_id"]] = {
            "tenant_id": self.tenant,
            "bookable_id": name,
            "booking_id": booking["booking_id"],
            "queue_id": name,
            "actor_id": booking["actor_id"],
            "seq": head["seq"],
            "units": units,
            "during": None,
            "awaited": asked,
        }
        joined = {"booking_id": booking["booking_id"], "position": len(there) + 1}
        return {"code": "joined", **told, "units": units, **joined}

    def line(self, name: str) -> list[Row]:
        return [x for x in self.waiting.values() if x["bookable_id"] == name]

    def offer(self, names: Iterable[str]) -> dict[str, Row]:
        """What came free is offered in order; what each was told."""
        told: dict[str, Row] = {}
        for name in list(dict.fromkeys(names)):
            if name not in self.heads or self.heads[name]["kind"] != "occurrence":
                continue
            head = self.heads[name]
            line = self.line(name) if "offers" not in self.careless else []
            for waiter in line[::-1] if "order" in self.careless else line:
                booking = self.bookings[waiter["booking_id"]]
                actor = self.refs[waiter["actor_id"]]
                (claim,) = claims = self.placed(waiter["awaited"]["claims"])
                own = self.own_time(claims, waiter["actor_id"])
                never = claim["units"] > head["capacity"]
                if claim["units"] > head["capacity"] - head["taken"] and not never:
                    if head["waitlist"] == "fifo":
                        break
                    continue
                lost = never or self.busy(actor, own, set(), [])
                if lost or self.already(claims, actor, waiter["actor_id"], set()):
                    self.write(booking, "expired", {}, self.id(), "EXPIRED", principal="system")
                    continue
                told[waiter["booking_id"]] = self.offered(booking, actor, waiter, [claim, *own])
        return told

    def offered(self, booking: Row, actor: str, waiter: Row, claims: list[Row]) -> Row:
        name, seconds = waiter["bookable_id"], waiter["awaited"]["offer_seconds"]
        seat = self.heads[name]["taken"] + 1
        command_id = self.id()
        booking["version"] += 1
        booking["status"] = "HELD"
        booking["expires_at"] = self.clock + seconds * SECOND
        booking["limit_at"] = self.clock + 3600 * SECOND
        self.holds[booking["booking_id"]] = None
        self.leave_line(booking)
        expiry = {x: rfc(booking[x]) for x in ("expires_at", "limit_at")}
        for stream, made in self.make(booking, claims, override=False).items():
            body = {"actor_id": booking["actor_id"], "claims": made, **expiry}
            lead = stream == name
            self.append(stream, "offered", body, command_id, booking, lead=lead, principal="system")
        place = {"seat": seat, "units": waiter["units"], "version": booking["version"]}
        return {
            "code": "held", "booking_id": booking["booking_id"], "actor": actor, **place, **expiry
        }  # fmt: skip

    def leave_line(self, booking: Row) -> list[str]:
        """The streams that it waits on no longer."""
        waiter = self.waiting.pop(booking["booking_id"], None)
        if waiter is None:
            return []
        self.heads[waiter["bookable_id"]]["waiting"] -= 1
        return [waiter["bookable_id"]]

    def behind(self, name: str, group: list[Row], freed: int) -> Row | None:
        """What a walk-in is told where others wait."""
        head, waiting = self.heads[name], len(self.line(name))
        wanted = sum(claim["units"] for claim in group)
        passing = "line" in self.careless or head["waitlist"] != "fifo" or wanted <= freed
        if not waiting or passing:
            return None
        told = {"actor": group[0]["actor"], "bookable": name, "capacity": head["capacity"]}
        more = {"left": 0, "during": span(*group[0]["during"]), "waiting": waiting}
        return {"code": "full", **told, **more, "can_join_waitlist": self.joinable(name, group)}

    def joinable(self, name: str, group: list[Row]) -> bool:
        head = self.heads[name]
        small = head["kind"] == "resource" or group[0]["units"] <= head["capacity"]
        return bool(head["waitlist"] != "closed" and small)

    # What is booked -------------------------------------------------------------------------------

    def _book(
        self, args: Row, wanted: list[Row], actor: str, seconds: int | None, *, override: bool
    ) -> Row:
        actor_id = self.actors.get(actor, "nobody yet")
        claims = self.placed(wanted)
        own = self.own_time(claims, actor_id)
        refusal = self.already(claims, actor, actor_id, set())
        if refusal is None and not override:
            for claim in claims:
                claim["actor"] = actor
            refusal = self.shortage(claims, set()) or self.busy(actor, own, set(), [])
        if refusal is not None:
            return refusal
        actor_id = self.actor_id(actor)
        own = self.own_time(claims, actor_id)
        booking: Row = {
            "tenant_id": self.tenant,
            "booking_id": args["booking_id"],
            "actor_id": actor_id,
            "status": "CONFIRMED" if seconds is None else "HELD",
            "version": 1,
            "made": 0,
            "expires_at": None,
            "limit_at": None,
            "created_at": self.clock,
            "updated_at": self.clock,
        }
        body: Row = {"actor_id": actor_id, "status": booking["status"]}
        if seconds is not None:
            booking["expires_at"] = self.clock + seconds * SECOND
            booking["limit_at"] = self.clock + 3600 * SECOND
            body["expires_at"] = rfc(booking["expires_at"])
            body["limit_at"] = rfc(booking["limit_at"])
            self.holds[booking["booking_id"]] = None
        self.bookings[booking["booking_id"]] = booking
        self.claims[booking["booking_id"]] = []
        seat = 0
        for claim in claims:
            if claim["counted"] and not seat:
                seat = self.heads[claim["bookable"]]["taken"] + 1
        for stream, made in self.make(booking, [*claims, *own], override=override).items():
            first = stream == next(iter(dict.fromkeys(x["bookable"] for x in claims)))
            self.append(
                stream, "booked", {**body, "claims": made}, args["command_id"], booking, lead=first
            )
            self.settle(booking)
        outcome = {
            "booking_id": booking["booking_id"],
            "actor": actor,
            "seat": seat,
            "units": sum(claim["units"] for claim in claims),
        }
        if seconds is None:
            return {"code": "booked", **outcome, "status": "CONFIRMED"}
        expiry = {"expires_at": body["expires_at"], "limit_at": body["limit_at"]}
        return {"code": "held", **outcome, **expiry}

    def placed(self, wanted: list[Row]) -> list[Row]:
        """What is asked for, with times, by bookable as the engine groups it."""
        claims = []
        for want in wanted:
            head = self.heads[want["bookable"]]
            counted = head["kind"] == "occurrence"
            start = head["starts_at"] if counted else want["start"]
            end = head["ends_at"] if counted else want["end"]
            blocked = (
                start - want.get("before", 0) * SECOND,
                end + want.get("after", 0) * SECOND,
            )
            claims.append(
                {
                    "bookable": want["bookable"],
                    "units": want.get("units", 1),
                    "counted": counted,
                    "during": (start, end),
                    "blocked": blocked,
                    "exclusive": head["kind"] == "resource",
                    "own": False,
                }
            )
        return claims

    def own_time(self, claims: list[Row], actor_id: str) -> list[Row]:
        watched = [x for x in claims if self.heads[x["bookable"]]["actor_time"] != "allow"]
        merged: list[tuple[int, int]] = []
        for start, end in sorted(claim["during"] for claim in watched):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((start, end))
        refuse = any(self.heads[x["bookable"]]["actor_time"] == "refuse" for x in watched)
        return [
            {
                "bookable": f"actor:{actor_id}",
                "units": 1,
                "counted": False,
                "during": during,
                "blocked": during,
                "exclusive": refuse,
                "own": True,
            }
            for during in merged
        ]

    def already(
        self, claims: list[Row], actor: str, actor_id: str, leaving: set[tuple[str, int]]
    ) -> Row | None:
        for claim in claims:
            if not claim["counted"] or "roster" in self.careless:
                continue
            for key, other in self.live[claim["bookable"]].items():
                if other["actor_id"] == actor_id and key not in leaving:
                    return {
                        "code": "already",
                        "booking_id": other["booking_id"],
                        "actor": actor,
                        "bookable": claim["bookable"],
                        "seat": self.seat(claim["bookable"], other),
                        "status": self.bookings[other["booking_id"]]["status"],
                    }
        return None

    def shortage(self, claims: list[Row], leaving: set[tuple[str, int]]) -> Row | None:
        """Why all these don't fit together; each says who it is for."""
        if "room" in self.careless:
            return None
        for name in dict.fromkeys(claim["bookable"] for claim in claims):
            group = [claim for claim in claims if claim["bookable"] == name]
            there = [x for key, x in self.live[name].items() if key not in leaving]
            gone = [x for key, x in self.live[name].items() if key in leaving]
            refusal = self.behind(name, group, sum(int(x["units"]) for x in gone))
            refusal = refusal or self.short(name, group, there)
            if refusal is not None:
                return refusal
        return None

    def short(self, name: str, group: list[Row], there: list[Row]) -> Row | None:
        head = self.heads[name]
        full = {"code": "full", "bookable": name, "capacity": head["capacity"]}
        full["can_join_waitlist"] = self.joinable(name, group)
        if head["kind"] == "occurrence":
            left = head["capacity"] - sum(x["units"] for x in there)
            if sum(x["units"] for x in group) <= left:
                return None
            more = {"actor": group[0]["actor"], "during": span(*group[0]["during"])}
            return {**full, **more, "left": max(0, left)}
        for i, claim in enumerate(group):
            over = [x for x in there if overlap(x["blocked"], claim["blocked"])]
            if head["kind"] == "resource":
                over += [x for x in group[:i] if overlap(x["blocked"], claim["blocked"])]
                if over:
                    return {
                        "code": "conflict",
                        "rule": "exclusive",
                        "actor": claim["actor"],
                        "bookable": name,
                        "during": span(*over[0]["blocked"]),
                        "can_join_waitlist": True,
                    }
            elif most(over + group, claim["blocked"]) > head["capacity"]:
                full["can_join_waitlist"] = self.joinable(name, [claim])
                left = head["capacity"] - most(over, claim["blocked"])
                more = {"actor": claim["actor"], "during": span(*claim["during"])}
                return {**full, **more, "left": max(0, left)}
        return None

    def busy(
        self, actor: str, own: list[Row], leaving: set[tuple[str, int]], coming: list[Row]
    ) -> Row | None:
        """The actor's time; `coming` is what the same command takes besides."""
        for claim in own if "own time" not in self.careless else ():
            there = [x for k, x in self.live.get(claim["bookable"], {}).items() if k not in leaving]
            there += [x for x in coming if x["bookable"] == claim["bookable"]]
            for other in there:
                either = claim["exclusive"] or (other in coming and other["exclusive"])
                if either and overlap(other["during"], claim["during"]):
                    return {
                        "code": "actor_busy",
                        "actor": actor,
                        "booking_id": other["booking_id"],
                        "during": span(*(claim if other in coming else other)["during"]),
                    }
        return None

    def seat(self, name: str, claim: Row) -> int:
        older = [x for x in self.live[name].values() if x["seq"] < claim["seq"]]
        return 1 + sum(int(x["units"]) for x in older)

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

    def change(self, kind: str, booking_id: str, key: str | None = None, **args: Any) -> Row:
        """Confirm, cancel, release, extend and the rest, of one booking."""
        number = self.invoke(kind, {"booking_id": booking_id, **args}, key)
        self.expire_due()
        outcome = self._change(number, kind, booking_id, args)
        self.keep(number, outcome)
        return self.answer(number, outcome)

    def _change(self, number: int, kind: str, booking_id: str, args: Row) -> Row:
        code, froms, to = CHANGES[kind]
        booking = self.bookings.get(booking_id)
        if booking is None:
            return {"code": "unknown_booking", "booking_id": booking_id}
        version, status = booking["version"], booking["status"]
        if args.get("version") not in (None, version):
            return {
                "code": "conflict",
                "rule": "version",
                "booking_id": booking_id,
                "actual": version,
            }
        actor = self.refs[booking["actor_id"]]
        if status == "EXPIRED" and kind not in ("cancel", "expire"):
            over = rfc(booking["expires_at"] or self.clock)
            return {"code": "hold_expired", "booking_id": booking_id, "expired_at": over}
        if status in ("CANCELLED", "EXPIRED"):
            return {"code": "not_booked", "actor": actor, "booking_id": booking_id}
        told = {"code": code, "booking_id": booking_id, "actor": actor}
        if kind == "confirm" and status == "CONFIRMED":
            return {**told, "version": version}
        if kind in ("release", "extend") and status != "HELD":
            return {"code": "not_held", "booking_id": booking_id, "status": status}
        if status not in froms:
            return {
                "code": "wrong_status",
                "booking_id": booking_id,
                "status": status,
                "wanted": to,
            }
        body: Row = {}
        if kind == "extend":
            until = max(self.clock + args["seconds"] * SECOND, booking["expires_at"])
            if self.clock + args["seconds"] * SECOND > booking["limit_at"]:
                limit = rfc(booking["limit_at"])
                return {"code": "extend_limit", "booking_id": booking_id, "limit_at": limit}
            booking["expires_at"] = until
            body["expires_at"] = told["expires_at"] = rfc(until)
        self.offer(self.write(booking, code, body, self.command(number), to or status))
        return {**told, "version": booking["version"]}

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

    def expire_due(self) -> None:
        """What every batch does first."""
        command_id = None
        freed: list[str] = []
        for booking_id in list(self.holds) if "expiry" not in self.careless else ():
            booking = self.bookings[booking_id]
            if booking["expires_at"] <= self.clock:
                command_id = command_id or self.id()
                freed += self.write(
                    booking, "expired", {}, command_id, "EXPIRED", principal="system"
                )
        self.offer(freed)

    def move(self, booking_id: str, wanted: list[Row], *, override: bool = False) -> Row:
        args = {"booking_id": booking_id, "claims": wanted, "override": override}
        number = self.invoke("move", args)
        self.expire_due()
        outcome = self._move([(booking_id, wanted)], self.command(number), override=override)
        return self.answer(number, outcome)

    def move_together(self, moves: list[tuple[str, list[Row]]]) -> Row:
        asked = [{"booking_id": one, "claims": wanted} for one, wanted in moves]
        number = self.invoke("move_together", {"moves": asked})
        self.expire_due()
        return self.answer(number, self._move(moves, self.command(number), override=False))

    def _move(self, moves: list[tuple[str, list[Row]]], command_id: str, *, override: bool) -> Row:
        plans: list[Plan] = []
        for booking_id, wanted in moves:
            plan = self.plan(booking_id, wanted)
            if isinstance(plan, dict):
                return plan
            plans.append(plan)
        refusal = self.seated_twice(plans)
        if refusal is None and not override:
            refusal = self.crowded(plans)
        if refusal is not None:
            return refusal
        for plan in plans:
            for claim in plan.leaving:
                self.free(claim)
        moved = [self.relocate(plan, command_id, override=override) for plan in plans]
        self.offer(claim["bookable_id"] for plan in plans for claim in plan.leaving)
        return {"code": "moved", "moved": moved}

    def plan(self, booking_id: str, wanted: list[Row]) -> Plan | Row:
        """What a booking leaves and takes."""
        booking = self.bookings[booking_id]
        actor, status = self.refs[booking["actor_id"]], booking["status"]
        if status in ("CANCELLED", "EXPIRED"):
            return {"code": "not_booked", "actor": actor, "booking_id": booking_id}
        if status not in ("HELD", "RESERVED", "CONFIRMED"):
            told = {"booking_id": booking_id, "status": status, "wanted": "a move"}
            return {"code": "wrong_status", **told}
        leaving = [x for x in self.claims[booking_id] if x["live"]]
        taking = []
        for claim in self.placed(wanted):
            same = [x for x in leaving if same_place(x, claim)]
            if same:
                leaving.remove(same[0])
            else:
                taking.append({**claim, "actor": actor})
        own = self.own_time(self.placed(wanted), booking["actor_id"])
        had = [(x["during"], x["exclusive"]) for x in leaving if x["own_time"]]
        if had and had == [(x["during"], x["exclusive"]) for x in own]:
            leaving = [x for x in leaving if not x["own_time"]]
            own = []
        return Plan(booking, actor, leaving, taking, own)

    def seated_twice(self, plans: list[Plan]) -> Row | None:
        leaving = {(x["booking_id"], x["no"]) for plan in plans for x in plan.leaving}
        seats: set[tuple[str, str]] = set()
        for plan in plans:
            actor_id = plan.booking["actor_id"]
            refusal = self.already(plan.taking, plan.actor, actor_id, leaving)
            if refusal is not None:
                return refusal
            for claim in plan.taking:
                seat = claim["bookable"], actor_id
                if claim["counted"] and seat in seats:
                    return {
                        "code": "already",
                        "booking_id": plan.booking["booking_id"],
                        "actor": plan.actor,
                        "bookable": claim["bookable"],
                        "seat": 0,
                        "status": plan.booking["status"],
                    }
                if claim["counted"]:
                    seats.add(seat)
        return None

    def crowded(self, plans: list[Plan]) -> Row | None:
        leaving = {(x["booking_id"], x["no"]) for plan in plans for x in plan.leaving}
        refusal = self.shortage([x for plan in plans for x in plan.taking], leaving)
        for plan in plans:
            refusal = refusal or self.busy(plan.actor, plan.own, leaving, [])
        coming: list[Row] = []
        for plan in plans:
            refusal = refusal or self.busy(plan.actor, plan.own, leaving, coming)
            coming += [{**x, "booking_id": plan.booking["booking_id"]} for x in plan.own]
        return refusal

    def relocate(self, plan: Plan, command_id: str, *, override: bool) -> Row:
        booking = plan.booking
        counted = [x["bookable"] for x in plan.taking if x["counted"]]
        seat = self.heads[counted[0]]["taken"] + 1 if counted else 0
        made = self.make(booking, [*plan.taking, *plan.own], override=override)
        left: dict[str, list[int]] = {}
        for claim in plan.leaving:
            left.setdefault(claim["bookable_id"], []).append(claim["no"])
        names = sorted({**made, **left}, key=lambda x: x.startswith("actor:"))
        if names:
            booking["version"] += 1
            self.settle(booking)
        for i, name in enumerate(names):
            body: Row = {"actor_id": booking["actor_id"]}
            if name in left:
                body["left"] = left[name]
            if name in made:
                body["claims"] = made[name]
            self.append(name, "moved", body, command_id, booking, lead=i == 0)
        told = {"booking_id": booking["booking_id"], "version": booking["version"]}
        return {**told, "seat": seat}

    def change_capacity(self, name: str, capacity: int, *, override: bool = False) -> Row:
        args = {"bookable": name, "capacity": capacity, "override": override}
        number = self.invoke("change_capacity", args)
        self.expire_due()
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
            self.offer([name])
        told = {"bookable": name, "capacity": capacity, "overbooked": over}
        return self.answer(number, {"code": "capacity_changed", **told})

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


def fed(journal: list[Row]) -> list[Row]:
    """The feed of one tenant's journal, in pages of four entries."""
    pages = [journal[at : at + 4] for at in range(0, len(journal), 4)]
    return [
        {
            "tenant_id": page[0]["tenant_id"],
            "last_pos": 4 * i + len(page),
            "first_pos": 4 * i + 1,
            "streams": [row["stream_id"] for row in page],
            "seqs": [row["seq"] for row in page],
        }
        for i, page in enumerate(pages)
    ]


def write(path: Path, lines: Iterable[Row]) -> Path:
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as file:
        for line in lines:
            file.write(encode(line) + b"\n")
    return path


def overlap(one: tuple[int, int], two: tuple[int, int]) -> bool:
    return one[0] < two[1] and two[0] < one[1]


def most(claims: list[Row], window: tuple[int, int]) -> int:
    """The peak, by looking at every instant at which something begins."""
    moments = [window[0], *(x["blocked"][0] for x in claims)]
    return max(
        sum(int(x["units"]) for x in claims if x["blocked"][0] <= at < x["blocked"][1])
        for at in moments
        if window[0] <= at < window[1]
    )


def same_place(claim: Row, wanted: Row) -> bool:
    return (claim["bookable_id"], claim["units"], claim["during"], claim["blocked"]) == (
        wanted["bookable"],
        wanted["units"],
        wanted["during"],
        wanted["blocked"],
    )


REFUSALS = frozenset(
    {
        *("already", "full", "conflict", "actor_busy", "unknown_booking", "hold_expired"),
        *("already_waiting", "waitlist_closed"),
        *("not_booked", "not_held", "wrong_status", "extend_limit", "below_taken"),
    }
)
CHANGES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "confirm": ("confirmed", ("HELD", "RESERVED"), "CONFIRMED"),
    "release": ("released", ("HELD",), "CANCELLED"),
    "cancel": (
        "cancelled",
        ("WAITLISTED", "HELD", "RESERVED", "CONFIRMED", "CHECKED_IN"),
        "CANCELLED",
    ),
    "extend": ("extended", ("HELD",), ""),
    "check_in": ("checked_in", ("RESERVED", "CONFIRMED"), "CHECKED_IN"),
    "check_out": ("checked_out", ("CHECKED_IN",), "COMPLETED"),
}
