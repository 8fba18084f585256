"""`tenant.webhooks` for threads: the same operations, waited for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lastseat.catalogue.answers import Refused, Saved, Unknown
from lastseat.catalogue.webhooks import Delivery, NewWebhook, Replayed, State, Webhook
from lastseat.library.asynchronous.webhooks import AsyncWebhooks
from lastseat.library.hooking import EVERYTHING, OVERLAP, Tried

if TYPE_CHECKING:
    from lastseat.library.synchronous.engine import Engine


class Webhooks:
    """A tenant's endpoints; `AsyncWebhooks` says what each comes to."""

    def __init__(self, engine: "Engine", webhooks: AsyncWebhooks) -> None:
        self._engine = engine
        self._webhooks = webhooks

    def create(
        self,
        url: str,
        *,
        kinds: Sequence[str] = (EVERYTHING,),
        description: str | None = None,
        key: str | None = None,
    ) -> Saved[NewWebhook] | Saved[Webhook] | Refused:
        """See `AsyncWebhooks.create`."""
        return self._engine.call(
            self._webhooks.create, url, kinds=kinds, description=description, key=key
        )

    def get(self, webhook_id: str) -> Webhook | None:
        """See `AsyncWebhooks.get`."""
        return self._engine.call(self._webhooks.get, webhook_id)

    def change(
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
        """See `AsyncWebhooks.change`."""
        return self._engine.call(
            self._webhooks.change,
            webhook_id,
            url=url,
            kinds=kinds,
            description=description,
            enabled=enabled,
            version=version,
            key=key,
        )

    def remove(self, webhook_id: str, *, key: str | None = None) -> Saved[Webhook] | Refused:
        """See `AsyncWebhooks.remove`."""
        return self._engine.call(self._webhooks.remove, webhook_id, key=key)

    def rotate_secret(
        self, webhook_id: str, *, overlap_seconds: int = OVERLAP, key: str | None = None
    ) -> Saved[NewWebhook] | Saved[Webhook] | Refused:
        """See `AsyncWebhooks.rotate_secret`."""
        return self._engine.call(
            self._webhooks.rotate_secret, webhook_id, overlap_seconds=overlap_seconds, key=key
        )

    def test(self, webhook_id: str) -> Tried | Unknown:
        """See `AsyncWebhooks.test`."""
        return self._engine.call(self._webhooks.test, webhook_id)

    def deliveries(
        self,
        webhook_id: str,
        *,
        status: State | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> Sequence[Delivery] | Unknown:
        """See `AsyncWebhooks.deliveries`."""
        return self._engine.call(
            self._webhooks.deliveries, webhook_id, status=status, before=before, limit=limit
        )

    def replay(
        self, webhook_id: str, delivery_id: str | None = None, *, key: str | None = None
    ) -> Saved[Replayed] | Refused:
        """See `AsyncWebhooks.replay`."""
        return self._engine.call(self._webhooks.replay, webhook_id, delivery_id, key=key)

    def list(self, *, after: str | None = None, limit: int = 100) -> Sequence[Webhook]:
        """See `AsyncWebhooks.list`."""
        return self._engine.call(self._webhooks.list, after=after, limit=limit)
