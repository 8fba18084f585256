"""The first start: on a database where nobody has a key yet, somebody must be let in."""

from lastseat.access.roles import Role
from lastseat.access.rows import Connection, ask
from lastseat.access.store import NewKey, create_key
from lastseat.access.terms import KeyTerms

TENANT = "default"
"""The tenant of a first start. It is the operator's: its owner may make others."""

LOCK = 0x6C6173746F776E72
"""The lock's number, "lastownr": unlike that of the migrations."""


async def ensure_owner(connection: Connection) -> str | None:
    """The first owner's key, made now; None: there are keys, and this one is shown only once.

    Any number of processes may start at once: one of them gets it. A revoked or expired key counts
    as one that is there, else who revokes the last would open the door; `lastseat keys create`
    makes another.
    """
    if (await ask(connection, "any_key"))[0][0]:
        return None
    async with connection.transaction():
        await ask(connection, "first_start", lock=LOCK)
        # Asked again under the lock: another process may have been first.
        if (await ask(connection, "any_key"))[0][0]:
            return None
        await ask(connection, "operator_made", tenant=TENANT, name="Default")
        terms = KeyTerms(name="first owner", roles=[Role.OWNER])
        made = await create_key(connection, TENANT, terms, created_by="first start")
        if not isinstance(made, NewKey):
            raise TypeError(f"the first owner's key was refused: {made}")
        return made.text
