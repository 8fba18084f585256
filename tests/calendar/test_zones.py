"""Time zones are those of the tzdata package, by their IANA names, and of nothing else."""

import zoneinfo
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lastseat.calendar.zones import UnknownZone, local, names, utc, zone


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "Mars/Olympus", "europe/paris", "Europe/Paris ", "Europe", "Factory"),
        *("../../etc/passwd", "/etc/localtime", "Europe/../Europe/Paris", "zones", "posixrules"),
        *("Europe/Paris\0", "UTC+1", "Europe/Paris" * 10_000),
    ],
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownZone, match="there is no time zone") as caught:
        zone(name)
    assert len(str(caught.value)) < 120


def test_every_zone_that_is_listed_can_be_had() -> None:
    assert {"Europe/Paris", "America/Argentina/Ushuaia", "UTC", "EST5EDT"} <= names()
    assert all(zone(name).key == name for name in names())


def test_the_database_of_the_machine_has_no_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine on which Paris has the time of Tokyo.
    tokyo = resources.files("tzdata.zoneinfo").joinpath("Asia", "Tokyo").read_bytes()
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Paris").write_bytes(tokyo)
    noon = datetime(2026, 1, 1, 12)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([tmp_path])
    try:
        zone.cache_clear()
        fooled = noon.replace(tzinfo=ZoneInfo.no_cache("Europe/Paris"))
        assert fooled.astimezone(UTC).hour == 3  # the control
        assert utc(noon, zone("Europe/Paris")).hour == 11
    finally:
        zoneinfo.reset_tzpath(before)


def test_there_and_back() -> None:
    paris = zone("Europe/Paris")
    instant = utc(datetime(2026, 7, 14, 18), paris)
    assert instant == datetime(2026, 7, 14, 16, tzinfo=UTC)
    assert local(instant, paris) == datetime(2026, 7, 14, 18)
    assert local(instant, paris).tzinfo is None


def test_the_second_of_two_equal_times_reads_as_the_first() -> None:
    # What the clock shows does not tell which; `fold` must not leak into what is compared.
    paris = zone("Europe/Paris")
    second = datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
    shown = local(second, paris)
    assert shown == datetime(2025, 10, 26, 2, 30)
    assert shown.fold == 0
    assert utc(shown, paris) == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    assert utc(shown.replace(fold=1), paris) == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
