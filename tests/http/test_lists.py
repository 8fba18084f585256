"""Lists over HTTP: pages by cursors that neither repeat nor hide a row, and filters."""

from typing import Any

import pytest
from tests.http.desk import Desk, OpenDesk, refusal


def pages(desk: Desk, path: str, limit: int, **query: Any) -> list[list[Any]]:
    """Every page of a list, by following `next`."""
    found: list[list[Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = desk.get(path, limit=limit, **query, **cursor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= limit
        found.append(page["items"])
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


def every(desk: Desk, path: str, limit: int, **query: Any) -> list[Any]:
    """All rows of a list."""
    return [item for page in pages(desk, path, limit, **query) for item in page]


def test_bookables_are_listed_by_kind_and_location(desk: Desk) -> None:
    for place in ("hall", "gym"):
        desk.location(place)
    for n in range(5):
        desk.occurrence(f"o-{n}", location="hall" if n % 2 else "gym")
        desk.resource(f"r-{n}", capacity=n + 1)
    ids = [x["bookable"] for x in every(desk, "/v1/occurrences", 2)]
    assert ids == [f"o-{n}" for n in range(5)]
    kinds = {x["bookable"]: x["kind"] for x in every(desk, "/v1/resources", 3)}
    assert kinds == {"r-0": "resource", **{f"r-{n}": "pool" for n in range(1, 5)}}
    hall = [x["bookable"] for x in every(desk, "/v1/occurrences", 1, location="hall")]
    assert hall == ["o-1", "o-3"]
    assert every(desk, "/v1/events", 10) == []


def test_bookings_are_listed_newest_first(desk: Desk) -> None:
    desk.occurrence(capacity=10)
    made = [desk.book(actor=f"a-{n}") for n in range(7)]
    found = pages(desk, "/v1/bookings", 3)
    assert [x["booking_id"] for page in found for x in page] == made[::-1]
    assert found[0][0]["claims"][0]["bookable"] == "yoga"


def test_what_is_booked_meanwhile_is_on_no_later_page(desk: Desk) -> None:
    desk.occurrence(capacity=10)
    made = [desk.book(actor=f"a-{n}") for n in range(4)]
    first = desk.get("/v1/bookings", limit=2).json()
    desk.book(actor="late")
    second = desk.get("/v1/bookings", limit=2, cursor=first["next"]).json()
    seen = [x["booking_id"] for x in first["items"] + second["items"]]
    assert seen == made[::-1]


def test_bookings_are_filtered_by_everything_given(desk: Desk) -> None:
    desk.occurrence("yoga", capacity=9, location=desk.location("hall"))
    later = {"start": "2027-04-01T18:00:00Z", "end": "2027-04-01T19:00:00Z"}
    desk.occurrence("pilates", capacity=9, **later)
    ann, ben = desk.book("yoga", "ann"), desk.book("yoga", "ben", hold_seconds=60)
    cyd, ann_2 = desk.book("pilates", "cyd"), desk.book("pilates", "ann")
    desk.post(f"/v1/bookings/{cyd}/cancel")

    def ids(**query: Any) -> list[str]:
        return [x["booking_id"] for x in every(desk, "/v1/bookings", 2, **query)]

    assert ids(actor="ann") == [ann_2, ann]
    assert ids(bookable="yoga") == [ben, ann]
    assert ids(location="hall") == [ben, ann]
    assert ids(status="CANCELLED") == [cyd]
    assert ids(status=["CANCELLED", "HELD"]) == [cyd, ben]
    assert set(ids(starts_from="2027-03-15T00:00:00Z")) == {ann_2, cyd}
    assert ids(starts_to="2027-03-15T00:00:00+01:00") == [ben, ann]
    assert ids(actor="ann", bookable="yoga") == [ann]
    assert ids(actor="nobody") == []


def test_a_customers_list_has_their_own(desk: Desk, customer: OpenDesk) -> None:
    desk.occurrence()
    ann, _ = desk.book(actor="ann"), desk.book(actor="ben")
    mine = customer("ann").get("/v1/bookings").json()["items"]
    assert [x["booking_id"] for x in mine] == [ann]
    assert refusal(customer("ann").get("/v1/bookings", actor="ben")) == (403, "forbidden")


def test_rosters_and_journals_have_pages(desk: Desk) -> None:
    desk.occurrence(capacity=20)
    made = [desk.book(actor=f"a-{n}", units=2) for n in range(5)]
    roster = every(desk, "/v1/occurrences/yoga/roster", 2)
    assert [(x["booking_id"], x["seat"]) for x in roster] == [
        (booking_id, 1 + 2 * n) for n, booking_id in enumerate(made)
    ]
    journal = every(desk, "/v1/occurrences/yoga/journal", 2)
    assert [x["seq"] for x in journal] == [1, 2, 3, 4, 5, 6]


def test_a_bookings_history_has_pages(desk: Desk) -> None:
    desk.occurrence("monday", actor_time="refuse")
    desk.occurrence("friday", actor_time="refuse")
    booking_id = desk.book("monday", hold_seconds=60)
    path = f"/v1/bookings/{booking_id}"
    desk.post(f"{path}/confirm")
    desk.post(f"{path}/move", {"bookable": "friday"})
    desk.post(f"{path}/cancel", {"reason": "ill"})
    trail = every(desk, f"{path}/audit", 1)
    assert [(x["version"], x["action"]) for x in trail] == [
        (1, "booked"),
        (2, "confirmed"),
        (3, "moved"),
        (4, "cancelled"),
    ]
    assert trail[0]["before"] is None
    assert trail[2]["before"]["claims"][0]["bookable"] == "monday"
    assert trail[2]["after"]["claims"][0]["bookable"] == "friday"
    assert trail[3]["after"]["status"] == "CANCELLED"
    assert trail[3]["reason"] == "ill"
    assert trail[3]["principal"].startswith("key:")
    whole = desk.get(f"{path}/journal").json()["items"]
    assert every(desk, f"{path}/journal", 2) == whole
    assert sum(x["lead"] for x in whole) == 4
    assert {"monday", "friday"} < {x["stream"] for x in whole}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1_001}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "9" * 40}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "eyJhZnRlciI6MX0"}, "cursor"),
        ({"colour": "red"}, "colour"),
        ({"status": "SLEEPING"}, "status[0]"),
        ({"actor": ["ann", "ben"]}, "actor"),
        ({"starts_from": "2027-03-01T18:00:00"}, "starts_from"),
        ({"starts_from": "1800000000"}, "starts_from"),
        (
            {"starts_from": "2027-03-02T00:00:00Z", "starts_to": "2027-03-01T00:00:00Z"},
            "starts_to",
        ),
    ],
)
def test_a_bad_query_is_refused_by_field(desk: Desk, query: dict[str, Any], field: str) -> None:
    refused = desk.get("/v1/bookings", **query)
    assert refusal(refused) == (400, "invalid")
    assert refused.json()["field"] == field


@pytest.mark.parametrize(
    "path",
    ["/v1/occurrences", "/v1/occurrences/yoga/roster", "/v1/occurrences/yoga/journal"],
)
def test_a_cursor_of_another_list_is_none_of_this_one(desk: Desk, path: str) -> None:
    desk.occurrence(capacity=5)
    desk.book(actor="a")
    desk.book(actor="b")
    other = "/v1/bookings" if path != "/v1/occurrences" else "/v1/occurrences/yoga/roster"
    cursor = desk.get(other, limit=1).json()["next"]
    assert cursor is not None
    assert refusal(desk.get(path, cursor=cursor)) == (400, "invalid")
