"""Whatever is done to a line, in the journal or beside it, `verify` reports it and no more."""

from collections.abc import Callable

import pytest
from tests.ledger.spoiling import Case, Spoilable, body, booking, check, claim, delete, head
from tests.ledger.story import Story


def waiting(change: str, name: str, stream: str) -> str:
    """SQL that changes one row of the waitlist."""
    return (
        f"UPDATE lastseat.waitlist SET {change} WHERE booking_id = '{{{name}}}'"
        f" AND bookable_id = '{stream}'"
    )


LINES = (
    *(
        Case(
            f"a row of the waitlist's {change.split()[0]} is changed",
            waiting(change, name, stream),
            (f"booking {{{name}}}, waiting for {stream}: {found}",),
        )
        for name, stream, change, found in (
            ("waits", "talk", "seq = 2", "seq is 2; the journal comes to 5"),
            ("waits", "booth", "seq = 9", "seq is 9; the journal comes to 2"),
            (
                "waits",
                "booth",
                "queue_id = 'booth'",
                "queue_id is booth; the journal comes to talk",
            ),
            (
                "waits",
                "talk",
                "actor_id = gen_random_uuid()",
                "actor_id is *; the journal comes to *",
            ),
            ("waits", "talk", "units = 2", "units is 2; the journal comes to 1"),
            ("waits", "booth", "units = 1", "units is 1; the journal comes to nothing"),
            ("waits", "talk", "awaited = NULL", "awaited is nothing; the journal comes to {*}"),
            (
                "later",
                "booth",
                "awaited = replace(awaited::text, '900', '9')::json",
                "awaited is *; the journal comes to *",
            ),
        )
    ),
    Case(
        "a row of the waitlist's time is moved",
        waiting(
            "during = tstzrange(lower(during) + interval '1 h', upper(during))", "later", "booth"
        ),
        (
            (
                "booking {later}, waiting for booth: start is 2031-11-27T13:30:00+00:00;"
                " the journal comes to 2031-11-27T12:30:00+00:00"
            ),
        ),
    ),
    Case(
        "a row of the waitlist is deleted",
        "DELETE FROM lastseat.waitlist WHERE booking_id = '{waits}' AND bookable_id = 'booth'",
        ("booking {waits}, waiting for booth: is in the journal, but has no row",),
    ),
    Case(
        "who has an offer waits still",
        "UPDATE lastseat.waitlist SET booking_id = '{offered}' WHERE booking_id = '{later}'",
        (
            "booking {later}, waiting for booth: is in the journal, but has no row",
            (
                "booking {offered}, waiting for booth: is a row,"
                " but by the journal it does not wait there"
            ),
        ),
    ),
    Case(
        "somebody waits for what has no line",
        "INSERT INTO lastseat.waitlist SELECT tenant_id, 'nothing', booking_id, queue_id, actor_id,"
        " seq, units, during, awaited, joined_at FROM lastseat.waitlist"
        " WHERE booking_id = '{later}'",
        (
            (
                "booking {later}, waiting for nothing: is a row,"
                " but by the journal it does not wait there"
            ),
        ),
    ),
    Case(
        "a head says that nobody waits",
        head("waiting = 0", "booth"),
        ("stream booth: waiting is 0; the journal comes to 2",),
    ),
    Case(
        "a head says that somebody waits",
        head("waiting = 1", "yoga"),
        ("stream yoga: waiting is 1; the journal comes to 0",),
    ),
    Case(
        "a line is of another kind",
        head("waitlist = 'first_that_fits'", "talk"),
        ("stream talk: waitlist is first_that_fits; the journal comes to fifo",),
    ),
    Case(
        "a line is closed",
        head("waitlist = 'closed'", "booth"),
        ("stream booth: waitlist is closed; the journal comes to fifo",),
    ),
    Case(
        "who waits has a place by the row",
        booking("status = 'CONFIRMED'", "waits"),
        ("booking {waits}: status is CONFIRMED; the journal comes to WAITLISTED",),
    ),
    Case(
        "an offer can be extended without end",
        booking("limit_at = NULL", "offered"),
        ("booking {offered}: limit_at is nothing; the journal comes to 2*",),
    ),
    Case(
        "what was offered is not taken",
        claim("live = false", "offered", 1),
        ("booking {offered}, claim 1: is not live, but the journal never freed it",),
    ),
    Case(
        "of what was offered there is more",
        claim("units = 2", "offered", 1),
        (
            "booking {offered}, claim 1: units is 2; the journal comes to 1",
            "stream talk: oversold: 2 units are live, and 1 fit",
        ),
    ),
)

JOURNAL = (
    Case(
        "a body is edited: the party that waits",
        body('"bookable":"talk"}', '"bookable":"talk","units":2}', "talk", 5),
        (
            "booking {waits}, waiting for talk: awaited is *; the journal comes to *",
            "booking {waits}, waiting for talk: units is 1; the journal comes to 2",
        ),
    ),
    Case(
        "a body is edited: whose line it is",
        body('"queue":"talk"', '"queue":"yoga"', "booth", 2),
        ("booking {waits}, waiting for booth: queue_id is talk; the journal comes to yoga",),
    ),
    Case(
        "a body is edited: what was offered",
        body('"units":1', '"units":2', "talk", 8),
        (
            "booking {offered}, claim 1: units is 1; the journal comes to 2",
            "stream talk, entry 8: oversold: takes 2, more than 1 and 0 overbooked",
            "stream talk: taken is 1; the journal comes to 2",
        ),
    ),
    Case(
        "a body is edited: until when it was offered",
        body('"expires_at":"2', '"expires_at":"3', "talk", 8),
        (
            "booking {offered}, claim 1: expires_at is 2*; its booking's is 3*",
            "booking {offered}: expires_at is 2*; the journal comes to 3*",
        ),
    ),
    Case(
        "nobody was offered anything",
        delete("talk", 8, 8),
        (
            "booking {offered}, claim 1: is a row of talk, but no entry made it",
            "booking {offered}, waiting for talk: is in the journal, but has no row",
            "booking {offered}: expires_at is 2*; the journal comes to nothing",
            "booking {offered}: limit_at is 2*; the journal comes to nothing",
            "booking {offered}: status is HELD; the journal comes to WAITLISTED",
            "booking {offered}: version is 2; the journal comes to 1",
            "stream talk: seq is 8; the journal comes to 7",
            "stream talk: taken is 1; the journal comes to 0",
            "stream talk: waiting is 1; the journal comes to 2",
        ),
    ),
)


@pytest.mark.parametrize("case", [*LINES, *JOURNAL], ids=lambda case: case.name)
def test_it_reports_exactly_what_is_wrong(
    case: Case, spoilable: Spoilable, retold: Callable[[], str], story: Story
) -> None:
    check(case, spoilable, story, retold)
