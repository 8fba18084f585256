"""Whether there is room, and why not: rosters, capacity, lanes, lines and the actors' own time.

Only looks; what comes of the answer is written by the files that decide.
"""

from tests.checker.made_up.ledger import Ledger
from tests.checker.made_up.rows import SECOND, Row, span


def placed(ledger: Ledger, wanted: list[Row]) -> list[Row]:
    """What is asked for, with times, by bookable as the engine groups it."""
    claims = []
    for want in wanted:
        head = ledger.heads[want["bookable"]]
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


def own_time(ledger: Ledger, claims: list[Row], actor_id: str) -> list[Row]:
    watched = [x for x in claims if ledger.heads[x["bookable"]]["actor_time"] != "allow"]
    merged: list[tuple[int, int]] = []
    for start, end in sorted(claim["during"] for claim in watched):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    refuse = any(ledger.heads[x["bookable"]]["actor_time"] == "refuse" for x in watched)
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


def seated(
    ledger: Ledger, claims: list[Row], actor: str, actor_id: str, leaving: set[tuple[str, int]]
) -> Row | None:
    for claim in claims:
        if not claim["counted"] or "roster" in ledger.careless:
            continue
        for key, other in ledger.live[claim["bookable"]].items():
            if other["actor_id"] == actor_id and key not in leaving:
                return {
                    "code": "already",
                    "booking_id": other["booking_id"],
                    "actor": actor,
                    "bookable": claim["bookable"],
                    "seat": ledger.seat(claim["bookable"], other),
                    "status": ledger.bookings[other["booking_id"]]["status"],
                }
    return None


def shortage(ledger: Ledger, claims: list[Row], leaving: set[tuple[str, int]]) -> Row | None:
    """Why all these don't fit together; each says who it is for."""
    if "room" in ledger.careless:
        return None
    for name in dict.fromkeys(claim["bookable"] for claim in claims):
        group = [claim for claim in claims if claim["bookable"] == name]
        there = [x for key, x in ledger.live[name].items() if key not in leaving]
        gone = [x for key, x in ledger.live[name].items() if key in leaving]
        refusal = behind(ledger, name, group, sum(int(x["units"]) for x in gone))
        refusal = refusal or short(ledger, name, group, there)
        if refusal is not None:
            return refusal
    return None


def short(ledger: Ledger, name: str, group: list[Row], there: list[Row]) -> Row | None:
    head = ledger.heads[name]
    full = {"code": "full", "bookable": name, "capacity": head["capacity"]}
    full["can_join_waitlist"] = joinable(ledger, name, group)
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
            full["can_join_waitlist"] = joinable(ledger, name, [claim])
            left = head["capacity"] - most(over, claim["blocked"])
            more = {"actor": claim["actor"], "during": span(*claim["during"])}
            return {**full, **more, "left": max(0, left)}
    return None


def behind(ledger: Ledger, name: str, group: list[Row], freed: int) -> Row | None:
    """What a walk-in is told where others wait."""
    head, waiting = ledger.heads[name], len(ledger.line(name))
    wanted = sum(claim["units"] for claim in group)
    passing = "line" in ledger.careless or head["waitlist"] != "fifo" or wanted <= freed
    if not waiting or passing:
        return None
    told = {"actor": group[0]["actor"], "bookable": name, "capacity": head["capacity"]}
    more = {"left": 0, "during": span(*group[0]["during"]), "waiting": waiting}
    return {"code": "full", **told, **more, "can_join_waitlist": joinable(ledger, name, group)}


def joinable(ledger: Ledger, name: str, group: list[Row]) -> bool:
    head = ledger.heads[name]
    small = head["kind"] == "resource" or group[0]["units"] <= head["capacity"]
    return bool(head["waitlist"] != "closed" and small)


def elsewhere(
    ledger: Ledger, actor: str, own: list[Row], leaving: set[tuple[str, int]], coming: list[Row]
) -> Row | None:
    """The actor's time; `coming` is what the same command takes besides."""
    for claim in own if "own time" not in ledger.careless else ():
        there = [x for k, x in ledger.live.get(claim["bookable"], {}).items() if k not in leaving]
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
