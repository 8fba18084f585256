"""A tenant's name changed: the one thing about a tenant that changes."""

from lastseat.access.rows import Connection, ask
from lastseat.access.store import Tenant
from lastseat.access.texts import fault
from lastseat.core.outcomes import Conflict, Invalid


async def rename_tenant(
    connection: Connection, tenant_id: str, *, name: str | None, version: int | None = None
) -> Tenant | Invalid | Conflict | None:
    """Give a tenant a name, or none. None: it is not known; `conflict`: it is at another version.

    The name it has already changes nothing.
    """
    reason = None if name is None else fault(name)
    if reason is not None:
        return Invalid(field="name", reason=reason)
    async with connection.transaction():
        found = await ask(connection, "tenant_locked", tenant=tenant_id)
        if not found:
            return None
        there = Tenant(*found[0])
        if version is not None and version != there.version:
            return Conflict(rule="version", actual=there.version)
        if name == there.name:
            return there
        (row,) = await ask(connection, "tenant_renamed", tenant=tenant_id, name=name)
        return Tenant(*row)
