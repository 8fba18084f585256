"""A short story, one operation after the other, for lies to be told in.

1 define yoga, 3 places                  13 one more pair: full
2 define court                           14 skis: 9 pairs
3 define skis, 2 pairs                   15 eve books skis, at the time of court: busy
4 define pilates, 3 places               16 cyd's hold is confirmed
5 ann books yoga, seat 1                 17 ann books yoga: she is there already
6 ben books yoga, seat 2                 18 ann moves to pilates
7 cyd holds yoga, seat 3                 19 yoga: 1 place; 2 are taken
8 dee books yoga: full                   20 hal holds yoga for a second
9 eve books court                        21 hal confirms, too late: hold_expired
10 fay books court: conflict              22 ben's booking at version 7: conflict
11 gil books both pairs of skis, key k1   23 yoga: 2 places
12 the same again: the same answer        24 ida books yoga by override
"""

from collections.abc import Callable, Iterator

from tests.checker.made_up.rows import NOON, SECOND, Row, fed
from tests.checker.made_up.run import Run

HOUR = 3600 * SECOND
Lie = Callable[[list[Row]], object]


def story() -> Run:
    """The story, true from beginning to end."""
    run = Run(overlapping=False)
    run.define("occurrence", "yoga", 3)
    run.define("resource", "court", 1, "refuse")
    run.define("pool", "skis", 2, "refuse")
    run.define("occurrence", "pilates", 3)
    noon = {"start": NOON, "end": NOON + HOUR}
    ann = run.book("yoga", "ann")["booking_id"]
    ben = run.book("yoga", "ben")["booking_id"]
    cyd = run.book("yoga", "cyd", seconds=60)["booking_id"]
    run.book("yoga", "dee")
    run.book([{"bookable": "court", **noon}], "eve")
    run.book([{"bookable": "court", **noon}], "fay")
    run.book([{"bookable": "skis", "units": 2, **noon}], "gil", key="k1")
    run.again(11)
    run.book([{"bookable": "skis", **noon}], "jan")
    later = {"start": NOON + HOUR // 2, "end": NOON + 2 * HOUR}
    run.change_capacity("skis", 9)
    run.book([{"bookable": "skis", **later}], "eve")
    run.change("confirm", cyd)
    run.book("yoga", "ann")
    run.move(ann, [{"bookable": "pilates", "units": 1}])
    run.change_capacity("yoga", 1)
    hal = run.book("yoga", "hal", seconds=1)["booking_id"]
    run.now += 2
    run.change("confirm", hal)
    run.change("cancel", ben, version=7)
    run.change_capacity("yoga", 2)
    run.book("yoga", "ida", override=True)
    return run


def line(lines: list[Row], t: str, op: int) -> Row:
    """The invoke or return line of an operation."""
    return next(x for x in lines if x["t"] == t and x["op"] == op)


def told(lines: list[Row], op: int) -> Row:
    """The outcome that an operation was told."""
    outcome: Row = line(lines, "return", op)["outcome"]
    return outcome


def rows(lines: list[Row], table: str, **where: object) -> Iterator[Row]:
    """The rows of a table that have these values."""
    for x in lines:
        if x["t"] == "row" and x["table"] == table:
            row: Row = x["row"]
            if all(row[name] == value for name, value in where.items()):
                yield row


def pages(lines: list[Row]) -> list[Row]:
    """The feed."""
    return list(rows(lines, "feed_pages"))


def drop(lines: list[Row], table: str, **where: object) -> None:
    """Take rows out of a table."""
    gone = [id(row) for row in rows(lines, table, **where)]
    assert gone
    lines[:] = [x for x in lines if x["t"] != "row" or id(x["row"]) not in gone]


def written_by(lines: list[Row], op: int) -> str:
    """The command id of an operation."""
    command_id: str = line(lines, "invoke", op)["args"]["command_id"]
    return command_id


def undo(lines: list[Row], op: int) -> None:
    """The ledger as if an operation, a booking that is the last on its streams, had never been."""
    command_id = written_by(lines, op)
    for row in rows(lines, "journal", command_id=command_id):
        (head,) = rows(lines, "heads", bookable_id=row["stream_id"])
        assert head["seq"] == row["seq"]
        head["seq"] -= 1
        before = list(rows(lines, "journal", stream_id=row["stream_id"], seq=head["seq"]))
        head["at"] = before[0]["at"] if before else None
        for claim in row["body"].get("claims", ()):
            if head["kind"] == "occurrence":
                head["taken"] -= claim["units"]
                head["overbooked"] = max(0, head["taken"] - head["capacity"])
    for table in ("bookings", "claims"):
        drop(lines, table, booking_id=command_id)
    drop(lines, "journal", command_id=command_id)
    feed_anew(lines)


def feed_anew(lines: list[Row]) -> None:
    """The feed of the journal as it is told now: the lie is elsewhere."""
    lines[:] = [x for x in lines if x["t"] != "row" or x["table"] != "feed_pages"]
    pages = fed(list(rows(lines, "journal")))
    lines[-1:-1] = [{"t": "row", "table": "feed_pages", "row": page} for page in pages]
