"""A seed becomes a plan: what each client wants, in order, and which fault comes when. Pure.

What a command finds depends on the race, so a plan says which of the bookings a client knows it is
about by a share of their number (`pick`), not by id. The same seed gives the same plan, not the
same history.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from lastseat.torture import venue

GENERATION = 60
"""Commands of a client until the next class and the next day come up."""

HURTING = (
    "kill_engine",
    "kill_postmaster",
    "kill_backend",
    "crash_point",
    "cut_answers",
    "stop_engine",
    "cut_requests",
    "commit_late",
    "lock_timeout",
    "disk_full",
    "clock_step",
    "statement_timeout",
    "terminate_backend",
    "kill_relay",
)
"""What is done to engines, database and wires, the most telling first."""

SENDING = ("double", "two_engines", "delay", "reorder")
"""What is done to requests, by the clients themselves."""

FAULTS = HURTING + SENDING

CRASHES = tuple(
    (point, action)
    for point in (
        "before_commit",
        "after_commit",
        "before_answer",
        "after_lock",
        "after_decide",
        "before_lock",
    )
    for action in ("kill", "raise")
)
"""Every crash point of the engine (engine/faults.py), and what happens there."""

QUIET_SECONDS = 2.0
"""At the beginning: engines and clients have come up before anything is done to them."""

_WEIGHTS = {
    "kill_engine": 4,
    "kill_backend": 3,
    "kill_postmaster": 2,
    "crash_point": 6,
    "cut_answers": 3,
    "cut_requests": 2,
    "commit_late": 3,
    "stop_engine": 2,
    "terminate_backend": 2,
    "kill_relay": 2,
}

_KINDS = {
    "book": 33,
    "hold": 15,
    "join": 12,
    "confirm": 9,
    "release": 5,
    "cancel": 14,
    "extend": 4,
    "move": 8,
    "move_together": 2,
    "change_capacity": 3,
    "check_in": 2,
    "check_out": 1,
    "expire": 2,
    "override": 2,
    "transaction": 6,
}


class Intent(Struct, frozen=True, kw_only=True):
    """What a client wants next.

    `pick` and `second` choose among the bookings it knows, `shared` among those of its neighbours.
    `engine` chooses the engine, and `other` a second one where the request goes to two. `wait` is
    how long the client rests before it.
    """

    kind: str
    tenant: str
    generation: int
    args: dict[str, Any] = {}
    pick: float = 0.0
    second: float = 0.0
    shared: bool = False
    versioned: bool = False
    keyed: bool = False
    engine: float = 0.0
    other: float = 0.0
    send: str = "once"
    delay: float = 0.0
    wait: float = 0.0
    rolled_back: bool = False
    parts: "tuple[Intent, ...]" = ()


class Fault(Struct, frozen=True, kw_only=True):
    """Something bad at a time, in seconds from the beginning."""

    at: float
    kind: str
    engine: float = 0.0
    seconds: float = 0.0
    detail: dict[str, Any] = {}


def intents(seed: int, client: int, sending: Sequence[str] = SENDING) -> Iterator[Intent]:
    """What one client wants, without end."""
    chance = random.Random(f"client {seed} {client}")
    number = 0
    while True:
        # Clients are a little out of step, as people are.
        generation = (number + client % 7) // GENERATION
        kind = chance.choices(tuple(_KINDS), tuple(_KINDS.values()))[0]
        yield _intent(chance, kind, client, generation, tuple(sending))
        number += 1


def _intent(
    chance: random.Random, kind: str, client: int, generation: int, sending: tuple[str, ...]
) -> Intent:
    tenant = venue.TENANTS[0] if chance.random() < 0.85 else venue.TENANTS[1]
    rolled_back = False
    parts: tuple[Intent, ...] = ()
    if kind == "transaction":
        inner = ("book", "hold", "book", "join", "cancel", "confirm", "move")
        parts = tuple(
            _plain(chance, chance.choice(inner), client, generation, tenant)
            for _ in range(chance.randint(1, 3))
        )
        rolled_back = chance.random() < 0.3
    plain = _plain(chance, kind, client, generation, tenant)
    send, delay = "once", 0.0
    draw = chance.random()
    if sending and draw < 0.14 and kind not in ("transaction", "expire"):
        send = chance.choice(sending)
        delay = chance.choice((0.0, 0.0, 0.01, 0.1, 0.6, 2.0)) if send == "delay" else 0.0
    fields = {name: getattr(plain, name) for name in plain.__struct_fields__}
    return Intent(
        **fields
        | {
            "keyed": (plain.keyed or send != "once") and kind != "transaction",
            "engine": chance.random(),
            "other": chance.random(),
            "send": send,
            "delay": delay,
            # Bursts: mostly no pause at all, now and then a longer one.
            "wait": chance.uniform(0.05, 0.4) if chance.random() < 0.2 else 0.0,
            "rolled_back": rolled_back,
            "parts": parts,
        }
    )


def _plain(chance: random.Random, kind: str, client: int, generation: int, tenant: str) -> Intent:
    """The command by itself."""
    actor = (
        f"a{chance.randrange(venue.REGULARS)}"
        if chance.random() < 0.6
        else f"c{client}-{chance.randrange(10**9)}"
    )
    args: dict[str, Any] = {}
    match kind:
        case "book":
            args = {"claims": venue.claims(chance, generation), "actor": actor}
            if chance.random() < 0.15:
                args["confirmed"] = False
        case "hold":
            seconds = chance.choice((1, 1, 2, 3, 3, 30))
            args = {"claims": venue.claims(chance, generation), "actor": actor}
            args |= {"seconds": seconds, "limit": seconds + 3}
        case "join":
            # Most offers lapse, as they do where people have gone elsewhere meanwhile.
            seconds = chance.choice((1, 1, 2, 3, 30))
            args = {"claims": venue.awaited(chance, generation), "actor": actor}
            args |= {"offer_seconds": seconds}
        case "override":
            kind, args = "book", {"claims": [venue.over(chance)], "actor": actor}
            if chance.random() < 0.4:
                args |= {"override": True, "reason": "torture"}
        case "move":
            args = {"claims": venue.claims(chance, generation)}
        case "change_capacity":
            args = venue.capacity(chance, generation)
            if args.get("override"):
                args["reason"] = "torture"
        case "extend":
            args = {"seconds": chance.randint(1, 4)}
        case _:
            pass
    return Intent(
        kind=kind,
        tenant=tenant,
        generation=generation,
        args=args,
        pick=chance.random(),
        second=chance.random(),
        shared=chance.random() < 0.3,
        versioned=chance.random() < 0.15,
        keyed=chance.random() < 0.5 and kind != "expire",
    )


def faults(seed: int, seconds: float, kinds: Sequence[str] = HURTING) -> list[Fault]:
    """What happens when. Each kind comes once, roughly as `HURTING` has it, before any twice."""
    wanted = [kind for kind in HURTING if kind in kinds]
    if not wanted:
        return []
    chance = random.Random(f"faults {seed}")
    crashes = _endless(chance, CRASHES)
    first = [*wanted]
    if "crash_point" in wanted:
        # Every point in a run that is long enough for it.
        first += ["crash_point"] * (len(CRASHES) - 1)
        # What it takes to be told wrongly after a lost COMMIT is rare.
        first += ["commit_late"] * (6 if "commit_late" in wanted else 0)
        kept = max(3, len(wanted) // 3)
        middle = first[kept:]
        chance.shuffle(middle)
        first[kept:] = middle
    last = seconds - 3.0
    pause = min(2.5, max(0.5, (last - QUIET_SECONDS) / len(first)))
    planned: list[Fault] = []
    at = QUIET_SECONDS
    while at < last:
        kind = (
            first.pop(0)
            if first
            else chance.choices(wanted, [_WEIGHTS.get(kind, 1) for kind in wanted])[0]
        )
        planned.append(_fault(chance, kind, round(at, 3), crashes))
        at += pause * chance.uniform(0.7, 1.3)
    return planned


def _endless(chance: random.Random, of: Sequence[Any]) -> Iterator[Any]:
    while True:
        yield from chance.sample(of, len(of))


def _fault(
    chance: random.Random, kind: str, at: float, crashes: Iterator[tuple[str, str]]
) -> Fault:
    engine = chance.random()
    seconds = round(chance.uniform(0.2, 1.2), 3)
    detail: dict[str, Any] = {}
    match kind:
        case "crash_point":
            point, action = next(crashes)
            detail = {"point": point, "action": action, "nth": chance.randint(3, 40)}
        case "stop_engine":
            # Past ten seconds the server has ended the sleeper's session by itself.
            seconds = 12.0 if chance.random() < 0.12 else chance.uniform(0.5, 4.0)
        case "clock_step":
            detail = {"offset": chance.choice((-8.0, -4.0, -2.0, 2.0, 4.0))}
        case "cut_requests" | "cut_answers":
            detail = {"link": chance.choice(("database", "database", "client"))}
        case "commit_late":
            detail = {"late": round(chance.uniform(0.05, 0.5), 3)}
        case "lock_timeout":
            seconds = chance.uniform(0.5, 2.5)
        case _:
            pass
    return Fault(at=at, kind=kind, engine=engine, seconds=round(seconds, 3), detail=detail)
