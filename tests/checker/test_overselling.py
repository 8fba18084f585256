"""Runs of an engine that stopped looking: what is sold twice is said, whoever was told what."""

from pathlib import Path

from tests.checker.made_up.rows import NOON, SECOND, Row
from tests.checker.made_up.run import Run

from lastseat.checker import check

HOUR = 3600 * SECOND
SLOT = {"start": NOON, "end": NOON + HOUR}


def venue(*careless: str) -> Run:
    run = Run(overlapping=False)
    run.define("occurrence", "yoga", 2)
    run.define("resource", "court", 1, "refuse")
    run.define("resource", "lane", 1, "refuse")
    run.define("pool", "skis", 3)
    run.careless = frozenset(careless)
    return run


def said(run: Run, path: Path) -> list[tuple[str, str, tuple[int, ...]]]:
    verdict = check(run.save(path / "history.jsonl"))
    return [(x.property, x.what, x.operations) for x in verdict.violations]


def at(name: str, hours: float, **more: int) -> list[Row]:
    start = NOON + int(hours * HOUR)
    return [{"bookable": name, "start": start, "end": start + HOUR, **more}]


def test_a_seat_too_many(tmp_path: Path) -> None:
    run = venue("room")
    for actor in ("ann", "ben", "cyd"):
        run.book("yoga", actor)
    what = "yoga has 2 places, and with op 7 3 are taken"
    assert ("oversold", what, (7,)) in said(run, tmp_path)


def test_a_court_twice(tmp_path: Path) -> None:
    run = venue("room")
    run.book(at("court", 0), "ann")
    run.book(at("court", 2), "ben")
    run.book(at("court", 2.5), "cyd")
    what = "court was given to op 6, and for the same time to op 7"
    assert said(run, tmp_path) == [("oversold", what, (6, 7))]


def test_a_buffer_is_in_the_way_too(tmp_path: Path) -> None:
    run = venue("room")
    run.book(at("court", 0, after=600), "ann")
    run.book(at("court", 1), "ben")
    what = "court was given to op 5, and for the same time to op 6"
    assert said(run, tmp_path) == [("oversold", what, (5, 6))]


def test_back_to_back_is_no_overlap(tmp_path: Path) -> None:
    run = venue()
    for hours in (2, 0, 1):
        assert run.book(at("court", hours), "ann")["code"] == "booked"
    assert said(run, tmp_path) == []


def test_a_peak_too_high(tmp_path: Path) -> None:
    run = venue("room")
    run.book(at("skis", 0, units=2), "ann")
    run.book(at("skis", 2, units=2), "ben")
    run.book(at("skis", 0.75, units=1), "cyd")
    run.book(at("skis", 1, units=1), "dee")
    run.book(at("skis", 0.5, units=1), "eve")
    what = "skis has 3, and with op 9 4 are in use at once"
    assert said(run, tmp_path) == [("oversold", what, (9, 5, 7, 8))]


def test_a_pool_is_no_sum(tmp_path: Path) -> None:
    run = venue()
    for hours in (0, 1, 2):
        assert run.book(at("skis", hours, units=3), "ann")["code"] == "booked"
    assert said(run, tmp_path) == []


def test_less_capacity_than_is_taken(tmp_path: Path) -> None:
    run = venue("room")
    run.book(at("skis", 0, units=3), "ann")
    run.change_capacity("skis", 2)
    what = "skis: op 6 lowered it to 2, and 3 are taken"
    assert said(run, tmp_path) == [("oversold", what, (6,))]


def test_somebody_twice_on_one_roster(tmp_path: Path) -> None:
    run = venue("roster")
    run.book("yoga", "ann")
    run.book("yoga", "ann")
    what = "yoga: op 5 and op 6 are of one actor"
    assert said(run, tmp_path) == [("seated_twice", what, (5, 6))]


def test_somebody_in_two_places(tmp_path: Path) -> None:
    run = venue("own time")
    run.book(at("court", 0), "ann")
    run.book(at("lane", 0.5), "ann")
    what = "ann's own time was given to op 5, and for the same time to op 6"
    assert said(run, tmp_path) == [("oversold", what, (5, 6))]


def test_a_hold_that_counts_for_ever(tmp_path: Path) -> None:
    run = venue("expiry")
    run.book("yoga", "ann", seconds=1)
    run.now += 5
    run.book("yoga", "ben")
    words = "yoga: the hold of op 5 was over, and still counted 4.0 s later, when op 6 was let in"
    assert said(run, tmp_path) == [("overdue", words, (6, 5))]


def test_a_refusal_for_a_hold_that_was_over(tmp_path: Path) -> None:
    run = venue("expiry")
    run.book("yoga", "ann")
    run.book("yoga", "ben", seconds=1)
    run.now += 5
    run.book(at("court", 0), "eve")
    assert run.book("yoga", "cyd")["code"] == "full"
    words = (
        "op 8 (book) was told full (capacity 2, left 0, during 2027-01-15T08:00:00+00:00 to"
        " 2027-01-15T09:00:00+00:00): a hold on yoga was over by then, and was counted"
    )
    assert said(run, tmp_path) == [("refusal", words, (8,))]


def test_a_hold_confirmed_after_its_time(tmp_path: Path) -> None:
    run = venue("expiry")
    hold = run.book("yoga", "ann", seconds=1)["booking_id"]
    run.now += 1.5
    run.change("confirm", hold)
    what = "the hold of op 5 was confirmed by op 6, 0.501 s too late"
    assert ("overdue", what, (6, 5)) in said(run, tmp_path)


def test_confirmed_already_by_one_whose_answer_was_lost_is_no_lie(tmp_path: Path) -> None:
    run = venue()
    hold = run.book("yoga", "ann", seconds=60)["booking_id"]
    run.change("confirm", hold)
    run.given[-1] |= {"result": "unknown", "outcome": None}
    run.book("yoga", "ben")
    run.change("confirm", hold, key="tap")
    # Over HTTP: the client draws no ids, so only the kept key tells the two apart.
    for line in run.asked:
        if line["kind"] == "confirm":
            line |= {"via": "http", "engine": "http-0"}
            del line["args"]["command_id"]
    assert said(run, tmp_path) == []
