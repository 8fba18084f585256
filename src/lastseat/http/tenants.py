"""Tenants: the caller's own; for an owner of the operator's tenant, all of them, and new ones."""

from typing import Annotated, Any

from litestar import Response, get, patch, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from lastseat.access import Action, permit, store
from lastseat.access.renaming import rename_tenant
from lastseat.access.store import Tenant
from lastseat.catalogue.answers import Refused, Saved, Unknown
from lastseat.core import outcomes as o
from lastseat.core.outcomes import Code
from lastseat.http.caller import Caller, caller_of
from lastseat.http.describing import Link, described
from lastseat.http.etag import expected_version
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, path_id, query_of
from lastseat.http.keeping import Connection, keep, kept
from lastseat.http.paging import AfterId, Page, page_of
from lastseat.http.problems import document, unknown
from lastseat.http.shapes import Id, Version

EXAMPLE: dict[str, Any] = {
    "tenant_id": "studio",
    "name": "The studio",
    "operator": False,
    "version": 1,
    "created_at": "2026-11-20T09:15:02.113Z",
    "updated_at": None,
}
PATH = {"tenant_id": ({"type": "string", "minLength": 1}, "Its id, percent-encoded.", "studio")}


class TenantBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new tenant. Its id is for good."""

    tenant_id: Id
    name: Id | None = None


class RenameBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tenant's name; null takes it away."""

    name: Annotated[Id | None, Meta(description="What it is called.")]
    expected_version: Version | None = None


_NEW = Body(TenantBody)
_RENAME = Body(RenameBody)


@post(
    "/v1/tenants",
    **described(
        "create_tenant",
        tag="tenants",
        summary="Make a tenant",
        says="For an owner of the operator's tenant. Make its first key with `lastseat keys`.",
        status=201,
        body=TenantBody,
        body_example={"tenant_id": "studio", "name": "The studio"},
        answer=Tenant,
        answer_example=EXAMPLE,
        refused=(Code.ALREADY_DEFINED,),
        links={"tenant": Link("tenant", {"tenant_id": "$response.body#/tenant_id"})},
    ),
)
async def create_tenant(request: AnyRequest) -> Response[Any]:
    """Make a tenant."""
    caller = await caller_of(request, Action.TENANTS_CREATE)
    body = await _NEW.read(request)

    async def work(connection: Connection) -> Saved[Any] | Refused:
        made = await store.create_tenant(connection, body.tenant_id, name=body.name)
        if made is None:
            return o.AlreadyDefined(bookable=body.tenant_id, field="tenant_id")
        return made if isinstance(made, o.Invalid) else Saved(made, created=True)

    asked = {"tenant_id": body.tenant_id, "name": body.name}
    saved = await keep(caller, "create_tenant", asked, key_of(request), work, Tenant)
    return kept(saved, status=201, headers={"Location": f"/v1/tenants/{path_id(body.tenant_id)}"})


@get(
    "/v1/tenants",
    **described(
        "tenants",
        tag="tenants",
        summary="List tenants",
        says="The caller's own; for an owner of the operator's tenant all, in the order of ids.",
        query=Paged,
        answer=Page[Tenant],
        answer_example={"items": [EXAMPLE], "next": None},
    ),
)
async def list_tenants(request: AnyRequest) -> Response[Any]:
    """A page of tenants."""
    caller = await caller_of(request, Action.TENANTS_READ)
    query = query_of(request, Paged)
    after = query.after(AfterId)
    if not _operates(caller):
        own = await caller.engine.read(store.tenant, caller.tenant.tenant_id)
        return document(Page(items=[own] if own is not None and after is None else []))
    items: list[Tenant] = await caller.engine.read(
        store.list_tenants, after=after.after if after else "", limit=query.limit
    )
    return document(page_of(items, query.limit, lambda x: {"after": x.tenant_id}))


@get(
    "/v1/tenants/{tenant_id:str}",
    **described(
        "tenant",
        tag="tenants",
        summary="Read a tenant",
        says="Another's is unknown, but for an owner of the operator's tenant.",
        path=PATH,
        answer=Tenant,
        answer_example=EXAMPLE,
        refused=(404,),
        tagged=True,
    ),
)
async def read_tenant(request: AnyRequest, tenant_id: FromPath[str]) -> Response[Any]:
    """A tenant."""
    caller = await caller_of(request, Action.TENANTS_READ)
    _own(caller, tenant_id)
    found: Tenant | None = await caller.engine.read(store.tenant, tenant_id)
    if found is None:
        raise unknown("unknown_tenant", tenant_id=tenant_id)
    return document(found, version=found.version)


@patch(
    "/v1/tenants/{tenant_id:str}",
    **described(
        "rename_tenant",
        tag="tenants",
        summary="Rename a tenant",
        says="Its name alone changes. A stale version is a `conflict` with the current one.",
        path=PATH,
        body=RenameBody,
        body_example={"name": "The new studio"},
        answer=Tenant,
        answer_example={**EXAMPLE, "name": "The new studio", "version": 2},
        refused=(404, 409, 412),
        versioned=True,
    ),
)
async def change_tenant(request: AnyRequest, tenant_id: FromPath[str]) -> Response[Any]:
    """Rename a tenant."""
    caller = await caller_of(request, Action.TENANTS_UPDATE)
    body = await _RENAME.read(request)
    _own(caller, tenant_id)
    version = expected_version(request, body.expected_version)

    async def work(connection: Connection) -> Saved[Any] | Refused:
        found = await rename_tenant(connection, tenant_id, name=body.name, version=version)
        if found is None:
            return Unknown("tenant", tenant_id)
        return Saved(found, created=False) if isinstance(found, Tenant) else found

    asked = {"tenant_id": tenant_id, "name": body.name, "version": version}
    return kept(await keep(caller, "rename_tenant", asked, key_of(request), work, Tenant))


def _operates(caller: Caller) -> bool:
    """Whether the caller may see all tenants: who may make them may."""
    return permit(caller.principal, Action.TENANTS_CREATE) is not None


def _own(caller: Caller, tenant_id: str) -> None:
    if tenant_id != caller.tenant.tenant_id and not _operates(caller):
        raise unknown("unknown_tenant", tenant_id=tenant_id)


handlers = [create_tenant, list_tenants, read_tenant, change_tenant]
