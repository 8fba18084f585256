"""Whatever is done to the journal, `verify` reports it: that, where it is, and nothing else."""

from collections.abc import Callable

import pytest
from tests.ledger.spoiling import Case, Spoilable, body, check, claim, delete, entry, head, mine
from tests.ledger.story import Story

from lastseat.ledger.verify import verify

NO_CHECK = "ALTER TABLE lastseat.heads DROP CONSTRAINT heads_never_oversold"
NO_EXCLUSION = "ALTER TABLE lastseat.claims DROP CONSTRAINT claims_exclusive"
NO_UNIQUE_LEAD = "DROP INDEX lastseat.journal_of_booking"
WITHOUT_LAST = (
    "DELETE FROM lastseat.journal WHERE booking_id = '{eve}' AND stream_id LIKE 'actor:%'"
    " AND type = 'cancelled';"
    "UPDATE lastseat.heads h SET seq = 1, at = j.at FROM lastseat.journal j"
    " WHERE j.booking_id = '{eve}' AND j.stream_id = h.bookable_id AND h.kind = 'actor'"
    " AND j.tenant_id = h.tenant_id;"
    "UPDATE lastseat.claims SET live = true WHERE booking_id = '{eve}' AND no = 2"
)

JOURNAL = (
    Case("an entry is gone", delete("yoga", 20, 20), ("stream yoga: entry 20 is missing",)),
    Case(
        "two leads are gone",
        delete("yoga", 4, 5),
        (
            "stream yoga: entries 4 to 5 are missing",
            "booking {bob}: version 2 has 0 lead entries, and not one",
            "booking {bob}: version 3 has 0 lead entries, and not one",
        ),
    ),
    Case(
        "the last entry is gone",
        delete("yoga", 21, 21),
        ("stream yoga: seq is 21; the journal comes to 20",),
    ),
    Case(
        "a whole stream is gone",
        delete("lane 3", 1, 9) + "; UPDATE lastseat.heads SET seq = 0, kind = 'unborn',"
        " capacity = 0, at = NULL, time_zone = NULL WHERE " + mine("bookable_id", "lane 3"),
        (
            "booking {max}, claim 2: is a row of lane 3, but no entry made it",
            "booking {swept}, claim 2: is a row of lane 3, but no entry made it",
        ),
    ),
    Case(
        "a body is edited: the party's size",
        body('"units":2', '"units":1', "yoga", 2),
        (
            "stream yoga: taken is 5; the journal comes to 4",
            "booking {ann}, claim 1: units is 2; the journal comes to 1",
        ),
    ),
    Case(
        "a body is edited: the capacity",
        body("12", "11", "yoga", 14),
        ("stream yoga: capacity is 12; the journal comes to 11",),
    ),
    Case(
        "a body is edited: the hold's end",
        body('"expires_at":"2', '"expires_at":"3', "lane 3", 3)
        + ";"
        + body('"expires_at":"2', '"expires_at":"3', "yoga", 16),
        ("booking {swept}: expires_at is 2*; the journal comes to 3*",),
    ),
    Case(
        "an entry is moved in time",
        entry("at = at + interval '1 day'", "yoga", 5),
        ("stream yoga, entry 6: its time 2* is before that of the last entry",),
    ),
    Case(
        "a lead is doubled",
        f"{NO_UNIQUE_LEAD}; UPDATE lastseat.journal SET lead = true WHERE booking_id = '{{ann}}'",
        ("booking {ann}: version 1 has 2 lead entries, and not one",),
    ),
    Case(
        "a lead is lost",
        entry("lead = false", "yoga", 2),
        ("booking {ann}: version 1 has 0 lead entries, and not one",),
    ),
    Case(
        "a version is skipped",
        "UPDATE lastseat.journal SET version = 3 WHERE booking_id = '{dan}' AND version = 2",
        ("booking {dan}: version 2 is missing from the journal",),
    ),
    Case(
        "a booking begins with its end",
        NO_UNIQUE_LEAD
        + "; UPDATE lastseat.journal SET version = 3 - version WHERE booking_id = '{dan}'",
        ("booking {dan}: can't be folded: yoga/9: the booking was never made",),
    ),
    Case(
        "claims are made for no booking",
        entry("booking_id = NULL, version = NULL", "yoga", 2),
        (
            "stream yoga, entry 2: can't follow what is before it: *claims without a booking",
            "booking {ann}: version 1 has 0 lead entries, and not one",
        ),
    ),
    Case(
        "a claim is left that was never made",
        body('"left":[1]', '"left":[8]', "lane 1", 3),
        ("stream lane 1, entry 3: can't follow what is before it: *8*",),
    ),
    Case(
        "the freeing of one stream is gone without a trace",
        WITHOUT_LAST,
        ("booking {eve}, claim 2: is live, but its booking is CANCELLED",),
    ),
)

UNREADABLE = tuple(
    Case(f"an entry can't be read: {change}", entry(change, "yoga", 2), (found,))
    for change, found in (
        ("type = 'booked_differently'", "stream yoga, entry 2: can't be read: KeyError: *"),
        ("v = 99", "stream yoga, entry 2: can't be read: KeyError: *99*"),
        ("v = 0", "stream yoga, entry 2: can't be read: KeyError: *"),
        ("body = '[]'", "stream yoga, entry 2: can't be read: ValidationError: *"),
        ('body = \'{"status":"HELD"}\'', "stream yoga, entry 2: can't be read: *actor_id*"),
        (
            "body = (repeat('[', 1500) || repeat(']', 1500))::json",
            "stream yoga, entry 2: can't be*",
        ),
    )
)

OVERRIDE = ',"override":true'
# In these the journal, the heads and the claims agree with each other: arithmetic alone can tell.
OVERSOLD = (
    Case(
        "an occurrence is oversold",
        f"{NO_CHECK}; {body('12', '4', 'yoga', 14)}; {head('capacity = 4')}",
        (
            "stream yoga, entry 15: oversold: takes 5, more than 4 and 0 overbooked",
            "stream yoga: oversold: 5 units are live, and 4 fit",
        ),
    ),
    Case(
        "an exclusive resource is sold twice",
        f"{NO_EXCLUSION}; {body(OVERRIDE, '', 'lane 2', 6)}; {claim('override = false', 'cup', 1)}",
        ("stream lane 2: sold twice: {fay}/4 and {cup}/1 overlap",),
    ),
    Case(
        "a pool is oversold",
        f"{body(OVERRIDE, '', 'skis', 4)}; {claim('override = false', 'leo', 1)}",
        ("stream skis: oversold: 9 units are live at 2031-11-24T23:30:00+00:00, and 4 fit",),
    ),
    Case(
        "a pool was oversold, and its capacity has changed since",
        body("4", "1", "skis", 1),
        ("stream skis: oversold: 3 units are live at 2031-11-24T23:00:00+00:00, and 1 fit",),
    ),
    Case(
        "more at once than a limit says",
        f"{body('4', '1', 'service:tour', 1)}; {head('capacity = 1', 'service:tour')}",
        ("stream service:tour: oversold: 2 units are live at 2031-11-24T18:30:*, and 1 fit",),
    ),
)


@pytest.mark.parametrize("case", [*JOURNAL, *UNREADABLE, *OVERSOLD], ids=lambda case: case.name)
def test_it_reports_exactly_what_is_wrong(
    case: Case, spoilable: Spoilable, retold: Callable[[], str], story: Story
) -> None:
    check(case, spoilable, story, retold)


def test_control_what_was_spoiled_is_sound_again(spoilable: Spoilable) -> None:
    spoilable.restore()
    assert verify(spoilable.conninfo).differences == ()
