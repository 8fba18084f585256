"""Whether a ledger is its journal, and each occurrence where its event has it."""

from tests.engine.stage import Stage

from lastseat import Interval
from lastseat.calendar.schedule import Occurrences
from lastseat.ledger.verify import verify
from lastseat.reads import events


def sound(stage: Stage, tenant_id: str) -> None:
    """The projections are the journal folded, and each occurrence is where its event has it."""
    report = verify(stage.conninfo, tenant_id=tenant_id)
    assert report.differences == ()
    engine = stage.engines[0]
    for (event,) in stage.rows(
        "SELECT event_id FROM lastseat.events WHERE tenant_id = %s", tenant_id
    ):
        seen = stage.call(engine.read, events.picture, tenant_id, event)
        assert seen is not None
        schedule = Occurrences(seen.event.schedule, seen.event.time_zone)
        for follower in seen.followers:
            there = schedule.at(follower.at)
            if follower.called_off:
                assert there is None or there.cancelled, follower
            elif there is not None or follower.during.end > seen.event.now:
                assert there is not None, follower
                assert Interval(there.start, there.end) == follower.during, follower
