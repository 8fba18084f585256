"""Whoever asks about a day reads that day: availability and agenda use their indexes.

The very SQL that the reads send, on 20,000 bookings, planned for the values at hand and for any.
"""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.reads.test_list_plans import NOON, TOMORROW, Connection, full, read_whole, run, touched

from lastseat.reads.rows import QUERIES

__all__ = ["full"]  # the fixture

LANES = [f"lane {n}" for n in range(50)]
DAY: dict[str, Any] = {"start": NOON, "end": TOMORROW}
MONTH: dict[str, Any] = {"start": NOON, "end": NOON + timedelta(days=30)}
GAP = {"gap": timedelta(hours=1)}
AT = {"location": None, "event": None, "resource": None, "limit": 5_000}
LANE = {"bookables": ["lane 7"]}
NOBODY: dict[str, Any] = {"actor": None, "limit": 5_000}

# A query, its parameters, and the rows it may touch. A lane has 133 claims in two years, of which
# one in ten was cancelled; skis have 3,333, an actor 20.
ASKED: dict[str, tuple[str, dict[str, Any], int]] = {
    "a lane for a day": ("taken_resources", DAY | GAP | LANE, 5),
    "all lanes for a day": ("taken_resources", DAY | GAP | {"bookables": LANES}, 120),
    "all lanes for a month": ("taken_resources", MONTH | GAP | {"bookables": LANES}, 500),
    "skis for a day": ("taken_pools", DAY | GAP | {"bookables": ["skis"], "rooms": [5]}, 20),
    "what lanes are": ("things", {"bookables": LANES}, 150),
    "steps of a lane": ("steps", DAY | LANE | NOBODY, 10),
    "an actor's time": ("steps", DAY | {"bookables": [], "actor": "guest 400", "limit": 9}, 30),
    "claims of a lane": ("claims_over", DAY | LANE | NOBODY, 10),
    "a lane from now on": ("claims_ahead", LANE | {"limit": 5_000}, 300),
    "a location's lanes": ("agenda_bookables", AT | {"location": "hall 3"}, 60),
    "occurrences of a day": ("agenda_opened", DAY | AT, 10),
    "those of a location": ("agenda_opened", DAY | AT | {"location": "hall 7"}, 10),
    "those of an event": ("agenda_opened", DAY | AT | {"event": "yoga"}, 10),
    "all that is booked over a time": ("agenda_bookables", AT, 120),
    "bookings of a lane": ("agenda_claims", DAY | AT | LANE, 20),
    "bookings of all lanes": ("agenda_claims", DAY | AT | {"bookables": LANES}, 200),
    "an actor's agenda": ("agenda_of_actor", DAY | AT | {"actor": "guest 400", "scan": 99}, 150),
    "rules with blocks": ("agenda_rules", {"owners": LANES, "bookables": LANES}, 300),
    "where an actor sits": ("seated", {"actor": "guest 400", "bookables": ["yoga 60"]}, 20),
}


@pytest.mark.parametrize("generic", [False, True], ids=["these values", "any values"])
@pytest.mark.parametrize("name", ASKED)
def test_a_question_about_a_day_touches_little(
    name: str,
    generic: bool,
    full: Connection,
) -> None:
    query, params, most = ASKED[name]
    tree = run(full, QUERIES[query], {"tenant": "venue", **params}, generic=generic)
    assert read_whole(tree) == set(), json.dumps(tree, indent=1)
    assert touched(tree) <= most, json.dumps(tree, indent=1)


def test_control_claims_of_a_day_without_a_bookable_have_no_index(
    full: Connection,
) -> None:
    query = (
        "SELECT * FROM lastseat.claims WHERE tenant_id = %(tenant)s::text"
        " AND blocked && tstzrange(%(start)s::timestamptz, %(end)s::timestamptz)"
    )
    tree = run(full, query, {"tenant": "venue", **DAY}, generic=False)
    assert read_whole(tree) == {"claims"}
