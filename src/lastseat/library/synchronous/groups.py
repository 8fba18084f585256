"""`tenant.catalogue`, `reservations`, `calendars` and `webhooks` for threads: waited for."""

from lastseat.library.asynchronous.calendars import AsyncCalendars
from lastseat.library.asynchronous.catalogue import AsyncCatalogue
from lastseat.library.asynchronous.reservations import AsyncReservations
from lastseat.library.asynchronous.webhooks import AsyncWebhooks
from lastseat.library.synchronous.waited import Waited, waits


class Catalogue(Waited):
    """A tenant's locations and services; `AsyncCatalogue` says what each comes to."""

    create_location = waits(AsyncCatalogue.create_location)
    location = waits(AsyncCatalogue.location)
    locations = waits(AsyncCatalogue.locations)
    update_location = waits(AsyncCatalogue.update_location)
    create_service = waits(AsyncCatalogue.create_service)
    service = waits(AsyncCatalogue.service)
    services = waits(AsyncCatalogue.services)
    update_service = waits(AsyncCatalogue.update_service)


class Reservations(Waited):
    """A tenant's reservations; `AsyncReservations` says what each comes to."""

    reserve = waits(AsyncReservations.reserve)
    validate = waits(AsyncReservations.validate)
    extend = waits(AsyncReservations.extend)
    commit = waits(AsyncReservations.commit)
    book = waits(AsyncReservations.book)
    reschedule = waits(AsyncReservations.reschedule)
    cancel = waits(AsyncReservations.cancel)

    join_waitlist = waits(AsyncReservations.join_waitlist)
    joining = waits(AsyncReservations.joining)

    capacity = waits(AsyncReservations.capacity)
    taking = waits(AsyncReservations.taking)
    confirmed = waits(AsyncReservations.confirmed)
    metrics = waits(AsyncReservations.metrics)


class Calendars(Waited):
    """A tenant's calendars and feeds; `AsyncCalendars` says what each comes to."""

    import_ics = waits(AsyncCalendars.import_ics)
    refresh = waits(AsyncCalendars.refresh)
    calendar = waits(AsyncCalendars.calendar)
    calendars = waits(AsyncCalendars.calendars)
    remove = waits(AsyncCalendars.remove)

    export = waits(AsyncCalendars.export)
    create_feed = waits(AsyncCalendars.create_feed)
    feeds = waits(AsyncCalendars.feeds)
    change_feed = waits(AsyncCalendars.change_feed)
    revoke_feed = waits(AsyncCalendars.revoke_feed)


class Webhooks(Waited):
    """A tenant's endpoints; `AsyncWebhooks` says what each comes to."""

    create = waits(AsyncWebhooks.create)
    get = waits(AsyncWebhooks.get)
    change = waits(AsyncWebhooks.change)
    remove = waits(AsyncWebhooks.remove)
    rotate_secret = waits(AsyncWebhooks.rotate_secret)
    test = waits(AsyncWebhooks.test)
    deliveries = waits(AsyncWebhooks.deliveries)
    replay = waits(AsyncWebhooks.replay)
    list = waits(AsyncWebhooks.list)
