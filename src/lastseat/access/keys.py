"""API keys as texts: made, read, hashed. Pure but for the randomness; `store.py` keeps them.

    ls_sk_<32 hex digits: the key's id>_<43 characters: 32 random bytes>      secret, for servers
    ls_pk_<...>_<...>                                             publishable, for guests' browsers

The id says which row to compare with, and what to revoke; the prefix lets scanners of source code
find a key that leaked. A key is shown once. What is stored is the SHA-256 of its whole text, id and
prefix included: a slow hash is for passwords, which can be guessed; 256 random bits can not, and
each request would pay for it.
"""

import hashlib
import re
import secrets
import uuid

from msgspec import Struct

_TEXT = re.compile(r"ls_(sk|pk)_([0-9a-f]{32})_[A-Za-z0-9_-]{43}")

PREFIXES = ("ls_sk_", "ls_pk_")
"""What tells a key from a signed token."""


class MintedKey(Struct, frozen=True):
    """A key just made. `text` is its only copy."""

    text: str
    key_id: str
    hash: bytes

    def __repr__(self) -> str:
        """Without the secret: what is printed ends up in logs."""
        return f"MintedKey(key_id={self.key_id!r})"


class ReadKey(Struct, frozen=True):
    """A text that has a key's form: which key it claims to be, and what its hash comes to."""

    key_id: str
    publishable: bool
    hash: bytes


def mint(*, publishable: bool) -> MintedKey:
    """A new key. Its id is random: it tells nothing, not even when it was made."""
    key_id = uuid.uuid4()
    text = f"ls_{'pk' if publishable else 'sk'}_{key_id.hex}_{secrets.token_urlsafe(32)}"
    return MintedKey(text=text, key_id=str(key_id), hash=_hash(text))


def read(text: str) -> ReadKey | None:
    """The key that a text claims to be; None: it does not have a key's form."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    return ReadKey(key_id=str(uuid.UUID(found[2])), publishable=found[1] == "pk", hash=_hash(text))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
