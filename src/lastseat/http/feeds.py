"""Feeds over HTTP: addresses with a secret, for calendars that can send no key (MISSION B7)."""

from typing import Any

from litestar import Response, delete, get, post
from litestar.params import FromPath
from msgspec import Struct

from lastseat.access import Action
from lastseat.catalogue import feeds
from lastseat.catalogue.answers import Saved
from lastseat.catalogue.feeds import NewFeed
from lastseat.core.outcomes import Code
from lastseat.http.auth import SERVICE, Service
from lastseat.http.caller import caller_of
from lastseat.http.describing import UUID as UUID_SCHEMA
from lastseat.http.describing import Link, described
from lastseat.http.exporting import CALENDAR_TYPE, SHOWN, Of, sent
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body, Paged, query_of
from lastseat.http.keeping import kept, replayed
from lastseat.http.paging import AfterUuid, Page, page_of
from lastseat.http.problems import document, unknown
from lastseat.http.shapes import Nothing
from lastseat.library.showing import show
from lastseat.views.calendars import Feed, MadeFeed

_FEED_ID = "5f8d1c0a-9b3e-47d2-a6c1-f0e81c0a9b3e"
EXAMPLE: dict[str, Any] = {
    "feed_id": _FEED_ID,
    "of": "resource:lane-4",
    "redacted": True,
    "created_at": "2026-11-20T09:15:02.113Z",
}
MADE: dict[str, Any] = {"feed": EXAMPLE, "path": f"/v1/feeds/{_FEED_ID}.{'x' * 43}.ics"}
PATH = {"feed": (UUID_SCHEMA, "Its id.", _FEED_ID)}
ADDRESS = {
    "feed": (
        {"type": "string", "minLength": 1},
        "The last part of the address as it was given out: `<feed_id>.<secret>.ics`.",
        f"{_FEED_ID}.{'x' * 43}.ics",
    )
}


class FeedBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new feed. Unless it is `redacted`, whoever has its address sees who has booked."""

    of: Of
    redacted: bool = True


_NEW = Body(FeedBody)
_NOTHING = Body(Nothing, optional=True)


@post(
    "/v1/feeds",
    **described(
        "create_feed",
        tag="calendars",
        summary="Give out a feed",
        says=(
            "The answer has the feed's address, and no other ever will: a repeat under the same"
            " Idempotency-Key is answered without it. Whoever has the address can read it. It is"
            " `redacted`, without people, unless it is asked for otherwise."
        ),
        status=201,
        body=FeedBody,
        body_example={"of": "resource:lane-4"},
        answer=MadeFeed,
        answer_example=MADE,
        refused=(404,),
        links={
            "revoke_feed": Link("revoke_feed", {"feed": "$response.body#/feed/feed_id"}),
            "change_feed": Link("change_feed", {"feed": "$response.body#/feed/feed_id"}),
        },
    ),
)
async def create_feed(request: AnyRequest) -> Response[Any]:
    """Give out a feed."""
    caller = await caller_of(request, Action.FEEDS_MANAGE)
    body = await _NEW.read(request)
    saved = await caller.tenant.calendars.create_feed(
        body.of, redacted=body.redacted, key=key_of(request)
    )
    return _made(saved, status=201)


@get(
    "/v1/feeds",
    **described(
        "feeds",
        tag="calendars",
        summary="List feeds",
        says="In the order of their ids. Never their addresses.",
        query=Paged,
        answer=Page[Feed],
        answer_example={"items": [EXAMPLE], "next": None},
    ),
)
async def list_feeds(request: AnyRequest) -> Response[Any]:
    """A page of feeds."""
    caller = await caller_of(request, Action.FEEDS_MANAGE)
    query = query_of(request, Paged)
    after = query.after(AfterUuid)
    found = await caller.tenant.calendars.feeds(
        after=str(after.after) if after else None, limit=query.limit
    )
    return document(page_of(found, query.limit, lambda x: {"after": x.feed_id}))


@post(
    "/v1/feeds/{feed:str}/secret",
    **described(
        "change_feed",
        tag="calendars",
        summary="Give a feed another address",
        says="The old one is unknown from here on. The new one is shown this once.",
        status=200,
        path=PATH,
        body=Nothing,
        body_example={},
        body_optional=True,
        answer=MadeFeed,
        answer_example=MADE,
        refused=(404,),
    ),
)
async def change_feed(request: AnyRequest, feed: FromPath[str]) -> Response[Any]:
    """Change a feed's secret."""
    caller = await caller_of(request, Action.FEEDS_MANAGE)
    await _NOTHING.read(request)
    return _made(await caller.tenant.calendars.change_feed(feed, key=key_of(request)), status=200)


@delete(
    "/v1/feeds/{feed:str}",
    **described(
        "revoke_feed",
        tag="calendars",
        summary="Revoke a feed",
        says="For good: its address is unknown from here on.",
        path=PATH,
        keyed=True,
        answer=Feed,
        answer_example=EXAMPLE,
        refused=(404, Code.INVALID, Code.KEY_REUSED),
    ),
)
async def revoke_feed(request: AnyRequest, feed: FromPath[str]) -> Response[Any]:
    """Revoke a feed."""
    caller = await caller_of(request, Action.FEEDS_MANAGE)
    return kept(await caller.tenant.calendars.revoke_feed(feed, key=key_of(request)))


_DESCRIBED = {
    **described(
        "feed",
        tag="calendars",
        summary="Read a feed",
        says=(
            "Needs no credential: the secret in the address is the proof. An address that is not"
            " in force is not found. With If-None-Match, 304 while nothing has changed."
        ),
        path=ADDRESS,
        answer=str,
        answer_example=SHOWN,
        media=CALENDAR_TYPE,
        refused=(404, Code.INVALID),
    ),
    "security": [{}],
}


@get("/v1/feeds/{feed:str}", **_DESCRIBED)
async def read_feed(request: AnyRequest, feed: FromPath[str]) -> Response[Any]:
    """A feed's calendar."""
    # Whatever goes wrong from here on is logged with the path; the secret must not be in it.
    request.scope["path"] = "/v1/feeds/-"
    service: Service = request.app.opt[SERVICE]
    address = feed.removesuffix(".ics")
    found = await service.engine.read(feeds.opened, address) if address != feed else None
    if found is None:
        raise unknown("not_found")
    tenant_id, shown = found
    calendar = await show(service.engine, tenant_id, shown.of, redacted=shown.redacted)
    return sent(request, calendar, private=True)


def _made(saved: Any, *, status: int) -> Response[Any]:
    if not isinstance(saved, Saved):
        return kept(saved)
    row: Feed | NewFeed = saved.row
    made = (
        MadeFeed(feed=row.feed, path=f"/v1/feeds/{row.address}.ics")
        if isinstance(row, NewFeed)
        else MadeFeed(feed=row)
    )
    headers = {"Cache-Control": "no-store", **replayed(saved)}
    return document(made, status=status, headers=headers)


handlers = [create_feed, list_feeds, change_feed, revoke_feed, read_feed]
