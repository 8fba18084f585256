"""Pages of lists: opaque cursors, and the answer `{items, next}`.

A cursor says where the last page ended, so that what is added meanwhile neither repeats nor hides
a row. It is no secret and grants nothing: every query names the caller's tenant anyway.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from lastseat.http.problems import invalid

Item = TypeVar("Item")
Kind = TypeVar("Kind")

MOST = 1_000
"""Rows of one page, at most."""

USUAL = 100
"""Rows of one page unless told otherwise."""


class Page(Struct, Generic[Item], kw_only=True):
    """One page of a list. `next` is the cursor of the page after it; null on the last."""

    items: list[Item]
    next: str | None = None


class AfterId(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a page ended of what is in the order of its ids."""

    after: str


class AfterUuid(Struct, frozen=True, forbid_unknown_fields=True):
    """The same where ids are UUIDs."""

    after: UUID


class AfterSeq(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a page ended of what is in the order of a stream."""

    seq: Annotated[int, Meta(ge=0, le=2**53)]


def page_of(
    found: Sequence[Item], limit: int, place: Callable[[Item], dict[str, Any]]
) -> Page[Item]:
    """Up to `limit` rows as a page; if they fill it the next begins behind the last one's place."""
    full = len(found) >= limit
    return Page(items=list(found), next=encode_cursor(place(found[-1])) if full else None)


def encode_cursor(position: dict[str, Any]) -> str:
    """A position as an opaque text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def decode_cursor(text: str, kind: type[Kind]) -> Kind:
    """The position in a cursor. Raises the problem 400 for one that we did not make."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        decoded = base64.b64decode(padded, b"-_", validate=True)
        position = msgspec.json.decode(decoded, type=kind)
    except (UnicodeError, binascii.Error, msgspec.DecodeError):
        raise invalid("cursor", _NOT_OURS) from None
    if b"\\u0000" in decoded:
        # No id has it, and no column takes it.
        raise invalid("cursor", _NOT_OURS)
    return position


_NOT_OURS = "is none that this service made"
