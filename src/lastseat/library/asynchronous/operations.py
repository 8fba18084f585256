"""What every group of a tenant's operations stands on: its engine, and its commands."""

from lastseat.core import commands as c
from lastseat.core.outcomes import AnyOutcome
from lastseat.engine.requests import Answer
from lastseat.library.asynchronous.engine import AsyncEngine
from lastseat.library.commands import Commands


class AsyncOperations:
    """A tenant's engine and commands. Cheap to make; keeps no state but ids."""

    def __init__(self, engine: AsyncEngine, tenant_id: str, *, principal: str = "system") -> None:
        self.engine = engine
        self.commands = Commands(tenant_id, principal=principal)

    @property
    def tenant_id(self) -> str:
        """The tenant's id."""
        return self.commands.tenant_id

    async def execute(self, command: c.AnyCommand) -> Answer:
        """Run a command that `commands` made."""
        return await self.engine.execute(command)

    async def _outcome(self, command: c.AnyCommand) -> AnyOutcome:
        return (await self.engine.execute(command)).outcome
