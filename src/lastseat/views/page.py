"""A page of a list."""

from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """One page of a list; `next` is the `after` of the page that follows, None on the last."""

    items: list[T]
    next: str | None = None
