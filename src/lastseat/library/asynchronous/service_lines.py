"""Waiting for a slot of a service (MISSION C7): in the line of its limit, for all that it takes.

What is waited for is what `reserve` would hold. When it is offered it is a reservation as any.
"""

from datetime import datetime
from typing import Any

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.state import SERVICE_PREFIX
from lastseat.library.asynchronous.service_slots import AsyncServiceSlots
from lastseat.library.reserving import guest, said
from lastseat.library.taking import asked


class AsyncServiceLines(AsyncServiceSlots):
    """The lines of a tenant's services."""

    async def join_waitlist(
        self,
        service_id: str,
        *,
        start: datetime,
        end: datetime,
        party: int = 1,
        offer_seconds: int | None = None,
        actor: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: c.Contact | None = None,
        key: str | None = None,
    ) -> o.AnyOutcome:
        """Wait for a slot of a service: `joined` with the position, or `held` if it is free.

        The offer lasts `offer_seconds`, the service's `hold_seconds` unless told otherwise. Without
        `actor` a guest waits, drawn for this request. Refused as `tenant.join_waitlist` is.
        """
        command = await self.joining(
            service_id,
            start=start,
            end=end,
            party=party,
            offer_seconds=offer_seconds,
            actor=actor,
            metadata=metadata,
            contact=contact,
            key=key,
        )
        if not isinstance(command, c.Join):
            return command
        return (await self._tenant.execute(command)).outcome

    async def joining(
        self,
        service_id: str,
        *,
        start: datetime,
        end: datetime,
        party: int = 1,
        offer_seconds: int | None = None,
        actor: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: c.Contact | None = None,
        key: str | None = None,
    ) -> c.Join | o.AnyOutcome:
        """The same as a command, for `execute` and `execute_in`, or a refusal."""
        service = await self._service(service_id)
        if service is None:
            return o.UnknownBookable(bookable=SERVICE_PREFIX + service_id)
        wanted = asked(service, start, end, party)
        if isinstance(wanted, o.Invalid):
            return wanted
        most = service.hold_limit_seconds
        if offer_seconds is not None and not 1 <= offer_seconds <= most:
            return o.Invalid(field="offer_seconds", reason=f"must be from 1 to {most} seconds")
        request = ("join", service_id, said(start), said(end), offer_seconds, actor, party)
        return self._tenant.commands.join_waitlist(
            wanted.claims,
            choices=wanted.choices,
            actor=guest(self._tenant.tenant_id, key, request) if actor is None else actor,
            offer_seconds=offer_seconds or service.hold_seconds,
            metadata=metadata,
            contact=contact,
            key=key,
        )
