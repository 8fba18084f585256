"""The calls about webhooks: who else is told of changes (MISSION H4).

To the library these are `tenant.webhooks`.
"""

from collections.abc import Sequence

from lastseat.client.call import Call, change, read, write
from lastseat.client.looking import PAGE_SIZE
from lastseat.core.outcomes import Refusal
from lastseat.views.page import Page
from lastseat.views.webhooks import Delivery, MadeWebhook, Replayed, State, Tried, Webhook

OVERLAP = 24 * 3600
"""Seconds for which an old secret goes on signing beside its successor, unless told otherwise."""


class Webhooks:
    """Endpoints and their messages."""

    def create_webhook(
        self,
        url: str,
        *,
        kinds: Sequence[str] = ("*",),
        description: str | None = None,
        key: str | None = None,
    ) -> Call[MadeWebhook | Refusal]:
        """Tell `url` of changes of these kinds from now on: `booking.booked`, `booking.*`, `*`.

        The answer has the secret that signs what is sent, and no other ever will.
        """
        body = {"url": url, "kinds": kinds, "description": description}
        return write("POST", MadeWebhook, "v1", "webhooks", body=body, key=key)

    def webhook(self, webhook_id: str) -> Call[Webhook]:
        """The endpoint. Raises `NotFound`."""
        return read(Webhook, "v1", "webhooks", webhook_id)

    def webhooks(self, *, page_size: int = PAGE_SIZE) -> Call[Page[Webhook]]:
        """The endpoints by id."""
        return read(Page[Webhook], "v1", "webhooks", query={"limit": page_size})

    def change_webhook(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        kinds: Sequence[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
        version: int | None = None,
        key: str | None = None,
    ) -> Call[Webhook | Refusal]:
        """Change what is given; an empty description clears. A stale `version` is a `conflict`.

        Disabled, an endpoint is sent nothing, and what happens meanwhile it is never told.
        """
        body = {
            "url": url,
            "kinds": kinds,
            "description": description,
            "enabled": enabled,
            "expected_version": version,
        }
        return write("PATCH", Webhook, "v1", "webhooks", webhook_id, body=body, key=key)

    def remove_webhook(self, webhook_id: str, *, key: str | None = None) -> Call[Webhook | Refusal]:
        """Remove an endpoint and what was to be sent to it, for good."""
        return write("DELETE", Webhook, "v1", "webhooks", webhook_id, body={}, key=key)

    def rotate_webhook_secret(
        self, webhook_id: str, *, overlap_seconds: int = OVERLAP, key: str | None = None
    ) -> Call[MadeWebhook | Refusal]:
        """Give an endpoint another secret, shown once. The old one signs too for the overlap."""
        body = {"overlap_seconds": overlap_seconds}
        return write(
            "POST", MadeWebhook, "v1", "webhooks", webhook_id, "secret", body=body, key=key
        )

    def test_webhook(self, webhook_id: str) -> Call[Tried]:
        """Send a message `webhook.test` now, and tell how it was answered. Raises `NotFound`.

        It may take 15 seconds: give the client a `timeout` of more.
        """
        return change(Tried, "v1", "webhooks", webhook_id, "test", body={})

    def webhook_deliveries(
        self, webhook_id: str, *, status: State | None = None, page_size: int = PAGE_SIZE
    ) -> Call[Page[Delivery]]:
        """An endpoint's messages, newest first: all, or `pending`, `delivered`, `dead`."""
        query = {"status": status, "limit": page_size}
        return read(Page[Delivery], "v1", "webhooks", webhook_id, "deliveries", query=query)

    def replay_webhook(
        self, webhook_id: str, delivery_id: str | None = None, *, key: str | None = None
    ) -> Call[Replayed | Refusal]:
        """Send a message again that was delivered or is dead; without one, the dead letters."""
        body = {"delivery_id": delivery_id}
        return write("POST", Replayed, "v1", "webhooks", webhook_id, "replay", body=body, key=key)
