"""Clients that follow the plan, and remember what they booked.

A client does one thing after the other, as a person or a till does; requests that are doubled,
delayed or overtaken are the exception. What it knows of a booking may be stale, on purpose.
"""

import asyncio
import random
import time
from collections import Counter, deque
from typing import Any

from msgspec import Struct

from lastseat.torture import venue, wording
from lastseat.torture.doors import Address, Door, Down, HttpDoor, LibraryDoor, Lost, Reply, Sending
from lastseat.torture.plan import Intent
from lastseat.torture.recorder import Recorder

KNOWN = 30
"""Bookings that a client keeps in mind, and all of a process's clients share four times that."""


SUSPECTED_SECONDS = 1.0
"""For how long clients stay away from an engine that did not answer."""


ANSWERS = {
    "booked": ("book",),
    "held": ("hold", "join"),
    "joined": ("join",),
    "moved": ("move", "move_together"),
}
"""Which kinds of command are answered like that."""


class Known(Struct):
    """A booking as its client believes it to be."""

    tenant: str
    booking_id: str
    claims: list[dict[str, Any]]
    version: int


class Question(Struct, frozen=True):
    """An operation with a key whose outcome is unknown: to be sent again."""

    op: int
    sending: Sending


class Crowd:
    """What the clients of one process have together: doors, history, bookings, open questions."""

    def __init__(
        self,
        addresses: list[Address],
        keys: dict[str, str],
        principals: dict[str, str],
        recorder: Recorder,
    ) -> None:
        self.recorder = recorder
        self.principals = principals
        self.doors: list[Door] = [
            LibraryDoor(address) if address.library else HttpDoor(address, keys)
            for address in addresses
        ]
        self.libraries = [door for door in self.doors if isinstance(door, LibraryDoor)]
        self.shared: deque[Known] = deque(maxlen=4 * KNOWN)
        self.questions: list[Question] = []
        self.counts: Counter[str] = Counter()
        self._suspected: dict[str, float] = {}
        """Until when an engine is avoided that was waited for in vain."""

    def door(self, share: float) -> int:
        """The number of an engine."""
        return int(share * len(self.doors))

    async def send(
        self,
        client: int,
        number: int,
        sending: Sending,
        attempt_of: int | None = None,
        op: int | None = None,
    ) -> tuple[int, Reply]:
        """Send an operation through a door, or the next that is open; its number and reply."""
        door, connection = await self._open(number)
        op = self.recorder.draw() if op is None else op
        args = sending.args
        if isinstance(door, LibraryDoor):
            args = args | wording.ids_for(sending.kind)
            order = wording.Order(
                sending.tenant, self.principals[sending.tenant], sending.kind, args, sending.key
            )
            sending = Sending(sending.tenant, sending.kind, sending.args, sending.key, order)
        self.recorder.invoke(
            op,
            client=client,
            tenant=sending.tenant,
            engine=door.address.name,
            via="library" if door.address.library else "http",
            kind=sending.kind,
            args=args,
            key=sending.key,
            attempt_of=attempt_of,
        )
        try:
            reply = await door.send(connection, sending)
        except Lost as error:
            reply = Reply("unknown", error=str(error))
            self._suspected[door.address.name] = time.monotonic() + SUSPECTED_SECONDS
        self.note(op, reply)
        if reply.result == "unknown" and sending.key is not None and attempt_of is None:
            self.questions.append(Question(op, sending))
        return op, reply

    async def transact(
        self, client: int, number: int, orders: list[wording.Order], *, commit: bool
    ) -> list[Reply]:  # fmt: skip
        """Run commands in a caller's transaction."""
        door = self.libraries[number % len(self.libraries)]
        connection = await door.connect()
        ops = [self.recorder.draw() for _ in orders]
        for op, order in zip(ops, orders, strict=True):
            self.recorder.invoke(
                op,
                client=client,
                tenant=order.tenant,
                engine=door.address.name,
                via="transaction",
                kind=order.kind,
                args=order.args,
                key=None,
                attempt_of=None,
                transaction=ops[0],
            )
        try:
            replies = await door.transact(connection, orders, ops[0], commit=commit)
        except Lost as error:
            replies = [Reply("unknown", error=str(error))] * len(ops)
        for op, reply in zip(ops, replies, strict=True):
            self.note(op, reply)
        return replies

    def note(self, op: int, reply: Reply) -> None:
        """Keep what an operation came to."""
        self.recorder.returned(
            op, reply.result, reply.outcome, replayed=reply.replayed, error=reply.error
        )
        self.counts["operations"] += 1
        self.counts[reply.result] += 1

    async def _open(self, number: int) -> tuple[Door, Any]:
        while True:
            for i in range(len(self.doors)):
                door = self.doors[(number + i) % len(self.doors)]
                if i < len(self.doors) - 1 and self._is_suspected(door):
                    continue
                try:
                    return door, await door.connect()
                except Down:
                    continue
            await asyncio.sleep(0.02)

    def _is_suspected(self, door: Door) -> bool:
        """Whether somebody waited there in vain just now; now and then it is tried all the same."""
        until = self._suspected.get(door.address.name, 0.0)
        return time.monotonic() < until and random.random() < 0.9  # noqa: PLR2004

    async def resolve(self, seconds: float) -> int:
        """Send everything with an open outcome again; how many are open still after `seconds`."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self.questions and asyncio.get_running_loop().time() < deadline:
            asked, self.questions = self.questions, []
            for i in range(0, len(asked), 32):
                await asyncio.gather(*(self.ask_again(question) for question in asked[i : i + 32]))
            if self.questions:
                await asyncio.sleep(0.2)
        return len(self.questions)

    async def ask_again(self, question: Question) -> Reply:
        """One more attempt under the same key; unless it is answered it stays open."""
        number = random.randrange(len(self.doors))
        try:
            _, reply = await asyncio.wait_for(
                self.send(-1, number, question.sending, attempt_of=question.op), 20
            )
        except TimeoutError:
            reply = Reply("unknown")
        # An engine's failure is an answer, but not the one: was it done the first time?
        if reply.outcome is None or reply.outcome["code"] in ("overloaded", "clock_behind"):
            self.questions.append(question)
        return reply


class Client:
    """One of them."""

    def __init__(self, number: int, crowd: Crowd) -> None:
        self.number = number
        self.crowd = crowd
        self.known: deque[Known] = deque(maxlen=KNOWN)
        self.defined: set[tuple[str, int]] = set()
        self._keys = 0
        self._behind: set[asyncio.Task[Any]] = set()

    async def follow(self, intent: Intent) -> None:
        """Do what is wanted next, if there is something to do it to."""
        hot = (intent.tenant, intent.generation)
        if hot not in self.defined:
            self.defined.add(hot)
            args = venue.hot(intent.generation)
            sending = Sending(intent.tenant, "define_occurrence", args, None)
            await self.crowd.send(self.number, self.crowd.door(intent.engine), sending)
        if intent.wait:
            await asyncio.sleep(intent.wait)
        if intent.kind == "transaction":
            await self._transact(intent)
            return
        found = self._args(intent)
        if found is None:
            return
        key = None
        if intent.keyed:
            self._keys += 1
            key = f"k{self.number}-{self._keys}"
        await self._send(intent, Sending(intent.tenant, intent.kind, found, key))

    async def end(self) -> None:
        """Wait for what is still under way."""
        await asyncio.gather(*self._behind)

    async def _send(self, intent: Intent, sending: Sending) -> None:
        crowd = self.crowd
        number, other = crowd.door(intent.engine), crowd.door(intent.other)
        match intent.send:
            case "double" | "two_engines":
                crowd.counts[f"fault:{intent.send}"] += 1
                again = number if intent.send == "double" else other
                if sending.key is None:
                    # Two who want the same at the same moment, each for themselves.
                    await asyncio.gather(self._once(number, sending), self._once(other, sending))
                else:
                    await self._both(number, again, sending)
            case "delay":
                crowd.counts["fault:delay"] += 1
                op = await self._once(number, sending)
                self._later(self._again(op, other, sending, intent.delay))
            case "reorder":
                crowd.counts["fault:reorder"] += 1
                self._later(self._late(number, sending, 0.005 + intent.delay))
            case _:
                op = await self._once(number, sending)
                if crowd.questions and crowd.questions[-1].op == op and intent.second < 0.5:  # noqa: PLR2004
                    await crowd.ask_again(crowd.questions.pop())

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def _late(self, number: int, sending: Sending, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._once(number, sending)

    async def _again(self, op: int, number: int, sending: Sending, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.crowd.send(self.number, number, sending, attempt_of=op)

    async def _once(self, number: int, sending: Sending) -> int:
        op, reply = await self.crowd.send(self.number, number, sending)
        self._learn(sending, reply)
        return op

    async def _both(self, number: int, other: int, sending: Sending) -> None:
        """The same request on two connections at once."""
        crowd = self.crowd
        op = crowd.recorder.draw()
        (_, reply), _ = await asyncio.gather(
            crowd.send(self.number, number, sending, op=op),
            crowd.send(self.number, other, sending, attempt_of=op),
        )
        self._learn(sending, reply)

    def _args(self, intent: Intent) -> dict[str, Any] | None:
        """The arguments, with the bookings it is about; None when none is known."""
        args = dict(intent.args)
        if intent.kind in ("book", "hold", "join", "change_capacity"):
            return args
        found = self._pick(intent, intent.pick)
        if found is None:
            return None
        if intent.kind == "move_together":
            other = self._pick(intent, intent.second)
            if other is None or other.booking_id == found.booking_id:
                return None
            # A swap: each gets the other's places.
            moves = [
                {"booking_id": found.booking_id, "claims": other.claims},
                {"booking_id": other.booking_id, "claims": found.claims},
            ]
            return {"moves": moves}
        args["booking_id"] = found.booking_id
        if intent.versioned and intent.kind != "expire":
            args["version"] = found.version
        return args

    def _pick(self, intent: Intent, share: float) -> Known | None:
        among = self.crowd.shared if intent.shared else self.known
        mine = [known for known in among if known.tenant == intent.tenant]
        return mine[int(share * len(mine))] if mine else None

    def _learn(self, sending: Sending, reply: Reply) -> None:
        outcome = reply.outcome
        if outcome is None:
            return
        code = outcome["code"]
        if code in ANSWERS and sending.kind not in ANSWERS[code]:
            # Somebody else's answer: for the checker to say so, not for us to fall over.
            return
        if code in ("booked", "held", "joined"):
            version = outcome.get("version", 1)
            known = Known(sending.tenant, outcome["booking_id"], sending.args["claims"], version)
            self.known.append(known)
            self.crowd.shared.append(known)
        elif code == "moved":
            claims = [move["claims"] for move in sending.args.get("moves", [sending.args])]
            for moved, new in zip(outcome["moved"], claims, strict=False):
                for known in self._knowing(moved["booking_id"]):
                    known.claims, known.version = new, moved["version"]
        elif "booking_id" in outcome and sending.kind not in ("book", "hold", "join"):
            for known in self._knowing(outcome["booking_id"]):
                known.version = outcome.get("version", known.version)
                gone = code in ("cancelled", "released", "expired", "not_booked", "hold_expired")
                # Not always: what is gone is asked about again, too.
                if gone and known in self.known and random.random() < 0.8:  # noqa: PLR2004
                    self.known.remove(known)

    def _knowing(self, booking_id: str) -> list[Known]:
        found = {id(x): x for x in (*self.known, *self.crowd.shared) if x.booking_id == booking_id}
        return list(found.values())

    async def _transact(self, intent: Intent) -> None:
        orders: list[wording.Order] = []
        principal = self.crowd.principals[intent.tenant]
        for part in intent.parts:
            found = self._args(part)
            if found is not None:
                args = found | wording.ids_for(part.kind)
                orders.append(wording.Order(intent.tenant, principal, part.kind, args))
        if not orders:
            return
        number = self.crowd.door(intent.engine)
        try:
            replies = await self.crowd.transact(
                self.number, number, orders, commit=not intent.rolled_back
            )
        except Down:
            return
        for order, reply in zip(orders, replies, strict=True):
            self._learn(Sending(intent.tenant, order.kind, order.args, None), reply)
