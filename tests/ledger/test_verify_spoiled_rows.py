"""Whatever is done to a projection, `verify` reports it: that, where it is, and nothing else."""

from collections.abc import Callable

import pytest
from tests.ledger.spoiling import Case, Spoilable, booking, check, claim, head, mine
from tests.ledger.story import Story

NEW_CLAIM = (
    "INSERT INTO lastseat.claims (tenant_id, booking_id, no, bookable_id, actor_id, units, seq,"
    " live, exclusive, override, own_time) SELECT tenant_id, booking_id, 7, bookable_id, actor_id,"
    " units, seq, {live}, exclusive, override, own_time FROM lastseat.claims"
    " WHERE booking_id = '{ann}' AND no = 1"
)

HEADS = (
    *(
        Case(
            f"a head's {change.split()[0]} is changed",
            head(change, stream),
            (f"stream {stream}: {found}",),
        )
        for stream, change, found in (
            ("yoga", "taken = 3", "taken is 3; the journal comes to 5"),
            ("yoga", "capacity = 20", "capacity is 20; the journal comes to 12"),
            ("yoga", "overbooked = 1", "overbooked is 1; the journal comes to 0"),
            ("yoga", "seq = 22", "seq is 22; the journal comes to 21"),
            ("yoga", "at = at - interval '1 s'", "at is 2*; the journal comes to 2*"),
            ("yoga", "at = 'infinity'", "at is inf; the journal comes to 2*"),
            ("yoga", "at = NULL", "at is nothing; the journal comes to 2*"),
            (
                "yoga",
                "starts_at = starts_at - interval '1 h'",
                "starts_at is 2031-11-24T17:*; the journal comes to 2031-11-24T18:*",
            ),
            (
                "yoga",
                "ends_at = '9999-12-31 23:59:59Z'",
                "ends_at is 9999-*; the journal comes to 2031-11-24T19:00:00+00:00",
            ),
            ("yoga", "time_zone = 'UTC'", "time_zone is UTC; the journal comes to Europe/Rome"),
            ("yoga", "event_id = 'class'", "event_id is class; the journal comes to nothing"),
            ("yoga", "actor_time = 'allow'", "actor_time is allow; the journal comes to refuse"),
            (
                "service:tour",
                "location_id = 'airport'",
                "location_id is airport; the journal comes to harbour",
            ),
            (
                "service:tour",
                "location_id = NULL",
                "location_id is nothing; the journal comes to *",
            ),
            ("service:tour", "kind = 'pool'", "kind is pool; the journal comes to limit"),
            ("lane 3", "kind = 'pool'", "kind is pool; the journal comes to resource"),
            (
                "class@2031-12-08T18:00",
                "own_capacity = false",
                "own_capacity is False; the journal comes to True",
            ),
        )
    ),
    Case(
        "a head is deleted",
        f"DELETE FROM lastseat.heads WHERE {mine('bookable_id', 'skis')}",
        ("stream skis: has entries, but no head",),
    ),
    Case(
        "a head is there that no entry defined",
        "INSERT INTO lastseat.heads (tenant_id, bookable_id, kind, capacity)"
        " VALUES ('studio', 'ghost', 'pool', 3)",
        (
            "stream ghost: kind is pool; the journal comes to unborn",
            "stream ghost: capacity is 3; the journal comes to 0",
        ),
    ),
    Case(
        "a head without a journal takes something",
        "INSERT INTO lastseat.heads (tenant_id, bookable_id, overbooked, taken)"
        " VALUES ('studio', 'ghost', 1, 1)",
        (
            "stream ghost: overbooked is 1; the journal comes to 0",
            "stream ghost: taken is 1; the journal comes to 0",
        ),
    ),
    Case(
        "an unborn head is sound",
        "INSERT INTO lastseat.heads (tenant_id, bookable_id) VALUES ('studio', 'asked for')",
    ),
)

EVENTS = (
    Case(
        "an event's starts are changed",
        "UPDATE lastseat.events SET starts = starts[2:] WHERE " + mine("event_id", "class"),
        ("event class: starts is *; the journal comes to *",),
    ),
    Case(
        "an event's length is changed",
        "UPDATE lastseat.events SET seconds = 60 WHERE " + mine("event_id", "class"),
        ("event class: seconds is 60; the journal comes to 3600",),
    ),
    Case(
        "an event's row is deleted",
        "DELETE FROM lastseat.events WHERE " + mine("event_id", "class"),
        ("event class: has no row with its starts",),
    ),
    Case(
        "an event's schedule is that from before an edit",
        "UPDATE lastseat.events SET schedule = replace(schedule::text, '19:00', '18:00')::json"
        " WHERE " + mine("event_id", "course"),
        ("event course: schedule is *; the journal comes to *",),
    ),
    Case(
        "an occurrence is back where it was before an edit",
        head("starts_at = starts_at - interval '1 h'", "course@2031-12-02T18:00"),
        (
            (
                "stream course@2031-12-02T18:00: starts_at is 2031-12-02T17:00:00+00:00;"
                " the journal comes to 2031-12-02T18:00:00+00:00"
            ),
        ),
    ),
    Case(
        "an occurrence takes place that was called off",
        head("called_off = false", "course@2031-12-09T18:00"),
        ("stream course@2031-12-09T18:00: called_off is False; the journal comes to True",),
    ),
    Case(
        "an event's row is added",
        "INSERT INTO lastseat.events VALUES ('studio', 'skis', '{}', 60),"
        " ('studio', 'nothing', '{}', 60)",
        (
            "event skis: has starts, but the journal has no event",
            "event nothing: has starts, but the journal has no event",
        ),
    ),
)

RULES = (
    Case(
        "rules are changed",
        """UPDATE lastseat.rules SET rules = '{"lead_seconds":0}' WHERE """
        + mine("owner_id", "east"),
        ('rules of east: rules is {"lead_seconds":0}; the journal comes to {"lead_seconds":60}',),
    ),
    Case(
        "rules are no rules any more",
        f"UPDATE lastseat.rules SET rules = '[]' WHERE {mine('owner_id', 'east')}",
        ('rules of east: rules is *; the journal comes to {"lead_seconds":60}',),
    ),
    Case(
        "rules are deleted",
        f"DELETE FROM lastseat.rules WHERE {mine('owner_id', 'hall')}",
        ("rules of hall: are in the journal, but have no row",),
    ),
    Case(
        "rules are added",
        "INSERT INTO lastseat.rules VALUES ('studio', 'lane 1', '{}'), ('studio', 'none', '{}')",
        (
            "rules of lane 1: are a row, but the journal has none",
            "rules of none: are a row, but the journal has none",
        ),
    ),
    Case(
        "a composite loses a part",
        head("parts = parts[2:]", "hall"),
        ("stream hall: parts is *west*; the journal comes to *east*west*",),
    ),
    Case(
        "what is no composite has parts",
        head("parts = '{east}'", "lane 1"),
        ("stream lane 1: parts is *east*; the journal comes to nothing",),
    ),
    Case(
        "a booking leaves its series",
        booking("series_id = NULL", "monday"),
        ("booking {monday}: series_id is nothing; the journal comes to *",),
    ),
    Case(
        "a booking joins a series",
        booking("series_id = booking_id", "ann"),
        ("booking {ann}: series_id is *; the journal comes to nothing",),
    ),
)

BOOKINGS = (
    *(
        Case(
            f"a booking's {change.split()[0]} is changed",
            booking(change, name),
            (f"booking {{{name}}}: {found}",),
        )
        for name, change, found in (
            ("ann", "status = 'CANCELLED'", "status is CANCELLED; the journal comes to CONFIRMED"),
            ("dan", "status = 'RESERVED'", "status is RESERVED; the journal comes to CANCELLED"),
            (
                "came",
                "status = 'CONFIRMED'",
                "status is CONFIRMED; the journal comes to CHECKED_IN",
            ),
            (
                "left",
                "status = 'CHECKED_IN'",
                "status is CHECKED_IN; the journal comes to COMPLETED",
            ),
            ("absent", "status = 'CONFIRMED'", "status is CONFIRMED; the journal comes to NO_SHOW"),
            ("late", "version = 3", "version is 3; the journal comes to 4"),
            ("bob", "version = 4", "version is 4; the journal comes to 3"),
            ("ann", "made = 1", "made is 1, and its highest claim is 2"),
            ("ann", "actor_id = gen_random_uuid()", "actor_id is *; the journal comes to *"),
            ("ann", "expires_at = now()", "expires_at is 2*; the journal comes to nothing"),
            ("swept", "limit_at = NULL", "limit_at is nothing; the journal comes to 2*"),
        )
    ),
    Case(
        "a booking is deleted",
        "DELETE FROM lastseat.bookings WHERE booking_id = '{ann}'",
        ("booking {ann}: is in the journal, but has no row",),
    ),
    Case(
        "a booking is added",
        "INSERT INTO lastseat.bookings VALUES ('studio', '00000000-0000-0000-0000-000000000001',"
        " gen_random_uuid(), 'CONFIRMED', 1, 0, NULL, NULL, now(), now())",
        ("booking 00000000-*-000000000001: is a row, but the journal has no entry of it",),
    ),
)

CLAIMS = (
    *(
        Case(
            f"a claim's {change.split()[0]} is changed",
            claim(change, name, no),
            (f"booking {{{name}}}, claim {no}: {found}",),
        )
        for name, no, change, found in (
            ("ann", 1, "units = 1", "units is 1; the journal comes to 2"),
            ("ann", 1, "seq = 1", "seq is 1; the journal comes to 2"),
            ("ann", 1, "seq = 14", "seq is 14; the journal comes to 2"),
            ("ann", 1, "override = true", "override is True; the journal comes to False"),
            ("fay", 4, "exclusive = false", "exclusive is False; the journal comes to True"),
            ("fay", 4, "own_time = true", "own_time is True; the journal comes to False"),
            ("ann", 1, "actor_id = gen_random_uuid()", "actor_id is *; the journal comes to *"),
            ("fay", 1, "time_zone = NULL", "time_zone is nothing; the journal comes to Eur*"),
            (
                "fay",
                1,
                "local_start = '2031-11-24 20:01'",
                "local_start is 2031-11-24T20:01:00; the journal comes to 2031-11-24T20:00:00",
            ),
            ("fay", 1, "local_start = 'infinity'", "local_start is infinity; the journal *"),
            ("ann", 1, "live = false", "is not live, but the journal never freed it"),
            ("dan", 1, "live = true", "is live, but entry 9 of yoga freed it"),
            ("ann", 1, "expires_at = now()", "expires_at is 2*; its booking's is nothing"),
        )
    ),
    Case(
        "a claim is moved in time",
        claim(
            "during = tstzrange(lower(during) + '1 min', upper(during)),"
            " blocked = tstzrange(lower(blocked), upper(blocked) + '1 min')",
            "gus",
            3,
        ),
        (
            "booking {gus}, claim 3: start is *T19:01:*; the journal comes to *T19:00:*",
            "booking {gus}, claim 3: blocked_end is *T20:01:*; the journal comes to *T20:00:*",
        ),
    ),
    Case(
        "a claim of an occurrence is given a time",
        claim("during = '[2031-11-24Z, infinity)'", "ann", 1),
        (
            "booking {ann}, claim 1: start is *T00:00:*; the journal comes to nothing",
            "booking {ann}, claim 1: end is inf; the journal comes to nothing",
        ),
    ),
    Case(
        "a claim is deleted",
        "DELETE FROM lastseat.claims WHERE booking_id = '{ann}' AND no = 1",
        ("booking {ann}, claim 1: of yoga is in the journal, but has no row",),
    ),
    Case(
        "a freed claim is deleted",
        "DELETE FROM lastseat.claims WHERE booking_id = '{dan}' AND no = 1",
        ("booking {dan}, claim 1: of yoga is in the journal, but has no row",),
    ),
    *(
        Case(
            f"a claim is added, live {live}",
            NEW_CLAIM.replace("{live}", live),
            (
                "booking {ann}, claim 7: is a row of yoga, but no entry made it",
                "booking {ann}: made is 2, and its highest claim is 7",
            ),
        )
        for live in ("true", "false")
    ),
)


ALL = [*HEADS, *EVENTS, *RULES, *BOOKINGS, *CLAIMS]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_it_reports_exactly_what_is_wrong(
    case: Case, spoilable: Spoilable, retold: Callable[[], str], story: Story
) -> None:
    check(case, spoilable, story, retold)
