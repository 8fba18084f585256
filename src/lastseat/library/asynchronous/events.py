"""Editing events: what an edit would do to bookings is told first, then done as one says (B3)."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import get_args

import msgspec
from msgspec import Struct

from lastseat.calendar.editing import Edit, edited
from lastseat.calendar.recurrence import BadRule
from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.schedule import Schedule
from lastseat.core.validate import validate
from lastseat.engine.ids import new_id
from lastseat.library.asynchronous.operations import AsyncOperations
from lastseat.library.checks import request_hash, unwritable
from lastseat.library.commands import Seconds, local_text, seconds_of
from lastseat.library.editing import (
    OnDropped,
    OnMoved,
    OnOverbooked,
    Policies,
    Scope,
    Wanted,
    plan,
)
from lastseat.reads import events
from lastseat.reads.events import EventView

LOOKS = 5
"""How often an edit is planned anew because somebody booked, or edited, in between."""


class AsyncEvents(AsyncOperations):
    """Edits of events that have occurrences, some of them booked."""

    async def edit_event(
        self,
        event: str,
        *,
        scope: Scope,
        at: datetime | str | None = None,
        start: datetime | str | None = None,
        duration: Seconds | None = None,
        rrule: str | Sequence[str] | None = None,
        rdate: Sequence[datetime | str] | None = None,
        exdate: Sequence[datetime | str] | None = None,
        capacity: int | None = None,
        cancelled: bool | None = None,
        on_moved: OnMoved = "ask",
        on_dropped: OnDropped = "ask",
        on_overbooked: OnOverbooked = "ask",
        dry_run: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> o.AnyOutcome:
        """Change `this` occurrence, this and `following`, or `all`: `event_edited`.

        `at` names the occurrence by its original local start (or its id). `start` is a new local
        start, or a new time of day, `HH:MM`: of all that is edited, or, where the event begins at
        several times of a day, of those that begin when `at` does. What is None stays as it is.
        Bookings keep their occurrence, seat and id, wherever it is moved to; what is over stays as
        it was.

        While a policy is `ask` and a booked occurrence would be moved, dropped or overbooked,
        nothing is done and the answer is `would_affect`, with what would happen to each. So it is
        with `dry_run`, always. `move` takes the bookings along, `keep` leaves the occurrence where
        it is, `call_off` cancels it with its bookings; `allow` lets more be taken than there is.
        A `would_affect` is not kept with the `key`.
        """
        if scope not in get_args(Scope):
            return o.Invalid(field="scope", reason=f"must be one of {', '.join(get_args(Scope))}")
        bad = _no_times(at=at, start=start)
        if bad is not None:
            return bad
        one = None if at is None else local_text(at).removeprefix(f"{event}@")
        edit = Edit(
            scope=scope,
            at=one,
            start=None if start is None else local_text(start),
            seconds=None if duration is None else seconds_of(duration),
            rrule=(rrule,) if isinstance(rrule, str) else _texts(rrule),
            rdate=_texts(rdate),
            exdate=_texts(exdate),
            capacity=capacity,
            cancelled=cancelled,
        )
        bad = unwritable(msgspec.structs.asdict(edit))
        if bad is not None:
            return bad

        def wanted(there: EventView) -> Wanted:
            whole = scope == "all" and capacity is not None
            return Wanted(
                schedule=edited(there.schedule, there.time_zone, edit),
                capacity=capacity if whole and capacity is not None else there.capacity,
                one=one if scope == "this" else None,
            )

        policies = Policies(moved=on_moved, dropped=on_dropped, overbooked=on_overbooked)
        request = Request(event, wanted, (edit, policies), capacity, policies, dry_run, reason, key)
        return await _edit(self, request)


async def edit_schedule(
    tenant: AsyncOperations,
    event: str,
    schedule: Schedule,
    *,
    capacity: int | None = None,
    on_moved: OnMoved = "ask",
    on_dropped: OnDropped = "ask",
    on_overbooked: OnOverbooked = "ask",
    dry_run: bool = False,
    reason: str | None = None,
    key: str | None = None,
) -> o.AnyOutcome:
    """Give an event another schedule as a whole, as a calendar does that is imported again.

    The answers are those of `edit_event`.
    """

    def wanted(there: EventView) -> Wanted:
        return Wanted(schedule=schedule, capacity=there.capacity if capacity is None else capacity)

    policies = Policies(moved=on_moved, dropped=on_dropped, overbooked=on_overbooked)
    asked = (schedule, capacity, policies)
    return await _edit(
        tenant, Request(event, wanted, asked, capacity, policies, dry_run, reason, key)
    )


class Request(Struct, frozen=True):
    """An edit asked for: how the event is to be, given how it is, and what its key stands for."""

    event: str
    wanted: Callable[[EventView], Wanted]
    asked: object
    capacity: int | None
    policies: Policies
    dry_run: bool
    reason: str | None
    key: str | None


async def _edit(tenant: AsyncOperations, request: Request) -> o.AnyOutcome:
    """Look, plan, ask the engine; when somebody was faster, look again."""
    refusal = request.policies.refusal()
    if refusal is not None:
        return refusal
    common = c.EditEvent(
        tenant_id=tenant.tenant_id,
        command_id=new_id(),
        principal=tenant.commands.principal,
        key=request.key,
        reason=request.reason,
        event=request.event,
        capacity=1 if request.capacity is None else request.capacity,
        asked=_hash(request.asked),
    )
    invalid = validate(common)
    if invalid is not None:
        return invalid
    kept = await _kept(tenant, common)
    if kept is not None:
        return kept
    outcome: o.AnyOutcome = o.UnknownBookable(bookable=request.event)
    for _ in range(LOOKS):
        command = await _planned(tenant, request, common)
        if not isinstance(command, c.EditEvent):
            return command
        outcome = (await tenant.execute(command)).outcome
        if not _stale(outcome):
            break
    return outcome


async def _planned(
    tenant: AsyncOperations, request: Request, common: c.EditEvent
) -> c.EditEvent | o.AnyOutcome:
    """The command that does what is asked for as things stand, or why there is none."""
    picture = await tenant.engine.read(events.picture, tenant.tenant_id, request.event)
    if picture is None:
        return o.UnknownBookable(bookable=request.event)
    try:
        wanted = request.wanted(picture.event)
    except BadRule as bad:
        return o.Invalid(field=bad.field, reason=bad.reason)
    planned = plan(picture, wanted, request.policies)
    if isinstance(planned, o.Invalid):
        return planned
    if request.dry_run or planned.asks:
        return o.WouldAffect(event=request.event, affected=planned.affected)
    return msgspec.structs.replace(
        common,
        command_id=new_id(),
        expected={request.event: picture.event.seq},
        schedule=planned.schedule,
        capacity=wanted.capacity,
        followers=tuple(x.bookable for x in picture.followers),
        edits=planned.edits,
    )


async def _kept(tenant: AsyncOperations, common: c.EditEvent) -> o.AnyOutcome | None:
    """The answer that the key has already. Planned anew, the edit would be another one."""
    if common.key is None:
        return None
    found = await tenant.engine.read(events.kept_answer, tenant.tenant_id, common.key)
    if found is None:
        return None
    hashed, outcome = found
    return o.decode(outcome) if hashed == request_hash(common) else o.KeyReused(key=common.key)


def _stale(outcome: o.AnyOutcome) -> bool:
    """Whether the picture was no longer so when the edit came to be decided."""
    if isinstance(outcome, o.Conflict):
        return outcome.rule in {"expected_seq", "followers", "booked"}
    return isinstance(outcome, o.BelowTaken)


def _no_times(**given: object) -> o.Invalid | None:
    """The refusal of the first that is no local time, nor a text that may be one."""
    for field, time in given.items():
        if time is not None and not isinstance(time, datetime | str):
            return o.Invalid(field=field, reason="must be a local time such as 2026-11-23T18:00")
    return None


def _hash(asked: object) -> str:
    return hashlib.sha256(msgspec.json.encode(asked, order="deterministic")).hexdigest()[:32]


def _texts(times: Sequence[datetime | str] | None) -> tuple[str, ...] | None:
    return None if times is None else tuple(local_text(x) for x in times)
