"""The client: the library's operations over HTTP, for programs that are elsewhere.

    from lastseat.client import Client

    with Client("https://bookings.example.org", key="ls_sk_...") as studio:
        outcome = studio.book("yoga@2026-11-23T18:00", actor="ann@example.org")

`Client` is for threads, `AsyncClient` for asyncio. Their operations have the names, the arguments
and the outcomes of `lastseat.Tenant`, and need no database. A write carries an idempotency key and
is retried with it, so it is done once whatever the network does.
"""

from lastseat.client.asynchronous import AsyncClient
from lastseat.client.call import Answer, Call
from lastseat.client.catalogue_views import Need, SlotRefused, Terms
from lastseat.client.commands import Commands
from lastseat.client.errors import Forbidden, NotFound, ServiceError, Unauthorized, Unavailable
from lastseat.client.live import LiveMessage
from lastseat.client.retrying import Retries
from lastseat.client.synchronous import Client
from lastseat.client.time_views import Suggestion

__all__ = [
    "Answer",
    "AsyncClient",
    "Call",
    "Client",
    "Commands",
    "Forbidden",
    "LiveMessage",
    "Need",
    "NotFound",
    "Retries",
    "ServiceError",
    "SlotRefused",
    "Suggestion",
    "Terms",
    "Unauthorized",
    "Unavailable",
]
