"""One tenant's feed as a hub follows it: how far it has come, what it told lately, and whom.

No I/O. Everything here happens between two awaits, so whoever joins misses nothing and hears
nothing twice: what is up to `pos` is history, what comes after is put on their queue.
"""

from collections import deque
from collections.abc import Sequence

from lastseat.feed.changes import Change, Standing, Where, block
from lastseat.feed.channels import Channel
from lastseat.feed.positions import Position, tag_of
from lastseat.feed.subscription import Subscription

Key = tuple[Channel, bool]


class Following:
    """A tenant's feed, from `since` on remembered, up to `pos` told."""

    def __init__(self, tenant: str, epoch: str, pos: int, *, remembered: int, now: float) -> None:
        self.tenant = tenant
        self.tag = tag_of(tenant)
        self.epoch = epoch
        self.pos = pos
        self.since = pos
        self.idle_since = now
        self.here: set[Subscription] = set()
        """Everybody who listens, or is yet being told what they missed."""
        self._remembered = remembered
        self._recent: deque[Change] = deque()
        self._told: dict[Key, set[Subscription]] = {}

    @property
    def where(self) -> Where:
        """Whose feed this is, and in which epoch."""
        return Where(self.tenant, self.epoch, self.tag)

    def position(self, pos: int) -> Position:
        """A position of this feed."""
        return Position(self.epoch, self.tag, pos)

    def join(self, who: Subscription, after: int) -> None:
        """Tell everything past `after`, which is remembered."""
        assert after >= self.since, (after, self.since)
        who.after = after
        past = [x for x in self._recent if x.pos > after and who.channel in x.channels]
        messages = (x.message(who.channel, redacted=who.redacted) for x in past)
        who.put_before([x for x in messages if x is not None], max(after, self.pos))
        self._told.setdefault((who.channel, who.redacted), set()).add(who)

    def leave(self, who: Subscription, now: float) -> None:
        """Tell them no more."""
        self.here.discard(who)
        if not self.here:
            self.idle_since = now
        key = who.channel, who.redacted
        told = self._told.get(key)
        if told is not None:
            told.discard(who)
            if not told:
                del self._told[key]

    @property
    def _listening(self) -> list[Subscription]:
        return [who for told in self._told.values() for who in told]

    def publish(self, changes: Sequence[Change], upto: int) -> None:
        """Tell these changes, which end at `upto`."""
        for change in changes:
            for channel in change.channels:
                for redacted in (False, True):
                    told = self._told.get((channel, redacted))
                    message = change.message(channel, redacted=redacted) if told else None
                    if told and message is not None:
                        for who in list(told):
                            who.put(change.pos, message)
            self._recent.append(change)
            if len(self._recent) > self._remembered:
                self.since = self._recent.popleft().pos
        self.pos = upto

    def begin(self, epoch: str, pos: int, *, reason: str = "epoch") -> None:
        """A new epoch, say: nothing told so far counts, and everybody has to look anew."""
        self.epoch, self.pos, self.since = epoch, pos, pos
        self._recent.clear()
        for who in self._listening:
            who.after = 0
            who.put(pos + 1, self.standing("reset", who.channel, pos, reason))
            who.told = who.after = pos

    def standing(self, name: str, channel: Channel, pos: int, reason: str | None = None) -> bytes:
        """The message that says from where on a client is told: `position`, or `reset`."""
        return block(name, self.position(pos), Standing(channel.name(self.tenant), pos, reason))

    def beat(self) -> None:
        """Let everybody hear that their stream is alive, and how far: much else may have passed."""
        for who in self._listening:
            if self.pos - who.told > FAR:
                who.put(self.pos, self.standing("position", who.channel, self.pos))
            who.beat()


FAR = 500
"""Positions that pass beside a quiet channel before its clients are told: what they come back with
must not be long gone."""
