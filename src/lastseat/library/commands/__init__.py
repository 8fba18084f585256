"""`Commands`: the library's operations as command values, for one tenant.

Both faces of the library and `execute_in` take their commands from here, so an operation has the
same name and arguments everywhere. Nothing is checked or sent here.
"""

from lastseat.library.commands.acting import Acting
from lastseat.library.commands.booking import Booking
from lastseat.library.commands.defining import Defining
from lastseat.library.commands.spelling import Claims, Seconds, choices_of, local_text, seconds_of
from lastseat.library.commands.waiting import Waiting

__all__ = ["Claims", "Commands", "Seconds", "choices_of", "local_text", "seconds_of"]


class Commands(Defining, Booking, Waiting, Acting):
    """Makes commands for one tenant. `principal` is who asks, an opaque id for the journal."""
