"""Pages of the feed that nobody will ask for any more are removed. The journal stays whole."""

from typing import Any

import psycopg
from psycopg.rows import tuple_row

from lastseat.feed.relay import QUERIES

KEPT_DAYS = 7
"""For so long a reader may be away and go on where it was."""

AT_ONCE = 1_000
"""Pages removed by one call, at most."""


async def prune(
    connection: psycopg.AsyncConnection[Any], *, days: int = KEPT_DAYS, most: int = AT_ONCE
) -> int:
    """Remove the oldest pages, up to `most` that were written more than `days` days ago.

    Returns how many there were: `most` says that there may be more, so call again. The newest page
    of a tenant always stays. Who comes back for what is gone has to begin anew (`reset`, reason
    `gone`; `FeedPage.gap`). Any number may prune at once. Raises `ValueError` for less than a day.
    """
    if days < 1:
        raise ValueError("pages of the last day are not removed")
    async with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(QUERIES["prune"].encode(), {"days": days, "most": most})
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])
