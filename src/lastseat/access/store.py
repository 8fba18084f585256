"""Keys, people and tenants as they are kept: created, listed, revoked, looked up.

Each function is one transaction, or part of the caller's where one is open. Who may call it is not
asked here: see `permit` and `may_grant`. Bad input is answered with `Invalid`, a value.
"""

import hmac
import uuid
from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from lastseat.access import keys
from lastseat.access.principal import Principal
from lastseat.access.roles import Action, Role
from lastseat.access.rows import Connection, Row, ask, roles_of, scopes_of, stored, uuid_of
from lastseat.access.terms import KeyTerms, completed, named, person_roles
from lastseat.access.texts import fault
from lastseat.core.outcomes import Invalid


class Key(Struct, frozen=True):
    """A key as it is known after it was made: all but its secret. Times are UTC."""

    key_id: str
    name: str
    roles: tuple[Role, ...]
    scopes: tuple[Action, ...] | None
    publishable: bool
    per_minute: int | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKey(Struct, frozen=True):
    """A key just made. `text` is what its holder sends; it can't be had again."""

    text: str
    key: Key

    def __repr__(self) -> str:
        """Without the secret: what is printed ends up in logs."""
        return f"NewKey(key={self.key!r})"


class Person(Struct, frozen=True):
    """Somebody with signed tokens.

    The journal knows them by `person_id`, their issuer by `subject`.
    """

    person_id: str
    subject: str
    name: str | None
    roles: tuple[Role, ...]
    created_at: datetime


class Tenant(Struct, frozen=True):
    """An organisation. The operator's may make others."""

    tenant_id: str
    name: str | None
    operator: bool
    version: int
    created_at: datetime
    updated_at: datetime | None


# Keys --------------------------------------------------------------------------------------------


async def authenticate_key(connection: Connection, text: str) -> Principal | None:
    """Whose key a text is; None for what is no key, and an unknown, expired or revoked one."""
    claimed = keys.read(text)
    if claimed is None:
        return None
    found = await ask(connection, "key_claimed", key=claimed.key_id)
    if not found:
        # An id nobody has takes as long to refuse as a wrong secret. Ids are no secret, though.
        hmac.compare_digest(claimed.hash, bytes(len(claimed.hash)))
        return None
    tenant_id, expected, roles, scopes, publishable, per_minute, operator, usable = found[0]
    if not hmac.compare_digest(claimed.hash, expected) or not usable:
        return None
    narrowed = scopes_of(scopes)
    return Principal(
        tenant_id=tenant_id,
        name=f"key:{claimed.key_id}",
        roles=frozenset(roles_of(roles)),
        scopes=None if narrowed is None else frozenset(narrowed),
        key_id=claimed.key_id,
        publishable=publishable,
        per_minute=per_minute,
        operator=operator,
    )


async def create_key(
    connection: Connection, tenant_id: str, terms: KeyTerms, *, created_by: str
) -> NewKey | Invalid:
    """Make a key for a tenant; `created_by` is the principal who asked for it."""
    complete = named("tenant_id", tenant_id) or completed(terms)
    if isinstance(complete, Invalid):
        return complete
    minted = keys.mint(publishable=complete.publishable)
    found = await ask(
        connection,
        "key_created",
        tenant=tenant_id,
        key=minted.key_id,
        hash=minted.hash,
        name=complete.name,
        roles=stored(complete.roles),
        scopes=None if complete.scopes is None else stored(complete.scopes),
        publishable=complete.publishable,
        per_minute=complete.per_minute,
        created_by=created_by,
        expires_at=complete.expires_at,
    )
    if not found:
        if await tenant(connection, tenant_id) is None:
            return Invalid(field="tenant_id", reason="is not known")
        return Invalid(field="expires_at", reason="is in the past")
    return NewKey(text=minted.text, key=_key(found[0]))


async def list_keys(
    connection: Connection, tenant_id: str, *, after: uuid.UUID | None = None, limit: int = 100
) -> list[Key]:
    """A tenant's keys by id, revoked and expired ones too; from behind `after`."""
    rows = await ask(connection, "keys_listed", tenant=tenant_id, after=after, limit=limit)
    return [_key(row) for row in rows]


async def revoke_key(connection: Connection, tenant_id: str, key_id: str) -> Key | None:
    """End a key for good; None: the tenant has no such key. Once more changes nothing."""
    parsed = uuid_of(key_id)
    if parsed is None:
        return None
    found = await ask(connection, "key_revoked", tenant=tenant_id, key=parsed)
    return _key(found[0]) if found else None


# People ------------------------------------------------------------------------------------------


async def set_person(
    connection: Connection,
    tenant_id: str,
    *,
    subject: str,
    roles: Collection[Role],
    name: str | None = None,
) -> Person | Invalid:
    """Make somebody known by their tokens' subject, or give them other roles and another name."""
    invalid = (
        named("tenant_id", tenant_id)
        or named("subject", subject)
        or (None if name is None else named("name", name))
        or person_roles(roles)
    )
    if invalid is not None:
        return invalid
    found = await ask(
        connection,
        "person_set",
        tenant=tenant_id,
        person=uuid.uuid4(),
        subject=subject,
        name=name,
        roles=stored(roles),
    )
    if not found:
        return Invalid(field="tenant_id", reason="is not known")
    return _person(found[0])


async def list_people(
    connection: Connection, tenant_id: str, *, after: uuid.UUID | None = None, limit: int = 100
) -> list[Person]:
    """A tenant's people by id; from behind `after`."""
    rows = await ask(connection, "people_listed", tenant=tenant_id, after=after, limit=limit)
    return [_person(row) for row in rows]


async def remove_person(connection: Connection, tenant_id: str, person_id: str) -> Person | None:
    """Take all roles from somebody; None: the tenant has no such person.

    As long as their issuer gives them tokens for the tenant they come back, as a customer.
    """
    parsed = uuid_of(person_id)
    if parsed is None:
        return None
    found = await ask(connection, "person_removed", tenant=tenant_id, person=parsed)
    return _person(found[0]) if found else None


# Tenants -----------------------------------------------------------------------------------------


async def create_tenant(
    connection: Connection, tenant_id: str, *, name: str | None = None
) -> Tenant | Invalid | None:
    """Make a tenant; None: it is there already."""
    invalid = named("tenant_id", tenant_id) or (None if name is None else named("name", name))
    if invalid is not None:
        return invalid
    found = await ask(connection, "tenant_created", tenant=tenant_id, name=name)
    return Tenant(*found[0]) if found else None


async def tenant(connection: Connection, tenant_id: str) -> Tenant | None:
    """One tenant; None: it is not known."""
    if fault(tenant_id) is not None:
        return None
    found = await ask(connection, "tenant", tenant=tenant_id)
    return Tenant(*found[0]) if found else None


async def list_tenants(
    connection: Connection, *, after: str = "", limit: int = 100
) -> list[Tenant]:
    """All tenants by id, from behind `after`: for the operator and the command line alone."""
    rows = await ask(connection, "tenants_listed", after=after, limit=limit)
    return [Tenant(*row) for row in rows]


def _key(row: Row) -> Key:
    key_id, name, roles, scopes, *rest = row
    return Key(key_id, name, roles_of(roles), scopes_of(scopes), *rest)


def _person(row: Row) -> Person:
    person_id, subject, name, roles, created_at = row
    return Person(person_id, subject, name, roles_of(roles), created_at)
