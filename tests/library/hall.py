"""A hall in Berlin for tests of calendars, and what is asked of it again and again."""

from datetime import UTC, datetime, timedelta

from tests.calendar.ical_files import event

import lastseat
from lastseat import Tenant
from lastseat.calendar.ical import Item
from lastseat.calendar.ical_import import parse
from lastseat.catalogue import Saved
from lastseat.library.showing import Shown
from lastseat.views.calendars import ImportReport

SOON = datetime(2027, 6, 7, 18, tzinfo=UTC)
"""A Monday, 20:00 in Berlin."""


def make_hall(engine: lastseat.Engine, tenant_id: str) -> Tenant:
    """A tenant with a hall in Berlin, and a lane and three rooms in it."""
    tenant = engine.tenant(tenant_id)
    tenant.catalogue.create_location("hall", name="Hall", time_zone="Europe/Berlin")
    tenant.define_resource("lane", location="hall", name="Lane 1")
    tenant.define_pool("rooms", capacity=3, location="hall")
    return tenant


def report(found: object) -> ImportReport:
    assert isinstance(found, Saved), found
    assert isinstance(found.row, ImportReport)
    return found.row


def weekly(*more: str, uid: str = "yoga", start: str = "20270607T200000") -> str:
    return event(
        "RRULE:FREQ=WEEKLY;COUNT=10",
        "SUMMARY:Yoga",
        *more,
        uid=uid,
        start=f"DTSTART;TZID=Europe/Berlin:{start}",
    )


def shown(found: object) -> list[Item]:
    assert isinstance(found, Shown), found
    parsed = parse(found.body, year=2027)
    assert parsed.skipped == ()
    return list(parsed.items)


def claim(bookable: str, start: datetime, hours: int = 1, units: int = 1) -> lastseat.Claim:
    return lastseat.Claim(
        bookable=bookable, units=units, start=start, end=start + timedelta(hours=hours)
    )
