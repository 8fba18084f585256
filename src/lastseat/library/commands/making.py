"""What every group of commands stands on: the tenant, and who asks."""

from typing import Any

from lastseat.engine.ids import new_id


class Making:
    """Makes commands for one tenant. `principal` is who asks, an opaque id for the journal."""

    def __init__(self, tenant_id: str, *, principal: str = "system") -> None:
        self.tenant_id = tenant_id
        self.principal = principal

    def _common(self, key: str | None = None, reason: str | None = None) -> dict[str, Any]:
        return {
            "tenant_id": self.tenant_id,
            "command_id": new_id(),
            "principal": self.principal,
            "key": key,
            "reason": reason,
        }
