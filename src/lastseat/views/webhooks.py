"""Webhooks, and what became of their messages."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

State = Literal["pending", "delivered", "dead"]


class Webhook(Struct, frozen=True, kw_only=True):
    """An endpoint: where changes of these `kinds` are posted. `version` counts its changes.

    `disabled`: why it is told nothing, if it is not `enabled`. `failing_since`: since when nothing
    that was sent to it got there.
    """

    webhook_id: str
    url: str
    kinds: tuple[str, ...]
    description: str | None
    enabled: bool
    disabled: str | None
    failing_since: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class MadeWebhook(Struct, frozen=True, kw_only=True):
    """An endpoint and its new secret; a repeated answer does not have that any more.

    The library's `NewWebhook` always has it: there, a repeated answer is a `Webhook`.
    """

    webhook: Webhook
    secret: str | None = None

    def __repr__(self) -> str:
        """Without the secret: what is printed ends up in logs."""
        return f"MadeWebhook(webhook={self.webhook!r})"


class Delivery(Struct, frozen=True, kw_only=True):
    """A message to an endpoint; `delivery_id` is its `webhook-id`, the same at each attempt.

    `subject` is what order is kept for: `booking:<id>`, else a bookable. While `pending`, `due_at`
    is when it is tried next, if nothing before it of the same subject waits. `answered` is the
    status that the last attempt was answered with, `reason` why it failed.
    """

    delivery_id: str
    pos: int
    subject: str
    type: str
    status: State
    attempts: int
    created_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    answered: int | None
    reason: str | None


class Replayed(Struct, frozen=True):
    """How many messages go out again; `more` dead letters are left."""

    replayed: int
    more: bool = False


class Tried(Struct, frozen=True, kw_only=True):
    """What a test message came to. `answered` is the receiver's status; else `reason` why not."""

    delivered: bool
    answered: int | None
    reason: str | None
    seconds: float

    @property
    def ok(self) -> bool:
        """True: it was tried."""
        return True
