"""Sorted queries read side by side: several cursors, one key at a time, a page in memory."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg

Row = tuple[Any, ...]
Key = tuple[str, str]

PAGE = 5_000
"""Rows fetched at once."""


class Rows:
    """The rows of one query, sorted by their first two columns: tenant, and stream or booking.

    PostgreSQL sorts these by bytes (COLLATE "C", uuid) as Python sorts their texts, so several of
    them can be merged.
    """

    def __init__(self, cursor: psycopg.ServerCursor[Row], told: Callable[[int], None]) -> None:
        self.count = 0
        self._rows = self._read(cursor, told)
        self.next: Row | None = next(self._rows, None)
        """The row that comes next, None at the end."""

    def _read(
        self, cursor: psycopg.ServerCursor[Row], told: Callable[[int], None]
    ) -> Iterator[Row]:
        while page := cursor.fetchmany(PAGE):
            yield from page
            self.count += len(page)
            told(self.count)

    def take(self, key: Key) -> Iterator[Row]:
        """The rows of `key`, one after the other."""
        while (row := self.next) is not None and row[:2] == key:
            self.next = next(self._rows, None)
            yield row

    def one(self, key: Key) -> Row | None:
        """The row of `key` where there is at most one."""
        return next(self.take(key), None)


def each_key(*sources: Rows) -> Iterator[Key]:
    """Every key that any of the sources has, in order. What is not taken of it is passed over."""
    while keys := [source.next[:2] for source in sources if source.next is not None]:
        key = min(keys)
        yield key
        for source in sources:
            for _ in source.take(key):
                pass
