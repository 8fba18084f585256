"""Texts that no row can have, and what is no time: refused by a write, a `ValueError` of a read.

Nothing else is raised, whichever argument of whichever operation it is.
"""

import inspect
import types
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, get_args

import pytest
from tests.library.conftest import Open
from tests.library.venue import at, occurrence

import lastseat
from lastseat import Tenant, Terms
from lastseat import outcomes as o
from lastseat.core.interval import Interval
from lastseat.core.observed import Observed
from lastseat.core.rules import Rules
from lastseat.library.reserving import Reserved

HOUR: dict[str, Any] = {"start": at(0), "end": at(60)}
TEXTS = ("a\0b", "\ud800")
NO_TIMES = ("tomorrow", 7, object(), at(0).date())
NAIVE = datetime(2027, 3, 1, 18)  # noqa: DTZ001 - that is what is wrong with it

GROUPS = ("", "catalogue", "reservations", "calendars", "webhooks")
NO_OPERATIONS = {"commands", "execute", "tenant_id", *GROUPS}

GOOD: dict[str, Any] = HOUR | {
    "after": at(0), "horizon": at(600), "first": at(0).date(), "last": at(0).date(),
    "capacity": 3, "duration": 60, "dates": ["x"], "moves": {"a": "x"}, "parts": ["a", "b"],
    "appends": {"x": (1, [])}, "observed": Observed("x", 1, 3, Interval(at(0), at(60)), ()),
    "rules": Rules(), "changes": {}, "terms": Terms(name="x", duration_seconds=3600),
    "scope": "all", "max_simultaneous_bookings": 1, "seconds": 60, "time_zone": "UTC",
    "of": "location:x", "into": "location:x", "url": "https://example.org/hook", "event": "e",
}  # fmt: skip
"""What the others are while one argument is bad; else "x", which there is of everything."""


def operations(tenant: Tenant, group: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    owner = getattr(tenant, group) if group else tenant
    for name in dir(owner):
        operation = getattr(owner, name)
        if name not in NO_OPERATIONS and not name.startswith("_") and inspect.ismethod(operation):
            yield name, operation


def takes(parameter: inspect.Parameter, kind: type) -> bool:
    """Whether such a value may be given: `str`, `str | None`, and no mapping of texts."""
    hint = parameter.annotation
    return kind in (get_args(hint) if isinstance(hint, types.UnionType) else (hint,))


@pytest.fixture
def venue(threads: Open, tenant_id: str) -> Tenant:
    """A tenant that has something of everything."""
    tenant = threads(tenant_id)
    terms = Terms(name="x", location_id="x")
    assert tenant.catalogue.create_location("x", name="x", time_zone="UTC").ok
    assert tenant.catalogue.create_service("x", terms, max_simultaneous_bookings=3).ok
    assert tenant.define_event("e", starts=[NAIVE], duration=60, time_zone="UTC", capacity=1).ok
    assert tenant.calendars.import_ics("x", "BEGIN:VCALENDAR\nEND:VCALENDAR", into="location:x").ok
    occurrence(tenant, "x")
    return tenant


@pytest.fixture
def ids(venue: Tenant) -> dict[str, str]:
    """The ids that are drawn, of what there is."""
    held = venue.reservations.reserve("x", **HOUR)
    assert isinstance(held, Reserved)
    assert venue.webhooks.create("https://example.org/x").ok
    assert venue.calendars.create_feed("location:x").ok
    (webhook,) = venue.webhooks.list()
    (feed,) = venue.calendars.feeds()
    return {
        "reservation_id": held.reservation_id,
        "booking_id": held.reservation_id,
        "webhook_id": webhook.webhook_id,
        "feed_id": feed.feed_id,
    }


@pytest.mark.parametrize("group", GROUPS)
def test_no_bad_text_or_time_raises_what_is_not_documented(
    venue: Tenant, ids: dict[str, str], group: str
) -> None:
    tried = 0
    for name, operation in operations(venue, group):
        parameters = inspect.signature(operation).parameters
        needed = needed_by(parameters) | {x: y for x, y in ids.items() if x in parameters}
        for bad, value in bad_values(parameters):
            where = f"{name}({bad}={value!r})"
            came = came_to(lambda o=operation, x=needed | {bad: value}: o(**x))  # type: ignore[misc]
            tried += 1
            if "key" in parameters:
                keyed = {"key": uuid.uuid4().hex} | needed | {bad: value}
                again = came_to(lambda o=operation, x=keyed: o(**x))  # type: ignore[misc]
                assert not {type(came), type(again)} & {ValueError, lastseat.NotFound}, where
                never = bad == "key" or takes(parameters[bad], datetime)
                # What `joining` makes is refused once it is executed.
                ok = getattr(getattr(came, "outcome", came), "ok", False)
                assert not (never and ok), where
            elif isinstance(came, ValueError):
                assert str(came).startswith(bad), where
    assert tried > 10


@pytest.mark.parametrize("name", ["", *TEXTS, "x" * 201])
def test_a_tenant_of_an_impossible_name_has_nothing_and_gets_nothing(
    threads: Open, name: str
) -> None:
    for group in GROUPS:
        for called, operation in operations(threads(name), group):
            parameters = inspect.signature(operation).parameters
            given = needed_by(parameters)
            if "bookable" in parameters:
                # It may be left out only where somebody else is named in its place.
                given["bookable"] = "x"
            came = came_to(lambda o=operation, x=given: o(**x))  # type: ignore[misc]
            if "key" in parameters:
                assert not getattr(getattr(came, "outcome", came), "ok", False), called
            elif isinstance(came, ValueError):
                assert str(came).startswith("tenant_id: "), called
            elif hasattr(came, "items"):
                assert not came.items, called


def needed_by(parameters: Mapping[str, inspect.Parameter]) -> dict[str, Any]:
    return {x: GOOD.get(x, "x") for x, y in parameters.items() if y.default is y.empty}


def came_to(call: Callable[[], Any]) -> Any:
    """What is answered, or raised as it may be."""
    try:
        return call()
    except lastseat.NotFound as error:
        return error
    except ValueError as error:
        if type(error) is not ValueError:
            # Such as a UnicodeEncodeError, which is one.
            raise
        return error


def bad_values(parameters: Mapping[str, inspect.Parameter]) -> Iterator[tuple[str, Any]]:
    for name, parameter in parameters.items():
        texts = TEXTS if takes(parameter, str) else ()
        times = NO_TIMES if takes(parameter, datetime) else ()
        yield from ((name, value) for value in (*texts, *times))


@pytest.mark.parametrize("key", TEXTS)
def test_a_bad_key_is_refused_by_name_and_nothing_is_done(venue: Tenant, key: str) -> None:
    refused = o.Invalid(field="key", reason="has control characters")
    calendars = venue.calendars
    assert calendars.import_ics("new", "BEGIN:VCALENDAR", into="location:x", key=key) == refused
    assert calendars.calendar("new") is None
    assert calendars.refresh("x", key=key) == refused
    assert calendars.remove("x", key=key) == refused
    assert venue.reservations.reserve("x", **HOUR, key=key) == refused
    assert venue.catalogue.create_location("new", name="x", time_zone="UTC", key=key) == refused
    assert venue.catalogue.location("new") is None


def test_an_instant_in_words_is_refused_also_where_its_number_was_kept(venue: Tenant) -> None:
    kept = venue.reservations.reserve("x", **HOUR, key="k")
    assert isinstance(kept, Reserved)
    again: dict[str, Any] = HOUR | {"start": str(at(0).timestamp())}
    refused = venue.reservations.reserve("x", **again, key="k")
    assert refused == o.Invalid(field="start", reason="must be a datetime")


def test_a_list_says_which_of_its_times_is_none(venue: Tenant) -> None:
    time: Any = "x"
    with pytest.raises(ValueError, match="starts_from must be a datetime"):
        venue.bookings(starts_from=time)
    with pytest.raises(ValueError, match="start must be a datetime"):
        venue.waitlist("x", start=time)
    with pytest.raises(ValueError, match="start must have a time zone"):
        venue.reservations.confirmed("x", start=NAIVE, end=NAIVE)
