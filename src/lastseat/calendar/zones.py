"""Time zones, and what a wall clock's time is in UTC.

The rules come from the `tzdata` package alone, never from the machine's own database: two machines
would else give one occurrence two times. `lastseat tz-check` tells what a newer package moves.
"""

from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo


class UnknownZone(ValueError):
    """There is no such time zone."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no time zone {name[:64]!r}")


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """The zones there are, such as `Europe/Paris`."""
    listed = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    # A place-holder for a machine that was never told where it stands.
    return frozenset(listed) - {"Factory"}


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone of that name, spelled as IANA spells it; raises `UnknownZone`."""
    if name not in names():
        raise UnknownZone(name)
    # Only listed names get here: a name is a path below the package's folder.
    with resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def utc(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which a wall clock in `zone` shows the naive time `local` (RFC 5545, 3.3.5).

    A time that is shown twice is the first of the two. One that is skipped is read with the offset
    that holds before the gap: 02:30 is an hour and a half after 01:00, and the clock shows 03:30.
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    """What a wall clock in `zone` shows at the aware time `instant`; naive."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)
