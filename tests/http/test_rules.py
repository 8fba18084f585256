"""Opening hours, blocks and lead time over HTTP: set, read, and what they refuse (MISSION C2)."""

from typing import Any

import pytest
from tests.http.desk import Desk, refusal

SATURDAY = [{"opens": "10:00", "closes": "14:00"}, {"opens": "16:00", "closes": "02:00"}]
RULES: dict[str, Any] = {
    "hours": {
        "weekly": {"SA": SATURDAY},
        "special": [{"date": "2027-03-13", "name": "Closed for the fair"}],
    },
    "blocks": [
        {"start": "2027-03-06T17:00", "seconds": 3600, "rrule": ["FREQ=WEEKLY"], "name": "Oiling"}
    ],
    "grid_seconds": 1800,
    "min_seconds": 1800,
    "max_seconds": 7200,
}
HALL = "/v1/rules/location%3Ahall"


@pytest.fixture
def hall(desk: Desk) -> Desk:
    """A lane in a hall in Berlin that has rules."""
    place = {"location_id": "hall", "name": "Hall", "time_zone": "Europe/Berlin"}
    assert desk.post("/v1/locations", place).status_code == 201
    desk.resource("lane", location="hall")
    assert desk.ask("PUT", HALL, {"rules": RULES}).status_code == 200
    return desk


def claim(start: str, end: str) -> dict[str, Any]:
    """The lane on a Saturday in March, by Berlin's clock."""
    day = "2027-03-06T"
    return {
        "actor": "ann",
        "claims": [
            {"bookable": "lane", "start": f"{day}{start}:00+01:00", "end": f"{day}{end}:00+01:00"}
        ],
    }


def test_rules_are_read_as_they_were_set_with_their_sequence(hall: Desk) -> None:
    read = hall.get(HALL)
    assert read.json()["time_zone"] == "Europe/Berlin"
    assert read.json()["rules"]["blocks"] == RULES["blocks"]
    assert read.json()["rules"]["grid_seconds"] == 1800
    assert read.headers["etag"] == f'"{read.json()["seq"]}"'
    stale = hall.ask("PUT", HALL, {"rules": {}}, if_match='"77"')
    assert refusal(stale) == (412, "conflict")
    assert stale.json()["actual"] == read.json()["seq"]
    body = {"rules": {}, "expected": {"location:hall": 77}}
    assert refusal(hall.ask("PUT", HALL, body)) == (409, "conflict")
    both = hall.ask("PUT", HALL, body, if_match='"78"')
    assert (refusal(both), both.json()["field"]) == ((400, "invalid"), "expected")
    changed = hall.ask("PUT", HALL, {"rules": {}}, if_match=read.headers["etag"], key="k")
    assert (changed.status_code, changed.json()["code"]) == (200, "rules_changed")
    again = hall.ask("PUT", HALL, {"rules": {}}, if_match=read.headers["etag"], key="k")
    assert again.headers["idempotency-replayed"] == "true"
    assert hall.get(HALL).headers["etag"] == changed.headers["etag"]
    assert hall.post("/v1/bookings", claim("09:07", "09:17")).status_code == 201


def test_what_was_given_no_rules_has_none_and_what_is_not_there_is_unknown(desk: Desk) -> None:
    place = {"location_id": "yard", "name": "Yard", "time_zone": "Europe/Rome"}
    desk.post("/v1/locations", place)
    read = desk.get("/v1/rules/location%3Ayard")
    assert read.json() == {
        "owner": "location:yard",
        "seq": 0,
        "time_zone": "Europe/Rome",
        "rules": {},
    }
    assert "etag" not in read.headers
    for path in ("/v1/rules/location%3Anowhere", "/v1/rules/lane", "/v1/rules/actor%3Aann"):
        assert refusal(desk.get(path)) == (404, "unknown_bookable")
        assert refusal(desk.get(f"{path}/outside")) == (404, "unknown_bookable")
        assert refusal(desk.get(path.replace("rules", "hours"), first="2027-01-01")) == (
            404,
            "unknown_bookable",
        )
    nowhere = desk.ask("PUT", "/v1/rules/location%3Anowhere", {"rules": {}})
    assert refusal(nowhere) == (404, "unknown_bookable")


@pytest.mark.parametrize(
    ("start", "end", "rule"),
    [
        ("14:00", "15:00", "hours"),
        ("13:30", "14:30", "hours"),
        ("16:30", "17:30", "block"),
        ("10:15", "11:15", "grid"),
        ("10:00", "10:10", "min_duration"),
        ("10:00", "13:00", "max_duration"),
    ],
)
def test_a_refusal_names_the_rule_and_offers_times_that_book(
    hall: Desk, start: str, end: str, rule: str
) -> None:
    refused = hall.post("/v1/bookings", claim(start, end))
    assert refusal(refused) == (409, "not_bookable")
    said = refused.json()
    assert (said["rule"], said["bookable"], said["owner"]) == (rule, "lane", "location:hall")
    if "duration" in rule:
        # No other time is of any help: it is as long at each of them.
        assert said["suggested_slots"] == []
        return
    assert said["suggested_slots"]
    for slot in said["suggested_slots"]:
        tried = hall.post("/v1/bookings", {"actor": "ann", "claims": slot["claims"]})
        assert tried.status_code == 201, tried.text
        hall.post(f"{tried.headers['location']}/cancel")


def test_an_override_is_above_the_rules_and_shows_outside_them(hall: Desk) -> None:
    body = {**claim("14:00", "15:00"), "override": True, "reason": "the mayor"}
    made = hall.post("/v1/bookings", body)
    assert made.status_code == 201
    for owner in ("location%3Ahall", "lane"):
        (found,) = hall.get(f"/v1/rules/{owner}/outside").json()["items"]
        assert found["booking_id"] == made.json()["booking_id"]
        assert (found["refusal"]["code"], found["refusal"]["rule"]) == ("not_bookable", "hours")


def test_the_hours_of_a_day_are_those_of_the_place_and_say_why_it_is_closed(hall: Desk) -> None:
    days = hall.get("/v1/hours/lane", first="2027-03-06", last="2027-03-13").json()["items"]
    assert [x["date"] for x in days] == [f"2027-03-{day:02}" for day in range(6, 14)]
    assert days[0]["spans"] == [
        {"start": "2027-03-06T09:00:00Z", "end": "2027-03-06T13:00:00Z"},
        {"start": "2027-03-06T15:00:00Z", "end": "2027-03-07T01:00:00Z"},
    ]
    assert [x["closed_because"] for x in days[1:]] == ["week"] * 6 + ["Closed for the fair"]
    (one,) = hall.get("/v1/hours/lane", first="2027-03-06").json()["items"]
    assert one == days[0]


BAD: list[tuple[Any, str]] = [
    ({"hours": {"weekly": {"XX": []}}}, "rules.hours.weekly"),
    ({"hours": {"weekly": {"MO": [{"opens": "9", "closes": "10:00"}]}}}, "rules.hours.weekly"),
    (
        {
            "hours": {
                "weekly": {
                    "MO": [
                        {"opens": "09:00", "closes": "12:00"},
                        {"opens": "11:00", "closes": "13:00"},
                    ]
                }
            }
        },
        "rules.hours.weekly",
    ),
    ({"hours": {"special": [{"date": "2027-02-30"}]}}, "rules.hours.special[0].date"),
    ({"hours": {"special": [{"date": "2027-02-03", "last": "2027-02-01"}]}}, "rules.hours.special"),
    ({"blocks": [{"start": "2027-03-06T17:00", "seconds": 0}]}, "rules.blocks[0].seconds"),
    (
        {"blocks": [{"start": "2027-03-06T17:00", "seconds": 60, "rrule": ["FREQ=SOON"]}]},
        "rules.blocks[0]",
    ),
    ({"lead_seconds": -1}, "rules.lead_seconds"),
    ({"lead_seconds": "soon"}, "rules.lead_seconds"),
    ({"grid_seconds": 7}, "rules.grid_seconds"),
    ({"min_seconds": 7200, "max_seconds": 60}, "rules.m"),
    ({"opening": "always"}, "rules.opening"),
]


@pytest.mark.parametrize(("rules", "field"), BAD, ids=[str(rules)[:60] for rules, _ in BAD])
def test_rules_that_make_no_sense_are_refused_by_field_and_reason(
    hall: Desk, rules: Any, field: str
) -> None:
    before = hall.get(HALL).json()
    bad = hall.ask("PUT", HALL, {"rules": rules})
    assert refusal(bad) == (400, "invalid"), bad.text
    assert bad.json()["field"].startswith(field), bad.text
    assert bad.json()["reason"]
    assert hall.get(HALL).json() == before


def test_windows_of_a_century_are_refused(hall: Desk) -> None:
    wide = hall.get("/v1/hours/lane", first="1990-01-01", last="2090-01-01")
    assert (refusal(wide), wide.json()["field"]) == ((400, "invalid"), "last")
    for bad in ({"first": "soon"}, {"first": "2027-03-06", "last": "2027-03-05"}, {}):
        assert refusal(hall.get("/v1/hours/lane", **bad)) == (400, "invalid")
