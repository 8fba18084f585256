"""What is taken, free and on, over HTTP; what people's names are kept out of (MISSION B4 to B6)."""

from typing import Any

import pytest
from tests.http.desk import END, START, Desk, OpenDesk, refusal

from lastseat.access import Role

DAY = {"start": "2027-03-01T00:00:00+01:00", "end": "2027-03-02T00:00:00+01:00"}
TAKEN = {"start": "2027-03-01T17:00:00Z", "end": "2027-03-01T18:00:00Z"}
LANES = [f"lane-{n}" for n in range(1, 6)]


@pytest.fixture
def alley(desk: Desk) -> Desk:
    """Five lanes, of which the third is ann's from six to seven."""
    for lane in LANES:
        desk.resource(lane, actor_time="refuse")
    body = {"actor": "ann", "claims": [{"bookable": "lane-3", "start": START, "end": END}]}
    assert desk.post("/v1/bookings", body).status_code == 201
    return desk


def test_busy_and_free_are_the_two_sides_of_a_day(alley: Desk) -> None:
    busy = alley.get("/v1/busy", bookable="lane-3", **DAY).json()
    assert busy == {"items": [{**TAKEN, "units": 1}], "next": None}
    assert alley.get("/v1/busy", actor="ann", **DAY).json() == busy
    assert alley.get("/v1/busy", bookable="lane-1", **DAY).json()["items"] == []
    free = alley.get("/v1/free", bookable="lane-3", **DAY).json()["items"]
    assert free == [
        {"start": "2027-02-28T23:00:00Z", "end": TAKEN["start"]},
        {"start": TAKEN["end"], "end": "2027-03-01T23:00:00Z"},
    ]
    first = alley.get("/v1/free", bookable="lane-3", limit=1, **DAY).json()
    assert first["items"] == free[:1]
    rest = alley.get("/v1/free", bookable="lane-3", limit=1, cursor=first["next"], **DAY).json()
    assert (rest["items"], rest["next"]) == (free[1:], None)


def test_three_adjacent_lanes_are_free_when_the_third_is(alley: Desk) -> None:
    query = {"of": LANES, "any": 3, "duration_seconds": 3600, "horizon": DAY["end"]}
    apart = alley.get("/v1/next-free", after=START, **query).json()["opening"]
    assert (apart["start"], apart["chosen"]) == (TAKEN["start"], ["lane-1", "lane-2", "lane-4"])
    side = alley.get("/v1/next-free", after=START, adjacent="true", **query).json()["opening"]
    assert (side["start"], side["chosen"]) == (TAKEN["end"], ["lane-1", "lane-2", "lane-3"])
    none = alley.get("/v1/next-free", after=START, **{**query, "horizon": END, "any": 5})
    assert none.json() == {"opening": None}
    for of, expected in ((["lane-2", "lane-4"], True), (["lane-2", "lane-3"], False)):
        found = alley.get("/v1/is-free", of=of, start=START, end=END).json()
        assert found == {"free": expected}
    later = {"start": END, "end": "2027-03-01T20:00:00+01:00"}
    for before in (0, 60):
        found = alley.get("/v1/is-free", of="lane-3", before=before, **later).json()
        assert found == {"free": before == 0}


def test_pairs_that_overlap_are_told_once_and_page_by_page(alley: Desk) -> None:
    claims = [{"bookable": "lane-3", "start": START, "end": END}]
    for actor in ("ben", "cyd"):
        body = {"actor": actor, "claims": claims, "override": True, "reason": "a mistake"}
        assert alley.post("/v1/bookings", body).status_code == 201
    pairs = alley.get("/v1/conflicts", bookable="lane-3", **DAY).json()["items"]
    assert len(pairs) == len({frozenset((x["first"], x["second"])) for x in pairs}) == 3
    paged: list[Any] = []
    cursor: dict[str, Any] = {}
    while True:
        page = alley.get("/v1/conflicts", bookable="lane-3", limit=2, **cursor, **DAY).json()
        paged += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert paged == pairs


def test_suggestions_can_be_asked_for_before_anything_is_refused(alley: Desk) -> None:
    claims = [{"bookable": "lane-3", "start": START, "end": END, "time_zone": "Europe/Berlin"}]
    found = alley.post("/v1/suggestions", {"claims": claims, "most": 2}).json()["items"]
    assert len(found) == 2
    assert found[0]["claims"][0]["time_zone"] == "Europe/Berlin"
    made = alley.post("/v1/bookings", {"actor": "ben", "claims": found[0]["claims"]})
    assert made.status_code == 201, made.text
    # Whoever is elsewhere then is not sent there.
    busy = {"claims": [{"bookable": "lane-1", "start": START, "end": END}], "actor": "ann"}
    assert TAKEN["start"] not in {
        x["start"] for x in alley.post("/v1/suggestions", busy).json()["items"]
    }


@pytest.fixture
def studio(alley: Desk) -> Desk:
    """With an event on Mondays, one occurrence of it booked by ann."""
    event = {
        "bookable": "yoga",
        "name": "Yoga",
        "start": "2027-03-01T18:00",
        "rrule": ["FREQ=WEEKLY;BYDAY=MO;COUNT=4"],
        "duration_seconds": 3600,
        "time_zone": "Europe/Berlin",
        "capacity": 9,
        "actor_time": "allow",
    }
    assert alley.post("/v1/events", event).status_code == 201
    alley.book("yoga@2027-03-08T18:00", units=2, contact={"name": "Ann Example"})
    return alley


MARCH = {"start": "2027-03-01T00:00:00+01:00", "end": "2027-04-01T00:00:00+02:00"}


def test_an_agenda_merges_what_is_on_and_has_pages(studio: Desk) -> None:
    items = studio.get("/v1/agenda", **MARCH).json()["items"]
    assert [x["start"] for x in items] == sorted(x["start"] for x in items)
    kinds = [x["kind"] for x in items]
    assert (kinds.count("occurrence"), kinds.count("booking")) == (4, len(items) - 4)
    assert {x.get("actor") for x in items if x["kind"] == "booking"} == {"ann"}
    paged: list[Any] = []
    cursor: dict[str, Any] = {}
    while True:
        page = studio.get("/v1/agenda", limit=2, **cursor, **MARCH).json()
        paged += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert paged == items
    own = studio.get("/v1/agenda", actor="ann", **MARCH).json()["items"]
    assert {x.get("actor") for x in own} == {"ann"}


def test_an_events_occurrences_are_there_before_anybody_books(studio: Desk) -> None:
    found = studio.get("/v1/events/yoga/occurrences", **MARCH).json()["items"]
    days = ["2027-03-01", "2027-03-08", "2027-03-15", "2027-03-22"]
    assert [x["bookable"] for x in found] == [f"yoga@{day}T18:00" for day in days]
    assert [x.get("taken", 0) for x in found] == [0, 2, 0, 0]
    assert {x["kind"] for x in found} == {"occurrence"}
    none = studio.get("/v1/events/lane-1/occurrences", **MARCH)
    assert refusal(none) == (404, "unknown_bookable")


@pytest.mark.parametrize("role", [Role.GUEST, Role.FEED])
def test_who_may_not_read_bookings_sees_when_and_never_who(
    studio: Desk, with_role: OpenDesk, role: Role
) -> None:
    anybody = with_role(role)
    whole = studio.get("/v1/agenda", **MARCH).json()["items"]
    seen = anybody.get("/v1/agenda", **MARCH)
    assert [(x["start"], x["kind"]) for x in seen.json()["items"]] == [
        (x["start"], x["kind"]) for x in whole
    ]
    bookings = {x["booking_id"] for x in whole if "booking_id" in x}
    assert bookings
    for answer in (
        seen,
        anybody.get("/v1/events/yoga/occurrences", **MARCH),
        anybody.get("/v1/busy", bookable="lane-3", **DAY),
        anybody.get("/v1/free", bookable="lane-3", **DAY),
    ):
        assert answer.status_code == 200, answer.text
        assert "ann" not in answer.text.lower().replace("cancelled", "")
        assert not [x for x in bookings if x in answer.text]
    for path in ("agenda", "busy"):
        refused = anybody.get(f"/v1/{path}", actor="ann", **MARCH)
        assert refusal(refused) == (403, "forbidden")
    assert refusal(anybody.get("/v1/conflicts", bookable="lane-3", **DAY)) == (403, "forbidden")


def test_a_customer_sees_their_own_agenda_whole_and_no_other(studio: Desk, customer: Any) -> None:
    ann, ben = customer("ann"), customer("ben")
    mine = ann.get("/v1/agenda", actor="ann", **MARCH).json()["items"]
    assert {x["actor"] for x in mine if x["kind"] == "booking"} == {"ann"}
    assert ann.get("/v1/busy", actor="ann", **DAY).json()["items"]
    for path in ("agenda", "busy"):
        assert refusal(ben.get(f"/v1/{path}", actor="ann", **MARCH)) == (403, "forbidden")
    assert '"ann"' not in ben.get("/v1/agenda", **MARCH).text


CENTURY = {"start": "1990-01-01T00:00:00Z", "end": "2090-01-01T00:00:00Z"}
BACKWARDS = {"start": DAY["end"], "end": DAY["start"]}
NEXT = {"of": "lane-1", "duration_seconds": 60, "after": DAY["start"], "horizon": DAY["end"]}
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("busy", {"bookable": "lane-1", **CENTURY}, "end"),
    ("busy", {"bookable": "lane-1", **BACKWARDS}, "end"),
    ("busy", DAY, "bookable"),
    ("busy", {"bookable": "lane-1", "actor": "ann", **DAY}, "bookable"),
    ("free", {"bookable": "lane-1", **CENTURY}, "end"),
    ("free", {"bookable": "lane-1", **DAY, "start": "2027-03-01T00:00:00"}, "start"),
    ("free", {"bookable": "lane-1", **DAY, "units": "0"}, "units"),
    ("free", {"bookable": "lane-1", **DAY, "cursor": "x"}, "cursor"),
    ("is-free", DAY, "of"),
    ("is-free", {"of": ["lane-1", "lane-1"], **DAY}, "of"),
    ("is-free", {"of": "lane-1", **DAY, "before": "-1"}, "before"),
    ("is-free", {"of": "lane-1", **DAY, "end": "2027-03-01T23:59:59.5+01:00"}, "end"),
    ("next-free", {**NEXT, "horizon": CENTURY["end"]}, "horizon"),
    ("next-free", {**NEXT, "any": "2"}, "any"),
    ("next-free", {**NEXT, "adjacent": "true"}, "adjacent"),
    ("next-free", {**NEXT, "adjacent": "1"}, "adjacent"),
    ("next-free", {**NEXT, "step": "7"}, "step"),
    ("next-free", {**NEXT, "duration_seconds": "0"}, "duration_seconds"),
    ("conflicts", {"bookable": "lane-1", **CENTURY}, "end"),
    ("agenda", CENTURY, "end"),
    ("agenda", {**DAY, "cursor": "x"}, "cursor"),
    ("agenda", {**DAY, "limit": "0"}, "limit"),
    ("services/massage/slots", CENTURY, "end"),
    ("hours/lane-1", {"first": "9999-12-30", "last": "9999-12-31"}, "first"),
    ("hours/lane-1", {"first": "0001-01-01"}, "first"),
    ("hours/lane-1", {"first": "2199-12-31", "last": "2200-01-01"}, "last"),
]


@pytest.mark.parametrize(("path", "query", "field"), BAD, ids=[f"{p} {f}" for p, _, f in BAD])
def test_a_bad_question_is_refused_by_field_and_reason(
    alley: Desk, path: str, query: dict[str, Any], field: str
) -> None:
    service = {"service_id": "massage", "name": "Massage", "max_simultaneous_bookings": 1}
    alley.post("/v1/services", {**service, "duration_seconds": 3600})
    bad = alley.get(f"/v1/{path}", **query)
    assert refusal(bad) == (400, "invalid"), bad.text
    assert (bad.json()["field"], bool(bad.json()["reason"])) == (field, True), bad.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "claims"),
        ({"bookable": "lane-1", "units": 0}, "units"),
        ({"claims": [{"bookable": "lane-1", "start": END, "end": START}]}, "claims[0].end"),
        ({"choices": [{"of": [], "start": START, "end": END}]}, "choices[0].of"),
        (
            {"choices": [{"of": ["lane-1"], "start": START, "end": END, "after": 604_801}]},
            "choices[0].after",
        ),
        (
            {"claims": [{"bookable": "lane-1", "start": START, "end": END, "time_zone": "Mars"}]},
            "claims[0].time_zone",
        ),
        ({"bookable": "yoga", "most": 0}, "most"),
        ({"bookable": "yoga", "within_seconds": 10**9}, "within_seconds"),
    ],
)
def test_a_booking_that_could_not_be_asked_for_has_no_suggestions(
    alley: Desk, body: dict[str, Any], field: str
) -> None:
    bad = alley.post("/v1/suggestions", body)
    assert (refusal(bad), bad.json()["field"]) == ((400, "invalid"), field), bad.text


def test_what_is_not_there_is_unknown(alley: Desk) -> None:
    for path, query in (
        ("busy", {"bookable": "nowhere", **DAY}),
        ("free", {"bookable": "nowhere", **DAY}),
        ("is-free", {"of": ["lane-1", "nowhere"], **DAY}),
        ("next-free", {**NEXT, "of": "nowhere"}),
        ("conflicts", {"bookable": "nowhere", **DAY}),
    ):
        assert refusal(alley.get(f"/v1/{path}", **query)) == (404, "unknown_bookable"), path
    assert refusal(alley.get("/v1/services/x/slots", **DAY)) == (404, "unknown_service")
    suggest = {"claims": [{"bookable": "nowhere", "start": START, "end": END}]}
    assert refusal(alley.post("/v1/suggestions", suggest)) == (404, "unknown_bookable")
