"""Bad input is answered `invalid`, naming the field, before anything is locked. Nothing raises."""

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st
from tests.core import given as g
from tests.core.given import T0, at, claim

from lastseat.core import commands as c
from lastseat.core import limits
from lastseat.core.events import ActorTime, Fact, Kind
from lastseat.core.outcomes import Invalid
from lastseat.core.rules import Hours, RecurringBlock, Rules, Season, Span, SpecialDay
from lastseat.core.schedule import Schedule, Segment
from lastseat.core.validate import validate

SEAT = claim("show")
LANE = claim("lane", 1, 0, 60)
FACTS: dict[str, tuple[Fact, ...]] = {"show": (Fact("doors", {"open": True}),)}
BOOK = g.book("ann", SEAT)
PICK = g.choice(1, "lane 1", "lane 2")
RULES = Rules(
    hours=Hours(weekly={"MO": (Span("08:00", "12:00"),)}, special=(SpecialDay("2026-12-25"),)),
    blocks=(RecurringBlock("2026-11-23T18:00", 3600, rrule=("FREQ=DAILY",)),),
    lead_seconds=60,
)
GOOD: dict[str, c.AnyCommand] = {
    "define": g.occurrence("show", 2),
    "define resource": g.resource("lane"),
    "define pool": g.pool("skis", 3),
    "define event": g.event("yoga", 2, "2026-11-23T18:00"),
    "define a place": msgspec.structs.replace(
        g.pool("boats", 3), location="north", name="Bóats", attributes={"colour": ["red"]}
    ),
    "book": g.book("ann", SEAT, LANE, metadata={"wheelchair": [True, 1, 1.5, None, {"é": "ü"}]}),
    "hold": g.hold("ann", SEAT, limit_seconds=900),
    "override": g.book("ann", SEAT, override=True, reason="the mayor"),
    "confirm": g.confirm(1, 2),
    "release": g.release(1),
    "cancel": g.cancel(1),
    "extend": g.extend(1, 60),
    "expire": g.expire(1),
    "check_in": g.check_in(1, late=True),
    "check_out": g.check_out(1),
    "complete": g.complete(1, reason="the game is over\nand they have left"),
    "no_show": g.no_show(1),
    "update": g.update(1, contact=c.Contact(name="", email="", phone="")),
    "define limit": g.limit("service:tour", 2),
    "move": g.move(g.to(1, SEAT), g.to(2, LANE, version=1)),
    "define composite": g.composite("hall", "east", "west"),
    "choose": g.picking("ann", PICK, g.choice(2, "b", "c", adjacent=True), claims=(SEAT,)),
    "move to a choice": g.move(c.Relocation(target=g.by_id(1), choices=(PICK,))),
    "series": g.series(
        "ann", g.date(1, SEAT), g.date(2, LANE, choices=(PICK,)), metadata={"class": "yoga"}
    ),
    "first_n": g.series("ann", g.date(1, SEAT), policy=c.SeriesPolicy.FIRST_N, most=1),
    "set_rules": g.set_rules("location:north", RULES),
    "change_capacity": g.change("show", 3),
    "append": c.Append(**g.BASE, facts=FACTS, expected={"show": 1}),
}


def but(command: c.AnyCommand, **wrong: Any) -> c.AnyCommand:
    """The same command with other fields. Structs check no types, so anything goes."""
    return msgspec.structs.replace(command, **wrong)


def booking(**wrong: Any) -> c.AnyCommand:
    return but(BOOK, **wrong)


def claiming(**wrong: Any) -> c.AnyCommand:
    return but(BOOK, claims=(SEAT, msgspec.structs.replace(LANE, **wrong)))


@pytest.mark.parametrize("name", GOOD)
def test_a_proper_command_is_valid(name: str) -> None:
    assert validate(GOOD[name]) is None


def field(command: c.AnyCommand) -> str:
    invalid = validate(command)
    assert invalid is not None, f"taken: {command}"
    assert invalid.reason
    return invalid.field


NAMES = {
    "empty": "",
    "too long": "x" * (limits.NAME_LENGTH + 1),
    "control character": "a\x00b",
    "line break": "a\nb",
    "escape": "\x1b[2J",
    "lone surrogate": "a\ud800b",
    "right-to-left override": "a\u202eb",
    "none": None,
    "a number": 1,
    "bytes": b"ann",
    "a list": ["ann"],
}


@pytest.mark.parametrize("bad", NAMES.values(), ids=NAMES)
def test_a_name_is_printable_text_of_a_bounded_length(bad: Any) -> None:
    assert field(booking(tenant_id=bad)) == "tenant_id"
    assert field(booking(principal=bad)) == "principal"
    assert field(booking(actor=bad)) == "actor"
    assert field(claiming(bookable=bad)) == "claims[1].bookable"
    assert field(but(GOOD["confirm"], target=c.Seat(bad, "ann"))) == "target.bookable"
    assert field(but(GOOD["cancel"], target=c.Seat("show", bad))) == "target.actor"
    assert field(but(GOOD["change_capacity"], bookable=bad)) == "bookable"
    assert field(but(GOOD["define"], bookable=bad)) == "bookable"
    if bad is not None:
        assert field(booking(key=bad)) == "key"
        assert field(but(GOOD["define"], time_zone=bad)) == "time_zone"
        assert field(but(GOOD["define"], location=bad)) == "location"
        assert field(but(GOOD["define"], name=bad)) == "name"
        assert field(booking(contact=c.Contact(name=bad))) == "contact.name"
        assert field(but(GOOD["confirm"], contact=c.Contact(name=bad))) == "contact.name"
        if bad != "":
            assert field(but(GOOD["update"], contact=c.Contact(name=bad))) == "contact.name"
        assert field(claiming(time_zone=bad)) == "claims[1].time_zone"
    if not isinstance(bad, list):
        assert field(booking(expected={bad: 1})) == "expected"
        facts = {bad: FACTS["show"]}
        assert field(but(GOOD["append"], facts=facts, expected={"show": 1})) == "facts"
    facts = {"show": (Fact(bad),)}
    assert field(but(GOOD["append"], facts=facts)) == "facts[show][0].name"


IDS = {
    "empty": "",
    "not one": "not-a-uuid",
    "a number": 7,
    "none": None,
    "36 characters": "x" * 36,
    # PostgreSQL returns lower case with hyphens: another spelling would not be found again.
    "capitals": "ABCDEFAB-CDEF-ABCD-EFAB-CDEFABCDEFAB",
    "hyphens elsewhere": "0-0-0-0-00000000000000000000000000000",
    "braces": "{00000000-0000-0000-0000-0000000000}",
    "underscores": "00000000-0000-0000-0000-0000000000_1",
    "other digits": "00000000-0000-0000-0000-00000000000\u0661",
}


@pytest.mark.parametrize("bad", IDS.values(), ids=IDS)
def test_an_id_is_a_uuid_in_the_one_spelling_the_ledger_returns(bad: Any) -> None:
    assert field(booking(booking_id=bad)) == "booking_id"
    assert field(booking(command_id=bad)) == "command_id"
    assert field(but(GOOD["confirm"], target=c.BookingId(bad))) == "target.booking_id"
    relocation = c.Relocation(target=c.BookingId(bad), claims=(SEAT,))
    assert field(g.move(g.to(1, SEAT), relocation)) == "moves[1].target.booking_id"


@pytest.mark.parametrize("bad", [0, -1, limits.UNITS + 1, 2**63, True, 1.0, "1", None, [1]])
def test_units_are_whole_and_at_least_one(bad: Any) -> None:
    assert field(claiming(units=bad)) == "claims[1].units"


@pytest.mark.parametrize("bad", [0, -1, limits.CAPACITY + 1, 10**30, True, 2.0, "2", None])
def test_a_capacity_is_whole_and_at_least_one(bad: Any) -> None:
    assert field(but(GOOD["change_capacity"], capacity=bad)) == "capacity"
    assert field(but(GOOD["define pool"], capacity=bad)) == "capacity"


@pytest.mark.parametrize("bad", [-1, 10**12, True, 1.5, "60", None])
def test_a_buffer_is_a_number_of_seconds(bad: Any) -> None:
    assert field(claiming(before=bad)) == "claims[1].before"
    assert field(claiming(after=bad)) == "claims[1].after"


@pytest.mark.parametrize("bad", [0, -1, limits.LONGEST_HOLD_SECONDS + 1, True, 1.5, "60"])
def test_a_hold_is_a_number_of_seconds(bad: Any) -> None:
    assert field(booking(hold_seconds=bad)) == "hold_seconds"
    assert field(booking(hold_seconds=60, limit_seconds=bad)) == "limit_seconds"
    assert field(but(GOOD["extend"], seconds=bad)) == "seconds"


VISITS = ("check_in", "check_out", "complete", "no_show", "update")
VERSIONED = ("confirm", "release", "cancel", "extend", *VISITS)


@pytest.mark.parametrize("bad", [0, -1, 2**31, True, 1.0, "1"])
def test_a_version_is_a_whole_number(bad: Any) -> None:
    for name in VERSIONED:
        assert field(but(GOOD[name], version=bad)) == "version"
    assert field(g.move(g.to(1, SEAT), g.to(2, SEAT, version=bad))) == "moves[1].version"


@pytest.mark.parametrize("bad", [-1, 2**63, True, 1.0, "1", None])
def test_an_expected_sequence_is_a_whole_number(bad: Any) -> None:
    assert field(booking(expected={"show": bad})) == "expected[show]"


@pytest.mark.parametrize("bad", ["yes", "", 1, 0, None, [True]])
def test_a_yes_or_no_is_nothing_else(bad: Any) -> None:
    """Else an override of "no" would be one."""
    assert field(booking(override=bad, reason="why")) == "override"
    assert field(booking(confirmed=bad)) == "confirmed"
    assert field(but(GOOD["check_in"], late=bad)) == "late"
    assert field(but(GOOD["move"], override=bad, reason="why")) == "override"
    assert field(but(GOOD["change_capacity"], override=bad, reason="why")) == "override"


BRUSSELS = ZoneInfo("Europe/Brussels")
NAIVE = T0.replace(tzinfo=None)

TIMES: dict[str, tuple[Any, Any, str]] = {
    "empty": (T0, T0, "end"),
    "reversed": (at(60), T0, "end"),
    "no end": (T0, None, "end"),
    "no start": (None, T0, "start"),
    "naive start": (NAIVE, at(60), "start"),
    "naive end": (T0, NAIVE + timedelta(hours=1), "end"),
    "text": ("2026-11-23T18:00", at(60), "start"),
    "a number": (0, 3600, "start"),
    "before 1970": (datetime(1969, 12, 31, tzinfo=UTC), T0, "start"),
    "the first year": (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), T0, "start"),
    "the last year": (T0, datetime.max.replace(tzinfo=timezone(-timedelta(hours=14))), "end"),
    "too long": (T0, T0 + limits.LONGEST + timedelta(seconds=1), "end"),
    # The hour that comes twice: by the wall 02:30 to 02:45, in truth a reversed interval.
    "reversed in truth": (
        datetime(2026, 10, 25, 2, 30, tzinfo=BRUSSELS, fold=1),
        datetime(2026, 10, 25, 2, 45, tzinfo=BRUSSELS),
        "end",
    ),
}


@pytest.mark.parametrize(("start", "end", "wrong"), TIMES.values(), ids=TIMES)
def test_a_time_is_aware_and_goes_forward(start: Any, end: Any, wrong: str) -> None:
    assert field(claiming(start=start, end=end)) == f"claims[1].{wrong}"
    assert field(but(GOOD["define"], start=start, end=end)) == wrong


def test_the_hour_that_comes_twice_can_be_booked_across() -> None:
    """02:30 to 02:15 by the wall, 45 minutes in truth."""
    start = datetime(2026, 10, 25, 2, 30, tzinfo=BRUSSELS)
    end = datetime(2026, 10, 25, 2, 15, tzinfo=BRUSSELS, fold=1)
    assert validate(claiming(start=start, end=end)) is None


@pytest.mark.parametrize("bad", ["", "six o'clock", "2026-02-30T18:00", "2026-11-23", 18, "18:00"])
def test_a_local_start_is_a_local_time(bad: Any) -> None:
    assert field(claiming(local_start=bad)) == "claims[1].local_start"
    assert validate(claiming(local_start="2026-11-23T18:00", time_zone="Europe/Brussels")) is None


@pytest.mark.parametrize("bad", [None, "", [], (), SEAT, [SEAT], {"show": 1}, 3])
def test_a_booking_has_a_tuple_of_claims(bad: Any) -> None:
    assert field(booking(claims=bad)) == "claims"
    assert field(g.move(c.Relocation(target=g.by_id(1), claims=bad))) == "moves[0].claims"


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"of": ()}, "of"),
        ({"of": None}, "of"),
        ({"of": ["lane 1"]}, "of"),
        ({"of": ("lane 1", "lane 1")}, "of"),
        ({"of": tuple(f"lane {i}" for i in range(limits.CANDIDATES + 1))}, "of"),
        ({"of": ("lane 1", "")}, "of[1]"),
        ({"of": ("actor:ann",)}, "of[0]"),
        ({"any": 0}, "any"),
        ({"any": 3}, "any"),
        ({"any": True}, "any"),
        ({"adjacent": 1}, "adjacent"),
        ({"units": 0}, "units"),
        ({"before": -1}, "before"),
        ({"after": "60"}, "after"),
        ({"start": None}, "start"),
        ({"start": T0.replace(tzinfo=None)}, "start"),
        ({"end": T0}, "end"),
        ({"end": None}, "end"),
        ({"time_zone": ""}, "time_zone"),
        ({"local_start": "18:00"}, "local_start"),
    ],
)
def test_a_choice_says_what_of_and_when(wrong: dict[str, Any], name: str) -> None:
    bad = msgspec.structs.replace(PICK, **wrong)
    assert field(but(GOOD["choose"], choices=(PICK, bad))) == f"choices[1].{name}"
    dates = (g.date(1, choices=(bad,)),)
    assert field(but(GOOD["series"], dates=dates)) == f"dates[0].choices[0].{name}"
    relocation = c.Relocation(target=g.by_id(1), choices=(bad,))
    assert field(g.move(relocation)) == f"moves[0].choices[0].{name}"


@pytest.mark.parametrize("bad", [None, [], [PICK], PICK, "lane 1", {"of": "lane 1"}])
def test_choices_are_a_tuple(bad: Any) -> None:
    assert field(but(GOOD["choose"], choices=bad)) == "choices"
    assert field(but(GOOD["choose"], choices=(SEAT,))) == "choices[0]"


def test_choices_are_bounded_together() -> None:
    many = tuple(g.choice(1, f"lane {i}", f"lane {i + 1}") for i in range(40))
    assert field(but(GOOD["choose"], choices=many)) == "choices"
    lanes = tuple(f"lane {i}" for i in range(60))
    claims = (SEAT, *(claim(f"room {i}", 1, 0, 60) for i in range(50)))
    assert field(but(GOOD["choose"], claims=claims, choices=(g.choice(60, *lanes),))) == "choices"
    assert field(but(GOOD["choose"], claims=(), choices=())) == "claims"


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"dates": ()}, "dates"),
        ({"dates": None}, "dates"),
        ({"dates": [g.date(1, SEAT)]}, "dates"),
        ({"dates": (SEAT,)}, "dates[0]"),
        ({"dates": (g.date(1),)}, "dates[0].claims"),
        ({"dates": (c.SeriesDate(claims=(SEAT,)),)}, "dates[0].booking_id"),
        ({"dates": (g.date(1, SEAT), g.date(1, LANE))}, "dates"),
        ({"dates": tuple(g.date(i, SEAT) for i in range(limits.DATES + 1))}, "dates"),
        ({"dates": tuple(g.date(i, *[LANE] * 50) for i in range(200))}, "dates"),
        ({"policy": "skip_conflicts"}, "policy"),
        ({"policy": None}, "policy"),
        ({"most": 1}, "most"),
        ({"policy": c.SeriesPolicy.FIRST_N}, "most"),
        ({"policy": c.SeriesPolicy.FIRST_N, "most": 0}, "most"),
        ({"policy": c.SeriesPolicy.FIRST_N, "most": 3}, "most"),
        ({"series_id": "one"}, "series_id"),
        ({"actor": ""}, "actor"),
        ({"hold_seconds": 0}, "hold_seconds"),
        ({"confirmed": 1}, "confirmed"),
        ({"override": True}, "reason"),
        ({"metadata": [1]}, "metadata"),
        ({"contact": c.Contact()}, "contact"),
    ],
)
def test_a_series_has_dates_each_a_booking(wrong: dict[str, Any], name: str) -> None:
    assert field(but(GOOD["series"], **wrong)) == name


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"parts": ()}, "parts"),
        ({"parts": None}, "parts"),
        ({"parts": ["east", "west"]}, "parts"),
        ({"parts": ("east",)}, "parts"),
        ({"parts": ("east", "east")}, "parts"),
        ({"parts": tuple(f"room {i}" for i in range(limits.PARTS + 1))}, "parts"),
        ({"parts": ("east", "")}, "parts[1]"),
        ({"parts": ("east", "hall")}, "parts[1]"),
        ({"capacity": 2}, "capacity"),
        ({"actor_time": ActorTime.REFUSE}, "actor_time"),
        ({"kind": Kind.POOL}, "parts"),
        ({"kind": Kind.LOCATION}, "kind"),
        ({"bookable": "location:hall"}, "bookable"),
        ({"schedule": Schedule((Segment("2026-11-23T18:00", 60),))}, "schedule"),
    ],
)
def test_a_composite_has_parts_and_nothing_of_its_own(wrong: dict[str, Any], name: str) -> None:
    assert field(but(GOOD["define composite"], **wrong)) == name


def itself() -> dict[str, Any]:
    mirror: dict[str, Any] = {}
    mirror["mirror"] = [mirror]
    return mirror


def deep(levels: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


CHRISTMAS = SpecialDay("2026-12-25")
ODD_RULES: dict[str, tuple[Any, str]] = {
    "none": (None, "rules"),
    "a mapping": ({}, "rules"),
    "a class": (Rules, "rules"),
    "a text for a number": (Rules(lead_seconds="60"), "rules.lead_seconds"),  # type: ignore[arg-type]
    "true for a number": (Rules(lead_seconds=True), "rules.lead_seconds"),
    "no such weekday": (Rules(hours=Hours(weekly={"MON": ()})), "rules.hours.weekly"),  # type: ignore[dict-item]
    "a list": (Rules(blocks=[]), "rules"),  # type: ignore[arg-type]
    "a day for a block": (Rules(blocks=(CHRISTMAS,)), "rules.blocks[0]"),  # type: ignore[arg-type]
    "a NUL": (Rules(hours=Hours(special=(SpecialDay("2026-12-25", name="a\x00b"),))), "rules"),
    "half a pair": (Rules(hours=Hours(special=(SpecialDay("x", name="\ud800"),))), "rules"),
    "too much": (Rules(hours=Hours(special=(CHRISTMAS,) * 20_000)), "rules"),
    "itself": (Rules(hours=Hours(weekly={"MO": deep(300)})), "rules"),  # type: ignore[dict-item]
}


@pytest.mark.parametrize(("rules", "name"), ODD_RULES.values(), ids=ODD_RULES)
def test_rules_are_rules_all_the_way_down(rules: Any, name: str) -> None:
    assert field(but(GOOD["set_rules"], rules=rules)).startswith(name)


def test_who_misspells_a_weekday_is_told_how_they_are_spelled() -> None:
    for hours in (
        Hours(weekly={"XX": ()}),  # type: ignore[dict-item]
        Hours(seasons=(Season("01-01", "02-01", {"XX": ()}),)),  # type: ignore[dict-item]
    ):
        invalid = validate(but(GOOD["set_rules"], rules=Rules(hours=hours)))
        assert invalid is not None
        assert invalid.reason == "is 'XX', and must be one of MO, TU, WE, TH, FR, SA, SU"


@pytest.mark.parametrize("bad", ["", None, "actor:ann", "a\nb", "x" * (limits.NAME_LENGTH + 1)])
def test_rules_have_an_owner(bad: Any) -> None:
    assert field(but(GOOD["set_rules"], owner=bad)) == "owner"


def test_ten_thousand_claims_are_too_many_for_one_booking() -> None:
    invalid = validate(booking(claims=tuple(claim(f"seat {i}") for i in range(10_000))))
    assert invalid == Invalid(
        field="claims", reason=f"has 10000 claims; at most {limits.CLAIMS} fit in one booking"
    )


@pytest.mark.parametrize("bad", [None, "show", {"bookable": "show"}, g.by_id(1)])
def test_a_claim_is_a_claim(bad: Any) -> None:
    assert field(booking(claims=(SEAT, bad))) == "claims[1]"


def test_an_actors_own_time_is_never_claimed_or_defined_by_name() -> None:
    assert field(claiming(bookable="actor:ann")) == "claims[1].bookable"
    assert field(but(GOOD["define pool"], bookable="actor:ann")) == "bookable"
    assert field(but(GOOD["define pool"], kind=Kind.ACTOR)) == "kind"


@pytest.mark.parametrize("bad", [None, "an id", ("show", "ann"), SEAT])
def test_a_target_names_a_booking(bad: Any) -> None:
    for name in (*VERSIONED, "expire"):
        assert field(but(GOOD[name], target=bad)) == "target"
    relocation = c.Relocation(target=bad, claims=(SEAT,))
    assert field(g.move(relocation)) == "moves[0].target"


@pytest.mark.parametrize("bad", [None, (), [], [g.to(1, SEAT)], "moves", {1: 2}])
def test_a_move_has_a_tuple_of_relocations(bad: Any) -> None:
    assert field(but(GOOD["move"], moves=bad)) == "moves"


def test_a_move_is_bounded_and_of_relocations() -> None:
    many = tuple(g.to(i, SEAT) for i in range(limits.MOVES + 1))
    assert field(g.move(*many)) == "moves"
    assert field(but(GOOD["move"], moves=(g.to(1, SEAT), SEAT))) == "moves[1]"


@pytest.mark.parametrize("bad", [None, "", "  ", "x" * (limits.TEXT_LENGTH + 1), "\x00", 7])
def test_an_override_says_why(bad: Any) -> None:
    assert field(booking(override=True, reason=bad)) == "reason"
    assert field(but(GOOD["move"], override=True, reason=bad)) == "reason"
    assert field(but(GOOD["change_capacity"], override=True, reason=bad)) == "reason"


@pytest.mark.parametrize("bad", ["", "  ", "x" * (limits.TEXT_LENGTH + 1), "\x00", 7])
@pytest.mark.parametrize("name", GOOD)
def test_a_reason_is_a_text_whatever_it_is_for(name: str, bad: Any) -> None:
    assert field(but(GOOD[name], reason=bad)) == "reason"


CONTACTS: dict[str, tuple[Any, str]] = {
    "nothing": (c.Contact(), "contact"),
    "a mapping": ({"email": "ann@example.org"}, "contact"),
    "an address without @": (c.Contact(email="ann.example.org"), "contact.email"),
    "two of them": (c.Contact(email="ann@home@example.org"), "contact.email"),
    "nobody's": (c.Contact(email="@example.org"), "contact.email"),
    "nowhere's": (c.Contact(email="ann@"), "contact.email"),
    "a space": (c.Contact(email="ann smith@example.org"), "contact.email"),
    "two lines": (c.Contact(email="ann@example.org\nBcc: all"), "contact.email"),
    "too long an address": (c.Contact(email="a" * 250 + "@x.yz"), "contact.email"),
    "no text": (c.Contact(email=7), "contact.email"),  # type: ignore[arg-type]
    "letters": (c.Contact(phone="call me"), "contact.phone"),
    "too long a number": (c.Contact(phone="1" * 41), "contact.phone"),
    "other digits": (c.Contact(phone="\u0661\u0662"), "contact.phone"),
    "a number": (c.Contact(phone=4), "contact.phone"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("bad", "wrong"), CONTACTS.values(), ids=CONTACTS)
def test_a_contact_can_be_reached(bad: Any, wrong: str) -> None:
    assert field(booking(contact=bad)) == wrong
    assert field(but(GOOD["confirm"], contact=bad)) == wrong
    assert field(but(GOOD["update"], contact=bad)) == wrong


@pytest.mark.parametrize("part", ["name", "email", "phone"])
def test_only_an_update_clears_a_part_of_a_contact(part: str) -> None:
    cleared = c.Contact(**{part: ""})
    assert field(booking(contact=cleared)) == f"contact.{part}"
    assert field(but(GOOD["confirm"], contact=cleared)) == f"contact.{part}"
    assert validate(but(GOOD["update"], contact=cleared)) is None


def test_a_contact_as_people_give_it_is_taken() -> None:
    contact = c.Contact(
        name="Zo\u00eb M\u00fcller-O'Hara",
        email="zo\u00eb+tag@b\u00fccher.example",
        phone="+32 (0)2/555.12-34",
    )
    assert validate(booking(contact=contact)) is None


def test_an_update_without_anything_to_update_is_refused() -> None:
    assert field(but(GOOD["update"], metadata=None, contact=None)) == "metadata"


def test_a_services_ids_are_for_limits() -> None:
    for name in ("define", "define resource", "define pool", "define event"):
        assert field(but(GOOD[name], bookable="service:tour")) == "bookable"
    assert validate(but(GOOD["define limit"], bookable="promo SPRING")) is None
    assert validate(booking(claims=(claim("service:tour", 1, 0, 60),))) is None


@pytest.mark.parametrize("time", [ActorTime.REFUSE, ActorTime.WARN])
def test_a_limit_takes_nobodys_time(time: ActorTime) -> None:
    assert field(but(GOOD["define limit"], actor_time=time)) == "actor_time"


def bomb() -> list[Any]:
    """Ten lists of ten lists of ... : little to hold, endless to write."""
    nested: list[Any] = ["boom"]
    for _ in range(30):
        nested = [nested] * 10
    return nested


METADATA: dict[str, Any] = {
    "not a mapping": [1],
    "text": "{}",
    "NaN": {"a": math.nan},
    "deep NaN": {"a": [{"b": (1, math.nan)}]},
    "infinity": {"a": -math.inf},
    "too big": {"a": "x" * limits.METADATA_BYTES},
    "lone surrogate": {"a": "\ud800"},
    "NUL, which jsonb can't hold": {"a": "x\x00y"},
    "NUL in a key": {"\x00": 1},
    "a key that is no text": {1: "a"},
    "an object": {"a": object()},
    "bytes": {"a": b"x"},
    "a time": {"a": T0},
    "a set": {"a": {1, 2}},
    "itself": itself(),
    "too deep": {"a": deep(5_000)},
    "a bomb": {"a": bomb()},
}


@pytest.mark.parametrize("bad", METADATA.values(), ids=METADATA)
def test_metadata_is_json_of_a_bounded_size(bad: Any) -> None:
    assert field(booking(metadata=bad)) == "metadata"
    assert field(but(GOOD["update"], metadata=bad)) == "metadata"
    assert field(but(GOOD["define"], attributes=bad)) == "attributes"


@pytest.mark.parametrize("bad", ["occurrence", "cinema", None, 1, ActorTime.ALLOW])
def test_a_kind_is_one_of_the_kinds(bad: Any) -> None:
    assert field(but(GOOD["define"], kind=bad)) == "kind"


@pytest.mark.parametrize("bad", ["allow", None, True, Kind.POOL])
def test_actor_time_is_one_of_its_three_rules(bad: Any) -> None:
    assert field(but(GOOD["define"], actor_time=bad)) == "actor_time"


@pytest.mark.parametrize("name", ["define resource", "define pool", "define event"])
@pytest.mark.parametrize("bad", [T0, 0, ""])
def test_only_an_occurrence_has_a_start_and_an_end(name: str, bad: Any) -> None:
    assert field(but(GOOD[name], start=bad)) == "start"
    assert field(but(GOOD[name], start=bad, end=bad)) == "start"
    assert field(but(GOOD[name], end=bad)) in ("start", "end")


@pytest.mark.parametrize("name", ["define", "define resource", "define pool"])
def test_only_an_event_has_starts_and_a_duration(name: str) -> None:
    assert field(but(GOOD[name], starts=("2026-11-23T18:00",))) == "starts"
    assert field(but(GOOD[name], starts=None)) == "starts"
    assert field(but(GOOD[name], seconds=60)) == "seconds"
    assert field(but(GOOD[name], seconds="")) == "seconds"
    assert field(but(GOOD[name], seconds=False)) == "seconds"


def test_an_exclusive_resource_has_capacity_one() -> None:
    assert field(but(GOOD["define resource"], capacity=2)) == "capacity"


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"starts": ()}, "starts"),
        ({"starts": None}, "starts"),
        ({"starts": 5}, "starts"),
        ({"starts": ["2026-11-23T18:00"]}, "starts"),
        ({"starts": "2026-11-23T18:00"}, "starts"),
        ({"starts": ("2026-11-23T18:00",) * 2}, "starts"),
        ({"starts": ("2026-11-23T18:00",) * (limits.STARTS + 1)}, "starts"),
        ({"starts": ("2026-11-23T18:00", "tomorrow")}, "starts[1]"),
        ({"starts": ("2026-11-23T18:00:00",)}, "starts[0]"),
        ({"starts": (T0,)}, "starts[0]"),
        ({"starts": ([],)}, "starts[0]"),
        ({"starts": ("1969-12-31T23:59",)}, "starts[0]"),
        ({"starts": ("9999-12-31T23:59",)}, "starts[0]"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": True}, "seconds"),
        ({"seconds": 10**9}, "seconds"),
        ({"seconds": None}, "seconds"),
        ({"time_zone": None}, "time_zone"),
        ({"bookable": "yoga@home"}, "bookable"),
        ({"bookable": "yoga@2026-11-23T18:00"}, "bookable"),
    ],
)
def test_an_event_lists_its_starts(wrong: dict[str, Any], name: str) -> None:
    assert field(but(GOOD["define event"], **wrong)) == name


def test_the_occurrences_of_an_event_can_be_named() -> None:
    """An id so long that no occurrence's fits would make an event nobody can book."""
    long = "x" * limits.NAME_LENGTH
    assert field(but(GOOD["define event"], bookable=long)) == "bookable"
    fitting = long[: -len("@2026-11-23T18:00")]
    assert validate(but(GOOD["define event"], bookable=fitting)) is None
    assert validate(claiming(bookable=f"{fitting}@2026-11-23T18:00")) is None


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"facts": {}}, "facts"),
        ({"facts": None}, "facts"),
        ({"facts": [("show", ())]}, "facts"),
        ({"facts": {f"show {i}": FACTS["show"] for i in range(limits.STREAMS + 1)}}, "facts"),
        ({"facts": {"show": ()}}, "facts[show]"),
        ({"facts": {"show": None}}, "facts[show]"),
        ({"facts": {"show": ["doors"]}}, "facts[show]"),
        ({"facts": {"show": ("doors",)}}, "facts[show][0]"),
        ({"facts": {"show": FACTS["show"] * (limits.FACTS + 1)}}, "facts"),
        ({"facts": {"show": (Fact("a", {"b": math.nan}),)}}, "facts[show][0].data"),  # type: ignore[dict-item]
        ({"facts": {"show": (Fact("a", {"b": 1.5}),)}}, "facts[show][0].data"),  # type: ignore[dict-item]
        ({"facts": {"show": (Fact("a", {"b": [1]}),)}}, "facts[show][0].data"),  # type: ignore[dict-item]
        ({"facts": {"show": (Fact("a", {"b": 2**63}),)}}, "facts[show][0].data"),
        ({"facts": {"show": (Fact("a", {"b": "\ud800"}),)}}, "facts[show][0].data"),
        ({"facts": {"show": (Fact("a", {1: "b"}),)}}, "facts[show][0].data"),  # type: ignore[dict-item]
        ({"facts": {"show": (Fact("a", None),)}}, "facts[show][0].data"),  # type: ignore[arg-type]
        ({"facts": FACTS, "expected": {}}, "expected[show]"),
        ({"expected": None}, "expected"),
        ({"expected": [1]}, "expected"),
        ({"expected": {f"show {i}": 1 for i in range(limits.STREAMS + 1)}}, "expected"),
    ],
)
def test_facts_are_flat_and_say_what_was_observed(wrong: dict[str, Any], name: str) -> None:
    """A fact's data is read back as its declared type: what would not fit must not be written."""
    assert field(but(GOOD["append"], **wrong)) == name


@pytest.mark.parametrize(
    "sent",
    [
        {**msgspec.to_builtins(BOOK), "unitz": 2},
        {**msgspec.to_builtins(BOOK), "claims": [{"bookable": "show", "unitz": 2}]},
    ],
)
def test_a_field_nobody_knows_is_refused_when_a_command_is_read(sent: dict[str, Any]) -> None:
    """A party of 2 misspelt must not become a booking of 1."""
    with pytest.raises(msgspec.ValidationError, match="unknown field `unitz`"):
        msgspec.convert(sent, c.Book)


GARBAGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.text(st.sampled_from("a\x00\n\ud800\u202e@:"), max_size=5),
    st.binary(max_size=3),
    st.datetimes(timezones=st.one_of(st.none(), st.timezones())),
    st.timedeltas(),
    st.just(object()),
    st.sampled_from([Kind.EVENT, ActorTime.WARN, SEAT, LANE, g.by_id(1), Fact("a"), Fact]),
    st.sampled_from([c.Seat("", ""), c.BookingId("x"), c.Relocation(target=g.by_id(1), claims=())]),
)
KEYS = st.one_of(st.text(max_size=3), st.integers(), st.none())
NESTED = st.recursive(
    GARBAGE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(
            st.one_of(st.text(max_size=3), st.integers(), st.none()), inner, max_size=3
        ),
    ),
    max_leaves=6,
)


def spoilt(data: st.DataObject, struct: msgspec.Struct) -> Any:
    """The struct with garbage in one of its fields, or in a field of what it holds."""
    name = data.draw(st.sampled_from(struct.__struct_fields__))
    value = getattr(struct, name)
    deeper: Any = None
    if isinstance(value, msgspec.Struct):
        deeper = spoilt(data, value)
    elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
        deeper = (*value[1:], spoilt(data, value[0]))
    elif isinstance(value, dict) and value:
        deeper = dict.fromkeys(value, data.draw(NESTED))
    if deeper is None or data.draw(st.booleans()):
        deeper = data.draw(NESTED)
    return msgspec.structs.replace(struct, **{name: deeper})


@pytest.mark.parametrize("name", GOOD)
@hypothesis_given(data=st.data())
def test_garbage_in_any_field_is_refused_or_taken_but_never_raises(
    name: str, data: st.DataObject
) -> None:
    command = GOOD[name]
    for _ in range(data.draw(st.integers(1, 3))):
        command = spoilt(data, command)
    invalid = validate(command)
    assert invalid is None or (invalid.field and invalid.reason)
    if invalid is None:
        # What is taken can be written to the ledger, and is the same when it is read.
        text = msgspec.json.encode(command)
        written = c.Define | c.Making | c.ChangeCapacity | c.SetRules | c.Append
        if isinstance(command, written):
            assert msgspec.json.encode(msgspec.json.decode(text, type=type(command))) == text


@pytest.mark.parametrize(
    "actor",
    ["\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\U0001f469\u200d\U0001f467", "Jean\u00a0Paul"],
)
def test_names_with_joiners_and_hard_spaces_are_taken(actor: str) -> None:
    assert validate(but(BOOK, actor=actor)) is None


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("edits[0].during", (c.OccurrenceEdit(bookable="yoga@x", during=("a", "b")),)),  # type: ignore[arg-type]
        ("followers", ([],)),
        ("asked", "\ud800"),
    ],
)
def test_an_edit_made_by_hand_is_looked_at_too(field: str, bad: object) -> None:
    edit = c.EditEvent(**g.BASE, event="yoga", capacity=2)
    edit = msgspec.structs.replace(edit, **{field.partition("[")[0]: bad})
    refusal = validate(edit)
    assert refusal is not None
    assert refusal.field == field
