"""Runs drawn at random, of any length."""

from tests.checker.made_up.rows import NOON, SECOND, Row
from tests.checker.made_up.run import Run

HOUR = 3600 * SECOND


def slot(run: Run, name: str, **more: int) -> Row:
    start = NOON + run.random.randrange(16) * HOUR // 2
    return {"bookable": name, "start": start, "end": start + HOUR, **more}


def join(run: Run, name: str, actor: str) -> list[str]:
    """Wait in a line; the booking, if there is one."""
    units, seconds = run.random.choice([1, 1, 2, 3]), run.random.choice([1, 30])
    outcome = run.join(name, actor, units=units, seconds=seconds)
    return [outcome["booking_id"]] if outcome["code"] in ("joined", "held") else []


def random_run(
    seed: int, length: int, *, streams: int = 2, capacity: int = 6, overlapping: bool = True
) -> Run:
    """A venue's busy day: every operation, on few things, by few people."""
    run = Run(seed, overlapping=overlapping)
    chance = run.random
    for i in range(streams):
        policy = ("fifo", "first_that_fits")[(i + seed) % 2]
        run.define("occurrence", f"show {i}", capacity, "refuse" if i % 2 else "allow", policy)
        run.define("resource", f"court {i}", 1, "refuse" if i % 2 else "allow")
        run.define("pool", f"skis {i}", 3)
    people = [f"p{i}" for i in range(streams * capacity)]
    made: list[str] = []
    for _ in range(length):
        i = chance.randrange(streams)
        actor = chance.choice(people)
        claims = chance.choice(
            [
                [{"bookable": f"show {i}", "units": chance.choice([1, 1, 1, 2])}],
                [slot(run, f"court {i}")],
                [slot(run, f"skis {i}", units=chance.choice([1, 1, 2]), before=600)],
                [{"bookable": f"show {i}", "units": 1}, slot(run, f"skis {i}", units=1)],
            ]
        )
        what = chance.random()
        if what < 0.08:
            made += join(run, f"show {i}", actor)
        elif what < 0.5 or not made:
            seconds = chance.choice([None, None, 1, 2, 30])
            key = f"k{len(run.asked)}" if chance.random() < 0.2 else None
            outcome = run.book(
                claims,
                actor,
                seconds=seconds,
                override=chance.random() < 0.03,
                key=key,
            )
            if outcome["code"] in ("booked", "held"):
                made.append(outcome["booking_id"])
            if key is not None and chance.random() < 0.5:
                run.again(len(run.asked))
        elif what < 0.88:
            kind = chance.choice(
                ["cancel", "cancel", "confirm", "release", "extend", "check_in", "check_out"]
            )
            args: Row = {"seconds": chance.choice([1, 60])} if kind == "extend" else {}
            if chance.random() < 0.1:
                args["version"] = 1
            run.change(kind, chance.choice(made[-40:]), **args)
        elif what < 0.94:
            run.move(chance.choice(made[-40:]), claims)
        elif what < 0.97:
            pair = list(dict.fromkeys(chance.choices(made[-40:], k=2)))
            run.move_together([(one, claims) for one in pair])
        else:
            name = chance.choice([f"show {i}", f"skis {i}"])
            size = chance.randrange(1, capacity + 2)
            run.change_capacity(name, size, override=chance.random() < 0.2)
        run.now += chance.random() * 0.05
    return run
