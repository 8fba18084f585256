"""What a newer time zone database would move is found; what it leaves alone is not."""

from datetime import UTC, datetime, timedelta

import pytest

from lastseat.calendar.zonecheck import moved_to
from lastseat.calendar.zones import UnknownZone

NOON = datetime(2025, 7, 14, 10, tzinfo=UTC)  # 12:00 in Paris


@pytest.mark.parametrize("shown", ["2025-07-14T12:00", "2025-07-14T12:00:00"])
def test_what_the_clock_still_shows_stays(shown: str) -> None:
    assert moved_to("Europe/Paris", shown, NOON) is None


@pytest.mark.parametrize("hours", [-24, -1, -0.5, 0.5, 1, 24])
def test_what_was_stored_by_other_rules_would_move(hours: float) -> None:
    # As if Paris had been thought to be elsewhere when it was booked.
    assert moved_to("Europe/Paris", "2025-07-14T12:00", NOON + timedelta(hours=hours)) == NOON


def test_morocco_as_it_was_before_it_kept_summer_time_all_year() -> None:
    # Until October 2018 January 2020 was to be at UTC; then it was said to be an hour ahead.
    stored = datetime(2020, 1, 15, 18, tzinfo=UTC)
    assert moved_to("Africa/Casablanca", "2020-01-15T18:00", stored) == stored - timedelta(hours=1)


def test_both_instants_of_a_time_shown_twice_stay() -> None:
    for hour in (0, 1):
        stored = datetime(2025, 10, 26, hour, 30, tzinfo=UTC)
        assert moved_to("Europe/Paris", "2025-10-26T02:30", stored) is None
    third = datetime(2025, 10, 26, 2, 30, tzinfo=UTC)
    first = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    assert moved_to("Europe/Paris", "2025-10-26T02:30", third) == first


def test_a_time_that_is_skipped_stays_where_the_gap_put_it() -> None:
    stored = datetime(2025, 3, 30, 1, 30, tzinfo=UTC)
    assert moved_to("Europe/Paris", "2025-03-30T02:30", stored) is None


def test_a_zone_that_is_gone_is_told() -> None:
    with pytest.raises(UnknownZone):
        moved_to("Europe/Atlantis", "2025-07-14T12:00", NOON)
