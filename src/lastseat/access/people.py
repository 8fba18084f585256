"""Who a signed token's bearer is in a tenant. What a token says is `tokens.py`'s.

A token for a tenant makes its bearer a customer there, at first use. Other roles are given to
people by the tenant's owner (`store.set_person`), never by the token.
"""

import uuid

from lastseat.access.principal import Principal
from lastseat.access.roles import Role
from lastseat.access.rows import Connection, ask, roles_of
from lastseat.access.texts import fault
from lastseat.access.tokens import Claims


async def principal_of(
    connection: Connection, claims: Claims, wanted: str | None = None
) -> Principal | None:
    """The bearer of a verified token; None: they are nobody in the tenant, or it is not said which.

    `wanted` picks the tenant when the token names several. A token that names none will do for a
    tenant whose owner has made its subject known.
    """
    tenant_id = wanted
    if wanted is None:
        tenant_id = claims.tenants[0] if len(claims.tenants) == 1 else None
    if tenant_id is None or fault(tenant_id) is not None:
        return None
    if claims.tenants and tenant_id not in claims.tenants:
        return None
    found = await _person(connection, tenant_id, claims.subject)
    if found is None:
        return None
    if found[0] is None and claims.tenants:
        await ask(
            connection,
            "person_seen",
            tenant=tenant_id,
            person=uuid.uuid4(),
            subject=claims.subject,
            roles=[Role.CUSTOMER.value],
        )
        found = await _person(connection, tenant_id, claims.subject)
    if found is None or found[0] is None:
        return None
    person_id, roles, operator = found
    return Principal(
        tenant_id=tenant_id,
        name=f"person:{person_id}",
        roles=frozenset(roles_of(roles)),
        actor=claims.subject,
        operator=operator,
    )


async def _person(
    connection: Connection, tenant_id: str, subject: str
) -> tuple[str | None, list[str], bool] | None:
    found = await ask(connection, "person_found", tenant=tenant_id, subject=subject)
    return (found[0][0], found[0][1], found[0][2]) if found else None
