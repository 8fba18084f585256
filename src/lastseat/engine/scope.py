"""What one transaction is about: its commands, what each touches, and all heads together."""

from collections.abc import Collection, Sequence

from msgspec import Struct, field

from lastseat.core import commands as c
from lastseat.engine.boundary import Boundary, first_in_line, offering
from lastseat.engine.requests import Result
from lastseat.engine.resolving import Known


class Scope(Struct, frozen=True):
    """What one transaction is about: commands, their boundaries, and all heads together."""

    tenant_id: str
    commands: Sequence[c.AnyCommand]
    boundaries: Sequence[Boundary]
    heads: frozenset[str]
    """What is locked: what the open commands need, and what was found to be needed besides."""
    needed: frozenset[str]
    """What the open commands read and write: holds that are over have to be gone from these."""
    known: Known
    undefined: frozenset[str]
    """The bookables named that have no definition: unknown, or about to be defined."""
    followers: dict[str, tuple[str, ...]]
    offers: Boundary = field(default_factory=Boundary)
    """What the offers to those in line may touch, as many of them as can be decided."""
    ready: frozenset[str] = frozenset()
    """Those."""

    @property
    def all(self) -> Sequence[Boundary]:
        """The boundaries of commands and offers."""
        return [*self.boundaries, self.offers] if self.known.lines else self.boundaries

    def without(self, results: Sequence[Result | None], turns: Collection[str]) -> "Scope":
        """The same for the commands that have no result yet; `turns` as for `scope_of`."""
        nothing = Boundary()
        open_ones = [
            nothing if result else needs
            for needs, result in zip(self.boundaries, results, strict=True)
        ]
        done = {
            x for needs, r in zip(self.boundaries, results, strict=True) if r for x in needs.heads
        }
        wanted = {x for needs in open_ones for x in needs.heads}
        heads = (self.heads - done) | wanted
        return scope_of(self.tenant_id, self.commands, open_ones, self.known, heads, turns)


def scope_of(
    tenant_id: str,
    commands: Sequence[c.AnyCommand],
    boundaries: Sequence[Boundary],
    known: Known,
    extra: frozenset[str],
    turns: Collection[str],
) -> Scope:
    """The scope of commands with these boundaries; `extra` heads are locked besides.

    `turns` are the waiting bookings whose turn may come, besides the first of each line.
    """
    needed = frozenset[str]().union(*(needs.heads for needs in boundaries))
    named = frozenset().union(*(needs.named for needs in boundaries))
    undefined = named - known.definitions.keys()
    offers, ready = Boundary(), frozenset[str]()
    if known.waiters:
        first = first_in_line(known.waiters).union(turns)
        offered = [x for x in known.waiters if x.booking_id in first]
        offers, ready = offering(offered, known), frozenset(x.booking_id for x in offered)
        needed = needed.union(offers.heads, (x.queue for x in known.waiters))
    # Whoever joins knows what is needed already.
    ready |= {x.booking_id for x in commands if isinstance(x, c.Join)}
    return Scope(
        tenant_id,
        commands,
        boundaries,
        extra | needed,
        needed,
        known,
        undefined,
        {},
        offers,
        ready,
    )
