"""Edits of an event: this, this and following, all; what was booked keeps its id and is once."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lastseat.calendar.editing import Edit, edited, keep, move, pairs, placed
from lastseat.calendar.recurrence import BadRule
from lastseat.calendar.schedule import Instance, check_schedule, expand, instance, listed
from lastseat.core.interval import Interval
from lastseat.core.schedule import Override, Schedule, Segment

PARIS = "Europe/Paris"
START = "2026-11-23T18:00"  # a Monday
YEAR = Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC))
MONDAYS = [f"2026-{day}T18:00" for day in ("11-23", "11-30", "12-07", "12-14", "12-21", "12-28")]


RULES = ["FREQ=WEEKLY", "FREQ=DAILY;COUNT=20", "FREQ=WEEKLY;INTERVAL=2", "FREQ=DAILY;INTERVAL=3"]


def weekly(rule: str = "FREQ=WEEKLY;COUNT=6", **more: Any) -> Schedule:
    return Schedule((Segment(start=START, seconds=3600, rrule=(rule,), **more),))


def edit(schedule: Schedule, scope: Any, at: str | None = None, **changes: Any) -> Schedule:
    return edited(schedule, PARIS, Edit(scope=scope, at=at, **changes))


def refused(schedule: Schedule, scope: Any, at: str | None = None, **changes: Any) -> str:
    with pytest.raises(BadRule) as caught:
        edit(schedule, scope, at, **changes)
    return f"{caught.value.field} {caught.value.reason}"


def names(schedule: Schedule) -> list[str]:
    return [x.at for x in expand(schedule, PARIS, YEAR)]


def shown(schedule: Schedule) -> list[str]:
    return [x.local_start for x in expand(schedule, PARIS, YEAR)]


def one(schedule: Schedule, at: str) -> Instance:
    found = instance(schedule, PARIS, at)
    assert found is not None
    return found


# This one.


def test_one_occurrence_is_moved_and_keeps_its_name() -> None:
    changed = edit(weekly(), "this", MONDAYS[1], start="20:00", seconds=7200, capacity=4)
    assert names(changed) == MONDAYS
    assert shown(changed)[1] == "2026-11-30T20:00"
    assert one(changed, MONDAYS[1]).end - one(changed, MONDAYS[1]).start == timedelta(hours=2)
    assert one(changed, MONDAYS[1]).capacity == 4
    further = edit(changed, "this", MONDAYS[1], start="2026-12-02T09:00")
    assert one(further, MONDAYS[1]).local_start == "2026-12-02T09:00"
    assert one(further, MONDAYS[1]).capacity == 4
    # Now `20:00` is of the day that it was moved to.
    assert "2026-12-02T20:00" in shown(edit(further, "this", MONDAYS[1], start="20:00"))


def test_one_occurrence_is_called_off_and_takes_place_again() -> None:
    off = edit(weekly(), "this", MONDAYS[2], cancelled=True)
    assert one(off, MONDAYS[2]).cancelled
    assert edit(off, "this", MONDAYS[2], cancelled=False) == weekly()


def test_one_occurrence_moved_back_differs_no_more() -> None:
    moved = edit(weekly(), "this", MONDAYS[2], start="2026-12-08T18:00")
    assert edit(moved, "this", MONDAYS[2], start=MONDAYS[2]) == weekly()


def test_what_is_no_occurrence_or_no_change_is_refused() -> None:
    assert refused(weekly(), "this", "2026-11-24T18:00", start="20:00").startswith("at is not")
    assert refused(weekly(), "this", start="20:00").startswith("at must be given")
    assert refused(weekly(), "following", start="20:00").startswith("at must be given")
    assert refused(weekly(), "this", MONDAYS[0], rrule=("FREQ=DAILY",)).startswith("rrule is of")
    assert refused(weekly(), "all").startswith("scope goes with")
    for wrong in ("24:00", "8:00", "20:00:00", "tomorrow", "2026-12-08", ""):
        assert refused(weekly(), "this", MONDAYS[0], start=wrong).startswith("start must be")
    assert refused(weekly(), "this", MONDAYS[0], seconds=0).startswith("seconds must be")
    assert refused(weekly(), "all", capacity=0).startswith("capacity must be")


# This and following.


@pytest.mark.parametrize("time", ["19:30", "09:00"])
def test_another_time_from_one_on_leaves_those_before_and_how_many_there_are(time: str) -> None:
    changed = edit(weekly(), "following", MONDAYS[2], start=time, seconds=1800)
    expected = [*MONDAYS[:2], *(f"{x[:10]}T{time}" for x in MONDAYS[2:])]
    assert names(changed) == expected
    lengths = [x.end - x.start for x in expand(changed, PARIS, YEAR)]
    assert lengths == [timedelta(hours=1)] * 2 + [timedelta(minutes=30)] * 4


@pytest.mark.parametrize("until", ["20261228T170000Z", "20261228T180000", "20261228"])
@pytest.mark.parametrize("time", ["19:30", "09:00"])
@pytest.mark.parametrize("scope", ["following", "all"])
def test_the_last_one_stays_the_last_at_another_time(until: str, time: str, scope: str) -> None:
    changed = edit(weekly(f"FREQ=WEEKLY;UNTIL={until}"), scope, MONDAYS[2], start=time)
    assert names(changed)[-1] == f"2026-12-28T{time}"
    assert len(names(changed)) == 6


def test_another_rule_from_one_on() -> None:
    rule = ("FREQ=WEEKLY;COUNT=3;BYDAY=WE",)
    changed = edit(weekly(), "following", MONDAYS[2], rrule=rule, start="2026-12-09T18:00")
    assert names(changed) == [
        *MONDAYS[:2], "2026-12-09T18:00", "2026-12-16T18:00", "2026-12-23T18:00",
    ]  # fmt: skip
    # Which Wednesday comes first has to be said.
    assert refused(weekly(), "following", MONDAYS[2], rrule=rule).startswith("start does not match")


def test_another_day_from_one_on_leaves_how_many_there_are() -> None:
    for to in ("2026-12-08T20:00", "2026-12-06T20:00"):
        changed = edit(weekly(), "following", MONDAYS[2], start=to)
        assert names(changed)[:3] == [*MONDAYS[:2], to]
        assert len(names(changed)) == 6


def test_a_day_before_an_occurrence_that_stays_is_refused() -> None:
    daily = weekly("FREQ=DAILY")
    assert "another occurrence" in refused(
        daily, "following", "2026-12-07T18:00", start="2026-12-05T20:00"
    )
    assert refused(
        weekly("FREQ=WEEKLY;BYDAY=MO"), "following", MONDAYS[2], start="2026-12-08T20:00"
    )


def test_none_from_one_on() -> None:
    changed = edit(weekly("FREQ=WEEKLY"), "following", MONDAYS[2], cancelled=True)
    assert names(changed) == MONDAYS[:2]
    check_schedule(changed, PARIS, new=True)


def test_from_the_first_on_is_all() -> None:
    changed = edit(weekly(), "following", MONDAYS[0], start="19:30")
    assert changed == edit(weekly(), "all", start="19:30")
    assert len(changed.segments) == 1


def test_a_capacity_from_one_on_is_theirs_until_all_have_the_events_again() -> None:
    changed = edit(weekly(), "following", MONDAYS[2], capacity=30)
    assert [x.capacity for x in expand(changed, PARIS, YEAR)] == [None] * 2 + [30] * 4
    again = edit(changed, "all", capacity=12)
    assert [x.capacity for x in expand(again, PARIS, YEAR)] == [None] * 6


def test_dates_added_and_taken_away_stay_on_their_side() -> None:
    schedule = weekly(
        exdate=(MONDAYS[1], MONDAYS[3]), rdate=("2026-11-25T10:00", "2026-12-09T10:00")
    )
    changed = edit(schedule, "following", MONDAYS[2], start="19:30")
    assert names(changed) == [
        *(MONDAYS[0], "2026-11-25T10:00", "2026-12-07T19:30"),
        *("2026-12-09T10:00", "2026-12-21T19:30", "2026-12-28T19:30"),
    ]


# All.


def test_all_move_with_what_is_said_of_single_ones() -> None:
    schedule = Schedule(
        weekly(exdate=(MONDAYS[5],)).segments,
        (
            Override(MONDAYS[1], cancelled=True),
            Override(MONDAYS[2], capacity=4),
            Override(MONDAYS[3], start="2026-12-15T10:00"),
        ),
    )
    changed = edit(schedule, "all", start="19:30")
    assert changed.overrides == (
        Override("2026-11-30T19:30", cancelled=True),
        Override("2026-12-07T19:30", capacity=4),
        Override("2026-12-14T19:30", start="2026-12-15T10:00"),
    )
    assert names(changed) == [f"{x[:10]}T19:30" for x in MONDAYS[:5]]
    # One that was moved to where all are now is like all.
    alike = Schedule(weekly().segments, (Override(MONDAYS[1], start="2026-11-30T19:30"),))
    assert edit(alike, "all", start="19:30").overrides == ()


def test_what_is_said_of_an_occurrence_that_is_no_more_goes() -> None:
    schedule = Schedule(weekly().segments, (Override(MONDAYS[1], capacity=4),))
    changed = edit(schedule, "all", rrule=("FREQ=WEEKLY;INTERVAL=2",))
    assert changed.overrides == ()
    assert names(changed)[:2] == [MONDAYS[0], MONDAYS[2]]


def test_all_on_another_day() -> None:
    changed = edit(weekly(), "all", start="2026-11-24T19:30")
    assert names(changed)[0] == "2026-11-24T19:30"
    assert len(names(changed)) == 6
    # Named by one of them, all are moved as far as that one.
    assert edit(weekly(), "all", MONDAYS[2], start="2026-12-08T19:30") == changed
    refusal = refused(weekly("FREQ=WEEKLY;BYDAY=MO"), "all", start="2026-11-24T19:30")
    assert refusal.startswith("start does not match")


def test_a_rule_that_names_its_hours_has_to_be_changed_itself() -> None:
    twice = weekly("FREQ=DAILY;BYHOUR=10,18")
    assert "names its times" in refused(twice, "all", start="19:00")
    assert "names its times" in refused(twice, "all", start="18:00")
    once = weekly("FREQ=DAILY;BYHOUR=18")
    assert "names its times" in refused(once, "all", start="19:00")
    assert edit(once, "all", start="18:00") == once
    assert names(edit(twice, "all", rrule=("FREQ=DAILY;BYHOUR=10,19",), start="19:00"))[:2] == [
        *("2026-11-23T19:00", "2026-11-24T10:00"),
    ]


def test_listed_starts_move_by_their_time_of_day() -> None:
    starts = ("2026-12-01T10:00", "2026-12-01T18:00", "2026-12-02T10:00", "2026-12-02T18:00")
    schedule = listed(starts, 3600)
    assert names(edit(schedule, "all", "2026-12-02T18:00", start="19:00")) == [
        x.replace("18:00", "19:00") for x in starts
    ]
    assert "at must be given" in refused(schedule, "all", start="09:00")
    assert names(edit(schedule, "all", starts[0], start="09:00")) == [
        x.replace("10:00", "09:00") for x in starts
    ]
    assert names(edit(schedule, "following", "2026-12-01T18:00", start="09:30")) == [
        *("2026-12-01T09:30", "2026-12-01T10:00", "2026-12-02T09:30", "2026-12-02T10:00"),
    ]
    assert "rdate must be given" in refused(schedule, "all", start="2026-12-03T10:00")
    other = edit(schedule, "all", start="2026-12-03T10:00", rdate=("2026-12-04T10:00",))
    assert names(other) == ["2026-12-03T10:00", "2026-12-04T10:00"]


def test_all_of_several_segments() -> None:
    changed = edit(weekly(), "following", MONDAYS[2], start="19:30", capacity=30)
    assert names(edit(changed, "all", seconds=60)) == names(changed)
    assert "rrule must be given" in refused(changed, "all", exdate=())
    assert "rrule must be given" in refused(changed, "all", start="2026-11-24T18:00")
    ruled = edit(changed, "all", rrule=("FREQ=WEEKLY;COUNT=2",), start="18:00")
    assert names(ruled) == MONDAYS[:2]
    assert len(ruled.segments) == 1


@pytest.mark.parametrize("time", ["17:00", "18:00", "19:30", "20:00", "21:00"])
@pytest.mark.parametrize("at", [None, 0, 4])
def test_all_begin_at_the_time_given_whatever_was_edited_before(time: str, at: int | None) -> None:
    changed = edit(weekly(), "following", MONDAYS[2], start="20:00")
    changed = edit(changed, "following", "2026-12-21T20:00", start="19:30")
    named = None if at is None else names(changed)[at]
    assert names(edit(changed, "all", named, start=time)) == [f"{x[:10]}T{time}" for x in MONDAYS]
    ruled = edit(changed, "all", named, start=time, rrule=("FREQ=WEEKLY;COUNT=6",))
    assert names(ruled) == [f"{x[:10]}T{time}" for x in MONDAYS]


@pytest.mark.parametrize("time", ["17:00", "18:30", "21:00"])
@pytest.mark.parametrize("rrule", [None, ("FREQ=WEEKLY;COUNT=4",)])
def test_moved_later_and_then_earlier_none_is_lost(
    time: str, rrule: tuple[str, ...] | None
) -> None:
    later = edit(weekly(), "following", MONDAYS[2], start="19:30")
    changed = edit(later, "following", "2026-12-07T19:30", start=time, rrule=rrule)
    assert names(changed) == [*MONDAYS[:2], *(f"{x[:10]}T{time}" for x in MONDAYS[2:])]


def test_what_was_set_apart_is_not_overtaken() -> None:
    starts = ("2026-12-01T10:00", "2026-12-01T18:00", "2026-12-02T10:00", "2026-12-02T18:00")
    apart = edit(listed(starts, 3600), "following", starts[1], capacity=3)
    assert "set apart" in refused(apart, "following", starts[1], start="09:00")
    assert "set apart" in refused(apart, "all", starts[1], start="09:00")
    assert names(edit(apart, "all", starts[1], start="17:00")) == [
        x.replace("18:00", "17:00") for x in starts
    ]


@settings(max_examples=60, deadline=None)
@given(
    rule=st.sampled_from(RULES),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["following", "all"]),
            st.integers(0, 8),
            st.sampled_from(["07:00", "17:00", "18:00", "19:30", "23:00"]),
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_another_time_of_day_leaves_the_days(rule: str, steps: list[tuple[Any, int, str]]) -> None:
    schedule = weekly(rule)
    days = [x[:10] for x in names(schedule)]
    for scope, which, time in steps:
        schedule = edit(schedule, scope, names(schedule)[which], start=time)
        first = 0 if scope == "all" else which
        assert {x[10:] for x in names(schedule)[first:]} == {f"T{time}"}
    assert [x[:10] for x in names(schedule)] == days


def test_none_at_all() -> None:
    changed = edit(weekly(), "all", cancelled=True)
    assert names(changed) == []
    assert pairs(weekly(), changed, PARIS, MONDAYS[:1]) == {MONDAYS[0]: None}


def test_an_edit_that_leaves_a_rule_without_sense_is_refused() -> None:
    assert refused(weekly(), "all", rrule=("FREQ=NEVER",)).startswith("rrule[0] FREQ must be")
    assert refused(weekly(), "following", MONDAYS[1], rrule=("FREQ=MINUTELY",)).startswith(
        "rrule[0]"
    )
    assert refused(weekly(), "all", exdate=("x",)).startswith("exdate[0] must be")


# Booked ones keep their names.


def test_a_booked_occurrence_goes_where_the_edit_puts_it_under_its_own_name() -> None:
    new = edit(weekly(), "all", start="19:30")
    becomes = pairs(weekly(), new, PARIS, [MONDAYS[1]])
    to = becomes[MONDAYS[1]]
    assert to == one(new, "2026-11-30T19:30")
    after = placed(new, PARIS, [move(MONDAYS[1], to)])
    assert one(after, MONDAYS[1]).local_start == "2026-11-30T19:30"
    assert instance(after, PARIS, "2026-11-30T19:30") is None
    assert shown(after) == shown(new)
    assert names(after)[1] == MONDAYS[1]


def test_a_booked_occurrence_stays_where_it_was_and_the_new_one_is_not_there_too() -> None:
    new = edit(weekly(), "all", start="19:30", seconds=60)
    becomes = pairs(weekly(), new, PARIS, [MONDAYS[1]])[MONDAYS[1]]
    after = placed(new, PARIS, [keep(one(weekly(), MONDAYS[1]), becomes)])
    assert one(after, MONDAYS[1]) == one(weekly(), MONDAYS[1])
    assert len(names(after)) == 6


def test_a_booked_occurrence_that_is_dropped_may_be_kept() -> None:
    new = edit(weekly(), "all", rrule=("FREQ=WEEKLY;BYDAY=TU",), start="2026-11-24T18:00")
    tuesday = edit(weekly(), "all", rrule=("FREQ=MONTHLY;BYDAY=-1TU",), start="2026-11-24T18:00")
    # A day later each: a pair. With another rhythm it is dropped.
    assert pairs(weekly(), new, PARIS, MONDAYS[1:2])[MONDAYS[1]] == one(new, "2026-12-01T18:00")
    assert pairs(weekly(), tuesday, PARIS, MONDAYS[1:2]) == {MONDAYS[1]: None}
    after = placed(tuesday, PARIS, [keep(one(weekly(), MONDAYS[1]))])
    assert one(after, MONDAYS[1]) == one(weekly(), MONDAYS[1])
    assert names(after)[:3] == ["2026-11-24T18:00", MONDAYS[1], "2026-12-29T18:00"]


def test_a_stand_in_follows_the_next_edits_like_what_it_stands_for() -> None:
    schedule = weekly("FREQ=WEEKLY")
    for time in ("19:30", "20:00", "08:00"):
        new = edit(schedule, "all", start=time)
        to = pairs(schedule, new, PARIS, [MONDAYS[1]])[MONDAYS[1]]
        assert to is not None
        schedule = placed(new, PARIS, [move(MONDAYS[1], to)])
        assert one(schedule, MONDAYS[1]).local_start == f"2026-11-30T{time}"
        assert len(names(schedule)) == len(names(weekly("FREQ=WEEKLY")))
    back = edit(schedule, "all", start="18:00")
    assert pairs(schedule, back, PARIS, [MONDAYS[1]])[MONDAYS[1]] == one(back, MONDAYS[1])
    assert names(back) == names(weekly("FREQ=WEEKLY"))
    gone = edit(schedule, "all", rrule=("FREQ=MONTHLY",))
    assert pairs(schedule, gone, PARIS, [MONDAYS[1]]) == {MONDAYS[1]: None}


@pytest.mark.parametrize("scope", ["following", "all"])
def test_an_edit_may_name_a_stand_in_by_its_old_name(scope: str) -> None:
    new = edit(weekly(), "all", start="19:30")
    stand_in = placed(new, PARIS, [move(MONDAYS[2], one(new, "2026-12-07T19:30"))])
    changed = edit(stand_in, scope, MONDAYS[2], start="20:00")
    kept = [f"{x[:10]}T19:30" for x in MONDAYS[:2]] if scope == "following" else []
    assert shown(changed) == kept + [f"{x[:10]}T20:00" for x in MONDAYS[len(kept) :]]
    assert one(changed, MONDAYS[2]).local_start == "2026-12-07T20:00"


def test_an_edit_from_a_kept_one_on_can_not_tell_which_time_is_meant() -> None:
    new = edit(weekly(), "all", rrule=("FREQ=MONTHLY",))
    kept = placed(new, PARIS, [keep(one(weekly(), MONDAYS[1]))])
    assert "name another" in refused(kept, "following", MONDAYS[1], start="20:00")
    assert names(edit(kept, "following", MONDAYS[1], cancelled=True)) == [MONDAYS[0]]


def test_a_kept_one_is_left_alone_by_edits_of_the_others() -> None:
    new = edit(weekly(), "all", rrule=("FREQ=MONTHLY",))
    kept = placed(new, PARIS, [keep(one(weekly(), MONDAYS[1]))])
    later = edit(kept, "all", start="20:00")
    assert one(later, MONDAYS[1]) == one(weekly(), MONDAYS[1])
    assert pairs(kept, later, PARIS, [MONDAYS[1]])[MONDAYS[1]] == one(weekly(), MONDAYS[1])


def test_occurrences_of_one_day_are_paired_in_order() -> None:
    old = weekly("FREQ=DAILY;COUNT=3;BYHOUR=10,18;BYMINUTE=0")
    old = Schedule((Segment(start="2026-11-23T10:00", seconds=60, rrule=old.segments[0].rrule),))
    new = edit(old, "all", rrule=("FREQ=DAILY;COUNT=3;BYHOUR=11,19;BYMINUTE=0",), start="11:00")
    found = pairs(old, new, PARIS, names(old))
    assert {k: v and v.at for k, v in found.items()} == {
        "2026-11-23T10:00": "2026-11-23T11:00",
        "2026-11-23T18:00": "2026-11-23T19:00",
        "2026-11-24T10:00": "2026-11-24T11:00",
    }


@st.composite
def edits(draw: st.DrawFn) -> list[dict[str, Any]]:
    scopes = st.sampled_from(["this", "following", "all"])
    times = st.sampled_from(["17:00", "18:00", "19:30", "23:00"])
    changes = st.one_of(
        st.fixed_dictionaries({"scope": scopes, "start": times}),
        st.fixed_dictionaries({"scope": scopes, "seconds": st.sampled_from([60, 3600, 7200])}),
        st.fixed_dictionaries({"scope": scopes, "days": st.integers(-2, 2), "start": times}),
        st.fixed_dictionaries(
            {
                "scope": st.sampled_from(["following", "all"]),
                "rrule": st.sampled_from(RULES).map(lambda rule: (rule,)),
            }
        ),
        st.fixed_dictionaries({"scope": scopes, "cancelled": st.booleans()}),
    )
    which = st.fixed_dictionaries({"which": st.integers(0, 8)})
    return [draw(changes) | draw(which) for _ in range(draw(st.integers(1, 4)))]


def times(schedule: Schedule) -> Counter[tuple[datetime, datetime]]:
    return Counter((x.start, x.end) for x in expand(schedule, PARIS, YEAR) if not x.cancelled)


@settings(max_examples=80, deadline=None)
@given(
    rule=st.sampled_from(RULES),
    booked=st.sets(st.integers(0, 8), max_size=4),
    steps=edits(),
    stay=st.booleans(),
)
def test_whatever_is_edited_what_is_booked_is_once_and_under_its_name(
    rule: str, booked: set[int], steps: list[dict[str, Any]], stay: bool
) -> None:
    schedule = weekly(rule)
    ours = {x.at for i, x in enumerate(expand(schedule, PARIS, YEAR)) if i in booked}
    for step in steps:
        there = expand(schedule, PARIS, YEAR)
        assume(there)
        it = there[step.pop("which") % len(there)]
        days = step.pop("days", None)
        if days is not None:
            date = datetime.fromisoformat(it.local_start) + timedelta(days=days)
            step["start"] = f"{date:%Y-%m-%d}T{step['start']}"
        try:
            new = edited(schedule, PARIS, Edit(at=it.at, **step))
        except BadRule:
            assume(False)
        becomes = pairs(schedule, new, PARIS, ours)
        kept = [x.at for x in becomes.values() if x is not None]
        assert len(kept) == len(set(kept))
        places = [move(name, to) for name, to in becomes.items() if to is not None]
        if stay:
            places = [keep(one(schedule, name), to) for name, to in becomes.items()]
        after = placed(new, PARIS, places)
        for name in ours:
            was, then = one(schedule, name), instance(after, PARIS, name)
            if stay:
                assert then == was
            else:
                to = becomes[name]
                assert (then and (then.start, then.end, then.cancelled)) == (
                    to and (to.start, to.end, to.cancelled)
                )
        if stay:
            gone = [x for x in becomes.values() if x is not None and not x.cancelled]
            were = [one(schedule, name) for name in ours]
            expected = times(new) - Counter((x.start, x.end) for x in gone)
            expected += Counter((x.start, x.end) for x in were if not x.cancelled)
            assert times(after) == expected
        else:
            # Moved, the occurrences are those of the edit, each once; only names differ.
            assert times(after) == times(new)
            ours = {name for name, to in becomes.items() if to is not None}
        assert len(names(after)) == len(set(names(after)))
        schedule = after
