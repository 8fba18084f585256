"""The client: the library's operations over HTTP, for programs that are elsewhere.

    from lastseat.client import Client

    with Client("https://bookings.example.org", key="ls_sk_...") as studio:
        outcome = studio.book("yoga@2026-11-23T18:00", actor="ann@example.org")

`Client` is for threads, `AsyncClient` for asyncio. Their operations have the names, the arguments
and the outcomes of `lastseat.Tenant`, and need no database. A write carries an idempotency key and
is retried with it, so it is done once whatever the network does.

Bad input is told as the library tells it: by the service where it can be sent, and else by the
client itself. A write answers `outcomes.Invalid`. A read raises `ServiceError` (status 400), and
`ValueError` for what can't be sent; so does an operation on an id that no address can hold.
"""

from lastseat.client.asynchronous import AsyncClient
from lastseat.client.call import Answer, Call
from lastseat.client.commands import Commands
from lastseat.client.errors import Forbidden, NotFound, ServiceError, Unauthorized, Unavailable
from lastseat.client.live import LiveMessage
from lastseat.client.retrying import Retries
from lastseat.client.synchronous import Client
from lastseat.client.wired import SlotRefused
from lastseat.views.catalogue import Need, Terms
from lastseat.views.times import Suggestion

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
