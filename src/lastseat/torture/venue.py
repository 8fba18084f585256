"""What the run books: occurrences, an event, exclusive resources, pools. Names and times, pure.

Contended things come in generations: a new class of twenty and a new day on the lanes every few
seconds, so that there is always something about to be sold out. What can be overbooked by an
override is kept apart, so that a plain count can judge all the rest.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

TENANTS = ("t0", "t1")
REGULARS = 40
"""Actors that everybody books for: who sits there already, who is busy."""

WIDE = 150
OVERS = 6
LANES = 5
POOLS = {"shoes": 12, "skis": 5}
EVENT = "yoga"
EVENT_STARTS = tuple(f"2030-04-{day:02}T{hour:02}:00" for day in range(1, 29) for hour in (8, 19))

_BEGINNING = datetime(2030, 3, 1, 10, tzinfo=UTC)
_DAYS = datetime(2031, 1, 1, 8, tzinfo=UTC)
_HALF_HOUR = timedelta(minutes=30)
_POLICIES = ("fifo", "first_that_fits")
"""Who is offered what comes free: of classes and pools by turns the one and the other."""
_ROOM = 36
"""Half hours of a day on the resources: few enough to be in each other's way."""

Claim = dict[str, Any]
Define = dict[str, Any]


def hot(generation: int) -> Define:
    """The class that everybody wants now: its definition, as `define_occurrence` has it."""
    start = _BEGINNING + timedelta(hours=2 * generation)
    capacity, policy = 8 + generation % 5 * 4, _POLICIES[generation % 2]
    return _occurrence(f"hot-{generation}", start, timedelta(hours=1), capacity, policy)


def standing() -> list[tuple[str, Define]]:
    """What is there from the beginning: (kind of command, its arguments)."""
    made: list[tuple[str, Define]] = []
    for i in range(WIDE):
        # Three at a time, so that an actor can be busy elsewhere.
        start = _BEGINNING + timedelta(hours=2 * (i // 3), minutes=30)
        policy = "closed" if i % 10 == 0 else _POLICIES[i % 2]
        definition = _occurrence(f"wide-{i}", start, timedelta(hours=1), 3 + i % 4, policy)
        made.append(("define_occurrence", definition))
    for i in range(OVERS):
        start = _BEGINNING - timedelta(days=9 - i)
        made.append(("define_occurrence", _occurrence(f"over-{i}", start, timedelta(hours=1), 5)))
    made += [("define_resource", {"bookable": f"lane-{i}"}) for i in range(LANES)]
    made += [
        ("define_pool", {"bookable": name, "capacity": capacity, "waitlist": policy})
        for (name, capacity), policy in zip(POOLS.items(), _POLICIES, strict=True)
    ]
    made.append(
        (
            "define_event",
            {
                "bookable": EVENT,
                "starts": list(EVENT_STARTS),
                "duration": 3600,
                "time_zone": "Europe/Paris",
                "capacity": 5,
            },
        )
    )
    return made


def seat(chance: random.Random, generation: int) -> Claim:
    """A claim of an occurrence: the hot one, its last, one of the many, or the event's."""
    draw = chance.random()
    units = chance.choice((1, 1, 1, 1, 2, 2, 3, 4))
    if draw < 0.4:
        return {"bookable": f"hot-{generation}", "units": units}
    if draw < 0.5:
        return {"bookable": f"hot-{max(0, generation - 1)}", "units": units}
    if draw < 0.85:
        return {"bookable": f"wide-{chance.randrange(WIDE)}", "units": min(units, 3)}
    return {"bookable": f"{EVENT}@{chance.choice(EVENT_STARTS)}", "units": min(units, 2)}


def slot(chance: random.Random, generation: int) -> Claim:
    """A claim of a resource or a pool, on the day that everybody books now."""
    start = _DAYS + timedelta(days=generation) + chance.randrange(_ROOM) * _HALF_HOUR
    end = start + chance.randint(1, 4) * _HALF_HOUR
    claim: Claim = {"start": start.isoformat(), "end": end.isoformat()}
    if chance.random() < 0.5:
        claim |= {"bookable": f"lane-{chance.randrange(LANES)}", "units": 1}
        if chance.random() < 0.3:
            claim |= {"before": 600, "after": 900}
    else:
        pool = chance.choice(tuple(POOLS))
        claim |= {"bookable": pool, "units": chance.randint(1, 1 + POOLS[pool] // 3)}
    return claim


def claims(chance: random.Random, generation: int) -> list[Claim]:
    """What one booking takes: mostly one thing, sometimes a mixture."""
    draw = chance.random()
    if draw < 0.62:
        return [seat(chance, generation)]
    if draw < 0.88:
        return [slot(chance, generation)]
    if draw < 0.94:
        return [seat(chance, generation), slot(chance, generation)]
    day = slot(chance, generation)
    lanes = chance.sample(range(LANES), 2)
    time = {"start": day["start"], "end": day["end"]}
    return [{"bookable": f"lane-{i}", "units": 1, **time} for i in lanes]


def awaited(chance: random.Random, generation: int) -> list[Claim]:
    """What one waits for: mostly a place in a class, sometimes a lane, a pool or several things."""
    draw = chance.random()
    if draw < 0.55:
        return [{"bookable": f"hot-{generation}", "units": chance.choice((1, 1, 1, 2, 2, 3))}]
    if draw < 0.75:
        return [seat(chance, generation)]
    if draw < 0.9:
        return [slot(chance, generation)]
    return [seat(chance, generation), slot(chance, generation)]


def over(chance: random.Random) -> Claim:
    """A claim of what overrides may push past its capacity."""
    return {"bookable": f"over-{chance.randrange(OVERS)}", "units": chance.randint(1, 3)}


def capacity(chance: random.Random, generation: int) -> Define:
    """A capacity to be set, up or down, on what is contended."""
    draw = chance.random()
    if draw < 0.35:
        name, least, most = f"hot-{generation}", 4, 26
    elif draw < 0.6:
        name, least, most = f"wide-{chance.randrange(WIDE)}", 1, 8
    elif draw < 0.85:
        name = chance.choice(tuple(POOLS))
        least, most = POOLS[name] - 3, POOLS[name] + 5
    elif draw < 0.93:
        name, least, most = EVENT, 3, 8
    else:
        name, least, most = f"over-{chance.randrange(OVERS)}", 2, 8
        return {
            "bookable": name,
            "capacity": chance.randint(least, most),
            "override": chance.random() < 0.7,
        }
    return {"bookable": name, "capacity": chance.randint(least, most)}


def _occurrence(
    name: str, start: datetime, length: timedelta, capacity: int, waitlist: str = "fifo"
) -> Define:
    return {
        "bookable": name,
        "start": start.isoformat(),
        "end": (start + length).isoformat(),
        "capacity": capacity,
        "waitlist": waitlist,
    }
