"""Live updates over HTTP (MISSION C8): a channel's changes as Server-Sent Events.

Who may read the journal is told whose booking changed and by whom; everybody else, publishable keys
above all, only what changed where.
"""

import asyncio
import contextlib
from typing import Annotated, Any

import psycopg
from litestar import Response, get
from msgspec import Meta, Struct

from lastseat.access import Action, Principal, Reach, permit
from lastseat.core.outcomes import Code
from lastseat.engine.errors import LastseatError
from lastseat.feed.channels import EVERYTHING, Channel, Of
from lastseat.feed.hub import Hub, HubClosed, TooManyClients
from lastseat.feed.subscription import Subscription
from lastseat.http.addresses import HEAD
from lastseat.http.auth import SERVICE, Service
from lastseat.http.bookables import EVENTS, OCCURRENCES, RESOURCES, one_of
from lastseat.http.caller import Caller
from lastseat.http.describing import described
from lastseat.http.incoming import AnyRequest, query_of
from lastseat.http.problems import Problem, Reply, invalid, unknown
from lastseat.http.shapes import Name

HUB = "lastseat.hub"
"""Where an application's `opt` has its `Hub`."""

DROP = "lastseat.drop"
"""The extension of a request's scope by which our server ends a connection at once."""

MEDIA = "text/event-stream"

_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache"),
    # nginx would keep messages until it has a buffer full of them.
    (b"x-accel-buffering", b"no"),
]

_EXAMPLE = {
    "id": "6f0d6f6e-0f43-4c51-9a57-2f6f0f8b7a11.5d41402abc4b.118",
    "event": "booking.booked",
    "data": (
        '{"channel":"chain.bookings.studio.kreuzberg","pos":118,'
        '"at":"2026-11-20T09:15:02.113Z","bookables":["yoga-monday"],'
        '"booking_id":"01936b2c-5d1e-7c3a-9f00-3a5c0e6d7b11","version":1,"status":"CONFIRMED",'
        '"principal":"key:5b0d","claims":[{"bookable":"yoga-monday","units":1}]}'
    ),
}


class LiveEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the stream's events. Its data are JSON; docs/live.md says of what."""

    id: str
    event: str
    data: str
    retry: int | None = None


class LiveQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which channel, one of these at most; without one all of the tenant's changes."""

    location: Name | None = None
    resource: Name | None = None
    event: Name | None = None
    occurrence: Name | None = None
    last_event_id: Annotated[
        Annotated[str, Meta(max_length=100)] | None,
        Meta(description="Go on after the message with this id, as Last-Event-ID does."),
    ] = None
    seconds: Annotated[
        Annotated[int, Meta(ge=0, le=86_400)] | None,
        Meta(description="End the stream after so long; 0: what there is by now."),
    ] = None


@get(
    "/v1/live",
    **described(
        "live",
        tag="live",
        summary="Be told of changes as they happen",
        says=(
            "Server-Sent Events. The first message is `position`; after it comes each change once,"
            " in order, with an id that Last-Event-ID (a header) goes on after. `reset` instead: it"
            " can't be gone on from there, so read anew what is shown, then listen on. A client"
            " that does not keep up is let go. Who may not read the journal is told what changed"
            " and where, and no more."
        ),
        query=LiveQuery,
        answer=LiveEvent,
        answer_example=_EXAMPLE,
        media=MEDIA,
        refused=(Code.UNKNOWN_BOOKABLE, "unknown_location"),
    ),
)
async def live(request: AnyRequest) -> Response[Any]:
    """A stream of a channel's changes."""
    service: Service = request.app.opt[SERVICE]
    hub: Hub = request.app.opt[HUB]
    scope: Any = request.scope
    # Browsers' Accept has nothing but event streams: that is right here, and nowhere else.
    headers = [(name, value) for name, value in scope["headers"] if name != b"accept"]
    found = await service.who(headers)
    caller = Caller(service.engine, found.tenant, found.principal, Action.LIVE_READ)
    query = query_of(request, LiveQuery)
    channel = await _channel(caller, query)
    whole = sees_all(found.principal)

    async def still() -> bool:
        """Whether the credential is good for as much as it was."""
        try:
            principal = (await service.known(headers)).principal
        except Problem as error:
            return error.status not in _REFUSED
        except LastseatError:
            # The database is away, so there is nothing to be told either.
            return True
        allowed = permit(principal, Action.LIVE_READ) is Reach.ALL
        return allowed and sees_all(principal) == whole

    try:
        who = await hub.subscribe(
            found.tenant.tenant_id,
            channel,
            redacted=not whole,
            after=_last_id(headers, query),
            let_go=scope.get("extensions", {}).get(DROP, _nothing),
        )
    except TooManyClients:
        raise _later("there are as many live streams as this server takes", 5) from None
    except HubClosed:
        raise _later("this server is about to end", 1) from None
    except (psycopg.OperationalError, TimeoutError):
        raise _later("the database can't be reached", 1) from None
    seconds = 0 if HEAD in scope else query.seconds
    if seconds is not None:
        asyncio.get_running_loop().call_later(seconds, who.end)
    return Stream(who, still)


_REFUSED = frozenset({400, 401, 403})


def sees_all(principal: Principal) -> bool:
    """Whether somebody is told who did what to which booking: what the journal would tell them."""
    return permit(principal, Action.JOURNAL_READ) is Reach.ALL


async def _channel(caller: Caller, query: LiveQuery) -> Channel:
    """What is asked for, if it is there. Raises the problems 400 and 404."""
    wanted = [
        Channel(of, named)
        for of in (Of.LOCATION, Of.RESOURCE, Of.EVENT, Of.OCCURRENCE)
        if (named := getattr(query, of)) is not None
    ]
    if not wanted:
        return EVERYTHING
    if len(wanted) > 1:
        raise invalid(wanted[1].of, f"can't be given beside `{wanted[0].of}`: a stream is of one")
    (channel,) = wanted
    if channel.of is Of.LOCATION:
        if await caller.tenant.catalogue.location(channel.id) is None:
            raise unknown("unknown_location", id=channel.id)
    else:
        await one_of(caller, channel.id, _KINDS[channel.of])
    return channel


_KINDS = {Of.RESOURCE: RESOURCES, Of.EVENT: EVENTS, Of.OCCURRENCE: OCCURRENCES}


def _last_id(headers: list[tuple[bytes, bytes]], query: LiveQuery) -> str | None:
    """The id of the last message they had. The header counts: a browser has it from us."""
    sent = [value for name, value in headers if name == b"last-event-id"]
    if len(sent) > 1:
        raise invalid("Last-Event-ID", "was sent twice")
    # An empty one is that of a client that had no message.
    return (sent[0].decode("latin-1") if sent else query.last_event_id) or None


def _later(reason: str, seconds: int) -> Problem:
    return Problem(
        503,
        "unavailable",
        f"Nothing was done: {reason}. Try again after Retry-After seconds.",
        title="Live updates can't be had now",
        headers={"Retry-After": str(seconds)},
    )


def _nothing() -> None:
    """Another server than ours: it finds out by itself that the client does not read."""


class Stream(Reply):
    """A response that goes on until the client goes, or the server does."""

    __slots__ = ("_still", "_who")

    def __init__(self, who: Subscription, still: Any) -> None:
        super().__init__(200, b"", _HEADERS)
        self._who = who
        self._still = still

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002 - ASGI
        """Send what there is, as it comes."""
        who = self._who
        watching = asyncio.create_task(_gone(receive, who))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            # Who reads it comes back by itself when the stream ends: after so many milliseconds.
            await send(_part(b"retry: 1000\n"))
            with contextlib.suppress(psycopg.OperationalError, TimeoutError):
                await self._tell(who, send)
            if not who.dropped:
                await send({"type": "http.response.body", "body": b""})
        finally:
            who.close()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _tell(self, who: Subscription, send: Any) -> None:
        beats = who.beats
        while (data := await who.taken()) is not None:
            if who.beats != beats:
                beats = who.beats
                if not await self._still():
                    return
            await send(_part(data))


async def _gone(receive: Any, who: Subscription) -> None:
    """Wait until the client is gone; then nobody writes for it."""
    while (await receive())["type"] != "http.disconnect":
        continue
    who.close()


def _part(data: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": True}


handlers = [live]
