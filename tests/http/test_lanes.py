"""A bowling alley over HTTP: three adjacent lanes, other times on a conflict, a year of Mondays.

What C9, C10, H1 and H2 ask for, each with one call.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from litestar.testing import TestClient
from tests.http.desk import Desk, refusal

from lastseat.http.app import make_app
from lastseat.http.settings import ServeSettings

LANES = [f"lane-{n}" for n in range(1, 9)]
BERLIN = ZoneInfo("Europe/Berlin")
SATURDAY = datetime(2027, 3, 6, 19, 30, tzinfo=BERLIN)
HOUR = timedelta(hours=1)


def over(start: datetime, length: timedelta = HOUR) -> dict[str, str]:
    """The time `[start, start + length)` as JSON."""
    return {"start": start.isoformat(), "end": (start + length).isoformat()}


def three_lanes(start: datetime = SATURDAY) -> dict[str, Any]:
    """Three lanes side by side."""
    return {"of": LANES, "any": 3, "adjacent": True, **over(start), "time_zone": "Europe/Berlin"}


@pytest.fixture
def alley(desk: Desk) -> Desk:
    """Eight lanes, side by side in the order of their numbers."""
    for lane in LANES:
        desk.resource(lane)
    return desk


def test_three_adjacent_lanes_for_saturday_by_one_call(alley: Desk) -> None:
    booked = alley.post("/v1/bookings", {"actor": "ann", "choices": [three_lanes()]})
    assert booked.status_code == 201, booked.text
    assert booked.json()["chosen"] == ["lane-1", "lane-2", "lane-3"]
    claims = alley.get(booked.headers["location"]).json()["claims"]
    assert [x["bookable"] for x in claims] == ["lane-1", "lane-2", "lane-3"]
    assert {x["local_start"] for x in claims} == {"2027-03-06T19:30:00"}
    assert {x["time_zone"] for x in claims} == {"Europe/Berlin"}


def test_a_second_call_for_a_lane_has_other_times_that_book(alley: Desk) -> None:
    alley.post("/v1/bookings", {"actor": "ann", "choices": [three_lanes()]})
    body = {"actor": "ben", "claims": [{"bookable": "lane-2", **over(SATURDAY)}]}
    taken = alley.post("/v1/bookings", body, key="tap")
    assert refusal(taken) == (409, "conflict")
    assert (taken.json()["rule"], taken.json()["bookable"]) == ("exclusive", "lane-2")
    slots = taken.json()["suggested_slots"]
    assert len(slots) == 3
    for slot in slots:
        start = datetime.fromisoformat(slot["start"])
        assert HOUR <= abs(start - SATURDAY) <= 2 * HOUR
        assert slot["claims"][0]["bookable"] == "lane-2"
    nearest = [abs(datetime.fromisoformat(x["start"]) - SATURDAY) for x in slots]
    assert nearest == sorted(nearest)
    # Each can be had now: tried one at a time, since they overlap each other.
    for slot in slots:
        tried = alley.post("/v1/bookings", {"actor": "ben", "claims": slot["claims"]})
        assert tried.status_code == 201, tried.text
        alley.post(f"{tried.headers['location']}/cancel")
    # What is kept under the key is the refusal alone: others were faster since.
    first = slots[0]
    assert alley.post("/v1/bookings", {"actor": "cyd", "claims": first["claims"]}).is_success
    again = alley.post("/v1/bookings", body, key="tap")
    assert again.headers["idempotency-replayed"] == "true"
    assert first["start"] not in {x["start"] for x in again.json()["suggested_slots"]}


def test_too_few_lanes_side_by_side_have_other_times_too(alley: Desk) -> None:
    middle = [{"bookable": lane, **over(SATURDAY)} for lane in ("lane-3", "lane-6")]
    assert alley.post("/v1/bookings", {"actor": "ann", "claims": middle}).is_success
    taken = alley.post("/v1/bookings", {"actor": "ben", "choices": [three_lanes()]})
    assert refusal(taken) == (409, "conflict")
    assert (taken.json()["rule"], taken.json()["actual"]) == ("adjacent", 6)
    slots = taken.json()["suggested_slots"]
    assert len(slots) == 3
    tried = alley.post("/v1/bookings", {"actor": "ben", "choices": slots[0]["choices"]})
    assert tried.status_code == 201, tried.text
    # Two lanes there are, side by side, at the time itself.
    two = {**three_lanes(), "any": 2}
    fits = alley.post("/v1/bookings", {"actor": "cyd", "choices": [two], "hold_seconds": 60})
    assert (fits.status_code, fits.json()["chosen"]) == (201, ["lane-1", "lane-2"])


def test_of_many_who_want_three_lanes_at_once_two_get_them(alley: Desk) -> None:
    """Eight lanes are two times three side by side: nobody gets two of one, or half of it."""
    ready = threading.Barrier(6)

    def ask(number: int) -> Any:
        ready.wait()
        return alley.post("/v1/bookings", {"actor": f"a{number}", "choices": [three_lanes()]})

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    chosen = [x.json()["chosen"] for x in answers if x.status_code == 201]
    assert sorted(chosen) == [LANES[:3], LANES[3:6]]
    refused = [x for x in answers if x.status_code != 201]
    assert {refusal(x) for x in refused} == {(409, "conflict")}
    assert all(len(x.json()["suggested_slots"]) == 3 for x in refused)


def test_a_move_picks_anew_and_a_refused_one_suggests(alley: Desk) -> None:
    booked = alley.post("/v1/bookings", {"actor": "ann", "choices": [three_lanes()]}).json()
    later = SATURDAY + 3 * HOUR
    blocked = [{"bookable": lane, **over(later)} for lane in ("lane-2", "lane-5", "lane-8")]
    assert alley.post("/v1/bookings", {"actor": "ben", "claims": blocked}).is_success
    path = f"/v1/bookings/{booked['booking_id']}/move"
    refused = alley.post(path, {"choices": [three_lanes(later)]})
    assert refusal(refused) == (409, "conflict")
    assert refused.json()["suggested_slots"]
    two = {**three_lanes(later), "any": 2}
    moved = alley.post(path, {"choices": [two]})
    assert moved.json()["moved"][0]["chosen"] == ["lane-3", "lane-4"]
    together = alley.post(
        "/v1/bookings/move",
        {"moves": [{"booking_id": booked["booking_id"], "choices": [three_lanes()]}]},
    )
    assert together.json()["moved"][0]["chosen"] == ["lane-1", "lane-2", "lane-3"]


def test_a_year_of_mondays_reports_each_date(alley: Desk) -> None:
    first = datetime(2027, 1, 4, 20, tzinfo=BERLIN)
    mondays = [first + timedelta(weeks=n) for n in range(52)]
    for n in (3, 29):
        there = {"actor": "ann", "claims": [{"bookable": "lane-4", **over(mondays[n])}]}
        assert alley.post("/v1/bookings", there).is_success
    dates = [
        {"claims": [{"bookable": "lane-4", **over(day), "time_zone": "Europe/Berlin"}]}
        for day in mondays
    ]
    whole = alley.post("/v1/series", {"actor": "club", "dates": dates})
    assert refusal(whole) == (409, "series_refused")
    codes = [x["code"] for x in whole.json()["report"]]
    assert [n for n, code in enumerate(codes) if code == "conflict"] == [3, 29]
    assert alley.get("/v1/bookings", actor="club").json()["items"] == [], "all or nothing"

    body = {"actor": "club", "dates": dates, "policy": "skip_conflicts"}
    some = alley.post("/v1/series", body, key="year")
    assert some.status_code == 201, some.text
    report = some.json()["report"]
    assert (some.json()["booked"], len(report)) == (50, 52)
    assert [n for n, x in enumerate(report) if x["code"] == "conflict"] == [3, 29]
    booked = [x["booking_id"] for x in report if x["code"] == "booked"]

    listed, query = [], {"limit": 40}
    while True:
        page = alley.get(some.headers["location"], **query).json()
        listed += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert [x["booking_id"] for x in listed] == sorted(booked, reverse=True)
    assert {x["series_id"] for x in listed} == {some.json()["series_id"]}
    assert {x["claims"][0]["local_start"][11:] for x in listed} == {"20:00:00"}
    again = alley.post("/v1/series", body, key="year")
    assert (again.content, again.headers["idempotency-replayed"]) == (some.content, "true")


def test_a_bad_series_is_refused_by_field(alley: Desk) -> None:
    date = {"claims": [{"bookable": "lane-1", **over(SATURDAY)}]}
    for body, field in (
        ({"dates": []}, "dates"),
        ({"dates": [date] * 401}, "dates"),
        ({"dates": [date, {}]}, "dates[1].claims"),
        ({"dates": [date, {**date, "bookable": "lane-2"}]}, "dates[1].bookable"),
        ({"dates": [date, {**date, "claims": []}]}, "dates[1].claims"),
        ({"dates": [date], "policy": "hope"}, "policy"),
        ({"dates": [date], "policy": "first_n"}, "most"),
        ({"dates": [date], "policy": "first_n", "most": 2}, "most"),
        ({"dates": [date], "most": 1}, "most"),
        ({"dates": [date], "limit_seconds": 60}, "limit_seconds"),
        ({"dates": [date], "override": True}, "reason"),
        ({"dates": [date], "until": "2028"}, "until"),
    ):
        bad = alley.post("/v1/series", {"actor": "ann", **body})
        assert (refusal(bad), bad.json()["field"]) == ((400, "invalid"), field), bad.text
    for name in ("x", "00000000-0000-0000-0000-000000000000"):
        assert refusal(alley.get(f"/v1/series/{name}")) == (404, "unknown_series")
    listed = alley.get("/v1/bookings", series="x")
    assert (refusal(listed), listed.json()["field"]) == ((400, "invalid"), "series")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"of": []}, "of"),
        ({"of": [*LANES, "lane-1"]}, "of"),
        ({"of": [f"x{n}" for n in range(65)]}, "of"),
        ({"any": 9}, "any"),
        ({"any": 0}, "any"),
        ({"units": 0}, "units"),
        ({"end": SATURDAY.isoformat()}, "end"),
        ({"end": "2029-01-01T00:00:00Z"}, "end"),
        ({"start": "2027-03-06T19:30:00"}, "start"),
        ({"time_zone": "Mars/Phobos"}, "time_zone"),
        ({"side_by_side": True}, "side_by_side"),
    ],
)
def test_a_bad_choice_is_refused_by_field(alley: Desk, change: dict[str, Any], field: str) -> None:
    bad = alley.post("/v1/bookings", {"actor": "ann", "choices": [{**three_lanes(), **change}]})
    assert (refusal(bad), bad.json()["field"]) == ((400, "invalid"), f"choices[0].{field}")
    assert bad.json()["reason"]


def test_claims_and_one_bookable_are_in_each_others_way(alley: Desk) -> None:
    for body, field in (
        ({"bookable": "lane-1", "choices": [three_lanes()]}, "bookable"),
        ({"units": 2, "choices": [three_lanes()]}, "units"),
        ({"choices": []}, "claims"),
    ):
        bad = alley.post("/v1/bookings", {"actor": "ann", **body})
        assert (refusal(bad), bad.json()["field"]) == ((400, "invalid"), field), bad.text


def test_who_is_busy_then_is_offered_times_when_they_are_not(alley: Desk) -> None:
    alley.resource("room", actor_time="refuse")
    alley.resource("other-room", actor_time="refuse")
    there = {"actor": "ann", "claims": [{"bookable": "room", **over(SATURDAY)}]}
    assert alley.post("/v1/bookings", there).is_success
    both = {"actor": "ann", "claims": [{"bookable": "other-room", **over(SATURDAY)}]}
    busy = alley.post("/v1/bookings", both)
    assert refusal(busy) == (409, "actor_busy")
    first = busy.json()["suggested_slots"][0]
    assert alley.post("/v1/bookings", {"actor": "ann", "claims": first["claims"]}).is_success


def test_the_first_n_dates_that_can_be_had(alley: Desk) -> None:
    starts = [SATURDAY + n * HOUR for n in range(5)]
    there = {"actor": "ann", "claims": [{"bookable": "lane-1", **over(starts[0])}]}
    assert alley.post("/v1/bookings", there).is_success
    dates = [{"claims": [{"bookable": "lane-1", **over(x)}]} for x in starts]
    body = {"actor": "ben", "dates": dates, "policy": "first_n", "most": 2, "hold_seconds": 60}
    made = alley.post("/v1/series", body).json()
    assert [x and x["code"] for x in made["report"]] == ["conflict", "held", "held", None, None]


def test_a_hall_is_its_two_halves(desk: Desk) -> None:
    for half in ("north", "south"):
        desk.resource(half)
    hall = {"bookable": "hall", "parts": ["north", "south"], "name": "The hall"}
    made = desk.post("/v1/composites", hall)
    assert (made.status_code, made.headers["location"]) == (201, "/v1/resources/hall")
    assert desk.post("/v1/composites", hall).status_code == 200
    assert desk.get("/v1/bookables/hall").json()["parts"] == ["north", "south"]
    listed = desk.get("/v1/resources").json()["items"]
    assert [x["kind"] for x in listed] == ["composite", "resource", "resource"]
    claim = over(SATURDAY)
    whole = desk.post("/v1/bookings", {"actor": "a", "claims": [{"bookable": "hall", **claim}]})
    assert whole.status_code == 201, whole.text
    south = {"actor": "b", "claims": [{"bookable": "south", **claim}]}
    assert refusal(desk.post("/v1/bookings", south)) == (409, "conflict")
    desk.post(f"{whole.headers['location']}/cancel")
    assert desk.post("/v1/bookings", south).is_success
    again = desk.post("/v1/bookings", {"actor": "a", "claims": [{"bookable": "hall", **claim}]})
    assert refusal(again) == (409, "conflict")
    for parts, field in ((["north"], "parts"), (["north", "hall-2"], "parts[1]")):
        bad = desk.post("/v1/composites", {"bookable": "hall-2", "parts": parts})
        assert (refusal(bad), bad.json()["field"]) == ((400, "invalid"), field)
    unknown = {"bookable": "x", "parts": ["north", "nowhere"]}
    assert refusal(desk.post("/v1/composites", unknown)) == (404, "unknown_bookable")


def test_how_many_are_suggested_and_how_far_is_the_services_to_say(
    alley: Desk, tenant_id: str, conninfo: str
) -> None:
    there = {"actor": "ann", "claims": [{"bookable": "lane-1", **over(SATURDAY)}]}
    assert alley.post("/v1/bookings", there).is_success
    body = {"actor": "ben", "claims": [{"bookable": "lane-1", **over(SATURDAY)}]}
    for suggestions, within, expected in ((0, 7200, None), (1, 7200, 1), (3, 1800, 0)):
        told = ServeSettings(
            url=conninfo, auth=False, suggestions=suggestions, suggest_within=within
        )
        with TestClient(make_app(told), base_url="http://127.0.0.1") as client:
            answer = client.post("/v1/bookings", json=body, headers={"Lastseat-Tenant": tenant_id})
        assert refusal(answer) == (409, "conflict")
        found = answer.json().get("suggested_slots")
        assert (None if found is None else len(found)) == expected


def test_what_another_time_would_not_help_has_no_suggestions(alley: Desk) -> None:
    alley.occurrence("yoga", capacity=1, actor_time="refuse")
    alley.book("yoga", actor="ann")
    for body in (
        {"bookable": "yoga", "actor": "ben"},
        {"bookable": "yoga", "actor": "ann"},
        {"actor": "ben", "claims": [{"bookable": "nowhere", **over(SATURDAY)}]},
    ):
        assert "suggested_slots" not in alley.post("/v1/bookings", body).json()


def test_a_full_occurrence_suggests_others_of_its_event_when_asked(desk: Desk) -> None:
    event = {
        "bookable": "yoga",
        "start": "2027-03-01T18:00",
        "rrule": ["FREQ=DAILY;COUNT=10"],
        "duration_seconds": 3600,
        "time_zone": "Europe/Berlin",
        "capacity": 1,
        "actor_time": "allow",
    }
    assert desk.post("/v1/events", event).status_code == 201
    desk.book("yoga@2027-03-04T18:00")
    desk.book("yoga@2027-03-03T18:00")
    body = {"bookable": "yoga@2027-03-04T18:00", "actor": "ben"}
    assert "suggested_slots" not in desk.post("/v1/bookings", body).json()
    told = desk.post("/v1/bookings?suggest=true", body)
    assert refusal(told) == (409, "full")
    found = [x["claims"][0]["bookable"] for x in told.json()["suggested_slots"]]
    assert found == [f"yoga@2027-03-0{day}T18:00" for day in (5, 2, 6)]
    again = {"actor": "ben", "claims": told.json()["suggested_slots"][0]["claims"]}
    assert desk.post("/v1/bookings", again).status_code == 201
    bad = desk.post("/v1/bookings?suggest=maybe", body)
    assert (refusal(bad), bad.json()["field"]) == ((400, "invalid"), "suggest")
