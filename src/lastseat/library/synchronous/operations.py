"""What every group of a tenant's operations stands on."""

from typing import TypeVar

from lastseat.core import commands as c
from lastseat.engine.requests import Answer
from lastseat.library.asynchronous.tenant import AsyncTenant
from lastseat.library.commands import Commands
from lastseat.library.synchronous.engine import Engine

T = TypeVar("T")


class Operations:
    """An engine for threads and the tenant whose coroutines it runs."""

    def __init__(self, engine: Engine, tenant: AsyncTenant) -> None:
        self.engine = engine
        self._tenant = tenant

    @property
    def tenant_id(self) -> str:
        """The tenant's id."""
        return self._tenant.tenant_id

    @property
    def commands(self) -> Commands:
        """The operations as commands, for `execute` and `execute_in`."""
        return self._tenant.commands

    def execute(self, command: c.AnyCommand) -> Answer:
        """Run a command that `commands` made."""
        return self.engine.execute(command)
