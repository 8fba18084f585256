"""The engine against the model of a venue: composites, choices, series and rules.

Batches are settled in the order submitted, so what each command of a batch comes to is told by the
model; what is taken in the end is counted in the tables.
"""

from random import Random

import msgspec
import pytest
from tests.core import given as g
from tests.engine.stage import Stage
from tests.races import audit
from tests.venue_model import CAPACITY, VENUE, Asking, VenueModel, chosen, code, half_hours

from lastseat.core import commands as c
from lastseat.core.interval import Interval
from lastseat.core.rules import RecurringBlock, Rules
from lastseat.engine.ids import new_id
from lastseat.ledger.rows import instant
from lastseat.ledger.verify import verify

BLOCKS = {
    "c": RecurringBlock("2026-11-23T18:00", 3600),
    "ab": RecurringBlock("2026-11-23T21:00", 3600),
    "skis": RecurringBlock("2026-11-23T20:30", 1800),
}
"""The half hours that the model says are closed, as rules."""

TAKEN = """
SELECT bookable_id, units, (extract(epoch FROM lower(during)) * 1000000)::bigint,
       (extract(epoch FROM upper(during)) * 1000000)::bigint
FROM lastseat.claims WHERE tenant_id = %s AND live AND NOT own_time
"""


def addressed(command: c.AnyCommand, tenant_id: str) -> c.AnyCommand:
    return msgspec.structs.replace(command, tenant_id=tenant_id, command_id=new_id())


@pytest.mark.parametrize("seed", range(6))
def test_the_engine_agrees_with_the_model(still: Stage, tenant_id: str, seed: int) -> None:
    still.set_clock(g.T0)
    for define in VENUE:
        assert still.one(addressed(define, tenant_id)).outcome.ok
    for owner, block in BLOCKS.items():
        rules = g.set_rules(owner, Rules(blocks=(block,)))
        assert still.one(addressed(rules, tenant_id)).outcome.ok
    model, asking, chance = VenueModel(), Asking(seed), Random(seed)
    for _ in range(12):
        commands = [
            addressed(asking.command(model), tenant_id) for _ in range(chance.randint(1, 6))
        ]
        number = chance.randrange(2)
        answers = still.together([(number, command) for command in commands])
        for command, answer in zip(commands, answers, strict=True):
            found = code(answer.outcome), chosen(answer.outcome)
            assert found == model.apply(command), command
    taken: dict[tuple[str, int], int] = {}
    for name, units, start, end in still.rows(TAKEN, tenant_id):
        for i in half_hours(Interval(instant(start), instant(end))):
            taken[name, i] = taken.get((name, i), 0) + units
    assert taken == model.grid()
    assert all(units <= CAPACITY[name] for (name, _), units in taken.items())
    assert audit.findings(still.conninfo, tenant_id) == []
    assert verify(still.conninfo, tenant_id=tenant_id).differences == ()
