"""Every request there is, one line each: its action by the table of roles, and how it is asked.

A `Row` asks for something that is the asker's own where that matters, and makes it first, so that
whoever may do it succeeds, in whatever order rows are asked. What has no action asks nobody who
they are, or has a proof of its own.
"""

import os
import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import quote

from tests.http.venue import HOUR, SOON, Venue

from lastseat.access import Action, Role
from lastseat.catalogue import Saved
from lastseat.catalogue.feeds import NewFeed
from lastseat.catalogue.webhooks import NewWebhook


class Asked(NamedTuple):
    """A request: what stands in the path's braces, the query, the body."""

    path: Mapping[str, str] = MappingProxyType({})
    query: Mapping[str, Any] = MappingProxyType({})
    body: Any = None


Make = Callable[[Venue, str], Asked]
"""Makes a request in a venue, about what is an actor's."""


class Row(NamedTuple):
    """One way to ask a route. `template` is the OpenAPI document's path.

    What makes it more than the route's `base` action stands in the request: both are needed.
    """

    method: str
    template: str
    action: Action | None
    make: Make = lambda venue, actor: Asked()
    about: str = ""
    base: Action | None = None
    statuses: tuple[int, ...] = (200, 201)

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}{' ' if self.about else ''}{self.about}"

    @property
    def needs(self) -> list[Action]:
        """The actions in the order in which they are asked for."""
        return [x for x in (self.base, self.action) if x is not None]

    def path(self, asked: Asked) -> str:
        path = self.template
        for name, value in asked.path.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        assert "{" not in path, path
        return path


def fresh(prefix: str) -> str:
    """An id that nothing has."""
    return f"{prefix}-{uuid.uuid4().hex}"


def times() -> dict[str, str]:
    """The times of a slot of the service, in the words of part D."""
    return {"slotStart": SOON.isoformat(), "slotEnd": (SOON + HOUR).isoformat()}


def slot(venue: Venue) -> dict[str, str]:
    """A slot of the service, in the words of part D."""
    return {"businessId": venue.tenant_id, "serviceId": venue.service, **times()}


def claim(venue: Venue) -> dict[str, Any]:
    """What `Venue.claim` takes, as JSON."""
    end = (SOON + HOUR).isoformat()
    return {"bookable": venue.pool, "start": SOON.isoformat(), "end": end}


def named(parameter: str, attribute: str) -> Make:
    """A request for something that is there from the beginning."""
    return lambda venue, _: Asked({parameter: getattr(venue, attribute)})


def of_booking(make: str = "booking", body: Any = None) -> Make:
    """A request about a new booking of the actor's."""
    return lambda venue, actor: Asked({"booking_id": getattr(venue, make)(actor)}, body=body)


def sent(body: Callable[[Venue, str], Any]) -> Make:
    """A request with a body."""
    return lambda venue, actor: Asked(body=body(venue, actor))


def _observed(venue: Venue, actor: str) -> dict[str, Any]:
    seen = venue.tenant.observe(venue.occurrence)
    return {
        "observed": {
            "bookable": seen.bookable,
            "seq": seen.seq,
            "capacity": seen.capacity,
            "during": {
                "start": seen.during.start.isoformat(),
                "end": seen.during.end.isoformat(),
            },
            "roster": [
                {
                    "booking_id": x.booking_id,
                    "actor": x.actor,
                    "units": x.units,
                    "seat": x.seat,
                    "status": x.status,
                }
                for x in seen.roster
            ],
        },
        "actor": actor,
    }


def _book_observed(venue: Venue, actor: str) -> Any:
    if venue.tenant.is_booked(venue.occurrence, actor):
        venue.tenant.cancel(venue.occurrence, actor=actor)
    return _observed(venue, actor)


def _seated(venue: Venue, actor: str) -> None:
    if not venue.tenant.is_booked(venue.occurrence, actor):
        venue.seat(actor)


def _cancel_observed(venue: Venue, actor: str) -> Any:
    _seated(venue, actor)
    return _observed(venue, actor)


def _cancel_seat(venue: Venue, actor: str) -> Any:
    _seated(venue, actor)
    return {"bookable": venue.occurrence, "actor": actor}


def _seat_of(venue: Venue, actor: str) -> Asked:
    return Asked({"bookable": venue.occurrence}, {"actor": actor})


def _moves(venue: Venue, actor: str) -> Any:
    return {"moves": [{"booking_id": venue.booking(actor), "claims": [claim(venue)]}]}


def _token(venue: Venue, actor: str) -> Any:
    made = venue.tenant.reservations.book(venue.service, start=SOON, end=SOON + HOUR)
    return {"cancellationToken": made.cancellation_token}  # type: ignore[union-attr]


def _occurrence(venue: Venue, actor: str) -> Any:
    end = (SOON + HOUR).isoformat()
    name = fresh("occurrence")
    return {"bookable": name, "start": SOON.isoformat(), "end": end, "capacity": 3}


def _event(venue: Venue, actor: str) -> Any:
    return {
        "bookable": fresh("event"),
        "starts": ["2027-06-07T20:00"],
        "duration_seconds": 3600,
        "time_zone": "Europe/Berlin",
        "capacity": 3,
    }


def _service(venue: Venue, actor: str) -> Any:
    return {
        "service_id": fresh("service"),
        "name": "Massage",
        "duration_seconds": 3600,
        "max_simultaneous_bookings": 3,
    }


def _location(venue: Venue, actor: str) -> Any:
    return {"location_id": fresh("hall"), "name": "Hall", "time_zone": "Europe/Berlin"}


def window() -> dict[str, str]:
    """The time about the slot."""
    return {"start": (SOON - HOUR).isoformat(), "end": (SOON + 24 * HOUR).isoformat()}


def _of(venue: Venue) -> dict[str, str]:
    return {"of": venue.resource}


def _sold(venue: Venue, actor: str) -> dict[str, Any]:
    """A slot of the service, held: guests have no name to give."""
    named = {} if actor.startswith(Role.GUEST) else {"actor": actor}
    return {"start": SOON.isoformat(), "hold_seconds": 60, **named}


def _waiting_for_a_slot(venue: Venue, actor: str) -> dict[str, Any]:
    named = {} if actor.startswith(Role.GUEST) else {"actor": actor}
    return {"service_id": venue.service, "start": SOON.isoformat(), **named}


def _sold_by_override(venue: Venue, actor: str) -> dict[str, Any]:
    return {
        "start": SOON.isoformat(),
        "actor": actor,
        "override": True,
        "reason": "an old friend",
    }


def _series(venue: Venue, actor: str, **more: Any) -> dict[str, Any]:
    return {"actor": actor, "dates": [{"claims": [claim(venue)]}], **more}


def _edit(venue: Venue, **more: Any) -> Asked:
    return Asked({"bookable": venue.event}, body={"scope": "all", **more})


def _import(venue: Venue, actor: str) -> Any:
    return {
        "calendar_id": fresh("calendar"),
        "into": f"location:{venue.location}",
        "ics": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    }


def _calendar(venue: Venue, actor: str) -> Asked:
    calendar_id = fresh("calendar")
    venue.tenant.calendars.import_ics(
        calendar_id,
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        into=f"location:{venue.location}",
    )
    return Asked({"calendar_id": calendar_id})


def _feed(venue: Venue) -> NewFeed:
    made = venue.tenant.calendars.create_feed(f"location:{venue.location}")
    assert isinstance(made, Saved)
    assert isinstance(made.row, NewFeed)
    return made.row


def _webhook(venue: Venue) -> Asked:
    """A webhook to where nothing is sent: the service does not have this setting."""
    # A tenant may have a hundred.
    for there in venue.tenant.webhooks.list():
        venue.tenant.webhooks.remove(there.webhook_id)
    with mock.patch.dict(os.environ, LASTSEAT_WEBHOOK_NETWORKS="127.0.0.1/32"):
        made = venue.tenant.webhooks.create(f"http://127.0.0.1:9/{venue.mark}")
    assert isinstance(made, Saved)
    assert isinstance(made.row, NewWebhook)
    return Asked({"webhook": made.row.webhook.webhook_id})


def _of_webhook(body: Any = None) -> Make:
    return lambda venue, _: _webhook(venue)._replace(body=body)


A = Action
W = "/v1/webhooks/{webhook}"
B = "/v1/bookings/{booking_id}"

ROWS = [
    # The service itself
    Row("GET", "/healthz", None),
    Row("GET", "/readyz", None),
    Row("GET", "/healthz/jobs", None),
    Row("GET", "/docs", None),
    Row("GET", "/docs/{name}", None, lambda v, _: Asked({"name": "docs.js"})),
    Row("GET", "/openapi.json", None),
    # Tenants, keys, people
    Row("POST", "/v1/tenants", A.TENANTS_CREATE, sent(lambda v, _: {"tenant_id": fresh("tenant")})),
    Row("GET", "/v1/tenants", A.TENANTS_READ),
    Row("GET", "/v1/tenants/{tenant_id}", A.TENANTS_READ, named("tenant_id", "tenant_id")),
    Row(
        "PATCH",
        "/v1/tenants/{tenant_id}",
        A.TENANTS_UPDATE,
        lambda v, _: Asked({"tenant_id": v.tenant_id}, body={"name": "Another name"}),
    ),
    Row("GET", "/v1/keys", A.KEYS_READ),
    Row("POST", "/v1/keys", A.KEYS_MANAGE, sent(lambda v, _: {"name": "k", "roles": ["feed"]})),
    Row("DELETE", "/v1/keys/{key_id}", A.KEYS_MANAGE, lambda v, _: Asked({"key_id": v.key()})),
    Row("GET", "/v1/people", A.PEOPLE_READ),
    Row(
        "POST",
        "/v1/people",
        A.PEOPLE_MANAGE,
        sent(lambda v, _: {"subject": fresh("subject"), "roles": ["staff"]}),
    ),
    Row(
        "DELETE",
        "/v1/people/{person_id}",
        A.PEOPLE_MANAGE,
        lambda v, _: Asked({"person_id": v.person()}),
    ),
    # Locations and services
    Row("POST", "/v1/locations", A.LOCATIONS_WRITE, sent(_location)),
    Row("GET", "/v1/locations", A.LOCATIONS_READ),
    Row("GET", "/v1/locations/{location_id}", A.LOCATIONS_READ, named("location_id", "location")),
    Row(
        "PATCH",
        "/v1/locations/{location_id}",
        A.LOCATIONS_WRITE,
        lambda v, _: Asked({"location_id": v.location}, body={"name": "The hall"}),
    ),
    Row("POST", "/v1/services", A.SERVICES_WRITE, sent(_service)),
    Row("GET", "/v1/services", A.SERVICES_READ),
    Row("GET", "/v1/services/{service_id}", A.SERVICES_READ, named("service_id", "service")),
    Row(
        "PATCH",
        "/v1/services/{service_id}",
        A.SERVICES_WRITE,
        lambda v, _: Asked({"service_id": v.service}, body={"name": "Another massage"}),
    ),
    Row(
        "PATCH",
        "/v1/services/{service_id}",
        A.BOOKABLES_OVERRIDE_CAPACITY,
        lambda v, _: Asked(
            {"service_id": v.service},
            body={
                "max_simultaneous_bookings": 99_999,
                "override": True,
                "reason": "the fire brigade",
            },
        ),
        "overriding",
        A.SERVICES_WRITE,
    ),
    Row(
        "GET",
        "/v1/services/{service_id}/slots",
        A.AVAILABILITY_READ,
        lambda v, _: Asked({"service_id": v.service}, window()),
    ),
    Row(
        "POST",
        "/v1/services/{service_id}/bookings",
        A.SERVICES_BOOK,
        lambda v, actor: Asked({"service_id": v.service}, body=_sold(v, actor)),
    ),
    Row(
        "POST",
        "/v1/services/{service_id}/bookings",
        A.BOOKINGS_OVERRIDE,
        lambda v, actor: Asked({"service_id": v.service}, body=_sold_by_override(v, actor)),
        "overriding",
        A.SERVICES_BOOK,
    ),
    # When it may be booked
    Row(
        "PUT",
        "/v1/rules/{owner}",
        A.RULES_WRITE,
        lambda v, _: Asked({"owner": v.resource}, body={"rules": {"grid_seconds": 900}}),
    ),
    Row("GET", "/v1/rules/{owner}", A.RULES_READ, named("owner", "resource")),
    Row("GET", "/v1/rules/{owner}/outside", A.RULES_READ, named("owner", "resource")),
    Row(
        "GET",
        "/v1/hours/{owner}",
        A.AVAILABILITY_READ,
        lambda v, _: Asked({"owner": v.resource}, {"first": "2027-06-07"}),
    ),
    # What is taken and what is free
    Row(
        "GET",
        "/v1/busy",
        A.AVAILABILITY_READ,
        lambda v, _: Asked(query={"bookable": v.resource, **window()}),
    ),
    Row(
        "GET",
        "/v1/busy",
        A.BOOKINGS_LIST,
        lambda v, actor: Asked(query={"actor": actor, **window()}),
        "of somebody",
        A.AVAILABILITY_READ,
    ),
    Row(
        "GET",
        "/v1/free",
        A.AVAILABILITY_READ,
        lambda v, _: Asked(query={"bookable": v.resource, **window()}),
    ),
    Row("GET", "/v1/is-free", A.AVAILABILITY_READ, lambda v, _: Asked(query=_of(v) | window())),
    Row(
        "GET",
        "/v1/next-free",
        A.AVAILABILITY_READ,
        lambda v, _: Asked(
            query={
                **_of(v),
                "duration_seconds": 3600,
                "after": window()["start"],
                "horizon": window()["end"],
            }
        ),
    ),
    Row(
        "GET",
        "/v1/conflicts",
        A.ROSTER_READ,
        lambda v, _: Asked(query={"bookable": v.resource, **window()}),
    ),
    Row("POST", "/v1/suggestions", A.AVAILABILITY_READ, sent(lambda v, _: {"claims": [claim(v)]})),
    Row("GET", "/v1/agenda", A.AGENDA_READ, lambda v, _: Asked(query=window())),
    Row(
        "GET",
        "/v1/agenda",
        A.BOOKINGS_LIST,
        lambda v, actor: Asked(query={"actor": actor, **window()}),
        "of somebody",
        A.AGENDA_READ,
    ),
    Row("GET", "/v1/live", A.LIVE_READ, lambda v, _: Asked(query={"seconds": 0})),
    # Calendars and feeds
    Row("POST", "/v1/calendars", A.CALENDARS_IMPORT, sent(_import)),
    Row("GET", "/v1/calendars", A.CALENDARS_READ),
    Row("GET", "/v1/calendars/{calendar_id}", A.CALENDARS_READ, _calendar),
    # It came from a file: there is no address to ask again.
    Row(
        "POST",
        "/v1/calendars/{calendar_id}/refresh",
        A.CALENDARS_IMPORT,
        _calendar,
        statuses=(400,),
    ),
    Row("DELETE", "/v1/calendars/{calendar_id}", A.CALENDARS_IMPORT, _calendar),
    Row(
        "GET",
        "/v1/calendar",
        A.CALENDARS_EXPORT,
        lambda v, actor: Asked(query={"of": f"actor:{actor}"}),
    ),
    Row("POST", "/v1/feeds", A.FEEDS_MANAGE, sent(lambda v, _: {"of": f"location:{v.location}"})),
    Row("GET", "/v1/feeds", A.FEEDS_MANAGE),
    Row(
        "POST",
        "/v1/feeds/{feed}/secret",
        A.FEEDS_MANAGE,
        lambda v, _: Asked({"feed": _feed(v).feed.feed_id}),
    ),
    Row(
        "DELETE",
        "/v1/feeds/{feed}",
        A.FEEDS_MANAGE,
        lambda v, _: Asked({"feed": _feed(v).feed.feed_id}),
    ),
    # The secret in the address is the proof.
    Row("GET", "/v1/feeds/{feed}", None, lambda v, _: Asked({"feed": f"{_feed(v).address}.ics"})),
    # Webhooks
    Row(
        "POST",
        "/v1/webhooks",
        A.WEBHOOKS_MANAGE,
        sent(lambda *_: {"url": "https://hooks.example.org/"}),
    ),
    Row("GET", "/v1/webhooks", A.WEBHOOKS_READ),
    Row("GET", W, A.WEBHOOKS_READ, _of_webhook()),
    Row("PATCH", W, A.WEBHOOKS_MANAGE, _of_webhook({"kinds": ["booking.*"]})),
    Row("DELETE", W, A.WEBHOOKS_MANAGE, _of_webhook()),
    Row("POST", f"{W}/secret", A.WEBHOOKS_MANAGE, _of_webhook()),
    Row("POST", f"{W}/test", A.WEBHOOKS_MANAGE, _of_webhook()),
    Row("GET", f"{W}/deliveries", A.WEBHOOKS_READ, _of_webhook()),
    Row("POST", f"{W}/replay", A.WEBHOOKS_MANAGE, _of_webhook()),
    # What can be booked
    Row("GET", "/v1/bookables/{bookable}", A.BOOKABLES_READ, named("bookable", "resource")),
    Row(
        "POST",
        "/v1/composites",
        A.BOOKABLES_DEFINE,
        sent(lambda v, _: {"bookable": fresh("hall"), "parts": [v.resource, v.pool]}),
    ),
    Row(
        "POST", "/v1/events/{bookable}/edit", A.EVENTS_EDIT, lambda v, _: _edit(v, capacity=99_999)
    ),
    Row(
        "POST",
        "/v1/events/{bookable}/edit",
        A.BOOKABLES_OVERRIDE_CAPACITY,
        lambda v, _: _edit(v, capacity=99_998, on_overbooked="allow", reason="the fire brigade"),
        "overbooking",
        A.EVENTS_EDIT,
    ),
    Row(
        "GET",
        "/v1/events/{bookable}/occurrences",
        A.BOOKABLES_READ,
        lambda v, _: Asked({"bookable": v.event}, window()),
    ),
    Row("POST", "/v1/occurrences", A.BOOKABLES_DEFINE, sent(_occurrence)),
    Row(
        "POST",
        "/v1/resources",
        A.BOOKABLES_DEFINE,
        sent(lambda v, _: {"bookable": fresh("lane")}),
    ),
    Row("POST", "/v1/events", A.BOOKABLES_DEFINE, sent(_event)),
    *[
        row
        for kind, attribute in (
            ("occurrences", "occurrence"),
            ("resources", "pool"),
            ("events", "event"),
        )
        for row in (
            Row("GET", f"/v1/{kind}", A.BOOKABLES_READ),
            Row("GET", f"/v1/{kind}/{{bookable}}", A.BOOKABLES_READ, named("bookable", attribute)),
            Row(
                "PUT",
                f"/v1/{kind}/{{bookable}}/capacity",
                A.BOOKABLES_CAPACITY,
                lambda v, _, attribute=attribute: Asked(  # type: ignore[misc]
                    {"bookable": getattr(v, attribute)}, body={"capacity": 99_999}
                ),
            ),
            Row(
                "PUT",
                f"/v1/{kind}/{{bookable}}/capacity",
                A.BOOKABLES_OVERRIDE_CAPACITY,
                lambda v, _, attribute=attribute: Asked(  # type: ignore[misc]
                    {"bookable": getattr(v, attribute)},
                    body={"capacity": 99_998, "override": True, "reason": "the fire brigade"},
                ),
                "overriding",
                A.BOOKABLES_CAPACITY,
            ),
            Row(
                "GET",
                f"/v1/{kind}/{{bookable}}/journal",
                A.JOURNAL_READ,
                named("bookable", attribute),
            ),
        )
    ],
    Row("GET", "/v1/occurrences/{bookable}/roster", A.ROSTER_READ, named("bookable", "occurrence")),
    Row(
        "GET", "/v1/occurrences/{bookable}/observed", A.ROSTER_READ, named("bookable", "occurrence")
    ),
    Row(
        "GET",
        "/v1/occurrences/{bookable}/seats-left",
        A.SEATS_READ,
        named("bookable", "occurrence"),
    ),
    # Whether somebody else is there is what the roster says.
    Row("GET", "/v1/occurrences/{bookable}/seat", A.ROSTER_READ, _seat_of, base=A.SEATS_READ),
    # Bookings
    Row(
        "POST",
        "/v1/bookings",
        A.BOOKINGS_BOOK,
        sent(lambda v, actor: {"actor": actor, "claims": [claim(v)]}),
    ),
    Row(
        "POST",
        "/v1/bookings",
        A.BOOKINGS_HOLD,
        sent(lambda v, actor: {"actor": actor, "claims": [claim(v)], "hold_seconds": 60}),
        "holding",
    ),
    Row(
        "POST",
        "/v1/bookings",
        A.BOOKINGS_OVERRIDE,
        sent(
            lambda v, actor: {
                "actor": actor,
                "claims": [claim(v)],
                "override": True,
                "reason": "an old friend",
            }
        ),
        "overriding",
        A.BOOKINGS_BOOK,
    ),
    Row("POST", "/v1/waitlist", A.WAITLIST_JOIN, sent(_waiting_for_a_slot)),
    Row(
        "POST",
        "/v1/waitlist",
        A.BOOKINGS_HOLD,
        sent(lambda v, actor: {"actor": actor, "claims": [claim(v)]}),
        "for what is no service's",
        A.WAITLIST_JOIN,
    ),
    Row("GET", "/v1/waitlist", A.WAITLIST_READ, lambda v, _: Asked(query={"bookable": v.pool})),
    Row("POST", "/v1/series", A.BOOKINGS_BOOK, sent(_series)),
    Row(
        "POST",
        "/v1/series",
        A.BOOKINGS_HOLD,
        sent(lambda v, actor: _series(v, actor, hold_seconds=60)),
        "holding",
    ),
    Row(
        "POST",
        "/v1/series",
        A.BOOKINGS_OVERRIDE,
        sent(lambda v, actor: _series(v, actor, override=True, reason="an old friend")),
        "overriding",
        A.BOOKINGS_BOOK,
    ),
    Row(
        "GET",
        "/v1/series/{series_id}",
        A.BOOKINGS_LIST,
        lambda v, actor: Asked({"series_id": v.series(actor)}),
    ),
    Row(
        "POST",
        "/v1/bookings/book-observed",
        A.BOOKINGS_BOOK,
        sent(_book_observed),
    ),
    Row("POST", "/v1/bookings/cancel-observed", A.BOOKINGS_CANCEL, sent(_cancel_observed)),
    Row("POST", "/v1/bookings/cancel", A.BOOKINGS_CANCEL, sent(_cancel_seat)),
    Row("POST", "/v1/bookings/move", A.BOOKINGS_MOVE, sent(_moves)),
    Row(
        "POST",
        "/v1/bookings/move",
        A.BOOKINGS_OVERRIDE,
        sent(lambda v, actor: {**_moves(v, actor), "override": True, "reason": "an old friend"}),
        "overriding",
        A.BOOKINGS_MOVE,
    ),
    Row("GET", "/v1/bookings", A.BOOKINGS_LIST),
    Row("GET", B, A.BOOKINGS_READ, of_booking()),
    Row("PATCH", B, A.BOOKINGS_UPDATE, of_booking(body={"metadata": {"mat": "own"}})),
    Row("POST", f"{B}/confirm", A.BOOKINGS_CONFIRM, of_booking("hold")),
    Row("POST", f"{B}/release", A.BOOKINGS_RELEASE, of_booking("hold")),
    Row("POST", f"{B}/cancel", A.BOOKINGS_CANCEL, of_booking()),
    Row("POST", f"{B}/extend", A.BOOKINGS_EXTEND, of_booking("hold", {"seconds": 1_200})),
    Row(
        "POST",
        f"{B}/move",
        A.BOOKINGS_MOVE,
        lambda v, actor: Asked({"booking_id": v.booking(actor)}, body={"claims": [claim(v)]}),
    ),
    Row(
        "POST",
        f"{B}/move",
        A.BOOKINGS_OVERRIDE,
        lambda v, actor: Asked(
            {"booking_id": v.booking(actor)},
            body={"claims": [claim(v)], "override": True, "reason": "an old friend"},
        ),
        "overriding",
        A.BOOKINGS_MOVE,
    ),
    Row("POST", f"{B}/check-in", A.BOOKINGS_CHECK_IN, of_booking()),
    Row(
        "POST",
        f"{B}/check-in",
        A.BOOKINGS_CHECK_IN_LATE,
        of_booking("missed", {"late": True}),
        "late",
        A.BOOKINGS_CHECK_IN,
    ),
    Row("POST", f"{B}/check-out", A.BOOKINGS_CHECK_OUT, of_booking("checked_in")),
    Row("POST", f"{B}/complete", A.BOOKINGS_COMPLETE, of_booking("checked_in")),
    Row(
        "POST",
        f"{B}/no-show",
        A.BOOKINGS_NO_SHOW,
        of_booking("past"),
    ),
    # The hold is not overdue; to have one that is would take waiting.
    Row("POST", f"{B}/expire", A.BOOKINGS_EXPIRE, of_booking("hold"), statuses=(409,)),
    Row("GET", f"{B}/audit", A.BOOKINGS_AUDIT, of_booking()),
    Row("GET", f"{B}/journal", A.JOURNAL_READ, of_booking()),
    Row("POST", "/v1/expire", A.BOOKINGS_EXPIRE),
    Row(
        "POST",
        "/v1/facts",
        A.FACTS_APPEND,
        sent(
            lambda v, _: {
                "appends": {
                    v.resource: {
                        "expected": v.tenant.bookable(v.resource).seq,
                        "facts": [{"name": "waxed"}],
                    }
                }
            }
        ),
    ),
    Row("POST", "/v1/actors/forget", A.ACTORS_FORGET, sent(lambda v, _: {"actor": fresh("actor")})),
    # Reservations and appointments
    Row("POST", "/api/booking/reserve", A.RESERVATIONS_RESERVE, sent(lambda v, _: slot(v))),
    Row(
        "POST",
        "/api/booking/commit",
        A.RESERVATIONS_COMMIT,
        sent(
            lambda v, actor: {
                "reservationId": v.reservation(actor),
                "guestEmail": "guest@example.org",
            }
        ),
    ),
    Row(
        "GET",
        "/api/booking/reservation/{reservation_id}",
        A.RESERVATIONS_READ,
        lambda v, actor: Asked({"reservation_id": v.reservation(actor)}),
    ),
    Row(
        "POST",
        "/api/booking/extend",
        A.RESERVATIONS_EXTEND,
        sent(lambda v, actor: {"reservationId": v.reservation(actor), "ttlMinutes": 20}),
    ),
    Row(
        "POST",
        "/api/booking/reschedule",
        A.BOOKINGS_MOVE,
        sent(lambda v, actor: {"reservationId": v.reservation(actor), **times()}),
    ),
    Row(
        "POST",
        "/api/booking/reschedule",
        A.BOOKINGS_OVERRIDE,
        sent(
            lambda v, actor: {
                "reservationId": v.reservation(actor),
                **times(),
                "override": True,
                "reason": "an old friend",
            }
        ),
        "overriding",
        A.BOOKINGS_MOVE,
    ),
    # The token is the proof.
    Row("POST", "/api/booking/cancel", None, sent(_token)),
    Row(
        "GET",
        "/api/booking/capacity",
        A.SEATS_READ,
        lambda v, _: Asked(query=slot(v)),
    ),
    Row(
        "POST",
        "/api/booking/appointments",
        A.BOOKINGS_BOOK,
        sent(lambda v, actor: {**slot(v), "actor": actor}),
    ),
    Row(
        "POST",
        "/api/booking/appointments",
        A.BOOKINGS_OVERRIDE,
        sent(
            lambda v, actor: {
                **slot(v),
                "actor": actor,
                "override": True,
                "reason": "an old friend",
            }
        ),
        "overriding",
        A.BOOKINGS_BOOK,
    ),
    Row(
        "GET",
        "/api/booking/appointments",
        A.ROSTER_READ,
        lambda v, _: Asked(query=slot(v)),
    ),
    Row("GET", "/api/booking/metrics", A.RESERVATIONS_METRICS),
    Row("GET", "/api/booking/health", None),
    # A scheduler's, with a secret of its own: test_who_is_not_known_is_told_so is not for it.
    Row("GET", "/api/cron/cleanup-reservations", None, statuses=(401,)),
]
"""All of them. A route without a row fails `test_role_matrix.py`."""

SPECIAL: dict[tuple[str, Role], bool] = {
    # A customer may ask for their own seat without the roster.
    ("GET /v1/occurrences/{bookable}/seat", Role.CUSTOMER): True,
}
"""Cells that differ from the row's one action, each with its reason."""
