"""Each rule refuses what it is for, says so with what is needed to do better, and in order."""

from datetime import datetime, timedelta

import pytest
from tests.calendar.hours import between, blocked_times, chain, daily, lasting, spans, utc, week

from lastseat.calendar.blocks import block_times
from lastseat.calendar.broken import MOST_TOLD, Ruled, bookable_starts, broken
from lastseat.calendar.free import Extent
from lastseat.calendar.zones import zone
from lastseat.core.interval import Interval
from lastseat.core.outcomes import NotBookable
from lastseat.core.rules import Hours, RecurringBlock, Rules, SpecialDay

NOW = utc("2027-05-03T08:00")  # a Monday
CLEANING = RecurringBlock("2027-01-04T13:00", 1800, ("FREQ=WEEKLY;BYDAY=MO,WE",), name="cleaning")
STRICT = Rules(
    hours=Hours(weekly=week(MO="09:00-17:00", TU="18:00-02:00")),
    blocks=(CLEANING,),
    lead_seconds=3600,
    horizon_seconds=7 * 86_400,
    grid_seconds=1800,
    min_seconds=1800,
    max_seconds=4 * 3600,
)


def ask(
    rules: list[Ruled], during: Interval, before: int = 0, after: int = 0, now: datetime = NOW
) -> NotBookable | None:
    blocked = Interval(
        during.start - timedelta(seconds=before), during.end + timedelta(seconds=after)
    )
    return broken(rules, "lane-1", "ann", during, blocked, now)


def refused(rules: list[Ruled], during: Interval, before: int = 0, after: int = 0) -> NotBookable:
    refusal = ask(rules, during, before, after)
    assert refusal is not None
    assert (refusal.bookable, refusal.actor, refusal.during) == ("lane-1", "ann", during)
    return refusal


@pytest.mark.parametrize(
    ("start", "minutes", "rule"),
    [
        ("2027-05-03T09:00", 60, None),
        ("2027-05-03T08:59", 60, "lead_time"),
        ("2027-05-02T09:00", 60, "lead_time"),
        ("2027-05-10T08:00", 60, "hours"),  # the horizon itself is near enough
        ("2027-05-10T08:30", 60, "horizon"),
        ("2027-05-03T10:00", 29, "min_duration"),
        ("2027-05-03T10:00", 30, None),
        ("2027-05-03T09:00", 240, None),
        ("2027-05-03T09:00", 241, "max_duration"),
        ("2027-05-03T10:15", 60, "grid"),
        ("2027-05-03T16:00", 60, None),
        ("2027-05-03T16:30", 60, "hours"),
        ("2027-05-04T22:00", 240, None),  # past midnight, to its end
        ("2027-05-05T01:30", 60, "hours"),
        ("2027-05-05T10:00", 60, "hours"),
        ("2027-05-03T12:00", 60, None),  # touching a block is not meeting it
        ("2027-05-03T12:30", 60, "block"),
        ("2027-05-03T13:30", 60, None),
    ],
)
def test_each_rule_refuses_what_it_is_for(start: str, minutes: int, rule: str | None) -> None:
    refusal = ask(chain(STRICT), lasting(start, minutes=minutes))
    assert (refusal and refusal.rule) == rule


def test_rules_are_told_in_their_order() -> None:
    everything = lasting("2027-05-03T08:10", minutes=10)  # wrong in all but horizon and longest
    lane = Rules(
        hours=daily("20:00-21:00"),
        blocks=(RecurringBlock("2027-05-03T08:00", 3600),),
        lead_seconds=3600,
        grid_seconds=3600,
        min_seconds=3600,
    )
    told = []
    for field, allowed in [
        ("lead_seconds", 0),
        ("min_seconds", None),
        ("grid_seconds", None),
        ("hours", None),
        ("blocks", ()),
    ]:
        told.append(refused(chain(lane), everything).rule)
        lane = Rules(**{**{f: getattr(lane, f) for f in Rules.__struct_fields__}, field: allowed})
    assert told == ["lead_time", "min_duration", "grid", "hours", "block"]
    assert ask(chain(lane), everything) is None
    far = lasting("2028-05-03T08:10", hours=5)
    lane = Rules(horizon_seconds=3600, max_seconds=3600, grid_seconds=3600)
    assert refused(chain(lane), far).rule == "horizon"
    assert refused(chain(Rules(max_seconds=3600, grid_seconds=3600)), far).rule == "max_duration"


def test_a_refusal_says_what_could_be_had() -> None:
    lead = refused(chain(STRICT), lasting("2027-05-03T08:30", hours=1))
    assert lead.limit == utc("2027-05-03T09:00")
    far = refused(chain(STRICT), lasting("2027-05-17T09:00", hours=1))
    assert far.limit == utc("2027-05-10T08:00")
    short = refused(chain(STRICT), lasting("2027-05-03T10:00", minutes=10))
    assert short.seconds == 1800
    long = refused(chain(STRICT), lasting("2027-05-03T10:00", hours=6))
    assert long.seconds == 4 * 3600
    off = refused(chain(STRICT), lasting("2027-05-03T10:10", hours=1))
    assert off.seconds == 1800
    late = refused(chain(STRICT), lasting("2027-05-03T16:30", hours=1))
    assert late.open == (between("2027-05-03T09:00", "2027-05-03T17:00"),)
    night = refused(chain(STRICT), lasting("2027-05-05T01:30", hours=1))
    assert night.open == (between("2027-05-04T18:00", "2027-05-05T02:00"),)
    closed = refused(chain(STRICT), lasting("2027-05-06T12:00", hours=1))
    assert closed.open == ()
    blocked = refused(chain(STRICT), lasting("2027-05-03T12:30", hours=1))
    assert (blocked.reason, blocked.open) == ("cleaning", ())


def test_hours_are_for_what_the_customer_sees_and_blocks_for_the_buffers_too() -> None:
    whole_day = lasting("2027-05-03T09:00", hours=4)
    assert ask(chain(STRICT), whole_day, before=3600) is None
    assert refused(chain(STRICT), whole_day, after=1).rule == "block"
    after_cleaning = lasting("2027-05-03T13:30", hours=1)
    assert refused(chain(STRICT), after_cleaning, before=60).rule == "block"


def test_of_several_owners_the_strictest_is_told() -> None:
    lane = Ruled(
        "lane-1",
        Rules(lead_seconds=60, min_seconds=60, max_seconds=9999, horizon_seconds=9_000_000),
        "UTC",
    )
    hall = Ruled(
        "location:hall",
        Rules(lead_seconds=7200, min_seconds=1800, max_seconds=3600, horizon_seconds=86_400),
        "UTC",
    )
    for both in ([lane, hall], [hall, lane]):
        asked = [
            lasting("2027-05-03T08:00", hours=1),
            lasting("2027-06-03T12:00", hours=1),
            lasting("2027-05-03T12:00", minutes=1),
            lasting("2027-05-03T12:00", hours=2),
        ]
        refusals = [refused(both, during) for during in asked]
        assert [x.rule for x in refusals] == [
            "lead_time",
            "horizon",
            "min_duration",
            "max_duration",
        ]
        assert {x.owner for x in refusals} == {"location:hall"}
    same = [Ruled("a", Rules(lead_seconds=60), "UTC"), Ruled("b", Rules(lead_seconds=60), "UTC")]
    assert refused(same, lasting("2027-05-03T08:00", hours=1)).owner == "a"


def test_all_owners_hold_each_in_its_own_zone() -> None:
    lane = Ruled("lane-1", Rules(hours=daily("09:00-17:00"), grid_seconds=7200), "Europe/Paris")
    hall = Ruled("location:hall", Rules(hours=daily("09:00-17:00")), "America/New_York")
    assert ask([lane, hall], lasting("2027-05-03T14:00", hours=1)) is None  # 16:00 and 10:00
    early = refused([lane, hall], lasting("2027-05-03T12:00", hours=1))  # 14:00 and 08:00
    assert (early.rule, early.owner) == ("hours", "location:hall")
    assert early.open == (between("2027-05-03T13:00", "2027-05-03T21:00"),)
    late = refused([hall, lane], lasting("2027-05-03T16:00", hours=1))  # 12:00 and 18:00
    assert (late.rule, late.owner) == ("hours", "lane-1")
    assert refused([lane], lasting("2027-05-03T13:00", hours=1)).rule == "grid"  # 15:00


def test_no_rules_refuse_nothing() -> None:
    for rules in ([], chain(Rules())):
        assert ask(rules, lasting("1999-05-03T16:07", seconds=1)) is None
        window = between("1999-05-03T16:00", "1999-05-03T17:00")
        assert bookable_starts(rules, window, Extent(1), NOW).has(utc("1999-05-03T16:07"))


def test_hours_without_days_are_closed_for_ever() -> None:
    assert refused(chain(Rules(hours=Hours())), lasting("2027-05-03T16:07", hours=1)).open == ()


def test_the_openings_told_are_those_that_touch_the_day_whole() -> None:
    bar = Hours(
        weekly=week(SU="10:00-12:00 22:00-24:00", MO="08:00-09:00 20:00-03:00", TU="10:00-11:00")
    )
    assert refused(chain(Rules(hours=bar)), lasting("2027-05-03T12:00", hours=1)).open == (
        between("2027-05-03T08:00", "2027-05-03T09:00"),
        between("2027-05-03T20:00", "2027-05-04T03:00"),
    )
    assert refused(chain(Rules(hours=bar)), lasting("2027-05-04T02:30", hours=1)).open == (
        between("2027-05-03T20:00", "2027-05-04T03:00"),
        between("2027-05-04T10:00", "2027-05-04T11:00"),
    )


def test_a_refusal_tells_a_few_openings_only() -> None:
    busy = Hours(
        special=(
            SpecialDay(
                "2027-05-03", spans=spans(" ".join(f"{h:02}:00-{h:02}:30" for h in range(24)))
            ),
        )
    )
    told = refused(chain(Rules(hours=busy)), lasting("2027-05-03T12:00", hours=1)).open
    assert len(told) == MOST_TOLD


@pytest.mark.parametrize(
    ("name", "start", "seconds", "on_grid"),
    [
        ("Europe/Paris", "2027-10-31T00:15", 900, True),  # 02:15, the first time
        ("Europe/Paris", "2027-10-31T01:15", 900, True),  # and the second
        ("Europe/Paris", "2027-10-31T04:00", 5 * 3600, True),  # 05:00 on a day of 25 hours
        ("Europe/Paris", "2027-10-31T03:00", 5 * 3600, False),
        ("Europe/Paris", "2027-03-28T03:00", 5 * 3600, True),
        ("Europe/Paris", "2027-03-28T04:00", 5 * 3600, False),
        ("Australia/Lord_Howe", "2027-05-03T13:30", 3600, True),  # midnight, at +10:30
        ("Australia/Lord_Howe", "2027-05-03T13:00", 3600, False),
        ("Asia/Kathmandu", "2027-05-03T12:15", 3600, True),  # +05:45
        ("America/New_York", "2027-05-03T12:00", 7 * 3600, False),  # 08:00
        ("America/New_York", "2027-05-03T11:00", 7 * 3600, True),  # 07:00: anew each midnight
    ],
)
def test_the_grid_is_the_wall_clocks(name: str, start: str, seconds: int, on_grid: bool) -> None:
    refusal = ask(chain(Rules(grid_seconds=seconds), name), lasting(start, hours=1))
    assert (refusal is None) is on_grid


def test_a_grid_has_no_part_of_a_second() -> None:
    odd = Interval(utc("2027-05-03T10:00") + timedelta(microseconds=1), utc("2027-05-03T11:00"))
    assert refused(chain(Rules(grid_seconds=60)), odd).rule == "grid"


def test_blocks_are_local_and_last_their_seconds() -> None:
    nightly = RecurringBlock("2027-01-01T01:30", 2 * 3600, ("FREQ=DAILY",), name="nightly")
    paris = zone("Europe/Paris")
    assert blocked_times((nightly,), paris, between("2027-03-27T00:00", "2027-03-29T23:00")) == [
        between("2027-03-27T00:30", "2027-03-27T02:30"),
        between("2027-03-28T00:30", "2027-03-28T02:30"),  # 01:30 to 04:30
        between("2027-03-28T23:30", "2027-03-29T01:30"),
    ]


def test_blocks_are_joined_cut_and_found_by_what_reaches_into_the_window() -> None:
    fair = RecurringBlock("2026-12-20T00:00", 30 * 86_400, name="fair")
    party = RecurringBlock("2027-01-18T20:00", 8 * 3600, rdate=("2027-01-25T20:00",), name="party")
    window = between("2027-01-18T12:00", "2027-01-26T00:00")
    assert blocked_times((party, fair), zone("UTC"), window) == [
        between("2027-01-18T12:00", "2027-01-19T04:00"),
        between("2027-01-25T20:00", "2027-01-26T00:00"),
    ]
    assert [(x.block.name, x.during) for x in block_times((party, fair), zone("UTC"), window)] == [
        ("fair", between("2026-12-20T00:00", "2027-01-19T00:00")),
        ("party", between("2027-01-18T20:00", "2027-01-19T04:00")),
        ("party", between("2027-01-25T20:00", "2027-01-26T04:00")),
    ]
    touching = between("2027-01-19T04:00", "2027-01-25T20:00")
    assert blocked_times((party, fair), zone("UTC"), touching) == []


def test_no_night_of_a_hundred_is_missed_however_narrow_the_window() -> None:
    nightly = RecurringBlock("2026-01-01T23:00", 2 * 3600, ("FREQ=DAILY",))
    auckland = zone("Pacific/Auckland")
    wide = between("2027-05-01T00:00", "2027-08-09T00:00")
    assert len(blocked_times((nightly,), auckland, wide)) == 100
    for day in range(100):
        begins = utc("2027-05-01T11:00") + timedelta(days=day)  # 23:00
        for minute in (0, 60, 119):
            at = begins + timedelta(minutes=minute)
            narrow = Interval(at, at + timedelta(minutes=1))
            assert blocked_times((nightly,), auckland, narrow) == [narrow]
        for edge in (begins - timedelta(minutes=1), begins + timedelta(minutes=120)):
            beside = Interval(edge, edge + timedelta(minutes=1))
            assert blocked_times((nightly,), auckland, beside) == []


def test_a_block_is_found_from_both_sides_of_new_year() -> None:
    # 20:00 in New York is in the next year by UTC.
    night = RecurringBlock("2020-12-31T20:00", 6 * 3600, ("FREQ=YEARLY",), name="fireworks")
    rules = chain(Rules(blocks=(night,)), "America/New_York")
    for start in ("2028-01-01T00:31", "2028-01-01T06:59"):
        assert refused(rules, lasting(start, minutes=30)).reason == "fireworks"
    for start in ("2028-01-01T00:30", "2028-01-01T07:00"):
        assert ask(rules, lasting(start, minutes=30)) is None
