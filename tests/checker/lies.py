"""Lies told in the story: what is changed in the history, and the first words of the checker."""

from tests.checker.made_up.rows import SECOND, Row
from tests.checker.story import Lie, drop, line, pages, rows, told, undo, written_by


def gap(lines: list[Row]) -> None:
    """A journal row is missing."""
    drop(lines, "journal", stream_id="yoga", seq=4)


def back_in_time(lines: list[Row]) -> None:
    (row,) = rows(lines, "journal", stream_id="yoga", seq=3)
    row["at"] -= 10 * SECOND


def same_ordinal(lines: list[Row]) -> None:
    (row,) = rows(lines, "journal", stream_id="yoga", seq=3)
    (before,) = rows(lines, "journal", stream_id="yoga", seq=2)
    row["ordinal"] = before["ordinal"]


def version_skipped(lines: list[Row]) -> None:
    (row,) = rows(lines, "journal", stream_id="yoga", type="confirmed")
    row["version"] = 3


def taken_differs(lines: list[Row]) -> None:
    (head,) = rows(lines, "heads", bookable_id="yoga")
    head["taken"] = 2


def status_differs(lines: list[Row]) -> None:
    (row,) = rows(lines, "bookings", booking_id=written_by(lines, 7))
    row["status"] = "HELD"


def claim_lives_on(lines: list[Row]) -> None:
    (row,) = rows(lines, "claims", booking_id=written_by(lines, 5), no=1)
    row["live"] = True


def claim_without_row(lines: list[Row]) -> None:
    drop(lines, "claims", booking_id=written_by(lines, 6))


def no_override(lines: list[Row]) -> None:
    """The last booking was none by override after all: one place too many is sold."""
    line(lines, "invoke", 24)["args"]["override"] = False
    for row in rows(lines, "journal", command_id=written_by(lines, 24)):
        del row["body"]["claims"][0]["override"]
    (claim,) = rows(lines, "claims", booking_id=written_by(lines, 24))
    claim["override"] = False


def unasked_override(lines: list[Row]) -> None:
    line(lines, "invoke", 24)["args"]["override"] = False


def lost(lines: list[Row]) -> None:
    undo(lines, 24)


def other_seat(lines: list[Row]) -> None:
    told(lines, 6)["seat"] = 1


def other_status(lines: list[Row]) -> None:
    told(lines, 6)["status"] = "RESERVED"


def other_version(lines: list[Row]) -> None:
    told(lines, 16)["version"] = 3


def other_expiry(lines: list[Row]) -> None:
    told(lines, 7)["expires_at"] = "2026-11-01T00:00:00Z"


def other_units(lines: list[Row]) -> None:
    line(lines, "invoke", 6)["args"]["claims"][0]["units"] = 2


def done_though_refused(lines: list[Row]) -> None:
    refusal = {**told(lines, 8), "actor": "ida"}
    line(lines, "return", 24).update(result="fail", outcome=refusal)


def done_though_it_failed(lines: list[Row]) -> None:
    line(lines, "return", 24).update(
        result="fail", outcome=None, error="DatabaseUnavailable: it is away"
    )


def nobody_asked(lines: list[Row]) -> None:
    lines[:] = [x for x in lines if x.get("op") != 24]
    lines[-1]["operations"] -= 1


def done_twice(lines: list[Row]) -> None:
    """Over HTTP the client knows no command id: the booking is there, and another like it."""
    asked = line(lines, "invoke", 5)
    asked["args"] = {k: v for k, v in asked["args"].items() if not k.endswith("_id")}
    asked["args"]["actor"] = "ida"
    told(lines, 5)["actor"] = "ida"
    lines[:] = [x for x in lines if x.get("op") != 24]
    lines[-1]["operations"] -= 1


def never_full(lines: list[Row]) -> None:
    told(lines, 8)["left"] = 1


def full_enough(lines: list[Row]) -> None:
    told(lines, 8)["capacity"] = 4


def pool_never_full(lines: list[Row]) -> None:
    told(lines, 13)["left"] = 1


def never_in_the_way(lines: list[Row]) -> None:
    told(lines, 10)["during"]["start"] = "2027-01-15T07:30:00Z"


def never_busy(lines: list[Row]) -> None:
    told(lines, 15)["booking_id"] = written_by(lines, 11)


def other_place_already(lines: list[Row]) -> None:
    told(lines, 17)["seat"] = 2


def never_taken(lines: list[Row]) -> None:
    told(lines, 19)["taken"] = 3


def not_expired_yet(lines: list[Row]) -> None:
    told(lines, 21)["expired_at"] = "2026-11-01T00:00:00Z"


def never_that_version(lines: list[Row]) -> None:
    told(lines, 22)["actual"] = 2


def expired_early(lines: list[Row]) -> None:
    """Hal's hold ran out a second before its time."""
    for row in rows(lines, "journal", stream_id="yoga"):
        if row["body"].get("expires_at") and row["command_id"] == written_by(lines, 20):
            row["body"]["expires_at"] = "2026-11-30T00:00:00Z"


def stale_answer(lines: list[Row]) -> None:
    """Dee was refused before cyd took the last place."""
    for t in ("invoke", "return"):
        line(lines, t, 8)["at"] = line(lines, "invoke", 7)["at"] - 0.0003


def order_of_time(lines: list[Row]) -> None:
    """Ben had his place before ann asked for hers, and comes after her."""
    line(lines, "invoke", 6)["at"] -= 0.0025
    line(lines, "return", 6)["at"] -= 0.0024


def unequal_answers(lines: list[Row]) -> None:
    told(lines, 12)["units"] = 1


def answer_not_kept(lines: list[Row]) -> None:
    drop(lines, "keys", key="k1")


def other_answer_kept(lines: list[Row]) -> None:
    (row,) = rows(lines, "keys", key="k1")
    row["outcome"] = row["outcome"].replace('"units": 2', '"units": 1')


def half_a_transaction(lines: list[Row]) -> None:
    """Ben and ida booked in one transaction of the caller's, and in two of the ledger's."""
    for op in (5, 6):
        line(lines, "invoke", op)["transaction"] = 5


def rolled_back(lines: list[Row]) -> None:
    line(lines, "invoke", 24)["transaction"] = 24
    line(lines, "return", 24).update(result="fail", outcome=None, error="RolledBack: by choice")


def belt_held(lines: list[Row]) -> None:
    error = "CommandFailed: Book: 23514: a check constraint is violated"
    line(lines, "return", 13).update(outcome=None, error=error)


def cut_off(lines: list[Row]) -> None:
    del lines[-1]


def unknown_field(lines: list[Row]) -> None:
    line(lines, "invoke", 5)["args"]["colour"] = "red"


def unknown_word(lines: list[Row]) -> None:
    told(lines, 8)["code"] = "too_full"


def unknown_table(lines: list[Row]) -> None:
    lines.insert(-1, {"t": "row", "table": "fees", "row": {}})


def page_missing(lines: list[Row]) -> None:
    drop(lines, "feed_pages", first_pos=5)


def page_twice(lines: list[Row]) -> None:
    """Its entries are told once more, at the end."""
    *_, last = pages(lines)
    again = {**pages(lines)[1], "first_pos": last["last_pos"] + 1, "last_pos": last["last_pos"] + 4}
    lines.insert(-1, {"t": "row", "table": "feed_pages", "row": again})


def feed_cut_short(lines: list[Row]) -> None:
    drop(lines, "feed_pages", last_pos=pages(lines)[-1]["last_pos"])


def feed_turned_round(lines: list[Row]) -> None:
    """As transaction ids may have it: yoga's second booking before its first."""
    seqs = pages(lines)[1]["seqs"]
    seqs[0], seqs[1] = seqs[1], seqs[0]


def fed_from_nowhere(lines: list[Row]) -> None:
    pages(lines)[0]["streams"][1] = "moon"


def half_a_page(lines: list[Row]) -> None:
    pages(lines)[0]["streams"].pop()


def change_torn(lines: list[Row]) -> None:
    """Between the two rows of eve's booking, court and her own time, stands cyd's."""
    page = pages(lines)[1]
    for names in ("streams", "seqs"):
        page[names][2:] = reversed(page[names][2:])


def new_epoch(lines: list[Row]) -> None:
    lines.insert(1, {"t": "fed", "at": 0.0, "epoch": "e0", "ends": {}})


def no_epoch(lines: list[Row]) -> None:
    (relay,) = rows(lines, "relay")
    relay["epoch"] = None


def feed_shorter_than_it_was(lines: list[Row]) -> None:
    for at, end in enumerate((7, 99, 9)):
        lines.insert(1 + at, {"t": "fed", "at": 0.0, "epoch": "e1", "ends": {"t0": end}})


LIES: dict[str, Lie] = {
    name: value
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", "") == __name__
}
