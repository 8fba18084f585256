"""Who waits, and who is offered what comes free: a true story is clean, each lie is said in words.

1 define yoga, 2 places                   10 ben cancels: cyd is offered his place
2 define spin, who fits is served         11 cyd confirms
3 define dance, nobody can wait           12 fay waits for dance: nobody can
4 ann books yoga                          13 gil waits for yoga for 3: there never are
5 ben books yoga                          14 ann cancels: dee is offered her place
6 cyd waits for yoga: first               15 hal waits for spin: a place is held at once
7 dee waits for yoga: second              16 ida waits for yoga for 2: first
8 cyd once more: waits already            17 jan waits for yoga: second
9 eve books yoga: full, 2 wait            18 jan leaves the line
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.checker.made_up.rows import Row, write
from tests.checker.made_up.run import Run
from tests.checker.story import drop, feed_anew, line, rows, told, written_by

from lastseat.checker import check


def story(careless: frozenset[str] = frozenset()) -> Run:
    """The story, true but for what the made-up engine does not look at."""
    run = Run(overlapping=False)
    run.careless = careless
    run.define("occurrence", "yoga", 2)
    run.define("occurrence", "spin", 2, waitlist="first_that_fits")
    run.define("occurrence", "dance", 2, waitlist="closed")
    ann = run.book("yoga", "ann")["booking_id"]
    ben = run.book("yoga", "ben")["booking_id"]
    cyd = run.join("yoga", "cyd")["booking_id"]
    run.join("yoga", "dee")
    run.join("yoga", "cyd")
    run.book("yoga", "eve")
    run.change("cancel", ben)
    run.change("confirm", cyd)
    run.join("dance", "fay")
    run.join("yoga", "gil", units=3)
    run.change("cancel", ann)
    run.join("spin", "hal")
    run.join("yoga", "ida", units=2)
    jan = run.join("yoga", "jan")["booking_id"]
    run.change("cancel", jan)
    return run


def offer_to(lines: list[Row], op: int) -> Row:
    (row,) = rows(lines, "journal", booking_id=written_by(lines, op), type="offered")
    return row


def another_position(lines: list[Row]) -> None:
    told(lines, 7)["position"] = 1


def another_line_told(lines: list[Row]) -> None:
    told(lines, 7)["bookable"] = "spin"


def never_so_many(lines: list[Row]) -> None:
    told(lines, 9)["waiting"] = 1


def nobody_mentioned(lines: list[Row]) -> None:
    told(lines, 9)["waiting"] = 0


def cannot_wait(lines: list[Row]) -> None:
    told(lines, 9)["can_join_waitlist"] = False


def waits_elsewhere(lines: list[Row]) -> None:
    told(lines, 8)["position"] = 2


def never_closed(lines: list[Row]) -> None:
    told(lines, 12)["bookable"] = "yoga"


def never_too_many(lines: list[Row]) -> None:
    line(lines, "invoke", 13)["args"]["claims"][0]["units"] = 2


def no_offer(lines: list[Row]) -> None:
    told(lines, 15)["version"] = 1


def offered_for_longer(lines: list[Row]) -> None:
    line(lines, "invoke", 15)["args"]["offer_seconds"] = 90


def offered_by_another_transaction(lines: list[Row]) -> None:
    """Between the cancellation and the offer the place was anybody's."""
    offer_to(lines, 6)["tx"] = "9999"


def offered_something_else(lines: list[Row]) -> None:
    (row,) = rows(lines, "journal", booking_id=written_by(lines, 7), type="joined")
    row["body"]["awaited"]["claims"][0]["units"] = 2


def offered_twice(lines: list[Row]) -> None:
    """Cyd is offered the place that was dee's to have."""
    offer_to(lines, 7).update(booking_id=written_by(lines, 6), version=4)
    feed_anew(lines)


def no_row(lines: list[Row]) -> None:
    drop(lines, "waitlist", booking_id=written_by(lines, 16))


def waits_on(lines: list[Row]) -> None:
    (row,) = rows(lines, "waitlist", booking_id=written_by(lines, 16))
    row["booking_id"] = written_by(lines, 17)


def miscounted(lines: list[Row]) -> None:
    (head,) = rows(lines, "heads", bookable_id="yoga")
    head["waiting"] = 2


Lie = Callable[[list[Row]], None]
Said = tuple[str, str, tuple[int, ...]]

AT_NOON = "during 2027-01-15T08:00:00+00:00 to 2027-01-15T09:00:00+00:00"
FULL = f"full (capacity 2, left 0, {AT_NOON}"
HAD_NOTHING_LEFT = "yoga had 0 of 2 left then, and 2 waited for it"
CYD = "booking_id 00000000-0000-7000-8000-000000000006"
WAS_NOT_SO = "that was not so of yoga, at its entry 5"
CLOSED = "reason it has no waitlist"
NOT_OFFERED = "and it was not offered, after its entry"

LIES: list[tuple[Lie, Said]] = [
    (another_position, ("answer", "op 7 was told position 1, and it is 2", (7,))),
    (another_line_told, ("answer", "op 7 was told bookable spin, and it is yoga", (7,))),
    (
        never_so_many,
        (
            "refusal",
            f"op 9 (book) was told {FULL}, waiting 1): {HAD_NOTHING_LEFT}",
            (9,),
        ),
    ),
    (
        nobody_mentioned,
        (
            "refusal",
            f"op 9 (book) was told {FULL}): {HAD_NOTHING_LEFT}",
            (9,),
        ),
    ),
    (
        cannot_wait,
        (
            "refusal",
            f"op 9 (book) was told {FULL}, waiting 2): that they could not wait for yoga is not so",
            (9,),
        ),
    ),
    (
        waits_elsewhere,
        (
            "refusal",
            f"op 8 (join) was told already_waiting ({CYD}, position 2): {WAS_NOT_SO}",
            (8,),
        ),
    ),
    (
        never_closed,
        (
            "refusal",
            f"op 12 (join) was told waitlist_closed ({CLOSED}): yoga has a line, and has not begun",
            (12,),
        ),
    ),
    (
        never_too_many,
        ("refusal", f"op 13 (join) was told {FULL}): yoga had room for 2 if it was empty", (13,)),
    ),
    (no_offer, ("answer", "op 15 was told version 1, which is no offer", (15,))),
    (offered_for_longer, ("answer", "op 15 was told offer_seconds 60, and it is 90", (15,))),
    (
        offered_by_another_transaction,
        ("line", f"yoga: there was a place for the booking of op 6, {NOT_OFFERED} 6", (10, 6)),
    ),
    (
        offered_something_else,
        (
            "line",
            "yoga: the booking of op 7 waited for [('yoga', 2)], was offered [('yoga', 1)]",
            (7,),
        ),
    ),
    (
        offered_twice,
        ("impossible", "the booking of op 6 was offered by the engine, but was CONFIRMED", (11,)),
    ),
    (no_row, ("projection", "the booking of op 16 waits for yoga, and has no row", (16,))),
    (waits_on, ("projection", "the booking of op 16 waits for yoga, and has no row", (16,))),
    (miscounted, ("projection", "head yoga: waiting is 2, and the journal comes to 1", ())),
]


def test_a_true_story_is_clean(tmp_path: Path) -> None:
    verdict = check(story().save(tmp_path / "history.jsonl"))
    assert verdict.violations == []
    assert (verdict.operations, verdict.rows) == (18, 17)


@pytest.mark.parametrize(("lie", "said"), LIES, ids=lambda x: getattr(x, "__name__", ""))
def test_a_lie_is_said_in_words(lie: Lie, said: Said, tmp_path: Path) -> None:
    lines = story().lines()
    lie(lines)
    found = check(write(tmp_path / "history.jsonl", lines)).violations
    assert said in [(x.property, x.what, x.operations) for x in found]


def found(run: Run, tmp_path: Path) -> Said:
    """The first that is said of a run whose engine was careless."""
    first = check(run.save(tmp_path / "history.jsonl")).violations[0]
    return first.property, first.what, first.operations


def test_a_place_that_nobody_is_offered(tmp_path: Path) -> None:
    said = f"yoga: there was a place for the booking of op 6, {NOT_OFFERED} 6"
    assert found(story(frozenset({"offers"})), tmp_path) == ("line", said, (10, 6))


def test_the_last_in_line_is_not_the_first(tmp_path: Path) -> None:
    said = "yoga: the booking of op 7 was offered a place, and the booking of op 6 was before it"
    assert found(story(frozenset({"order"})), tmp_path) == ("line", said, (7, 6))


def smaller_party(*careless: str) -> Run:
    """Ida waits for two places where one is free, and jan, for one, is behind her."""
    run = Run(overlapping=False)
    run.careless = frozenset(careless)
    run.define("occurrence", "yoga", 2)
    run.book("yoga", "ann")
    run.join("yoga", "ida", units=2)
    run.join("yoga", "jan")
    return run


def test_a_walk_in_passes_nobody(tmp_path: Path) -> None:
    run = smaller_party("line")
    run.book("yoga", "eve")
    said = "yoga: op 5 took a place though the booking of op 3 waited for it"
    assert found(run, tmp_path) == ("line", said, (5, 3))


def test_an_override_passes_the_line(tmp_path: Path) -> None:
    run = smaller_party()
    run.book("yoga", "eve", override=True)
    assert check(run.save(tmp_path / "history.jsonl")).clean


def test_nobody_is_put_out_of_a_line_for_nothing(tmp_path: Path) -> None:
    run = smaller_party()
    ida = next(iter(run.waiting))
    run.leave_line(run.bookings[ida])
    run.bookings[ida] |= {"status": "EXPIRED", "version": 2}
    run.append("yoga", "expired", {}, run.id(), run.bookings[ida], principal="system")
    said = "yoga: the booking of op 3 was put out of its line, and nothing was in its way"
    assert found(run, tmp_path) == ("line", said, (3,))
