"""What a webhook may be, what is sent to it, and how: what `tenant.webhooks` and the jobs share.

A message says what changed and where, by ids; nobody is named in it, and who asked for the change
is left out.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from lastseat.catalogue import signatures
from lastseat.config import webhook_networks
from lastseat.core import events as e
from lastseat.core import fields as f
from lastseat.core import limits
from lastseat.gateways.addresses import networks
from lastseat.gateways.post import Bounds, NotPosted, Posted, post, refusal

MOST_KINDS = 50
OVERLAP = 24 * 3600
"""Seconds for which an old secret goes on signing beside its successor, unless told otherwise."""

LONGEST_OVERLAP = 30 * 24 * 3600

TEST = "webhook.test"
EVERYTHING = "*"

_OF_VENUES = frozenset(
    {
        "defined",
        "capacity_changed",
        "rules_changed",
        "schedule_changed",
        "rescheduled",
        "called_off",
        "fact",
    }
)
"""What happens to what can be booked; anything else happens to a booking. A checkpoint is told to
nobody."""

KINDS = tuple(
    x if x in _OF_VENUES else f"booking.{x}" for x in sorted(e.TYPES) if x != "checkpoint"
)
"""The kinds of changes, as messages name them."""

GROUPS = tuple(dict.fromkeys(f"{x.partition('.')[0]}.*" for x in KINDS if "." in x))
"""Several at once."""

_encode = msgspec.json.Encoder().encode


def wanted(kinds: Sequence[str], kind: str) -> bool:
    """Whether an endpoint for these kinds is told of a change of that kind."""
    group = f"{kind.partition('.')[0]}.*"
    return any(x in (EVERYTHING, kind, group) for x in kinds)


def body_of(kind: str, at: datetime, data: dict[str, Any]) -> str:
    """A message as it is sent, and signed."""
    return _encode({"type": kind, "timestamp": at.astimezone(UTC), "data": data}).decode()


async def send(
    url: str, signing: Sequence[bytes], message_id: str, body: str, bounds: Bounds
) -> Posted | NotPosted:
    """Post a message, signed now."""
    sent = body.encode()
    headers = signatures.headers(signing, message_id, datetime.now(UTC), sent)
    return await post(url, sent, headers, bounds)


def bounds() -> Bounds:
    """What posts are held to, as the operator has it."""
    return Bounds(also=networks(webhook_networks()))


def reason_of(answer: Posted | NotPosted) -> str | None:
    """Why a message did not arrive; None: it did."""
    if isinstance(answer, NotPosted):
        return answer.reason
    return None if 200 <= answer.status < 300 else f"was answered with status {answer.status}"  # noqa: PLR2004


def check_url(url: object) -> None:
    """Raises `Bad` for an address that nothing would be posted to."""
    if not isinstance(url, str):
        raise f.Bad("url", "must be a text")
    reason = refusal(url, bounds().also)
    if reason is not None:
        raise f.Bad("url", reason)


def check_kinds(kinds: object) -> None:
    """Raises `Bad` for what is no kind of change, or none, or too many."""
    if not isinstance(kinds, list | tuple) or not 1 <= len(kinds) <= MOST_KINDS:
        raise f.Bad("kinds", f"must be 1 to {MOST_KINDS} kinds of changes, or *")
    for kind in kinds:
        if kind != EVERYTHING and kind not in KINDS and kind not in GROUPS:
            known = ", ".join((EVERYTHING, *GROUPS, *KINDS))
            raise f.Bad("kinds", f"must be among {known}")
    if len(set(kinds)) != len(kinds):
        raise f.Bad("kinds", "must not repeat one")


def check_description(description: object) -> None:
    """Raises `Bad` for what is no short text."""
    if description is not None and description != "":
        f.name("description", description, limits.TEXT_LENGTH)
