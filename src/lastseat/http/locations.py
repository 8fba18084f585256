"""Locations over HTTP: made, read, listed, changed. See library/catalogue.py."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, patch, post
from litestar.params import FromPath
from msgspec import UNSET, Meta, Struct, UnsetType

from lastseat.access import Action
from lastseat.catalogue.locations import NO_SHOW_MOST_SECONDS
from lastseat.core.outcomes import Code
from lastseat.http.caller import caller_of
from lastseat.http.describing import Link, described
from lastseat.http.etag import expected_version
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, path_id, query_of
from lastseat.http.keeping import kept
from lastseat.http.paging import AfterId, Page, page_of
from lastseat.http.problems import document, unknown
from lastseat.http.shapes import Attributes, Id, Version
from lastseat.views.catalogue import Location

EXAMPLE: dict[str, Any] = {
    "location_id": "kreuzberg",
    "name": "Studio Kreuzberg",
    "time_zone": "Europe/Berlin",
    "attributes": {"floor": 2},
    "version": 1,
    "created_at": "2026-11-20T09:15:02.113Z",
    "updated_at": "2026-11-20T09:15:02.113Z",
    "no_show": True,
    "no_show_after_seconds": 900,
}
PATH = {
    "location_id": ({"type": "string", "minLength": 1}, "Its id, percent-encoded.", "kreuzberg")
}

Zone = Annotated[
    str,
    Meta(
        description="A name of the time zone database (IANA).",
        extra_json_schema={"minLength": 1, "maxLength": 200, "examples": ["Europe/Berlin"]},
    ),
]

NoShow = Annotated[
    bool,
    Meta(description="Whether a booking that nobody checked in becomes NO_SHOW by itself."),
]
NoShowAfter = Annotated[
    int,
    Meta(
        ge=0,
        le=NO_SHOW_MOST_SECONDS,
        description="How long after its start it does, in seconds: 900 unless given.",
    ),
]


class LocationBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new location. Its id is for good."""

    location_id: Id
    name: Id
    time_zone: Zone
    attributes: Attributes | None = None
    no_show: NoShow | None = None
    no_show_after_seconds: NoShowAfter | None = None


class LocationChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changes of a location; what is left out stays. Null attributes take them away."""

    name: Id | UnsetType = UNSET
    time_zone: Zone | UnsetType = UNSET
    attributes: Attributes | UnsetType | None = UNSET
    no_show: NoShow | UnsetType = UNSET
    no_show_after_seconds: NoShowAfter | UnsetType = UNSET
    expected_version: Version | None = None


_NEW = Body(LocationBody)
_CHANGE = Body(LocationChange)


def given(body: Struct) -> dict[str, Any]:
    """The fields of a change that were sent. Null attributes are empty ones to the library."""
    sent = {k: v for k, v in msgspec.structs.asdict(body).items() if v is not UNSET}
    if "attributes" in sent:
        sent["attributes"] = sent["attributes"] or {}
    return sent


@post(
    "/v1/locations",
    **described(
        "create_location",
        tag="locations",
        summary="Make a location",
        says="The same again changes nothing; another of that id is `already_defined`.",
        status=201,
        body=LocationBody,
        body_example={
            "location_id": "kreuzberg",
            "name": "Studio Kreuzberg",
            "time_zone": "Europe/Berlin",
            "attributes": {"floor": 2},
        },
        answer=Location,
        answer_example=EXAMPLE,
        refused=(Code.ALREADY_DEFINED,),
        tagged=True,
        links={"location": Link("location", {"location_id": "$response.body#/location_id"})},
    ),
)
async def create_location(request: AnyRequest) -> Response[Any]:
    """Make a location."""
    caller = await caller_of(request, Action.LOCATIONS_WRITE)
    body = await _NEW.read(request)
    saved = await caller.tenant.catalogue.create_location(
        body.location_id,
        name=body.name,
        time_zone=body.time_zone,
        attributes=body.attributes,
        no_show=body.no_show,
        no_show_after_seconds=body.no_show_after_seconds,
        key=key_of(request),
    )
    where = {"Location": f"/v1/locations/{path_id(body.location_id)}"}
    return kept(saved, status=201, headers=where)


@get(
    "/v1/locations",
    **described(
        "locations",
        tag="locations",
        summary="List locations",
        says="In the order of their ids.",
        query=Paged,
        answer=Page[Location],
        answer_example={"items": [EXAMPLE], "next": None},
    ),
)
async def list_locations(request: AnyRequest) -> Response[Any]:
    """A page of locations."""
    caller = await caller_of(request, Action.LOCATIONS_READ)
    query = query_of(request, Paged)
    after = query.after(AfterId)
    found = await caller.tenant.catalogue.locations(
        after=after.after if after else "", limit=query.limit
    )
    return document(page_of(found, query.limit, lambda x: {"after": x.location_id}))


@get(
    "/v1/locations/{location_id:str}",
    **described(
        "location",
        tag="locations",
        summary="Read a location",
        says="Another tenant's is unknown.",
        path=PATH,
        answer=Location,
        answer_example=EXAMPLE,
        refused=(404,),
        tagged=True,
    ),
)
async def read_location(request: AnyRequest, location_id: FromPath[str]) -> Response[Any]:
    """A location."""
    caller = await caller_of(request, Action.LOCATIONS_READ)
    found = await caller.tenant.catalogue.location(location_id)
    if found is None:
        raise unknown("unknown_location", id=location_id)
    return document(found, version=found.version)


@patch(
    "/v1/locations/{location_id:str}",
    **described(
        "update_location",
        tag="locations",
        summary="Change a location",
        says="What is booked keeps its times. A stale version is a `conflict` with the current.",
        path=PATH,
        body=LocationChange,
        body_example={"name": "Studio Kreuzberg, first floor", "expected_version": 1},
        answer=Location,
        answer_example={**EXAMPLE, "name": "Studio Kreuzberg, first floor", "version": 2},
        refused=(404, Code.CONFLICT, 412),
        versioned=True,
    ),
)
async def update_location(request: AnyRequest, location_id: FromPath[str]) -> Response[Any]:
    """Change a location."""
    caller = await caller_of(request, Action.LOCATIONS_WRITE)
    body = await _CHANGE.read(request)
    changes = given(body)
    changes.pop("expected_version")
    saved = await caller.tenant.catalogue.update_location(
        location_id,
        **changes,
        version=expected_version(request, body.expected_version),
        key=key_of(request),
    )
    return kept(saved)


handlers = [create_location, list_locations, read_location, update_location]
