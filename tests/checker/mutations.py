"""Every way in which one line of a true history can be made untrue, to be drawn at random."""

import copy
from collections.abc import Iterator
from itertools import pairwise

from tests.checker.made_up.rows import SECOND, Row
from tests.checker.story import rows

Spot = tuple[Row, str, object]
"""A mapping of the history, a name in it, and an untrue value."""

COLUMNS = {
    "journal": ("seq", "type", "booking_id", "version", "lead", "command_id", "v"),
    "heads": (
        "kind",
        "capacity",
        "overbooked",
        "taken",
        "seq",
        "at",
        "actor_time",
        "starts_at",
        "waiting",
    ),
    "bookings": ("actor_id", "status", "version", "made", "expires_at", "limit_at"),
    "claims": (
        *("no", "bookable_id", "actor_id", "units", "during", "blocked", "seq", "live"),
        *("exclusive", "override", "own_time"),
    ),
    "actors": ("ref", "actor_id"),
    "waitlist": ("bookable_id", "booking_id", "queue_id", "actor_id", "seq", "units"),
    "keys": ("outcome", "key"),
}
TOLD = {
    **dict.fromkeys(
        ("booked", "held"), ("booking_id", "actor", "seat", "units", "status", "expires_at")
    ),
    **dict.fromkeys(
        ("confirmed", "released", "cancelled", "extended", "checked_in", "checked_out"),
        ("booking_id", "actor", "version", "expires_at"),
    ),
    "joined": ("booking_id", "actor", "bookable", "units", "position", "version"),
    "already_waiting": ("booking_id", "bookable", "position"),
    "capacity_changed": ("bookable", "capacity"),
    "defined": ("bookable",),
    "full": ("bookable", "capacity", "left", "waiting", "can_join_waitlist"),
    "already": ("booking_id", "bookable", "seat", "status"),
    "conflict": ("booking_id", "bookable", "actual", "during"),
    "actor_busy": ("booking_id", "during"),
    "below_taken": ("capacity", "taken"),
    "hold_expired": ("booking_id", "expired_at"),
    "not_held": ("booking_id", "status"),
    "wrong_status": ("booking_id", "status"),
    "extend_limit": ("booking_id", "limit_at"),
}
"""What is compared of each answer."""


def untrue(value: object) -> object:
    """Another value of the kind."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str() if value.endswith("Z"):
            return value.replace("20", "19", 1)
        case "HELD":
            return "CONFIRMED"
        case (
            "WAITLISTED"
            | "CONFIRMED"
            | "RESERVED"
            | "CANCELLED"
            | "EXPIRED"
            | "CHECKED_IN"
            | "COMPLETED"
        ):
            return "HELD"
        case str():
            return f"{value}0"
        case (int() as start, int() as end):
            return [start + SECOND, end]
        case {"start": str() as start}:
            return {**value, "start": untrue(start)}  # type: ignore[dict-item]
        case None:
            return 7
        case _:
            raise TypeError(value)


def spots(lines: list[Row]) -> Iterator[Spot]:
    """Every value in the ledger and in the answers that can be made untrue."""
    for table, names in COLUMNS.items():
        for row in rows(lines, table):
            for name in names:
                # What the engine calls a command of its own is no matter to anybody.
                own = name == "command_id" and row.get("principal") == "system"
                if row.get(name) is not None and not own:
                    yield row, name, untrue(row[name])
            if table == "journal":
                yield from in_body(row["body"])
    for line in lines:
        if line["t"] == "return" and line["outcome"] is not None:
            outcome = line["outcome"]
            for name in TOLD.get(outcome["code"], ()):
                if outcome.get(name) is not None:
                    yield outcome, name, untrue(outcome[name])


def in_body(body: Row) -> Iterator[Spot]:
    for name in ("actor_id", "status", "expires_at", "limit_at", "capacity", "left", "queue"):
        value = body.get(name)
        if isinstance(value, list):
            yield body, name, value[1:]
        elif value is not None:
            yield body, name, untrue(value)
    awaited = body.get("awaited", {})
    if awaited:
        yield awaited, "offer_seconds", untrue(awaited["offer_seconds"])
    for claim in awaited.get("claims", ()):
        yield claim, "units", untrue(claim["units"])
    for claim in body.get("claims", ()):
        for name in ("no", "units", "during", "blocked", "exclusive", "override"):
            if name in claim:
                yield claim, name, untrue(claim[name])


def effects(lines: list[Row]) -> dict[int, list[Row]]:
    """The operations without a key that wrote something, with their rows."""
    written: dict[str, list[Row]] = {}
    for row in rows(lines, "journal"):
        written.setdefault(row["command_id"], []).append(row)
    return {
        line["op"]: written[line["args"]["command_id"]]
        for line in lines
        if line["t"] == "invoke" and not line["key"] and line["args"]["command_id"] in written
    }


def of(lines: list[Row], op: int) -> dict[str, Row]:
    return {x["t"]: x for x in lines if x.get("op") == op}


def gone_row(lines: list[Row], number: int) -> None:
    """A row of a table is not there."""
    candidates = [
        x
        for x in lines
        if x["t"] == "row"
        and (x["table"] in ("journal", "bookings", "claims", "waitlist") or x["row"].get("seq"))
    ]
    lines.remove(candidates[number % len(candidates)])


def row_twice(lines: list[Row], number: int) -> None:
    candidates = [x for x in lines if x["t"] == "row" and x["table"] == "journal"]
    lines.insert(-1, copy.deepcopy(candidates[number % len(candidates)]))


def untrue_value(lines: list[Row], number: int) -> None:
    """One value is another."""
    found = list(spots(lines))
    mapping, name, value = found[number % len(found)]
    mapping[name] = value


def wrong_caller(lines: list[Row], number: int) -> None:
    """Two who booked were given each other's answer."""
    told = [x for x in lines if x["t"] == "return" and x["outcome"]["code"] == "booked"]
    one = told[number % len(told)]
    other = next(x for x in told if x["outcome"]["actor"] != one["outcome"]["actor"])
    one["outcome"], other["outcome"] = other["outcome"], one["outcome"]


def failed_and_done(lines: list[Row], number: int) -> None:
    op = pick(effects(lines), number)
    of(lines, op)["return"].update(result="fail", outcome=None, error="DatabaseUnavailable: away")


def not_asked(lines: list[Row], number: int) -> None:
    op = pick(effects(lines), number)
    lines[:] = [x for x in lines if x.get("op") != op]
    lines[-1]["operations"] -= 1


def other_arguments(lines: list[Row], number: int) -> None:
    """Somebody asked for something else than they got."""
    names = ("booking_id", "capacity", "actor")
    asked = [of(lines, op)["invoke"]["args"] for op in effects(lines)]
    asked = [args for args in asked if not names_of(args).isdisjoint(names)]
    args = asked[number % len(asked)]
    for name in names_of(args).intersection(names):
        args[name] = untrue(args[name])


def other_order(lines: list[Row], number: int) -> None:
    """Two operations on one stream, in each other's time."""
    streams: dict[str, list[int]] = {}
    for op, written in effects(lines).items():
        for name in {row["stream_id"] for row in written}:
            streams.setdefault(name, []).append(op)
    pairs = [pair for ops in streams.values() for pair in pairwise(ops)]
    one, other = (of(lines, op) for op in pairs[number % len(pairs)])
    for t in ("invoke", "return"):
        one[t]["at"], other[t]["at"] = other[t]["at"], one[t]["at"]


def another_feed(lines: list[Row], number: int) -> None:
    """One entry of the feed is another one."""
    found = [
        (page, name, i)
        for page in rows(lines, "feed_pages")
        for name in ("streams", "seqs")
        for i in range(len(page[name]))
    ]
    page, name, i = found[number % len(found)]
    page[name][i] = untrue(page[name][i])


def other_positions(lines: list[Row], number: int) -> None:
    found = [
        (page, name) for page in rows(lines, "feed_pages") for name in ("first_pos", "last_pos")
    ]
    page, name = found[number % len(found)]
    page[name] += 1


def fed_in_another_order(lines: list[Row], number: int) -> None:
    """Two entries of one stream have each other's places."""
    places: dict[str, list[tuple[Row, int]]] = {}
    for page in rows(lines, "feed_pages"):
        for i, name in enumerate(page["streams"]):
            places.setdefault(name, []).append((page, i))
    found = [pair for of in places.values() for pair in pairwise(of)]
    (one, i), (other, k) = found[number % len(found)]
    one["seqs"][i], other["seqs"][k] = other["seqs"][k], one["seqs"][i]


FEED_MUTATIONS = (another_feed, other_positions, fed_in_another_order)


def names_of(args: Row) -> set[str]:
    return {name for name, value in args.items() if value is not None}


def pick(effects: dict[int, list[Row]], number: int) -> int:
    ops = sorted(effects)
    return ops[number % len(ops)]


MUTATIONS = (
    gone_row,
    row_twice,
    untrue_value,
    wrong_caller,
    failed_and_done,
    not_asked,
    other_arguments,
    other_order,
    *FEED_MUTATIONS,
)
