"""What an engine remembers of what its commands were about, so that it locks without asking first.

The first round trip of a transaction asks what the commands touch, the second locks it. Of what was
booked lately the answer is nearly always the same: so it is guessed, and asked in the round trip
that locks and reads. If the guess was wrong nothing was decided on it: the locks are given back and
the transaction begins as any other. Right or wrong, what is decided on is what was just read.
"""

from collections.abc import Iterable, Sequence

from lastseat.core import commands as c
from lastseat.core.naming import bookables_of
from lastseat.engine.ids import new_id
from lastseat.engine.resolving import Definition, Known

MOST = 20_000
"""Bookables, and actors, that are remembered; all are forgotten when there are more."""


class Memory:
    """Bookables' definitions and actors' surrogates, of all tenants of one engine.

    Actors are kept by the hash of their reference: who they are is nobody's to keep (MISSION H5),
    and two with the same hash make a wrong guess, no more.
    """

    def __init__(self) -> None:
        self._definitions: dict[tuple[str, str], Definition] = {}
        self._actors: dict[int, str] = {}
        self._regulars: set[str] = set()
        """The tenants where a stranger among the last turned out to have been there before."""

    def guess(self, tenant_id: str, commands: Sequence[c.AnyCommand]) -> Known | None:
        """What `questions` about the commands will come to; None where that is anybody's guess."""
        known = Known()
        for command in commands:
            if type(command) is not c.Book:
                return None
            for name in bookables_of(command):
                there = self._definitions.get((tenant_id, name))
                if there is None:
                    return None
                known.definitions[name] = there
            ref = command.actor
            actor_id = self._actors.get(hash((tenant_id, ref)))
            if actor_id is not None:
                known.actors[ref] = actor_id
            elif tenant_id in self._regulars:
                return None
            elif ref not in known.new_actors:
                known.new_actors[ref] = new_id()
        return known

    def learn(self, tenant_id: str, commands: Iterable[c.AnyCommand], known: Known) -> None:
        """Take note of what `questions` came to, a guess proven wrong among it."""
        if len(self._definitions) > MOST:
            self._definitions.clear()
        for name, there in known.definitions.items():
            # A composite's parts would have to be asked about, too.
            if not there.parts:
                self._definitions[tenant_id, name] = there
        strangers = regulars = False
        for command in commands:
            if isinstance(command, c.Making):
                who = hash((tenant_id, command.actor))
                found = command.actor in known.actors
                if who not in self._actors:
                    strangers, regulars = True, regulars or found
                elif not found:
                    del self._actors[who]
        if regulars:
            self._regulars.add(tenant_id)
        elif strangers:
            self._regulars.discard(tenant_id)
        self.meet(tenant_id, known.actors)

    def forget(self, tenant_id: str, names: Iterable[str]) -> None:
        """Guess no more about bookables that are not there."""
        for name in names:
            self._definitions.pop((tenant_id, name), None)

    def meet(self, tenant_id: str, actors: dict[str, str]) -> None:
        """Remember actors, by reference, with their surrogates."""
        if len(self._actors) > MOST:
            self._actors.clear()
        for ref, actor_id in actors.items():
            self._actors[hash((tenant_id, ref))] = actor_id
