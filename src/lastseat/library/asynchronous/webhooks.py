"""`tenant.webhooks`: who else is told of changes (MISSION H4). What is sent: jobs/webhooks.py."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args

import psycopg

from lastseat.catalogue import webhooks
from lastseat.catalogue.answers import Refused, Saved, Unknown
from lastseat.catalogue.webhooks import NewWebhook
from lastseat.core import fields as f
from lastseat.core import outcomes as o
from lastseat.engine.ids import new_id
from lastseat.feed.relay import announce, relay
from lastseat.gateways.post import Posted
from lastseat.library import hooking
from lastseat.library.asynchronous.bounds import listed, sequence
from lastseat.library.asynchronous.kept import AsyncKept
from lastseat.library.hooking import EVERYTHING, OVERLAP, TEST
from lastseat.library.keeping import Connection, invalid
from lastseat.reads import calendars as reads
from lastseat.views.webhooks import Delivery, Replayed, State, Tried, Webhook


class AsyncWebhooks(AsyncKept):
    """A tenant's endpoints."""

    async def create(
        self,
        url: str,
        *,
        kinds: Sequence[str] = (EVERYTHING,),
        description: str | None = None,
        key: str | None = None,
    ) -> Saved[NewWebhook] | Saved[Webhook] | Refused:
        """Tell `url` of changes of these kinds from now on: `booking.booked`, `booking.*`, `*`.

        The answer has the secret that signs what is sent, and no other ever will: a repeat under
        the same `key` is answered with the `Webhook` alone. `invalid` when nothing could be posted
        there (no https, no public address), or for a kind of change that there is not.
        """
        asked = {"url": url, "kinds": _kinds(kinds), "description": description or None}

        async def work(connection: Connection) -> NewWebhook | Refused:
            return await webhooks.create(connection, self._tenant.tenant_id, **asked)

        bad = invalid(lambda: _check(asked)) or await self._fed()
        return bad or await self._made("create_webhook", asked, key, work, created=True)

    async def get(self, webhook_id: str) -> Webhook | None:
        """The endpoint, or None when the tenant has none of that id."""
        found: Webhook | None = await self._read(webhooks.get, webhook_id)
        return found

    async def change(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        kinds: Sequence[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
        version: int | None = None,
        key: str | None = None,
    ) -> Saved[Webhook] | Refused:
        """Change what is given; an empty description clears. A stale `version` is a `conflict`.

        Disabled, an endpoint is sent nothing, and what happens meanwhile it is never told. What
        waited for it before that goes out once it is enabled again.
        """
        asked = {
            "url": url,
            "kinds": _kinds(kinds) if kinds is not None else None,
            "description": description,
            "enabled": enabled,
        }
        changes = {name: value for name, value in asked.items() if value is not None}
        if description == "":
            changes["description"] = None

        async def work(connection: Connection) -> Saved[Any] | Refused:
            return await webhooks.change(
                connection, self._tenant.tenant_id, webhook_id, changes=changes, version=version
            )

        bad: Refused | None = invalid(lambda: _check(changes))
        if bad is None and enabled:
            bad = await self._fed()
        said = {"id": webhook_id, "version": version, **asked}
        return bad or await self._keep("change_webhook", said, key, work, Webhook)

    async def remove(self, webhook_id: str, *, key: str | None = None) -> Saved[Webhook] | Refused:
        """Remove an endpoint and what was to be sent to it, for good: `Saved`, as it was."""

        async def work(connection: Connection) -> Saved[Any] | Refused:
            gone = await webhooks.remove(connection, self._tenant.tenant_id, webhook_id)
            return Saved(gone, created=False) if gone else Unknown("webhook", webhook_id)

        return await self._keep("remove_webhook", {"id": webhook_id}, key, work, Webhook)

    async def rotate_secret(
        self, webhook_id: str, *, overlap_seconds: int = OVERLAP, key: str | None = None
    ) -> Saved[NewWebhook] | Saved[Webhook] | Refused:
        """Give an endpoint another secret, shown once. The old one signs too for the overlap.

        With `overlap_seconds` 0 it ends at once: for a secret that somebody else has.
        """
        asked = {"id": webhook_id, "overlap": overlap_seconds}

        async def work(connection: Connection) -> NewWebhook | Refused:
            made = await webhooks.rotate(
                connection, self._tenant.tenant_id, webhook_id, overlap=overlap_seconds
            )
            return made if made is not None else Unknown("webhook", webhook_id)

        bad = invalid(
            lambda: f.integer("overlap_seconds", overlap_seconds, 0, hooking.LONGEST_OVERLAP)
        )
        return bad or await self._made("rotate_secret", asked, key, work, created=False)

    async def test(self, webhook_id: str) -> Tried | Unknown:
        """Send a message `webhook.test` now, and tell how it was answered; disabled or not.

        It takes 15 seconds at most, is sent once, and changes nothing.
        """
        found = await self.get(webhook_id)
        signing = await self._read(webhooks.signing, webhook_id) if found else []
        if found is None or not signing:
            return Unknown("webhook", webhook_id)
        now: datetime = await self._tenant.engine.read(reads.now)
        about = {"tenant": self._tenant.tenant_id, "webhook_id": found.webhook_id}
        body = hooking.body_of(TEST, now, about)
        since = time.monotonic()
        answer = await hooking.send(found.url, signing, new_id(), body, hooking.bounds())
        reason = hooking.reason_of(answer)
        return Tried(
            delivered=reason is None,
            answered=answer.status if isinstance(answer, Posted) else None,
            reason=reason,
            seconds=round(time.monotonic() - since, 3),
        )

    async def deliveries(
        self,
        webhook_id: str,
        *,
        status: State | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> Sequence[Delivery] | Unknown:
        """A page of an endpoint's messages, newest first: all, or `pending`, `delivered`, `dead`.

        The last one's `pos` is the next page's `before`.
        """
        if status is not None and status not in get_args(State):
            raise ValueError(f"status must be one of {', '.join(get_args(State))}")
        last = sequence("before", before) if before is not None else 2**63 - 1
        found: list[Delivery] | None = await self._read(
            webhooks.deliveries, webhook_id, status=status, before=last, limit=listed(limit)
        )
        return found if found is not None else Unknown("webhook", webhook_id)

    async def replay(
        self, webhook_id: str, delivery_id: str | None = None, *, key: str | None = None
    ) -> Saved[Replayed] | Refused:
        """Send a message again that was delivered or is dead; without one, the dead letters.

        The oldest 1,000 dead ones at a time: `more` says that some are left. One that is still
        pending is not touched (`replayed` 0).
        """

        async def work(connection: Connection) -> Saved[Any] | Refused:
            return await webhooks.replay(
                connection, self._tenant.tenant_id, webhook_id, delivery_id
            )

        asked = {"id": webhook_id, "delivery": delivery_id}
        return await self._keep("replay_webhook", asked, key, work, Replayed)

    async def _made(
        self, operation: str, asked: dict[str, Any], key: str | None, make: Any, *, created: bool
    ) -> Saved[NewWebhook] | Saved[Webhook] | Refused:
        return await self._keep_without_secret(
            operation,
            asked,
            key,
            make,
            new=NewWebhook,
            row=Webhook,
            shown=lambda made: made.webhook,
            created=created,
        )

    async def _fed(self) -> o.Overloaded | None:
        """See that what has happened is in the feed: an endpoint is told what comes after it."""

        async def look(connection: Connection) -> bool:
            try:
                done = await relay(connection)
            except psycopg.errors.LockNotAvailable:
                return False
            if done.ends:
                await announce(connection, done.ends)
            return True

        return None if await self._tenant.engine.read(look) else o.Overloaded(retry_after=1.0)

    # The last: past it `list` would not be Python's here.
    async def list(self, *, after: str | None = None, limit: int = 100) -> Sequence[Webhook]:
        """A page of endpoints by id. The last one's id is the next page's `after`."""
        found: Sequence[Webhook] = await self._read(webhooks.page, after=after, limit=listed(limit))
        return found


def _kinds(kinds: Any) -> Any:
    """As a tuple; what is no list of them is left to be refused."""
    return tuple(kinds) if isinstance(kinds, list | tuple | set | frozenset) else kinds


def _check(asked: dict[str, Any]) -> None:
    if "url" in asked:
        hooking.check_url(asked["url"])
    if "kinds" in asked:
        hooking.check_kinds(asked["kinds"])
    hooking.check_description(asked.get("description"))
    if "enabled" in asked:
        f.flag("enabled", asked["enabled"])
