"""What proves that a webhook's message is ours: secrets and signatures by Standard Webhooks.

https://www.standardwebhooks.com: the headers webhook-id, webhook-timestamp and webhook-signature;
the signature is an HMAC-SHA256 over `<id>.<timestamp>.<body>`, one for each secret in force.
"""

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"
BYTES = 32
"""Of a secret; the standard asks for 24 to 64."""


def draw() -> bytes:
    """A new secret."""
    return secrets.token_bytes(BYTES)


def spelled(secret: bytes) -> str:
    """A secret as receivers take it."""
    return PREFIX + base64.b64encode(secret).decode()


def headers(signing: Sequence[bytes], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that prove a message sent at this time, by each of the secrets."""
    assert signing, "a message that nothing signs proves nothing"
    at, text = at.astimezone(UTC), body.decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(msg_id=message_id, timestamp=at, data=text) for secret in signing
        ),
    }
