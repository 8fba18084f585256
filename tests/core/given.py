"""Worlds and commands in few words, for the tests of the core: given a world, when a command, then.

`given` stands in for the engine: it puts into the world what a command's boundary names (streams
that are not defined yet, actors' surrogates, occurrences of events) before the command is decided.
Nothing here decides.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.decide import decide, settle
from lastseat.core.defining import event_of, open_occurrence
from lastseat.core.events import ActorTime, Kind, WaitPolicy
from lastseat.core.interval import Interval
from lastseat.core.naming import bookables_of
from lastseat.core.rules import NO_RULES, Rules
from lastseat.core.state import Booking, Entry, actor_stream, evolve, evolve_booking, undefined
from lastseat.core.status import Status
from lastseat.core.validate import validate
from lastseat.core.world import Decision, World

T0 = datetime(2026, 11, 23, 18, tzinfo=UTC)


def at(minutes: int) -> datetime:
    """Minutes after T0."""
    return T0 + timedelta(minutes=minutes)


def between(start: int, end: int) -> Interval:
    """The interval between two such times."""
    return Interval(at(start), at(end))


def an_id(number: int) -> str:
    """The id of the booking (or command) of that number."""
    return str(UUID(int=number))


BASE: dict[str, Any] = {"tenant_id": "venue", "command_id": an_id(0)}


FIFO = WaitPolicy.FIFO


def occurrence(
    name: str,
    capacity: int,
    start: int = 0,
    end: int = 60,
    time: ActorTime = ActorTime.ALLOW,
    line: WaitPolicy = FIFO,
) -> c.Define:
    kind = Kind.OCCURRENCE
    return c.Define(
        **BASE,
        bookable=name,
        kind=kind,
        capacity=capacity,
        start=at(start),
        end=at(end),
        actor_time=time,
        waitlist=line,
    )


def resource(name: str, time: ActorTime = ActorTime.ALLOW, line: WaitPolicy = FIFO) -> c.Define:
    return c.Define(
        **BASE, bookable=name, kind=Kind.RESOURCE, capacity=1, actor_time=time, waitlist=line
    )


def pool(
    name: str, capacity: int, time: ActorTime = ActorTime.ALLOW, line: WaitPolicy = FIFO
) -> c.Define:
    return c.Define(
        **BASE, bookable=name, kind=Kind.POOL, capacity=capacity, actor_time=time, waitlist=line
    )


def limit(name: str, capacity: int, line: WaitPolicy = FIFO) -> c.Define:
    return c.Define(
        **BASE,
        bookable=name,
        kind=Kind.LIMIT,
        capacity=capacity,
        actor_time=ActorTime.ALLOW,
        waitlist=line,
    )


def event(
    name: str, capacity: int, *starts: str, zone: str = "UTC", line: WaitPolicy = FIFO
) -> c.Define:
    kind = Kind.EVENT
    return c.Define(
        **BASE,
        waitlist=line,
        bookable=name,
        kind=kind,
        capacity=capacity,
        starts=starts,
        seconds=3600,
        time_zone=zone,
        actor_time=ActorTime.ALLOW,
    )


def claim(
    bookable: str, units: int = 1, start: int | None = None, end: int | None = None, **more: Any
) -> c.Claim:
    """A claim; `start` and `end` are minutes after T0, `before` and `after` buffers in seconds."""
    return c.Claim(
        bookable=bookable,
        units=units,
        start=None if start is None else at(start),
        end=None if end is None else at(end),
        **more,
    )


def book(actor: str, *claims: c.Claim, number: int = 1, **more: Any) -> c.Book:
    return c.Book(**BASE | more, booking_id=an_id(number), actor=actor, claims=claims)


def hold(actor: str, *claims: c.Claim, seconds: int = 600, number: int = 1, **more: Any) -> c.Book:
    return book(actor, *claims, number=number, hold_seconds=seconds, **more)


def join(
    actor: str,
    *claims: c.Claim,
    number: int = 1,
    choices: tuple[c.Choice, ...] = (),
    seconds: int = 600,
    **more: Any,
) -> c.Join:
    """Waiting; the offer would be a hold of `seconds`."""
    return c.Join(
        **BASE | more,
        booking_id=an_id(number),
        actor=actor,
        claims=claims,
        choices=choices,
        offer_seconds=seconds,
    )


def by_id(number: int) -> c.BookingId:
    return c.BookingId(an_id(number))


def confirm(number: int, version: int | None = None, **more: Any) -> c.Confirm:
    return c.Confirm(**BASE | more, target=by_id(number), version=version)


def release(number: int, version: int | None = None, **more: Any) -> c.Release:
    return c.Release(**BASE | more, target=by_id(number), version=version)


def cancel(number: int, version: int | None = None, **more: Any) -> c.Cancel:
    return c.Cancel(**BASE | more, target=by_id(number), version=version)


def extend(number: int, seconds: int, version: int | None = None, **more: Any) -> c.Extend:
    return c.Extend(**BASE | more, target=by_id(number), seconds=seconds, version=version)


def expire(number: int, **more: Any) -> c.Expire:
    return c.Expire(**BASE | more, target=by_id(number))


def check_in(number: int, version: int | None = None, **more: Any) -> c.CheckIn:
    return c.CheckIn(**BASE | more, target=by_id(number), version=version)


def check_out(number: int, version: int | None = None, **more: Any) -> c.CheckOut:
    return c.CheckOut(**BASE | more, target=by_id(number), version=version)


def complete(number: int, version: int | None = None, **more: Any) -> c.Complete:
    return c.Complete(**BASE | more, target=by_id(number), version=version)


def no_show(number: int, version: int | None = None, **more: Any) -> c.NoShow:
    return c.NoShow(**BASE | more, target=by_id(number), version=version)


def update(number: int, version: int | None = None, **more: Any) -> c.Update:
    more = {"metadata": {"wheelchair": True}, **more}
    return c.Update(**BASE | more, target=by_id(number), version=version)


def to(number: int, *claims: c.Claim, version: int | None = None) -> c.Relocation:
    return c.Relocation(target=by_id(number), claims=claims, version=version)


def move(*moves: c.Relocation, **more: Any) -> c.Move:
    return c.Move(**BASE | more, moves=moves)


def change(bookable: str, capacity: int, **more: Any) -> c.ChangeCapacity:
    return c.ChangeCapacity(**BASE | more, bookable=bookable, capacity=capacity)


def composite(name: str, *parts: str) -> c.Define:
    kind, time = Kind.COMPOSITE, ActorTime.ALLOW
    return c.Define(**BASE, bookable=name, kind=kind, capacity=1, actor_time=time, parts=parts)


def choice(
    any_of: int, *of: str, start: int = 0, end: int = 60, units: int = 1, adjacent: bool = False
) -> c.Choice:
    """Any so many of these, over minutes after T0."""
    return c.Choice(of=of, any=any_of, adjacent=adjacent, units=units, start=at(start), end=at(end))


def picking(
    actor: str, *choices: c.Choice, claims: tuple[c.Claim, ...] = (), number: int = 1, **more: Any
) -> c.Book:
    """A booking with choices."""
    return msgspec.structs.replace(
        book(actor, number=number, **more), claims=claims, choices=choices
    )


def date(number: int, *claims: c.Claim, choices: tuple[c.Choice, ...] = ()) -> c.SeriesDate:
    return c.SeriesDate(booking_id=an_id(number), claims=claims, choices=choices)


def series(
    actor: str,
    *dates: c.SeriesDate,
    policy: c.SeriesPolicy = c.SeriesPolicy.ALL_OR_NOTHING,
    **more: Any,
) -> c.BookSeries:
    series_id = an_id(999)
    return c.BookSeries(**BASE | more, series_id=series_id, actor=actor, dates=dates, policy=policy)


def set_rules(owner: str, rules: Rules = NO_RULES, **more: Any) -> c.SetRules:
    return c.SetRules(**BASE | more, owner=owner, rules=rules)


def prepare(world: World, command: c.AnyCommand) -> None:
    """Put into the world what the engine reads or makes for a command, before it is decided."""
    for name in bookables_of(command):
        _open(world, name)
    match command:
        case c.Define():
            world.bookables.setdefault(command.bookable, undefined(command.bookable))
            world.followers.setdefault(command.bookable, ())
        case c.Book() | c.Join():
            _own_time(world, world.actors.setdefault(command.actor, f"surrogate-{command.actor}"))
            _ask(world, command)
            world.ready.add(command.booking_id)
        case c.BookSeries():
            _own_time(world, world.actors.setdefault(command.actor, f"surrogate-{command.actor}"))
            for date in command.dates:
                _ask(world, date)
        case c.SetRules():
            world.bookables.setdefault(command.owner, undefined(command.owner))
        case c.Move():
            for booking in world.bookings.values():
                _own_time(world, booking.actor_id)
            for relocation in command.moves:
                _ask(world, relocation)
        case _:
            pass
    _make_ready(world)


def _make_ready(world: World) -> None:
    """Whatever comes free, what the offers may touch is there."""
    for booking in world.bookings.values():
        if booking.status is Status.WAITLISTED and booking.waiter and booking.waiter.awaited:
            world.ready.add(booking.booking_id)
            _own_time(world, booking.actor_id)
            _ask(world, booking.waiter.awaited)


def _own_time(world: World, actor_id: str) -> None:
    stream = actor_stream(actor_id)
    world.bookables.setdefault(stream, undefined(stream))


def _ask(world: World, asked: c.Book | c.Join | c.SeriesDate | c.Relocation | c.Awaited) -> None:
    """No rule stands in the way, but for what `forbid` said."""
    claims = [*asked.claims, *(x.claim(name) for x in asked.choices for name in x.of)]
    for claim in claims:
        during, blocked = claim.during, claim.blocked
        there = world.bookables.get(claim.bookable)
        if during is None or blocked is None or there is None:
            continue
        for name in (claim.bookable, *there.parts):
            world.broken.setdefault((name, during, blocked), None)


def forbid(
    world: World, bookable: str, start: int, end: int, before: int = 0, after: int = 0
) -> o.NotBookable:
    """Let a rule be in the way of a claim over these minutes with these buffers (seconds)."""
    asked = claim(bookable, 1, start, end, before=before, after=after)
    assert asked.during is not None
    assert asked.blocked is not None
    broken = o.NotBookable(
        rule="hours", actor="", bookable=bookable, owner=bookable, during=asked.during
    )
    world.broken[bookable, asked.during, asked.blocked] = broken
    return broken


def _open(world: World, name: str) -> None:
    event_id = event_of(name)
    if event_id is None or name in world.bookables or event_id not in world.bookables:
        return
    recurring = world.bookables[event_id]
    local = name.removeprefix(f"{event_id}@")
    if recurring.kind is not Kind.EVENT or local not in recurring.starts:
        return
    world.bookables[name] = undefined(name)
    zone = ZoneInfo(recurring.time_zone or "UTC")
    start = datetime.fromisoformat(local).replace(tzinfo=zone).astimezone(UTC)
    during = Interval(start, start + timedelta(seconds=recurring.seconds))
    world.apply(open_occurrence(recurring, name, during))
    world.followers[event_id] = (*world.followers[event_id], name)


def run(world: World, *commands: c.AnyCommand) -> World:
    """Settle commands that must succeed."""
    for command in commands:
        assert validate(command) is None, command
        prepare(world, command)
        outcome, _ = settle(world, command)
        assert outcome.ok, (command, outcome)
    return world


def given(*commands: c.AnyCommand, now: int = 0) -> World:
    """The world after these commands, all settled at T0; then it is `now` minutes later."""
    world = run(World(T0), *commands)
    world.now = at(now)
    return world


def all_of(world: World) -> bytes:
    """Everything in a world, down to the last value: what `decide` must leave as it is."""
    # A tenth of what `repr` takes, and it is asked twice a command.
    return msgspec.msgpack.encode(vars(world))


def when(world: World, command: c.AnyCommand) -> Decision:
    """What the command comes to; fails if deciding changed the world."""
    prepare(world, command)
    before = all_of(world)
    decision = decide(world, command)
    assert all_of(world) == before, "decide changed the world"
    return decision


def answer(world: World, command: c.AnyCommand) -> o.AnyOutcome:
    """The answer a caller gets: what is invalid by itself is refused before the state is read."""
    invalid = validate(command)
    return invalid if invalid is not None else when(world, command)[0]


def later_batch(journal: list[Entry], before: World) -> World:
    """A new world at the same instant, folded from the journal alone.

    Of `before` only what the journal does not hold is taken: who the surrogates are, and which
    occurrences follow which event.
    """
    world = World(before.now)
    world.actors = dict(before.actors)
    world.followers = dict(before.followers)
    refs = {surrogate: ref for ref, surrogate in before.actors.items()}
    made: dict[str, int] = {}
    bookings: dict[str, Booking] = {}
    for stream in before.bookables:
        world.bookables[stream] = undefined(stream)
    for entry in journal:
        evolve(world.bookables[entry.stream], entry)
        if entry.booking_id is None:
            continue
        if entry.lead:
            bookings[entry.booking_id] = evolve_booking(bookings.get(entry.booking_id), entry)
        for number in (x.no for x in getattr(entry.event, "claims", ())):
            made[entry.booking_id] = max(number, made.get(entry.booking_id, 0))
    for booking_id, booking in bookings.items():
        booking.actor = refs[booking.actor_id]
        booking.made = made.get(booking_id, 0)
        booking.claims = {
            claim.no: claim
            for bookable in world.bookables.values()
            for claim in bookable.claims.values()
            if claim.booking_id == booking_id
        }
        world.add_booking(booking)
        for bookable in world.bookables.values():
            waiter = bookable.waiters.get(booking_id)
            if waiter is not None and waiter.queue == bookable.bookable:
                waiter.actor = booking.actor
                world.add_waiter(waiter, booking.version)
                break
    return world
