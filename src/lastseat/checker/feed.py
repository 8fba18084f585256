"""The feed is the journal, in order, once (property 10). Its pages are all that is looked at.

Positions of a tenant run from 1 without a gap, each stream's entries in the stream's order, all of
them; the rows of one change stand together, since they are told as one. While the run goes on no
feed gets shorter, and none begins anew: its database is never another one.
"""

from collections import defaultdict

from msgspec import Struct, field

from lastseat.checker.history import History
from lastseat.checker.lines import FeedPageRow, JournalRow
from lastseat.checker.model import Tenant
from lastseat.checker.verdict import Verdict

Change = tuple[str, int | None]
"""A booking and its version: what is told at once."""


class Feed(Struct):
    """One tenant's feed, as far as it was read."""

    rows: dict[tuple[str, int], JournalRow]
    pos: int = 0
    fed: dict[str, int] = field(default_factory=dict)
    """The last entry of each stream."""
    told: set[Change] = field(default_factory=set)
    telling: Change | None = None


def check_feed(history: History, tenants: dict[str, Tenant], verdict: Verdict) -> None:
    """Read all pages, then see what they lack."""
    checking = Checking(tenants, verdict)
    rows: dict[str, dict[tuple[str, int], JournalRow]] = defaultdict(dict)
    for row in history.journal:
        rows[row.tenant_id][row.stream_id, row.seq] = row
    feeds = {name: Feed(rows[name]) for name in rows}
    for page in sorted(history.feed_pages, key=lambda page: (page.tenant_id, page.last_pos)):
        checking.page(feeds.setdefault(page.tenant_id, Feed({})), page)
    for name, feed in feeds.items():
        checking.end(name, feed)
    _check_run(history, feeds, verdict)


class Checking:
    """Says what is wrong, by the operations concerned."""

    def __init__(self, tenants: dict[str, Tenant], verdict: Verdict) -> None:
        self.tenants = tenants
        self.verdict = verdict

    def page(self, feed: Feed, page: FeedPageRow) -> None:
        """The next page of a feed."""
        tenant = page.tenant_id
        if page.first_pos != feed.pos + 1:
            self._wrong(tenant, f"feed position {page.first_pos} comes after position {feed.pos}")
        if not len(page.streams) == len(page.seqs) == page.last_pos - page.first_pos + 1:
            what = f"the feed's page of positions {page.first_pos} to {page.last_pos} names"
            self._wrong(tenant, f"{what} {len(page.streams)} streams, {len(page.seqs)} entries")
        feed.pos = page.first_pos - 1
        for stream, seq in zip(page.streams, page.seqs, strict=False):
            feed.pos += 1
            self._entry(tenant, feed, stream, seq)
        feed.pos = page.last_pos

    def _entry(self, tenant: str, feed: Feed, stream: str, seq: int) -> None:
        row = feed.rows.get((stream, seq))
        at = f"feed position {feed.pos} is entry {seq} of {stream}"
        if row is None:
            self._wrong(tenant, f"{at}, which is not in the journal")
            return
        before = feed.fed.get(stream, 0)
        if seq != before + 1:
            after = "was there before" if seq <= before else f"comes after entry {before}"
            self._wrong(tenant, f"{at}, which {after}", row)
        feed.fed[stream] = max(seq, before)
        change = None if row.booking_id is None else (row.booking_id, row.version)
        if change != feed.telling:
            if change in feed.told and seq == before + 1:
                self._wrong(tenant, f"{at}: other changes stand between the rows of its own", row)
            if feed.telling is not None:
                feed.told.add(feed.telling)
            feed.telling = change

    def end(self, tenant: str, feed: Feed) -> None:
        """After the last page."""
        lengths: dict[str, int] = {}
        for stream, seq in feed.rows:
            lengths[stream] = max(seq, lengths.get(stream, 0))
        for stream, length in lengths.items():
            fed = feed.fed.get(stream, 0)
            if fed < length:
                what = f"the feed ends at entry {fed} of {stream}, which has {length}"
                self._wrong(tenant, what, feed.rows.get((stream, fed + 1)))

    def _wrong(self, tenant: str, what: str, row: JournalRow | None = None) -> None:
        op = None if row is None else self.tenants[tenant].commands[row.command_id].op
        self.verdict.add("feed", what, op, tenant=tenant)


def _check_run(history: History, feeds: dict[str, Feed], verdict: Verdict) -> None:
    """What was seen of the feeds meanwhile, beside what they are at the end."""
    if len(history.relay) != 1 or (history.journal and history.relay[0].epoch is None):
        verdict.add("feed", "the feed has not one cursor with an epoch")
        return
    final = history.relay[0].epoch
    ends: dict[str, int] = {}
    for seen in history.fed:
        if seen.epoch not in (None, final):
            verdict.add("feed", f"the feed's epoch {seen.epoch} ended, and nothing was restored")
            return
        for tenant, end in seen.ends.items():
            if end < ends.get(tenant, 0):
                what = f"the feed ended at {ends[tenant]}, and later at {end}"
                verdict.add("feed", what, tenant=tenant)
            ends[tenant] = end
    for tenant, end in ends.items():
        last = feeds[tenant].pos if tenant in feeds else 0
        if last < end:
            what = f"the feed ended at {end}, and in the end at {last}"
            verdict.add("feed", what, tenant=tenant)
