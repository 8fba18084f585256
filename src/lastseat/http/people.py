"""People: who has which role in the tenant, by the subject of their signed tokens."""

from typing import Annotated, Any

from litestar import Response, delete, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from lastseat.access import Action, Role, may_grant, store
from lastseat.access.store import Person
from lastseat.catalogue.answers import Refused, Saved, Unknown
from lastseat.core import outcomes as o
from lastseat.http.caller import caller_of
from lastseat.http.describing import UUID as ID
from lastseat.http.describing import Link, described
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, query_of
from lastseat.http.keeping import Connection, keep, kept
from lastseat.http.paging import AfterUuid, Page, page_of
from lastseat.http.problems import Forbidden, document
from lastseat.http.shapes import Id

_PERSON_ID = "7c3d1f0a-9b52-4e0d-8c11-4f6a2e9d7b33"
EXAMPLE: dict[str, Any] = {
    "person_id": _PERSON_ID,
    "subject": "auth0|5f7c8ec7c33c6c004bbafe82",
    "name": "Ann",
    "roles": ["staff"],
    "created_at": "2026-11-20T09:15:02.113Z",
}
PATH = {"person_id": (ID, "The person's id.", _PERSON_ID)}


class PersonBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody's roles. Of a subject that is known already they are replaced, with the name."""

    subject: Annotated[Id, Meta(description="`sub` of their tokens.")]
    roles: Annotated[tuple[Role, ...], Meta(extra_json_schema={"minItems": 1})]
    name: Id | None = None


_SET = Body(PersonBody)


@post(
    "/v1/people",
    **described(
        "set_person",
        tag="people",
        summary="Give somebody roles",
        says=(
            "Makes a person known by their tokens' subject, or replaces their roles and name."
            " Nobody can give roles that may do more than they may themselves."
        ),
        status=201,
        body=PersonBody,
        body_example={"subject": EXAMPLE["subject"], "roles": ["staff"], "name": "Ann"},
        answer=Person,
        answer_example=EXAMPLE,
        links={"remove_person": Link("remove_person", {"person_id": "$response.body#/person_id"})},
    ),
)
async def set_person(request: AnyRequest) -> Response[Any]:
    """Give somebody roles."""
    caller = await caller_of(request, Action.PEOPLE_MANAGE)
    body = await _SET.read(request)
    if not may_grant(caller.principal, body.roles, None):
        raise Forbidden(caller.action, "They would be allowed more than whoever gives the roles.")

    async def work(connection: Connection) -> Saved[Any] | Refused:
        made = await store.set_person(
            connection,
            caller.tenant.tenant_id,
            subject=body.subject,
            roles=body.roles,
            name=body.name,
        )
        return made if isinstance(made, o.Invalid) else Saved(made, created=True)

    asked = {"subject": body.subject, "roles": sorted(body.roles), "name": body.name}
    saved = await keep(caller, "set_person", asked, key_of(request), work, Person)
    return kept(saved, status=201)


@get(
    "/v1/people",
    **described(
        "people",
        tag="people",
        summary="List people",
        says="In the order of their ids.",
        query=Paged,
        answer=Page[Person],
        answer_example={"items": [EXAMPLE], "next": None},
    ),
)
async def list_people(request: AnyRequest) -> Response[Any]:
    """A page of people."""
    caller = await caller_of(request, Action.PEOPLE_READ)
    query = query_of(request, Paged)
    after = query.after(AfterUuid)
    items: list[Person] = await caller.engine.read(
        store.list_people,
        caller.tenant.tenant_id,
        after=after.after if after else None,
        limit=query.limit,
    )
    return document(page_of(items, query.limit, lambda x: {"after": x.person_id}))


@delete(
    "/v1/people/{person_id:str}",
    **described(
        "remove_person",
        tag="people",
        summary="Take somebody's roles",
        says="As long as their tokens name the tenant they come back, as a customer.",
        path=PATH,
        keyed=True,
        answer=Person,
        answer_example=EXAMPLE,
        refused=(404, o.Code.INVALID, o.Code.KEY_REUSED),
    ),
)
async def remove_person(request: AnyRequest, person_id: FromPath[str]) -> Response[Any]:
    """Take somebody's roles."""
    caller = await caller_of(request, Action.PEOPLE_MANAGE)

    async def work(connection: Connection) -> Saved[Any] | Refused:
        found = await store.remove_person(connection, caller.tenant.tenant_id, person_id)
        return Unknown("person", person_id) if found is None else Saved(found, created=False)

    asked = {"person_id": person_id}
    return kept(await keep(caller, "remove_person", asked, key_of(request), work, Person))


handlers = [set_person, list_people, remove_person]
