"""Writes of what is outside the ledger (tenants, keys, people), each with its idempotency key.

The answer is kept in the transaction of the effect, as the engine does for its commands.
"""

from typing import Any

from litestar import Response

from lastseat.catalogue.answers import Refused, Saved, Unknown
from lastseat.http.caller import Caller
from lastseat.http.problems import document, missing, respond
from lastseat.library import keeping
from lastseat.library.keeping import Connection, Work

__all__ = ["Connection", "Work", "keep", "kept", "replayed"]


async def keep(
    caller: Caller,
    operation: str,
    asked: dict[str, Any],
    key: str | None,
    work: Work,
    row: type[Any],
) -> Saved[Any] | Refused:
    """What `work` comes to, once for a key. `row` is the type of what is saved.

    A key is the caller's tenant's, so `asked` has to say everything that the effect depends on.
    """
    tenant_id = caller.tenant.tenant_id
    return await keeping.keep(caller.engine, tenant_id, operation, asked, key, work, row)


def kept(
    saved: Saved[Any] | Refused, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response[Any]:
    """What was saved as JSON with `status`, or the refusal as a problem."""
    if isinstance(saved, Unknown):
        raise missing(saved.what, saved.id)
    if not isinstance(saved, Saved):
        return respond(saved)
    return document(
        saved.row,
        status=status,
        version=getattr(saved.row, "version", None),
        headers=replayed(saved) | (headers or {}),
    )


def replayed(saved: Saved[Any]) -> dict[str, str]:
    """The header that marks an answer given before."""
    return {"Idempotency-Replayed": "true"} if saved.replayed else {}
