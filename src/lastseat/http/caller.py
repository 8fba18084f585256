"""Who asks: the credential of a request, looked up and allowed in one call.

A plain function that handlers call, not a middleware: one layer less around every request.
"""

from typing import Any

from litestar import Request

from lastseat.access import Action, Principal, Reach, permit
from lastseat.http.auth import SERVICE, Service
from lastseat.http.problems import Forbidden, invalid, unknown
from lastseat.library.asynchronous.engine import AsyncEngine, NotFound
from lastseat.library.asynchronous.tenant import AsyncTenant


class Caller:
    """Whoever sent the request, and how far the action they asked for reaches."""

    __slots__ = ("action", "engine", "principal", "reach", "tenant")

    def __init__(
        self, engine: AsyncEngine, tenant: AsyncTenant, principal: Principal, action: Action
    ) -> None:
        self.engine = engine
        self.tenant = tenant
        self.principal = principal
        self.action = action
        self.reach = self.allow(action)

    def allow(self, action: Action) -> Reach:
        """How far `action` reaches. Raises `Forbidden`, which names it and the caller's roles."""
        reach = permit(self.principal, action)
        if reach is None:
            roles = sorted(self.principal.roles)
            detail = f"`{action}` is not for {', '.join(roles) or 'anybody without a role'}"
            if self.principal.scopes is not None and action not in self.principal.scopes:
                detail = f"`{action}` is not among the key's scopes"
            raise Forbidden(action, detail, roles=roles)
        return reach

    def own(self, actor: str | None) -> str:
        """The actor to book for: the one named; for those who reach only their own, themselves."""
        if self.reach is Reach.ALL:
            if actor is None:
                raise invalid("actor", "must be given: who the booking is for")
            return actor
        mine = self.principal.actor
        if mine is None or actor not in (None, mine):
            raise Forbidden(self.action, f"`{self.action}` is for the caller's own bookings alone")
        return mine

    async def check_own(self, booking: str) -> None:
        """Raises the problem 404 when the caller reaches only their own and this is another's.

        Not 403: whose bookings there are is nobody else's business.
        """
        if self.reach is Reach.ALL:
            return
        try:
            actor = (await self.tenant.booking(booking)).actor
        except NotFound:
            actor = None
        if actor is None or actor != self.principal.actor:
            raise unknown("unknown_booking", booking_id=booking)


async def caller_of(request: Request[Any, Any, Any], action: Action) -> Caller:
    """Whoever sent the request, allowed to do `action`. Raises the problems 401, 403 and 429."""
    service: Service = request.app.opt[SERVICE]
    found = await service.who(request.scope["headers"])
    return Caller(service.engine, found.tenant, found.principal, action)
