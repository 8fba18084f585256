"""A tenant for threads: the operations of `AsyncTenant`, waited for."""

from lastseat.core import commands as c
from lastseat.engine.requests import Answer
from lastseat.library.asynchronous.tenant import AsyncTenant
from lastseat.library.commands import Commands
from lastseat.library.synchronous.groups import Calendars, Catalogue, Reservations, Webhooks
from lastseat.library.synchronous.waited import Waited, waits


class Tenant(Waited):
    """One tenant's operations; `AsyncTenant` says what each comes to."""

    _awaited: AsyncTenant

    @property
    def tenant_id(self) -> str:
        """The tenant's id."""
        return self._awaited.tenant_id

    @property
    def commands(self) -> Commands:
        """The operations as commands, for `execute` and `execute_in`."""
        return self._awaited.commands

    @property
    def catalogue(self) -> Catalogue:
        """The tenant's locations and services."""
        return Catalogue(self.engine, self._awaited.catalogue)

    @property
    def reservations(self) -> Reservations:
        """Reservations and appointments of services (MISSION part D)."""
        return Reservations(self.engine, self._awaited.reservations)

    @property
    def calendars(self) -> Calendars:
        """Calendars imported and shown, and feeds (MISSION B7)."""
        return Calendars(self.engine, self._awaited.calendars)

    @property
    def webhooks(self) -> Webhooks:
        """Who else is told of changes (MISSION H4)."""
        return Webhooks(self.engine, self._awaited.webhooks)

    def execute(self, command: c.AnyCommand) -> Answer:
        """Run a command that `commands` made."""
        return self.engine.execute(command)

    define_occurrence = waits(AsyncTenant.define_occurrence)
    define_resource = waits(AsyncTenant.define_resource)
    define_pool = waits(AsyncTenant.define_pool)
    define_limit = waits(AsyncTenant.define_limit)
    define_composite = waits(AsyncTenant.define_composite)
    set_rules = waits(AsyncTenant.set_rules)
    define_event = waits(AsyncTenant.define_event)
    change_capacity = waits(AsyncTenant.change_capacity)

    edit_event = waits(AsyncTenant.edit_event)

    book = waits(AsyncTenant.book)
    book_series = waits(AsyncTenant.book_series)
    hold = waits(AsyncTenant.hold)
    confirm = waits(AsyncTenant.confirm)
    release = waits(AsyncTenant.release)
    cancel = waits(AsyncTenant.cancel)
    extend = waits(AsyncTenant.extend)
    check_in = waits(AsyncTenant.check_in)
    check_out = waits(AsyncTenant.check_out)
    complete = waits(AsyncTenant.complete)
    no_show = waits(AsyncTenant.no_show)
    update = waits(AsyncTenant.update)
    move = waits(AsyncTenant.move)
    move_together = waits(AsyncTenant.move_together)
    expire = waits(AsyncTenant.expire)

    observe = waits(AsyncTenant.observe)
    book_with_observed = waits(AsyncTenant.book_with_observed)
    cancel_with_observed = waits(AsyncTenant.cancel_with_observed)
    append_expect = waits(AsyncTenant.append_expect)

    bookable = waits(AsyncTenant.bookable)
    is_booked = waits(AsyncTenant.is_booked)
    seat_of = waits(AsyncTenant.seat_of)
    seat_state = waits(AsyncTenant.seat_state)
    roster = waits(AsyncTenant.roster)
    seats_left = waits(AsyncTenant.seats_left)
    booking_count = waits(AsyncTenant.booking_count)
    booking = waits(AsyncTenant.booking)
    journal = waits(AsyncTenant.journal)

    join_waitlist = waits(AsyncTenant.join_waitlist)
    position = waits(AsyncTenant.position)
    waitlist = waits(AsyncTenant.waitlist)

    bookings = waits(AsyncTenant.bookings)
    bookables = waits(AsyncTenant.bookables)
    rules = waits(AsyncTenant.rules)
    schedule = waits(AsyncTenant.schedule)
    audit = waits(AsyncTenant.audit)
    booking_journal = waits(AsyncTenant.booking_journal)
    forget = waits(AsyncTenant.forget)

    busy = waits(AsyncTenant.busy)
    conflicts = waits(AsyncTenant.conflicts)
    free = waits(AsyncTenant.free)
    is_free = waits(AsyncTenant.is_free)
    next_free = waits(AsyncTenant.next_free)
    slots = waits(AsyncTenant.slots)
    suggest = waits(AsyncTenant.suggest)
    effective_hours = waits(AsyncTenant.effective_hours)
    outside_rules = waits(AsyncTenant.outside_rules)
    agenda = waits(AsyncTenant.agenda)
