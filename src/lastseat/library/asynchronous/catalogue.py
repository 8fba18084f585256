"""`tenant.catalogue`: services (MISSION D2), beside the locations of locations.py.

A service's row and its bookable `service:<id>` are written in one transaction, the bookable by the
engine: what is sold and how many of it there are cannot come apart.
"""

from typing import Any

import msgspec

from lastseat.catalogue import locations, needs, services
from lastseat.catalogue.answers import Refused, Saved, Unknown
from lastseat.core import commands as c
from lastseat.core import fields as f
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.events import WaitPolicy
from lastseat.core.state import SERVICE_PREFIX
from lastseat.library.asynchronous.bounds import listed
from lastseat.library.asynchronous.locations import AsyncLocations
from lastseat.library.commands.spelling import named
from lastseat.library.keeping import Connection, invalid
from lastseat.library.transaction import execute_in
from lastseat.views.catalogue import Service, Terms


class AsyncCatalogue(AsyncLocations):
    """A tenant's services and locations."""

    async def create_service(
        self,
        service_id: str,
        terms: Terms,
        *,
        max_simultaneous_bookings: int,
        waitlist: WaitPolicy | str = WaitPolicy.FIFO,
        key: str | None = None,
    ) -> Saved[Service] | Refused:
        """Make a service and its bookable `service:<service_id>` of that capacity.

        `waitlist` says who is offered what comes free (C7); it stays as it is then.

        `Saved`, with `created` false when the same was there already; `already_defined`,
        `invalid`, `unknown_bookable` for a need that is not there, or `Unknown` when there is no
        such location.
        """
        tenant_id = self._tenant.tenant_id

        async def work(connection: Connection) -> Saved[Any] | Refused:
            where = terms.location_id
            if where is not None and await locations.get(connection, tenant_id, where) is None:
                return Unknown("location", where)
            refusal = await self._needs(connection, terms)
            if refusal is not None:
                return refusal
            created = await services.add(connection, tenant_id, service_id, terms)
            define = self._tenant.commands.define_limit(
                SERVICE_PREFIX + service_id,
                capacity=max_simultaneous_bookings,
                location=terms.location_id,
                waitlist=waitlist,
            )
            outcome = await _within(connection, define)
            if not outcome.ok:
                return _passed_on(outcome, service_id)
            there = await services.get(connection, tenant_id, service_id)
            assert there is not None
            field = None if created else _differs(services.terms_of(there), terms)
            if field is not None:
                return o.AlreadyDefined(bookable=service_id, field=field)
            return Saved(there, created=created)

        def check() -> None:
            f.name("service_id", service_id, limits.NAME_LENGTH - len(SERVICE_PREFIX))
            f.integer("max_simultaneous_bookings", max_simultaneous_bookings, 1, limits.CAPACITY)
            f.choice("waitlist", named(WaitPolicy, waitlist), WaitPolicy)
            _terms(terms)

        request = {"id": service_id, "terms": terms, "capacity": max_simultaneous_bookings}
        if waitlist != WaitPolicy.FIFO:
            # Said only then: requests were kept before there was one.
            request["waitlist"] = str(waitlist)
        refusal = invalid(check)
        return refusal or await self._keep("create_service", request, key, work, Service)

    async def service(self, service_id: str) -> Service | None:
        """The service with its capacity now, or None when the tenant has none of that id."""
        found: Service | None = await self._read(services.get, service_id)
        return found

    async def services(self, *, after: str = "", limit: int = 100) -> list[Service]:
        """A page of services by id. The last one's id is the next page's `after`."""
        found: list[Service] = await self._read(services.page, after=after, limit=listed(limit))
        return found

    async def update_service(
        self,
        service_id: str,
        changes: dict[str, Any],
        *,
        max_simultaneous_bookings: int | None = None,
        version: int | None = None,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> Saved[Service] | Refused:
        """Change terms by name, and how many at once; what is booked keeps its buffers.

        A capacity below what is taken at the peak is `below_taken`, or an override with its reason
        (D3). A stale `version` is a `conflict`. The location can't be changed.
        """
        wanted = max_simultaneous_bookings

        async def work(connection: Connection) -> Saved[Any] | Refused:
            there = await self._locked(connection, service_id, version)
            if not isinstance(there, Service):
                return there
            before = services.terms_of(there)
            terms = msgspec.structs.replace(before, **_cleared(changes))
            try:
                _terms(terms)
            except f.Bad as bad:
                return bad.invalid
            refusal = await self._needs(connection, terms) if "needs" in changes else None
            if refusal is not None:
                return refusal
            if wanted is not None and wanted != there.max_simultaneous_bookings:
                command = self._tenant.commands.change_capacity(
                    there.bookable, wanted, override=override, reason=reason
                )
                outcome = await _within(connection, command)
                if not outcome.ok:
                    return _passed_on(outcome, service_id)
            elif terms == before:
                return Saved(there, created=False)
            await services.change(connection, self._tenant.tenant_id, service_id, terms)
            now = await services.get(connection, self._tenant.tenant_id, service_id)
            assert now is not None
            return Saved(now, created=False)

        def check() -> None:
            f.name("service_id", service_id)
            for field in changes:
                if field not in services.TERMS or field == "location_id":
                    raise f.Bad(field, "can't be changed")
            f.version("version", version)
            if wanted is not None:
                f.integer("max_simultaneous_bookings", wanted, 1, limits.CAPACITY)

        request = {
            "id": service_id,
            "changes": changes,
            "capacity": wanted,
            "version": version,
            "override": override,
            "reason": reason,
        }
        refusal = invalid(check)
        return refusal or await self._keep("update_service", request, key, work, Service)

    async def _needs(self, connection: Connection, terms: Terms) -> Refused | None:
        """What is wrong with what the service needs: it has to be there, and taken over a time."""
        named = [name for need in terms.needs for name in need.of]
        if not named:
            return None
        there = await services.parts_of(connection, self._tenant.tenant_id, named)
        for i, need in enumerate(terms.needs):
            for j, name in enumerate(need.of):
                if name not in there:
                    return o.UnknownBookable(bookable=name)
                kind, _ = there[name]
                if kind not in services.TAKEN_BY_NEEDS:
                    reason = f"is of kind {kind}: a service takes resources, pools and composites"
                    return o.Invalid(field=f"needs[{i}].of[{j}]", reason=reason)
        parts = {name: len(made_of) for name, (_, made_of) in there.items() if made_of}
        return invalid(lambda: needs.check_in_parts(terms.needs, parts))

    async def _locked(
        self, connection: Connection, service_id: str, version: int | None
    ) -> Service | Refused:
        """The service, its row held, if it is at the version expected."""
        actual = await services.lock(connection, self._tenant.tenant_id, service_id)
        if actual is None:
            return Unknown("service", service_id)
        if version is not None and version != actual:
            return o.Conflict(rule="version", actual=actual)
        there = await services.get(connection, self._tenant.tenant_id, service_id)
        assert there is not None
        return there


async def _within(connection: Connection, command: c.AnyCommand) -> o.AnyOutcome:
    """One command through the engine, in the transaction that is open."""
    (outcome,) = await execute_in(connection, [command])
    return outcome


def _passed_on(outcome: o.AnyOutcome, service_id: str) -> Refused:
    """A refusal of the engine about a service's bookable, in the words of the service."""
    match outcome:
        case o.AlreadyDefined(field=field):
            names = {"capacity": "max_simultaneous_bookings", "location": "location_id"}
            return o.AlreadyDefined(bookable=service_id, field=names.get(field, field))
        case o.Invalid(field="bookable", reason=reason):
            return o.Invalid(field="service_id", reason=reason)
        case o.Invalid() | o.Conflict() | o.BelowTaken() | o.UnknownBookable() | o.ClockBehind():
            return outcome
        case _:
            raise AssertionError(outcome)


def _terms(terms: Terms) -> None:
    f.name("name", terms.name)
    if terms.location_id is not None:
        f.name("location_id", terms.location_id)
    if terms.duration_seconds is not None:
        longest = int(limits.LONGEST.total_seconds())
        f.integer("duration_seconds", terms.duration_seconds, 1, longest)
    f.integer("before_seconds", terms.before_seconds, 0, limits.BUFFER_SECONDS)
    f.integer("after_seconds", terms.after_seconds, 0, limits.BUFFER_SECONDS)
    f.integer("hold_limit_seconds", terms.hold_limit_seconds, 1, limits.LONGEST_HOLD_SECONDS)
    f.integer("hold_seconds", terms.hold_seconds, 1, terms.hold_limit_seconds)
    if terms.attributes is not None:
        f.json("attributes", terms.attributes)
    needs.check(terms.needs)


def _differs(there: Terms, asked: Terms) -> str | None:
    """The first term that differs, if any."""
    before, after = msgspec.structs.asdict(there), msgspec.structs.asdict(asked)
    after["attributes"] = after["attributes"] or None
    return next((field for field in services.TERMS if before[field] != after[field]), None)


def _cleared(changes: dict[str, Any]) -> dict[str, Any]:
    """Empty attributes are none: a row has null for both. Needs are a tuple, however given."""
    cleared = dict(changes)
    if "attributes" in changes:
        cleared["attributes"] = changes["attributes"] or None
    if "needs" in changes:
        cleared["needs"] = tuple(changes["needs"] or ())
    return cleared
