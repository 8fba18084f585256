"""Services over HTTP: made, read, listed, changed, with how many at once (MISSION D2)."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, patch, post
from litestar.params import FromPath
from msgspec import UNSET, Meta, Struct, UnsetType

from lastseat.access import Action
from lastseat.catalogue.needs import MOST_NEEDS, MOST_OF
from lastseat.core import limits
from lastseat.core.events import WaitPolicy
from lastseat.core.outcomes import Code
from lastseat.core.state import SERVICE_PREFIX
from lastseat.http.caller import caller_of
from lastseat.http.describing import Link, described
from lastseat.http.etag import expected_version
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, path_id, query_of
from lastseat.http.keeping import kept
from lastseat.http.locations import given
from lastseat.http.paging import AfterId, Page, page_of
from lastseat.http.problems import document, unknown
from lastseat.http.shapes import Attributes, Buffer, Capacity, HoldSeconds, Id, Reason, Version
from lastseat.views.catalogue import Need, Service, Terms

EXAMPLE: dict[str, Any] = {
    "name": "Massage",
    "location_id": "kreuzberg",
    "duration_seconds": 3600,
    "before_seconds": 0,
    "after_seconds": 600,
    "hold_seconds": 900,
    "hold_limit_seconds": 3600,
    "attributes": None,
    "needs": [{"of": ["room-1", "room-2"], "any": 1}],
    "service_id": "massage",
    "max_simultaneous_bookings": 2,
    "waitlist": "fifo",
    "time_zone": "Europe/Berlin",
    "version": 1,
    "created_at": "2026-11-20T09:15:02.113Z",
    "updated_at": "2026-11-20T09:15:02.113Z",
}
PATH = {"service_id": ({"type": "string", "minLength": 1}, "Its id, percent-encoded.", "massage")}

ServiceId = Annotated[
    str,
    Meta(
        extra_json_schema={
            "minLength": 1,
            "maxLength": limits.NAME_LENGTH - len(SERVICE_PREFIX),
            "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]+$",
        }
    ),
]
Duration = Annotated[
    int,
    Meta(
        description="How long it lasts, in seconds; null: as long as who books says.",
        extra_json_schema={"minimum": 1, "maximum": int(limits.LONGEST.total_seconds())},
    ),
]


class NeedBody(Need, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A need, as it is sent: what is not known of it is refused."""

    def need(self) -> Need:
        """The same, as a service has it."""
        return Need(of=self.of, any=self.any, adjacent=self.adjacent, units=self.units)


Needs = Annotated[
    tuple[NeedBody, ...],
    Meta(
        description=(
            f"What a booking of it takes: all `of` these, or `any` of them, the first that are"
            f" free. At most {MOST_NEEDS} needs, of {MOST_OF} bookables to choose from."
        ),
        extra_json_schema={"maxItems": MOST_NEEDS},
    ),
]


class ServiceBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new service: how it is sold, and how many at once.

    Its id, its location and its `waitlist` are for good.
    """

    service_id: ServiceId
    name: Id
    max_simultaneous_bookings: Capacity
    waitlist: WaitPolicy = WaitPolicy.FIFO
    location_id: Id | None = None
    duration_seconds: Duration | None = None
    before_seconds: Buffer = 0
    after_seconds: Buffer = 0
    hold_seconds: HoldSeconds = limits.HOLD_SECONDS
    hold_limit_seconds: HoldSeconds = limits.HOLD_LIMIT_SECONDS
    attributes: Attributes | None = None
    needs: Needs = ()


class ServiceChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changes of a service; what is left out stays. What is booked keeps its buffers.

    Fewer at once than are booked needs `override`, a permission, and a reason.
    """

    name: Id | UnsetType = UNSET
    duration_seconds: Duration | UnsetType | None = UNSET
    before_seconds: Buffer | UnsetType = UNSET
    after_seconds: Buffer | UnsetType = UNSET
    hold_seconds: HoldSeconds | UnsetType = UNSET
    hold_limit_seconds: HoldSeconds | UnsetType = UNSET
    attributes: Attributes | UnsetType | None = UNSET
    needs: Needs | UnsetType = UNSET
    max_simultaneous_bookings: Capacity | None = None
    expected_version: Version | None = None
    override: bool = False
    reason: Reason | None = None


_NEW = Body(ServiceBody)
_CHANGE = Body(ServiceChange)


@post(
    "/v1/services",
    **described(
        "create_service",
        tag="services",
        summary="Make a service",
        says=(
            "With it comes the bookable `service:<service_id>`, whose capacity is"
            " `max_simultaneous_bookings`; booking it takes what it `needs` too. The same again"
            " changes nothing."
        ),
        status=201,
        body=ServiceBody,
        body_example={
            "service_id": "massage",
            "name": "Massage",
            "max_simultaneous_bookings": 2,
            "duration_seconds": 3600,
            "after_seconds": 600,
            "needs": [{"of": ["room-1", "room-2"], "any": 1}],
        },
        answer=Service,
        answer_example=EXAMPLE,
        refused=(Code.ALREADY_DEFINED, Code.UNKNOWN_BOOKABLE, "unknown_location"),
        tagged=True,
        links={
            "service": Link("service", {"service_id": "$response.body#/service_id"}),
            "slots": Link("slots", {"service_id": "$response.body#/service_id"}),
            "book_service": Link(
                "book_service",
                {"service_id": "$response.body#/service_id"},
                {"start": "2027-06-07T18:00:00Z", "hold_seconds": 60},
                "Hold a slot of it.",
            ),
        },
    ),
)
async def create_service(request: AnyRequest) -> Response[Any]:
    """Make a service."""
    caller = await caller_of(request, Action.SERVICES_WRITE)
    body = await _NEW.read(request)
    asked = msgspec.structs.asdict(body) | {"needs": tuple(x.need() for x in body.needs)}
    service_id, most = asked.pop("service_id"), asked.pop("max_simultaneous_bookings")
    line = asked.pop("waitlist")
    saved = await caller.tenant.catalogue.create_service(
        service_id,
        Terms(**asked),
        max_simultaneous_bookings=most,
        waitlist=line,
        key=key_of(request),
    )
    where = {"Location": f"/v1/services/{path_id(service_id)}"}
    return kept(saved, status=201, headers=where)


@get(
    "/v1/services",
    **described(
        "services",
        tag="services",
        summary="List services",
        says="In the order of their ids.",
        query=Paged,
        answer=Page[Service],
        answer_example={"items": [EXAMPLE], "next": None},
    ),
)
async def list_services(request: AnyRequest) -> Response[Any]:
    """A page of services."""
    caller = await caller_of(request, Action.SERVICES_READ)
    query = query_of(request, Paged)
    after = query.after(AfterId)
    found = await caller.tenant.catalogue.services(
        after=after.after if after else "", limit=query.limit
    )
    return document(page_of(found, query.limit, lambda x: {"after": x.service_id}))


@get(
    "/v1/services/{service_id:str}",
    **described(
        "service",
        tag="services",
        summary="Read a service",
        says="Another tenant's is unknown.",
        path=PATH,
        answer=Service,
        answer_example=EXAMPLE,
        refused=(404,),
        tagged=True,
    ),
)
async def read_service(request: AnyRequest, service_id: FromPath[str]) -> Response[Any]:
    """A service."""
    caller = await caller_of(request, Action.SERVICES_READ)
    found = await caller.tenant.catalogue.service(service_id)
    if found is None:
        raise unknown("unknown_service", id=service_id)
    return document(found, version=found.version)


@patch(
    "/v1/services/{service_id:str}",
    **described(
        "update_service",
        tag="services",
        summary="Change a service",
        says=(
            "Fewer at once than are booked is refused (`below_taken`) unless `override`, which is a"
            " permission and needs a reason. A stale version is a `conflict` with the current."
        ),
        path=PATH,
        body=ServiceChange,
        body_example={"max_simultaneous_bookings": 3, "expected_version": 1},
        answer=Service,
        answer_example={**EXAMPLE, "max_simultaneous_bookings": 3, "version": 2},
        refused=(
            "unknown_service",
            Code.UNKNOWN_BOOKABLE,
            Code.CONFLICT,
            Code.BELOW_TAKEN,
            412,
        ),
        versioned=True,
    ),
)
async def update_service(request: AnyRequest, service_id: FromPath[str]) -> Response[Any]:
    """Change a service."""
    caller = await caller_of(request, Action.SERVICES_WRITE)
    body = await _CHANGE.read(request)
    if body.override:
        caller.allow(Action.BOOKABLES_OVERRIDE_CAPACITY)
    changes = {k: v for k, v in given(body).items() if k in _TERMS}
    if body.needs is not UNSET:
        changes["needs"] = tuple(x.need() for x in body.needs)
    saved = await caller.tenant.catalogue.update_service(
        service_id,
        changes,
        max_simultaneous_bookings=body.max_simultaneous_bookings,
        version=expected_version(request, body.expected_version),
        override=body.override,
        reason=body.reason,
        key=key_of(request),
    )
    return kept(saved)


_TERMS = frozenset(Terms.__struct_fields__)

handlers = [create_service, list_services, read_service, update_service]
