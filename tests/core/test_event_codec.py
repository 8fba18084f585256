"""What the journal holds comes back as it was written, in this release and in later ones."""

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import settings
from hypothesis import strategies as st
from tests.core.given import at, between
from tests.core.values import values

from lastseat.core import events as e
from lastseat.core.claim import Awaited, Choice, Claim
from lastseat.core.rules import Hours, Rules, Span, SpecialDay
from lastseat.core.schedule import Override, Schedule, Segment
from lastseat.core.status import Status


@pytest.mark.parametrize("cls", e.TYPES.values())
@settings(max_examples=40, deadline=None)
@hypothesis_given(data=st.data())
def test_every_event_is_read_as_it_was_written(cls: type[e.Event], data: st.DataObject) -> None:
    event = data.draw(values(cls))
    assert e.decode(e.NAMES[cls], e.BODY_VERSION, e.encode(event)) == event


def test_every_event_has_a_word_in_the_journal_and_only_one() -> None:
    assert set(e.TYPES.values()) == set(get_args(e.Event))
    assert len(e.NAMES) == len(e.TYPES)


WRITTEN = {
    "defined": (
        '{"kind":"pool","capacity":2,"time_zone":"UTC"}',
        e.Defined(e.Kind.POOL, 2, None, "UTC"),
    ),
    "capacity_changed": ('{"capacity":3}', e.CapacityChanged(3)),
    "rules_changed": (
        (
            '{"rules":{"hours":{"weekly":{"SA":[{"opens":"18:00","closes":"02:00"}]},'
            '"special":[{"date":"2026-12-25"}]},"lead_seconds":3600}}'
        ),
        e.RulesChanged(
            Rules(
                hours=Hours(
                    weekly={"SA": (Span("18:00", "02:00"),)}, special=(SpecialDay("2026-12-25"),)
                ),
                lead_seconds=3600,
            )
        ),
    ),
    "schedule_changed": (
        (
            '{"schedule":{"segments":[{"start":"2026-11-23T18:00","seconds":60}],'
            '"overrides":[{"at":"2026-11-23T18:00","cancelled":true}]}}'
        ),
        e.ScheduleChanged(
            Schedule(
                (Segment("2026-11-23T18:00", 60),), (Override("2026-11-23T18:00", cancelled=True),)
            )
        ),
    ),
    "rescheduled": (
        '{"during":{"start":"2026-11-23T18:00:00Z","end":"2026-11-23T19:00:00Z"}}',
        e.Rescheduled(between(0, 60)),
    ),
    "called_off": ("{}", e.CalledOff()),
    "booked": (
        '{"actor_id":"ann","status":"CONFIRMED","claims":[{"no":1,"units":2,"exclusive":true}]}',
        e.Booked("ann", Status.CONFIRMED, (e.ClaimMade(1, 2, exclusive=True),)),
    ),
    "joined": (
        (
            '{"actor_id":"ann","queue":"lane","awaited":{"claims":[{"bookable":"lane",'
            '"start":"2026-11-23T18:00:00Z","end":"2026-11-23T19:00:00Z","after":600}],'
            '"choices":[{"of":["a","b"],"start":"2026-11-23T18:00:00Z",'
            '"end":"2026-11-23T19:00:00Z"}],"offer_seconds":60,"on":["lane","a","b"]}}'
        ),
        e.Joined(
            "ann",
            "lane",
            Awaited(
                (Claim(bookable="lane", start=at(0), end=at(60), after=600),),
                (Choice(of=("a", "b"), start=at(0), end=at(60)),),
                60,
                ("lane", "a", "b"),
            ),
        ),
    ),
    "offered": (
        (
            '{"actor_id":"ann","claims":[{"no":1,"units":2}],'
            '"expires_at":"2026-11-23T18:15:00Z","limit_at":"2026-11-23T19:00:00Z"}'
        ),
        e.Offered("ann", (e.ClaimMade(1, 2),), at(15), at(60)),
    ),
    "confirmed": ("{}", e.Confirmed()),
    "extended": ('{"expires_at":"2026-11-23T18:30:00Z"}', e.Extended(at(30))),
    "moved": (
        '{"actor_id":"ann","left":[1],"claims":[{"no":2,"units":1}]}',
        e.Moved("ann", (1,), (e.ClaimMade(2, 1),)),
    ),
    "released": ("{}", e.Released()),
    "cancelled": ("{}", e.Cancelled()),
    "expired": ("{}", e.Expired()),
    "checked_in": ("{}", e.CheckedIn()),
    "checked_out": ("{}", e.CheckedOut()),
    "completed": ("{}", e.Completed()),
    "no_show": ("{}", e.NoShow()),
    "updated": (
        '{"fields":["metadata","contact.email"]}',
        e.Updated(("metadata", "contact.email")),
    ),
    "fact": ('{"name":"doors","data":{"open":true}}', e.Fact("doors", {"open": True})),
    "checkpoint": (
        '{"capacity":2,"overbooked":0,"taken":1}',
        e.Checkpoint(2, 0, 1),
    ),
}


@pytest.mark.parametrize("name", e.TYPES)
def test_journals_written_by_the_release_that_had_them_first_stay_readable(name: str) -> None:
    """The texts are frozen: a change of shape needs a new body version and an upcaster."""
    body, event = WRITTEN[name]
    assert e.decode(name, 1, body) == event


@pytest.mark.parametrize(
    ("name", "body", "event"),
    [
        (
            "defined",
            '{"kind":"limit","capacity":2,"actor_time":"allow","location":"north"}',
            e.Defined(e.Kind.LIMIT, 2, actor_time=e.ActorTime.ALLOW, location="north"),
        ),
        (
            "defined",
            '{"kind":"composite","capacity":1,"actor_time":"allow","parts":["a","b"]}',
            e.Defined(e.Kind.COMPOSITE, 1, actor_time=e.ActorTime.ALLOW, parts=("a", "b")),
        ),
        (
            "defined",
            '{"kind":"pool","capacity":2,"waitlist":"first_that_fits"}',
            e.Defined(e.Kind.POOL, 2, waitlist=e.WaitPolicy.FIRST_THAT_FITS),
        ),
        (
            "booked",
            '{"actor_id":"ann","status":"CONFIRMED","claims":[{"no":1,"units":2}],"series":"x"}',
            e.Booked("ann", Status.CONFIRMED, (e.ClaimMade(1, 2),), series="x"),
        ),
        ("checked_in", '{"late":true}', e.CheckedIn(late=True)),
    ],
)
def test_what_was_added_to_a_body_since_is_readable_too(
    name: str, body: str, event: e.Event
) -> None:
    assert e.decode(name, 1, body) == event
    assert e.encode(event) == body


def test_an_old_body_is_brought_up_to_date_by_its_upcaster(monkeypatch: pytest.MonkeyPatch) -> None:
    def seats_were_a_list(body: dict[str, Any]) -> dict[str, Any]:
        body["claims"] = [{"no": i, "units": n} for i, n in enumerate(body.pop("seats"), 1)]
        return body

    monkeypatch.setitem(e.UPCASTERS, ("booked", 0), seats_were_a_list)
    old = '{"actor_id":"ann","status":"HELD","expires_at":"2026-11-23T18:15:00Z","seats":[2,1]}'
    claims = (e.ClaimMade(1, 2), e.ClaimMade(2, 1))
    assert e.decode("booked", 0, old) == e.Booked("ann", Status.HELD, claims, at(15))


@pytest.mark.parametrize(
    ("name", "version", "body", "error"),
    [
        ("teleported", 1, "{}", KeyError),
        ("confirmed", 0, "{}", KeyError),
        ("confirmed", e.BODY_VERSION + 1, "{}", KeyError),
        ("extended", 1, "{}", msgspec.ValidationError),
        ("extended", 1, '{"expires_at":"soon"}', msgspec.ValidationError),
        ("booked", 1, '{"actor_id":1,"status":"HELD","claims":[]}', msgspec.ValidationError),
        ("booked", 1, '{"actor_id":"a","status":"?","claims":[]}', msgspec.ValidationError),
    ],
    ids=["unknown type", "no upcaster", "a later release's", "missing", "wrong", "type", "status"],
)
def test_what_is_not_understood_is_not_guessed(
    name: str, version: int, body: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        e.decode(name, version, body)
