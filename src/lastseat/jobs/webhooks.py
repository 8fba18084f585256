"""Webhooks: changes of the feed made into messages, and the loop in which they are made and sent.

Each endpoint has a cursor in its tenant's feed. Moving it and writing the messages it passed is one
statement, so there is one message for each endpoint and change, whoever dies and however many work.
Sending them: webhooks_delivery.py.
"""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from msgspec import Struct
from psycopg.rows import tuple_row

from lastseat.core.state import ACTOR_PREFIX
from lastseat.feed.changes import Places, details_of, gathered, lead_of, name_of, worth_telling
from lastseat.feed.channels import channels_of
from lastseat.feed.news import PAGE, places_of
from lastseat.feed.reading import FeedItem, feed
from lastseat.jobs.webhooks_delivery import LONGEST_WAIT, Deliverer, Terms, fetch
from lastseat.jobs.working import Pool, Working
from lastseat.library import hooking

log = logging.getLogger("lastseat.jobs")

LOOK = 0.5
"""Seconds between two looks for changes."""

LEAST_PAUSE = 0.02
"""The same where there is more than one look took up."""

AT_ONCE = 1_000
"""Endpoints that one look takes up, at most."""

KEPT_DELIVERED = 7
KEPT_DEAD = 30
"""Days for which messages are kept."""

MOST = 2.0 * LONGEST_WAIT
"""Seconds for which no message is put off."""

SWEPT = 5_000
"""Messages removed in one transaction."""

_encode = msgspec.json.Encoder().encode


class Message(Struct, frozen=True):
    """A change as it is sent to one endpoint."""

    delivery_id: str
    pos: int
    subject: str
    type: str
    body: str


class Change(Struct, frozen=True):
    """A change as it is sent to whichever endpoint: `mark` tells it from all others."""

    mark: str
    pos: int
    subject: str
    type: str
    body: str

    def to(self, webhook_id: str) -> Message:
        """The same for one endpoint. Its id is worked out, so it is the same if done again."""
        delivery_id = str(uuid.uuid5(uuid.UUID(webhook_id), self.mark))
        return Message(delivery_id, self.pos, self.subject, self.type, self.body)


class Page(Struct, frozen=True):
    """A page of a tenant's feed, as changes."""

    epoch: str | None
    changes: tuple[Change, ...]
    upto: int


class Behind(Struct, frozen=True):
    """An endpoint that was not told all there is: its version, and its cursor as it was read."""

    webhook_id: str
    kinds: list[str]
    version: int
    epoch: str | None
    pos: int

    def wants(self, kind: str) -> bool:
        """Whether it is told of such changes."""
        return hooking.wanted(self.kinds, kind)


async def webhooks(working: Working) -> None:
    """Make messages of changes and send them, until asked to stop."""
    deliverer = Deliverer(working.pool, Terms(), hooking.bounds())
    async with asyncio.TaskGroup() as group:
        group.create_task(deliverer.run(working.stopping))
        while not working.stopping.is_set():
            try:
                done = await look(working.pool)
                if done.made:
                    deliverer.wake()
                more = done.more
            except psycopg.OperationalError as error:
                log.warning("webhooks wait for the database: %s", error)
                more = False
            await working.sleep(LEAST_PAUSE if more else LOOK)


class Spread(Struct, frozen=True):
    """What one look came to: messages that were made, and whether there is more to look at."""

    made: int
    more: bool


async def spread(pool: Pool) -> int:
    """Make messages of what is new in the feeds, in one look; how many were made."""
    return (await look(pool)).made


async def look(pool: Pool) -> Spread:
    """Make messages of what is new in the feeds.

    Safe to run many times at once. A long backlog is a page an endpoint at a time.
    """
    async with pool.connection() as connection:
        rows = await fetch(connection, "webhooks_behind", limit=AT_ONCE)
    # Those at one place of one feed together: of pages, one at a time is in memory.
    places: dict[tuple[str, int, int], list[Behind]] = {}
    for tenant, webhook_id, kinds, version, epoch, pos, newest in rows:
        # The cursor is in the database that it is about. So it went back with it in a restore, and
        # goes on in the new epoch; past its end it is only if somebody emptied the feed.
        place = tenant, min(pos, newest), newest
        places.setdefault(place, []).append(Behind(webhook_id, kinds, version, epoch, pos))
    made, more = 0, False
    for (tenant, after, newest), behind in places.items():
        try:
            page = await _page(pool, tenant, after, newest)
            for endpoint in behind:
                made += await _spread_to(pool, tenant, endpoint, page)
            more = more or page.upto < newest
        except psycopg.OperationalError:
            raise
        except Exception:
            # A bug, or an entry that a later release wrote: other tenants are told all the same.
            log.exception("webhooks of tenant %s are not told past position %d", tenant, after)
    return Spread(made, more)


async def _spread_to(pool: Pool, tenant: str, endpoint: Behind, page: Page) -> int:
    told = [x.to(endpoint.webhook_id) for x in page.changes if endpoint.wants(x.type)]
    async with pool.connection() as connection:
        ((_, written),) = await fetch(
            connection,
            "webhook_spread",
            tenant=tenant,
            webhook=endpoint.webhook_id,
            version=endpoint.version,
            was=endpoint.epoch,
            pos=endpoint.pos,
            epoch=page.epoch,
            upto=page.upto,
            messages=_encode(told).decode(),
        )
    return int(written)


async def sweep(working: Working) -> None:
    """Remove messages that were delivered a week ago, or have been dead for a month.

    What is due later than anything is put off was put off before the clock was set back: it is due.
    """
    for name in ("webhook_sweep", "webhook_sweep_disabled", "webhook_sweep_ahead"):
        gone = SWEPT
        while gone == SWEPT and not working.stopping.is_set():
            params = {"limit": SWEPT, "dead": KEPT_DEAD, "delivered": KEPT_DELIVERED, "most": MOST}
            async with (
                working.pool.connection() as connection,
                connection.cursor(row_factory=tuple_row) as cursor,
            ):
                await fetch(connection, name, cursor=cursor, **params)
                gone = cursor.rowcount


async def _page(pool: Pool, tenant: str, after: int, newest: int) -> Page:
    async with pool.connection() as connection:
        found = await feed(connection, tenant, after=after, limit=PAGE)
        if found.items and found.items[0].pos != after + 1:
            log.warning(
                "%d entries of a feed were removed before webhooks were told of them",
                found.items[0].pos - after - 1,
            )
        groups = gathered(found.items, complete=len(found.items) < PAGE)
        told = [x for x in groups if worth_telling(x)]
        places = await places_of(connection, tenant, told)
    changes = tuple(_change(tenant, group, places) for group in told)
    # None where entries should be: they are gone from the journal, and nobody can be told of them.
    return Page(found.epoch, changes, groups[-1][-1].pos if groups else newest)


def _change(tenant: str, group: Sequence[FeedItem], places: Places) -> Change:
    """A change as it is sent: where it was, by ids. Nobody's own time is in it."""
    entries = [x for x in group if not x.stream.startswith(ACTOR_PREFIX)]
    lead = lead_of(entries)
    first = next(x for x in entries if x.row is lead)
    channels = frozenset().union(*(channels_of(x.stream, places.get(x.stream)) for x in entries))
    data: dict[str, Any] = {
        "tenant": tenant,
        "channels": sorted(x.name(tenant) for x in channels),
        "bookables": list(dict.fromkeys(x.stream for x in entries)),
        "at": lead.at,
        "pos": group[-1].pos,
        **{name: said for name, said in details_of(entries).items() if said not in (None, ())},
    }
    name = name_of(lead)
    return Change(
        mark=_mark(first.stream, lead.seq, lead.at),
        pos=group[-1].pos,
        subject=first.stream if lead.booking_id is None else f"booking:{lead.booking_id}",
        type=name,
        body=hooking.body_of(name, lead.at, data),
    )


def _mark(stream: str, seq: int, at: datetime) -> str:
    # With the time: after a restore another change may have that place in the stream.
    return f"{stream}\n{seq}\n{at.isoformat()}"
