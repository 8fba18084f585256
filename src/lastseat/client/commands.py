"""`Commands`: the client's operations as calls, with the library's names and arguments.

Both faces take their methods from here, and so does whoever wants to see whether an answer was a
replay: `client.execute(client.commands.book(...)).replayed`.
"""

from lastseat.client.acting import Acting
from lastseat.client.bookings import Bookings
from lastseat.client.calendars import Calendars
from lastseat.client.catalogue import Catalogue
from lastseat.client.live import Live
from lastseat.client.looking import Looking
from lastseat.client.reservations import Reservations
from lastseat.client.times import Times
from lastseat.client.venue import Venue
from lastseat.client.waiting import Waiting
from lastseat.client.webhooks import Webhooks


class Commands(
    Bookings,
    Acting,
    Waiting,
    Venue,
    Looking,
    Times,
    Catalogue,
    Reservations,
    Calendars,
    Webhooks,
    Live,
):
    """Makes the calls of all operations. Nothing is sent here."""
