"""What there is of services to look at: what is left of a slot, what is confirmed, how all fare.

Reservations are made in reservations.py; nothing here decides about capacity.
"""

from datetime import UTC, datetime

import msgspec

from lastseat.calendar.free import Extent
from lastseat.catalogue import holds, services, slots
from lastseat.catalogue.holds import Metrics
from lastseat.catalogue.slots import Capacity, ConfirmedSlot, Slot
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.fields import UUID
from lastseat.core.interval import Interval
from lastseat.core.state import SERVICE_PREFIX
from lastseat.core.validate import validate
from lastseat.library.asynchronous.bounds import moment
from lastseat.library.asynchronous.kept import AsyncKept
from lastseat.library.reserving import GUEST, Whose
from lastseat.library.seeking import is_free, needed
from lastseat.library.taking import Asked, asked
from lastseat.views.catalogue import Service

MOST_SLOTS = 1_000
"""Confirmed appointments listed at once."""


class AsyncServiceSlots(AsyncKept):
    """The slots of a tenant's services."""

    async def capacity(
        self, service_id: str, *, start: datetime, end: datetime
    ) -> Capacity | o.Invalid | None:
        """How many more of a service fit over `[start, end)`, buffers included (D2).

        None of them when its rules, or what it needs, leave no room for one more. None when there
        is no such service. To be shown, not to be relied on: others book meanwhile.
        """
        service = await self._service(service_id)
        if service is None:
            return None
        wanted = asked(service, start, end)
        if isinstance(wanted, o.Invalid):
            return wanted
        claim = wanted.claims[0]
        refusal = validate(self._tenant.commands.hold(claim, actor=GUEST))
        if refusal is not None:
            return refusal
        blocked = claim.blocked
        assert blocked is not None
        read, tenant_id = self._tenant.engine.read, self._tenant.tenant_id
        found: Capacity | None = await read(slots.load, tenant_id, service.bookable, blocked)
        if found is not None and found.available_slots:
            assert claim.start is not None
            assert claim.end is not None
            during = Interval(claim.start.astimezone(UTC), claim.end.astimezone(UTC))
            lasts = int((during.end - during.start).total_seconds())
            extent = Extent(lasts, claim.before, claim.after)
            if not await read(is_free, tenant_id, needed(service, 1), during, extent):
                return msgspec.structs.replace(found, available_slots=0)
        return found

    async def taking(
        self, service_id: str, *, start: datetime, end: datetime, party: int = 1
    ) -> Asked | None:
        """What a booking of the service claims and picks from then, as for `tenant.suggest`.

        None when there is no such service, or that is no time of it.
        """
        service = await self._service(service_id)
        wanted = asked(service, start, end, party) if service else None
        return wanted if isinstance(wanted, Asked) else None

    async def confirmed(
        self, service_id: str, *, start: datetime, end: datetime, limit: int = 100
    ) -> list[ConfirmedSlot]:
        """The confirmed appointments of a service that overlap `[start, end)`, by their start.

        Raises `ValueError` for bad input.
        """
        if not 1 <= limit <= MOST_SLOTS:
            raise ValueError(f"limit must be from 1 to {MOST_SLOTS}")
        if moment("start", start) >= moment("end", end):
            raise ValueError("end must come after start")
        found: list[ConfirmedSlot] = await self._read(
            slots.confirmed, SERVICE_PREFIX + service_id, Interval(start, end), limit=limit
        )
        return found

    async def metrics(self, *, window_seconds: int = 86_400) -> Metrics:
        """How the reservations made in the last `window_seconds` fare (D6)."""
        if not 1 <= window_seconds <= limits.LONGEST.total_seconds():
            raise ValueError(
                f"window_seconds must be from 1 to {limits.LONGEST.total_seconds():.0f}"
            )
        found: Metrics = await self._read(holds.metrics, window_seconds=window_seconds)
        return found

    async def _service(self, service_id: str) -> Service | None:
        found: Service | None = await self._read(services.get, service_id)
        return found

    async def _slot(self, booking_id: str, whose: Whose) -> Slot | None:
        """The booking of a service, if the caller may know of it."""
        if UUID.fullmatch(booking_id) is None:
            return None
        slot: Slot | None = await self._read(slots.slot, booking_id)
        if slot is None or (whose is not None and not whose(slot.actor)):
            return None
        return slot


def beside(slot: Slot) -> tuple[str, ...]:
    """The bookables that a booking has beside the service."""
    return tuple(x.bookable for x in slot.others)
