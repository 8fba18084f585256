"""Each property: the story that is true is clean, and each lie told in it is said in words.

A lie may break more than one property; what has to be among the violations is listed, word by word.
"""

from pathlib import Path

import pytest
from tests.checker.lies import LIES
from tests.checker.made_up.rows import write
from tests.checker.story import story

from lastseat.checker import WORDS, check

Said = tuple[str, str, tuple[int, ...]]

SAID: dict[str, list[Said]] = {
    "gap": [
        ("gap", "yoga: entry 5 comes after entry 3", (16,)),
    ],
    "back_in_time": [
        ("order", "yoga: the time of entry 3 is before that of the last", (6,)),
    ],
    "same_ordinal": [
        ("order", "yoga: entry 3 has the ordinal of the last one", (6,)),
    ],
    "version_skipped": [
        ("gap", "the booking of op 7: version 3 comes after 1", (16,)),
    ],
    "taken_differs": [
        ("projection", "head yoga: taken is 2, and the journal comes to 3", ()),
    ],
    "status_differs": [
        (
            "projection",
            ("the booking of op 7: status is HELD, and the journal comes to CONFIRMED"),
            (16,),
        ),
    ],
    "claim_lives_on": [
        (
            "projection",
            ("claim 1 of the booking of op 5: live is True, and the journal comes to False"),
            (5,),
        ),
    ],
    "claim_without_row": [
        ("projection", "claim 1 of the booking of op 6 has no row", (6,)),
    ],
    "no_override": [
        ("oversold", "yoga has 2 places, and with op 24 3 are taken", (24,)),
    ],
    "unasked_override": [
        ("impossible", "yoga: op 24 is marked an override, and did not ask for one", (24,)),
    ],
    "lost": [
        (
            "lost",
            ("op 24 was told booked, seat 3 of yoga, for ida, and the journal has nothing of it"),
            (24,),
        ),
    ],
    "other_seat": [
        (
            "answer",
            ("op 6 was told seat 1 of yoga, and has seat 2, and op 5 was told seat 1 too"),
            (6, 5),
        ),
    ],
    "other_status": [
        ("answer", "op 6 was told status RESERVED, and it is CONFIRMED", (6,)),
    ],
    "other_version": [
        ("answer", "op 16 was told version 3, and it is 2", (16,)),
    ],
    "other_expiry": [
        (
            "answer",
            (
                "op 7 was told expires_at 2026-11-01 00:00:00+00:00, and it is "
                "2026-09-21 14:14:20.007000+00:00"
            ),
            (7,),
        ),
    ],
    "other_units": [
        ("answer", "op 6 asked for [('yoga', 2)], and got [('yoga', 1)]", (6,)),
    ],
    "done_though_refused": [
        ("refused_but_done", "op 24 was refused (full), and the journal has it done", (24,)),
        (
            "refusal",
            (
                "op 24 (book) was told full (capacity 3, left 0, during "
                "2027-01-15T08:00:00+00:00 to 2027-01-15T09:00:00+00:00): yoga "
                "had -1 or 0 of 2 left then"
            ),
            (24,),
        ),
    ],
    "done_though_it_failed": [
        (
            "refused_but_done",
            ("op 24 was not done (DatabaseUnavailable: it is away), and the journal has it done"),
            (24,),
        ),
    ],
    "nobody_asked": [
        (
            "nobody_asked",
            (
                "yoga, entry 10 (booked) of booking "
                "00000000-0000-7000-8000-000000000019: no operation asked for it"
            ),
            (),
        ),
    ],
    "done_twice": [
        ("doubled", "op 5 was done twice: again at yoga, entry 10 (booked)", (5,)),
        ("answer", "op 5 was told actor ida, and it is ann", (5,)),
    ],
    "never_full": [
        (
            "refusal",
            (
                "op 8 (book) was told full (capacity 3, left 1, during "
                "2027-01-15T08:00:00+00:00 to 2027-01-15T09:00:00+00:00): it "
                "asked for 1, and 1 were left"
            ),
            (8,),
        ),
    ],
    "full_enough": [
        (
            "refusal",
            (
                "op 8 (book) was told full (capacity 4, left 0, during "
                "2027-01-15T08:00:00+00:00 to 2027-01-15T09:00:00+00:00): yoga "
                "had 0 of 3 left then"
            ),
            (8,),
        ),
    ],
    "pool_never_full": [
        (
            "refusal",
            (
                "op 13 (book) was told full (capacity 2, left 1, during "
                "2027-01-15T08:00:00+00:00 to 2027-01-15T09:00:00+00:00): that "
                "was not so of skis, at its entry 2"
            ),
            (13,),
        ),
    ],
    "never_in_the_way": [
        (
            "refusal",
            (
                "op 10 (book) was told conflict (rule exclusive, during "
                "2027-01-15T07:30:00+00:00 to 2027-01-15T09:00:00+00:00): that "
                "was not so of court, at its entry 2"
            ),
            (10,),
        ),
    ],
    "never_busy": [
        (
            "refusal",
            (
                "op 15 (book) was told actor_busy (booking_id "
                "00000000-0000-7000-8000-00000000000b, during "
                "2027-01-15T08:00:00+00:00 to 2027-01-15T09:00:00+00:00): that "
                "was not so of eve's own time, at its entry 1"
            ),
            (15,),
        ),
    ],
    "other_place_already": [
        (
            "refusal",
            (
                "op 17 (book) was told already (booking_id "
                "00000000-0000-7000-8000-000000000005, seat 2, status CONFIRMED):"
                " that was not so of yoga, at its entry 5"
            ),
            (17,),
        ),
    ],
    "never_taken": [
        (
            "refusal",
            (
                "op 19 (change_capacity) was told below_taken (capacity 3, taken "
                "3): yoga had 2 of 3 taken, at its entry 6"
            ),
            (19,),
        ),
    ],
    "not_expired_yet": [
        (
            "refusal",
            (
                "op 21 (confirm) was told hold_expired (booking_id "
                "00000000-0000-7000-8000-000000000014, expired_at "
                "2026-11-01T00:00:00+00:00): the booking was HELD, EXPIRED then"
            ),
            (21,),
        ),
    ],
    "never_that_version": [
        (
            "refusal",
            (
                "op 22 (cancel) was told conflict (rule version, booking_id "
                "00000000-0000-7000-8000-000000000006, actual 2): it was not at "
                "version 2 then"
            ),
            (22,),
        ),
    ],
    "expired_early": [
        ("expired_early", "the hold of op 20 was ended before its time was over", (20,)),
    ],
    "stale_answer": [
        (
            "refusal",
            (
                "op 8 (book) was told full (capacity 3, left 0, during "
                "2027-01-15T08:00:00+00:00 to 2027-01-15T09:00:00+00:00): yoga "
                "had 1 of 3 left then"
            ),
            (8,),
        ),
    ],
    "order_of_time": [
        (
            "real_time",
            ("yoga: op 6 had returned before op 5 was invoked, and comes after it in the journal"),
            (6, 5),
        ),
    ],
    "unequal_answers": [
        ("answer", "op 12 was told units 1, and it is 2", (12,)),
        (
            "key",
            (
                "key 'k1': op 11 was told booked (booking_id "
                "00000000-0000-7000-8000-00000000000b, seat 0, units 2, status "
                "CONFIRMED, version 1), and op 12 booked (booking_id "
                "00000000-0000-7000-8000-00000000000b, seat 0, units 1, status "
                "CONFIRMED, version 1)"
            ),
            (11, 12),
        ),
    ],
    "answer_not_kept": [
        ("key", "key 'k1': op 11 was answered, and the answer was not kept", (11, 12)),
    ],
    "other_answer_kept": [
        (
            "key",
            (
                "key 'k1': op 11 was told booked (booking_id "
                "00000000-0000-7000-8000-00000000000b, seat 0, units 2, status "
                "CONFIRMED, version 1), and booked (booking_id "
                "00000000-0000-7000-8000-00000000000b, seat 0, units 1, status "
                "CONFIRMED, version 1) was kept"
            ),
            (11,),
        ),
    ],
    "half_a_transaction": [
        (
            "transaction",
            ("transaction 5: the journal has op 5, op 6 of it in several transactions"),
            (5, 6),
        ),
    ],
    "rolled_back": [
        (
            "refused_but_done",
            ("op 24 was not done (RolledBack: by choice), and the journal has it done"),
            (24,),
        ),
        ("transaction", "transaction 24 was rolled back, and the journal has op 24 of it", (24,)),
    ],
    "belt_held": [
        (
            "failed",
            (
                "op 13 (book) failed, and no fault explains it: CommandFailed: "
                "Book: 23514: a check constraint is violated"
            ),
            (13,),
        ),
    ],
    "page_missing": [
        ("feed", "feed position 9 comes after position 4", ()),
        ("feed", "feed position 13 is entry 5 of yoga, which comes after entry 1", (16,)),
        ("feed", "the feed ends at entry 1 of court, which has 2", (9,)),
    ],
    "page_twice": [
        ("feed", "feed position 23 is entry 2 of court, which was there before", (9,)),
    ],
    "feed_cut_short": [
        ("feed", "the feed ends at entry 7 of yoga, which has 10", ()),
    ],
    "feed_turned_round": [
        ("feed", "feed position 5 is entry 3 of yoga, which comes after entry 1", (6,)),
        ("feed", "feed position 6 is entry 2 of yoga, which was there before", (5,)),
    ],
    "fed_from_nowhere": [
        ("feed", "feed position 2 is entry 1 of moon, which is not in the journal", ()),
    ],
    "half_a_page": [
        ("feed", "the feed's page of positions 1 to 4 names 3 streams, 4 entries", ()),
    ],
    "change_torn": [
        (
            "feed",
            (
                "feed position 9 is entry 1 of actor:aaaaaaaa-000000000003: other changes"
                " stand between the rows of its own"
            ),
            (9,),
        ),
    ],
    "new_epoch": [
        ("feed", "the feed's epoch e0 ended, and nothing was restored", ()),
    ],
    "no_epoch": [
        ("feed", "the feed has not one cursor with an epoch", ()),
    ],
    "feed_shorter_than_it_was": [
        ("feed", "the feed ended at 99, and later at 9", ()),
    ],
    "cut_off": [
        ("unfinished", "the file has no end line: the run was cut off", ()),
    ],
    "unknown_field": [
        (
            "not_understood",
            ("line 10 can't be read: Object contains unknown field `colour` - at `$.args`"),
            (),
        ),
    ],
    "unknown_word": [
        (
            "not_understood",
            ("line 17 can't be read: Invalid value 'too_full' - at `$.outcome.code`"),
            (),
        ),
    ],
    "unknown_table": [
        ("not_understood", "line 106: there is no table 'fees'", ()),
    ],
}
"""Lies to what is said of them: property, words, operations."""


def test_a_true_story_is_clean(tmp_path: Path) -> None:
    verdict = check(story().save(tmp_path / "history.jsonl"))
    assert verdict.violations == []
    assert verdict.clean
    assert (verdict.operations, verdict.rows) == (24, 19)


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_said_in_words(name: str, tmp_path: Path) -> None:
    lines = story().lines()
    LIES[name](lines)
    verdict = check(write(tmp_path / "history.jsonl", lines))
    said = [(x.property, x.what, x.operations) for x in verdict.violations]
    assert SAID[name] == [x for x in said if x in SAID[name]][: len(SAID[name])]
    assert not verdict.clean
    assert sum(verdict.counts.values()) == len(said)


def test_every_property_is_broken_by_a_lie() -> None:
    broken = {word for said in SAID.values() for word, _, _ in said}
    elsewhere = {"seated_twice", "overdue"}  # test_overselling.py
    elsewhere |= {"line"}  # test_lines.py
    assert broken | elsewhere == WORDS.keys()
