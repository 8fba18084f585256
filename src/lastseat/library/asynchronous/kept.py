"""What operations outside the ledger stand on: rows are read, and written once for a key."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from lastseat.catalogue.answers import Refused, Saved
from lastseat.library.keeping import Connection, Work, keep

if TYPE_CHECKING:
    from lastseat.library.asynchronous.tenant import AsyncTenant

R = TypeVar("R")
N = TypeVar("N")


class AsyncKept:
    """A tenant, and its rows outside the ledger."""

    def __init__(self, tenant: "AsyncTenant") -> None:
        self._tenant = tenant

    async def _read(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        return await self._tenant.engine.read(query, self._tenant.tenant_id, *args, **kwargs)

    async def _keep(
        self, operation: str, asked: dict[str, Any], key: str | None, work: Work, row: type[R]
    ) -> Saved[R] | Refused:
        """What `work` comes to, once for a key; see `keep`."""
        tenant = self._tenant
        return await keep(tenant.engine, tenant.tenant_id, operation, asked, key, work, row)

    async def _keep_without_secret(
        self,
        operation: str,
        asked: dict[str, Any],
        key: str | None,
        make: Callable[[Connection], Awaitable[N | Refused]],
        *,
        new: type[N],
        row: type[R],
        shown: Callable[[N], R],
        created: bool,
    ) -> Saved[N] | Saved[R] | Refused:
        """The `new` that `make` makes, once for a key; a repeat is told its `row` alone."""
        made: list[N] = []

        async def work(connection: Connection) -> Saved[Any] | Refused:
            found = await make(connection)
            if not isinstance(found, new):
                refused: Refused = found  # type: ignore[assignment]
                return refused
            made[:] = [found]
            return Saved(shown(found), created=created)

        saved = await self._keep(operation, asked, key, work, row)
        if isinstance(saved, Saved) and not saved.replayed:
            return Saved(made[0], created=created)
        return saved
