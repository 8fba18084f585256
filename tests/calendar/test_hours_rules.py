"""Rules that make no sense are refused: which field, and why, whatever they are made of."""

from time import process_time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.calendar.hours import DAYS, chain, daily, lasting, spans, utc, week

from lastseat.calendar.broken import broken
from lastseat.calendar.rules import BadRules, check_rules
from lastseat.core.rules import Hours, RecurringBlock, Rules, Season, Span, SpecialDay

WEEKLY = "FREQ=WEEKLY"


def test_sensible_rules_are_taken() -> None:
    check_rules(Rules(), "rules")
    check_rules(
        Rules(
            hours=Hours(
                weekly=week(
                    MO="00:00-24:00",
                    TH="09:00-12:00 18:00-10:00",
                    TU="00:00-00:00",
                    WE="09:00-12:00 12:00-13:00",
                    SA="18:00-04:00",
                    SU="04:00-05:00 22:00-24:00",
                ),
                seasons=(
                    Season("12-24", "01-06", {}),
                    Season("02-29", "02-29", week(MO="10:00-10:00")),
                    Season("2027-06-01", "2027-06-01", daily("06:00-06:00").weekly),
                ),
                special=(
                    SpecialDay("2028-02-29", name="Leap"),
                    SpecialDay("2027-12-24", last="2028-12-23", spans=spans("10:00-02:00")),
                ),
            ),
            blocks=(
                RecurringBlock(
                    "2027-01-04T07:00", 3600, ("FREQ=WEEKLY;BYDAY=MO",), name="cleaning"
                ),
                RecurringBlock("2027-01-04T00:00", 600, ("FREQ=HOURLY",)),
                RecurringBlock("2027-01-04T00:00", 366 * 86_400),
                RecurringBlock("2027-01-04T07:00", 86_400, ("FREQ=DAILY",)),
                RecurringBlock("2027-01-04T00:00", 60, (), ("2028-01-01T00:00",)),
            ),
            lead_seconds=3600,
            horizon_seconds=90 * 86_400,
            grid_seconds=900,
            min_seconds=3600,
            max_seconds=3600,
        ),
        "rules",
    )


def block(start: Any = "2027-01-04T07:00", seconds: Any = 3600, *rrule: str, **more: Any) -> Rules:
    return Rules(blocks=(RecurringBlock(start, seconds, rrule, **more),))


def hours(text: str) -> Rules:
    return Rules(hours=Hours(weekly=week(MO=text)))


def special(*args: Any, **more: Any) -> Rules:
    return Rules(hours=Hours(special=(SpecialDay(*args, **more),)))


def season(first: Any, last: Any, weekly: Any = msgspec.UNSET) -> Rules:
    given = {} if weekly is msgspec.UNSET else weekly
    return Rules(hours=Hours(seasons=(Season(first, last, given),)))


MO, TU, SU = ("rules.hours.weekly." + day for day in ("MO", "TU", "SU"))
SPECIAL, SEASON, BLOCK = "rules.hours.special[0]", "rules.hours.seasons[0]", "rules.blocks[0]"
BAD: list[tuple[Rules, str, str]] = [
    # spans
    (hours("09:00-12:00 11:59-13:00"), f"{MO}[1]", f"overlaps {MO}[0]"),
    (hours("11:59-13:00 09:00-12:00"), f"{MO}[0]", f"overlaps {MO}[1]"),
    (hours("09:00-12:00 09:00-12:00"), f"{MO}[1]", f"overlaps {MO}[0]"),
    (hours("24:00-02:00"), f"{MO}[0].opens", "must be a time such as 09:30"),
    (hours("09:00-24:01"), f"{MO}[0].closes", "at most 24:00"),
    (hours("9:00-10:00"), f"{MO}[0].opens", "must be a time"),
    (hours("09:00-10:60"), f"{MO}[0].closes", "must be a time"),
    (hours("09:00:00-10:00"), f"{MO}[0].opens", "must be a time"),
    (hours("٠٩:00-10:00"), f"{MO}[0].opens", "must be a time"),
    (hours("-10:00"), f"{MO}[0].opens", "must be a time"),
    (hours("09:00-10:00\n"[:-1] + "x"), f"{MO}[0].closes", "must be a time"),
    (Rules(hours=Hours(weekly=week(MO="18:00-10:00", TU="09:00-12:00"))), f"{TU}[0]", "overlaps"),
    (Rules(hours=Hours(weekly=week(SU="18:00-10:00", MO="09:00-12:00"))), f"{MO}[0]", "overlaps"),
    (Rules(hours=Hours(weekly={"MO": spans("00:00-00:01 " * 21)})), MO, "more than 20 spans"),
    (Rules(hours=Hours(weekly={"MO": spans("00:00-00:01 " * 10_000)})), MO, "more than 20 spans"),
    # seasons
    (season("2027-07-01", "2027-06-30"), f"{SEASON}.last", "before first"),
    (season("07-01", "2027-06-30"), f"{SEASON}.last", "spelled as first"),
    (season("02-30", "03-01"), f"{SEASON}.first", "must be a date"),
    (season("2027-02-29", "2027-03-01"), f"{SEASON}.first", "must be a date"),
    (season("13-01", "03-01"), f"{SEASON}.first", "or 12-24"),
    (season("1", "2"), f"{SEASON}.first", "must be a date"),
    (season("", ""), f"{SEASON}.first", "must be a date"),
    (
        season("01-01", "03-01", week(MO="09:00-10:00 09:30-11:00")),
        f"{SEASON}.weekly.MO[1]",
        "overlaps",
    ),
    (
        Rules(hours=Hours(seasons=(Season("01-01", "02-01", {}),) * 21)),
        "rules.hours.seasons",
        "more than 20",
    ),
    # special days
    (special("2027-02-30"), f"{SPECIAL}.date", "must be a date"),
    (special("20270228"), f"{SPECIAL}.date", "must be a date"),
    (special("2027-W08-7"), f"{SPECIAL}.date", "must be a date"),
    (special("0000-01-01"), f"{SPECIAL}.date", "must be a date"),
    (special("9999-12-31"), f"{SPECIAL}.date", "from 1970 to 2200"),
    (special("1969-12-31"), f"{SPECIAL}.date", "from 1970 to 2200"),
    (special("2027-02-28", "2027-02-27"), f"{SPECIAL}.last", "before date"),
    (special("2027-01-01", "2028-01-02"), f"{SPECIAL}.last", "366 days after"),
    (
        special("2027-01-01", spans=spans("09:00-10:00 09:59-11:00")),
        f"{SPECIAL}.spans[1]",
        "overlaps",
    ),
    (special("2027-01-01", spans=spans("00:00-00:01 " * 21)), f"{SPECIAL}.spans", "more than 20"),
    (special("2027-01-01", name="a\x00b"), f"{SPECIAL}.name", "control"),
    (special("2027-01-01", name="\ud800"), f"{SPECIAL}.name", "control"),
    (special("2027-01-01", name=" "), f"{SPECIAL}.name", "not empty"),
    (special("2027-01-01", name="x" * 201), f"{SPECIAL}.name", "longer than 200"),
    (
        Rules(hours=Hours(special=(SpecialDay("2027-01-01"),) * 367)),
        "rules.hours.special",
        "more than 366",
    ),
    # blocks
    (block(seconds=0), f"{BLOCK}.seconds", "from 1 to"),
    (block(seconds=-1), f"{BLOCK}.seconds", "from 1 to"),
    (block(seconds=10**30), f"{BLOCK}.seconds", "from 1 to"),
    (block(seconds=367 * 86_400), f"{BLOCK}.seconds", "from 1 to"),
    (block("2027-02-30T10:00"), f"{BLOCK}.start", "local time"),
    (block("2027-01-04T10:00Z"), f"{BLOCK}.start", "local time"),
    (block("2027-01-04"), f"{BLOCK}.start", "local time"),
    (block("2027-01-04T07:00", 60, "FREQ=SECONDLY"), f"{BLOCK}.rrule[0]", "SECONDLY"),
    (block("2027-01-04T07:00", 60, "FREQ=MINUTELY"), f"{BLOCK}.rrule", "24 times a day"),
    (
        block("2027-01-04T07:00", 60, "FREQ=HOURLY;BYMINUTE=0,30"),
        f"{BLOCK}.rrule",
        "24 times a day",
    ),
    (
        block(
            "2027-01-04T07:00",
            60,
            "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=0,1",
        ),
        f"{BLOCK}.rrule",
        "24 times a day",
    ),
    (block("2027-01-04T07:00", 60, *("FREQ=DAILY",) * 25), f"{BLOCK}.rrule", "24 times a day"),
    (block("2027-01-04T07:00", 60, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), BLOCK, ""),
    (block("2027-01-05T07:00", 60, "FREQ=WEEKLY;BYDAY=MO"), BLOCK, ""),
    (block("2027-01-04T07:00", 60, "nonsense"), f"{BLOCK}.rrule[0]", "not NAME=value"),
    (block("2027-01-04T07:00", 60, ""), f"{BLOCK}.rrule[0]", "must be a rule"),
    (
        block("2027-01-04T07:00", 60, "FREQ=DAILY;" + "BYHOUR=1," * 10**5),
        f"{BLOCK}.rrule[0]",
        "longer than",
    ),
    (
        block("2027-01-04T07:00", 366 * 86_400, "FREQ=DAILY"),
        f"{BLOCK}.seconds",
        "until the next, 2027-01-05T07:00",
    ),
    (block("2027-01-04T07:00", 86_401, "FREQ=DAILY"), f"{BLOCK}.seconds", "lasts longer than"),
    (block("2027-01-04T07:00", 3601, "FREQ=HOURLY"), f"{BLOCK}.seconds", "lasts longer than"),
    (block(rdate=("2027-01-04T07:59",)), f"{BLOCK}.seconds", "2027-01-04T07:59"),
    (
        # A year after another, until a leap year has both.
        block("2027-02-28T07:00", 86_401, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29"),
        f"{BLOCK}.seconds",
        "2028-02-29T07:00",
    ),
    (block(rdate=("2027-01-04T07:00",) * 367), f"{BLOCK}.rdate", "more than 366"),
    (block(exdate=("2027-01-04T07:00",) * 367), f"{BLOCK}.exdate", "more than 366"),
    (block(exdate=("2027-01-04T07:00",)), BLOCK, "away"),
    (block(name=""), f"{BLOCK}.name", "not empty"),
    (
        Rules(blocks=(RecurringBlock("2027-01-04T07:00", 60),) * 101),
        "rules.blocks",
        "more than 100",
    ),
    (
        Rules(blocks=(RecurringBlock("2027-01-04T00:00", 60, ("FREQ=HOURLY",)),) * 5),
        "rules.blocks",
        "100 times a day together",
    ),
    # numbers
    (Rules(lead_seconds=-1), "rules.lead_seconds", "from 0"),
    (Rules(lead_seconds=10**12), "rules.lead_seconds", "from 0"),
    (Rules(horizon_seconds=0), "rules.horizon_seconds", "from 1"),
    (Rules(horizon_seconds=-5), "rules.horizon_seconds", "from 1"),
    (Rules(grid_seconds=0), "rules.grid_seconds", "from 60"),
    (Rules(grid_seconds=-900), "rules.grid_seconds", "from 60"),
    (Rules(grid_seconds=86_401), "rules.grid_seconds", "from 60"),
    (Rules(min_seconds=0), "rules.min_seconds", "from 1"),
    (Rules(max_seconds=401 * 86_400), "rules.max_seconds", "from 1"),
    (Rules(lead_seconds=3600, horizon_seconds=3599), "rules.horizon_seconds", "less than lead"),
    (Rules(min_seconds=3600, max_seconds=3599), "rules.max_seconds", "less than min"),
]


@pytest.mark.parametrize(("rules", "field", "reason"), BAD)
def test_nonsense_is_refused_by_field_and_reason(rules: Rules, field: str, reason: str) -> None:
    began = process_time()
    with pytest.raises(BadRules) as caught:
        check_rules(rules, "rules")
    assert caught.value.field.startswith(field)
    assert reason in caught.value.reason
    assert len(caught.value.reason) < 300
    assert process_time() - began < 5


ANY: Any = object()
LOOP: Any = []
LOOP.append(LOOP)
WRONG: list[Any] = [
    None,
    "rules",
    {},
    Rules(hours=ANY),
    Rules(hours={}),  # type: ignore[arg-type]
    Rules(blocks=None),  # type: ignore[arg-type]
    Rules(blocks=("FREQ=DAILY",)),  # type: ignore[arg-type]
    Rules(lead_seconds=True),
    Rules(lead_seconds="3600"),  # type: ignore[arg-type]
    Rules(lead_seconds=None),  # type: ignore[arg-type]
    Rules(grid_seconds=900.0),  # type: ignore[arg-type]
    Rules(min_seconds=float("nan")),  # type: ignore[arg-type]
    Rules(hours=Hours(weekly={"XX": ()})),  # type: ignore[dict-item]
    Rules(hours=Hours(weekly={"mo": ()})),  # type: ignore[dict-item]
    Rules(hours=Hours(weekly={1: ()})),  # type: ignore[dict-item]
    Rules(hours=Hours(weekly=[("MO", ())])),  # type: ignore[arg-type]
    Rules(hours=Hours(weekly={"MO": "09:00-10:00"})),  # type: ignore[dict-item]
    Rules(hours=Hours(weekly={"MO": [Span("09:00", "10:00")]})),  # type: ignore[dict-item]
    Rules(hours=Hours(weekly={"MO": (Span(900, "10:00"),)})),  # type: ignore[arg-type]
    Rules(hours=Hours(weekly={"MO": (Span("09:00", None),)})),  # type: ignore[arg-type]
    Rules(hours=Hours(weekly={"MO": LOOP})),
    Rules(hours=Hours(special=(SpecialDay(ANY),))),
    Rules(hours=Hours(special=(SpecialDay("2027-01-01", name=b"x"),))),  # type: ignore[arg-type]
    Rules(hours=Hours(seasons=(None,))),  # type: ignore[arg-type]
    block(7),
    block(seconds="7"),
    block(seconds=1.5),
    Rules(blocks=(RecurringBlock("2027-01-04T07:00", 60, WEEKLY),)),  # type: ignore[arg-type]
    Rules(blocks=(RecurringBlock("2027-01-04T07:00", 60, (7,)),)),  # type: ignore[arg-type]
    Rules(blocks=[]),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("rules", WRONG, ids=range(len(WRONG)))
def test_what_is_no_rules_at_all_is_refused_too(rules: Any) -> None:
    with pytest.raises(BadRules) as caught:
        check_rules(rules, "rules")
    assert caught.value.field.startswith("rules")


def test_the_field_is_where_the_wrong_type_is() -> None:
    with pytest.raises(BadRules) as caught:
        check_rules(Rules(hours=Hours(special=(SpecialDay("2027-01-01"), SpecialDay(ANY)))), "x")
    assert caught.value.field == "x"  # not a plain value at all
    with pytest.raises(BadRules) as caught:
        check_rules(block(seconds="7"), "x")
    assert (caught.value.field, caught.value.reason) == (
        "x.blocks[0].seconds",
        "expected `int`, got `str`",
    )
    with pytest.raises(BadRules) as caught:
        check_rules(Rules(hours=Hours(weekly={"XX": ()})), "x")  # type: ignore[dict-item]
    assert caught.value.field == "x.hours.weekly"


texts = st.sampled_from(
    ["", "09:00", "24:00", "10:00", "2027-02-30", "02-29", "2027-01-04T07:00", "FREQ=DAILY", "x"]
) | st.text(max_size=5)
any_spans = st.lists(st.builds(Span, texts, texts), max_size=3).map(tuple)
any_weeks = st.dictionaries(st.sampled_from(DAYS), any_spans, max_size=2)
any_rules = st.builds(
    Rules,
    hours=st.none()
    | st.builds(
        Hours,
        any_weeks,
        st.lists(st.builds(Season, texts, texts, any_weeks), max_size=1).map(tuple),
        st.lists(st.builds(SpecialDay, texts, st.none() | texts, any_spans), max_size=1).map(tuple),
    ),
    blocks=st.lists(
        st.builds(RecurringBlock, texts, st.integers(), st.lists(texts, max_size=1).map(tuple)),
        max_size=1,
    ).map(tuple),
    lead_seconds=st.integers(-1, 100),
    grid_seconds=st.none() | st.integers(),
)


@settings(max_examples=150, deadline=None)
@given(any_rules)
def test_what_is_taken_can_be_decided_by_and_read_back(rules: Rules) -> None:
    try:
        check_rules(rules, "rules")
    except BadRules:
        return
    again = msgspec.json.decode(msgspec.json.encode(rules), type=Rules)
    assert (again, hash(again)) == (rules, hash(rules))
    hour = lasting("2027-01-04T07:00", hours=1)
    broken(chain(again, "Europe/Paris"), "lane", "ann", hour, hour, utc("2027-01-01T00:00"))


def test_the_order_of_days_does_not_make_other_rules() -> None:
    one, other = (
        Hours(weekly=week(MO="09:00-10:00", TU="09:00-10:00")),
        Hours(weekly={"TU": spans("09:00-10:00"), "MO": spans("09:00-10:00")}),
    )
    assert (one, hash(one)) == (other, hash(other))
