"""One story told twice, by the library and over HTTP: every answer is the same."""

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from tests.library.venue import T0, at

import lastseat
from lastseat import Claim, Contact, Fact
from lastseat import outcomes as o
from lastseat.client import Client

ROME = ZoneInfo("Europe/Rome")
NOBODY = "018f0000-0000-7000-8000-000000000000"
SLOT = Claim(bookable="lane 1", start=at(0), end=at(60), before=300, after=300)


def defining(tenant: Any) -> Iterator[object]:
    """What there is to book."""
    start = T0.astimezone(ROME)
    for name in ("yoga", "pilates/2"):
        yield tenant.define_occurrence(
            name, start=start, end=start + timedelta(hours=1), capacity=3, actor_time="allow"
        )
    yield tenant.define_occurrence("yoga", start=at(0), end=at(60), capacity=4)
    yield tenant.define_resource("lane 1", name="Lane 1", attributes={"long": True})
    yield tenant.define_pool("skis", capacity=2, actor_time="warn")
    yield tenant.define_event(
        "swim",
        starts=["2027-03-01T08:00", T0.replace(tzinfo=None)],
        duration=timedelta(minutes=45),
        time_zone="Europe/Rome",
        capacity=5,
    )
    yield tenant.change_capacity("swim", 6)
    yield tenant.change_capacity("skis", 3)
    yield tenant.change_capacity("nothing", 3)


def booking(tenant: Any) -> Iterator[object]:
    """Who gets a place, and who does not."""
    yield tenant.book(
        "yoga", actor="ann", contact=Contact(email="ann@example.org"), metadata={"m": 1}
    )
    yield tenant.book("yoga", actor="ann")
    yield tenant.book("yoga", actor="ben", units=3)
    yield tenant.book("yoga", actor="ben", units=2)
    yield tenant.change_capacity("yoga", 2)
    yield tenant.change_capacity("yoga", 2, override=True, reason="a mat is torn")
    yield tenant.book("swim@2027-03-01T08:00", actor="ann", confirmed=False)
    yield tenant.book("", actor="ann")
    yield tenant.book("yoga", actor="x" * 201)
    yield tenant.book([SLOT, "pilates/2"], actor="cyd")
    yield tenant.book(SLOT, actor="dee")
    yield tenant.book("yoga", actor="eve", override=True, reason="the teacher")
    yield tenant.book("yoga", actor="ann", key="tap-1")
    yield tenant.book("yoga", actor="ann", key="tap-1")
    yield tenant.book("yoga", actor="ann", units=2, key="tap-1")


def holding(tenant: Any) -> Iterator[object]:
    """A hold, and all that becomes of it."""
    hold = tenant.hold("pilates/2", actor="fay", seconds=60, limit=timedelta(minutes=2))
    yield hold
    yield tenant.seat_state("pilates/2", "fay")
    yield tenant.extend(hold.booking_id, seconds=90)
    yield tenant.extend(hold.booking_id, seconds=900)
    yield tenant.confirm(hold.booking_id, version=1)
    yield tenant.confirm(hold.booking_id, version=2, contact=Contact(phone="+39 1234"))
    yield tenant.release(hold.booking_id)
    yield tenant.no_show(hold.booking_id)
    yield tenant.check_in(hold.booking_id, reason="at the door")
    yield tenant.check_out(hold.booking_id)
    yield tenant.complete(hold.booking_id)
    yield tenant.cancel(hold.booking_id)
    yield tenant.cancel(NOBODY)
    yield tenant.expire()


def listed(found: Any) -> list[Any]:
    """All of a list: the library's page here, the client's pages."""
    return list(getattr(found, "items", found))


def changing(tenant: Any) -> Iterator[object]:
    """What is booked is written to, moved, cancelled."""
    (ann,) = listed(tenant.bookings(actor="ann", bookable="yoga"))
    (cyd,) = listed(tenant.bookings(actor="cyd"))
    yield tenant.update(ann.booking_id, metadata={"m": 2}, contact=Contact(name="Ann"))
    yield tenant.update(ann.booking_id)
    yield tenant.move(ann.booking_id, "pilates/2")
    yield tenant.move(ann.booking_id, "yoga", override=True, reason="she insists")
    yield tenant.move_together({ann.booking_id: "pilates/2", cyd.booking_id: [SLOT]})
    yield tenant.cancel("yoga", actor="eve")
    yield tenant.cancel("yoga", actor="eve")
    yield list(tenant.audit(ann.booking_id))
    yield list(tenant.booking_journal(cyd.booking_id))
    yield tenant.booking(ann.booking_id)
    yield tenant.booking(cyd.booking_id)
    # Every write over HTTP has a key, so there are more answers to forget her in.
    yield msgspec.structs.replace(tenant.forget("ann"), answers=0)
    yield tenant.booking(ann.booking_id)


def observing(tenant: Any) -> Iterator[object]:
    """Decisions on a picture."""
    seen = tenant.observe("yoga")
    yield seen
    yield tenant.book_with_observed(seen, actor="gus")
    yield tenant.change_capacity("yoga", 9)
    seen = tenant.observe("yoga")
    yield tenant.book_with_observed(seen, actor="ben")
    yield tenant.book_with_observed(seen, actor="gus")
    yield tenant.book_with_observed(seen, actor="hal")
    yield tenant.cancel_with_observed(seen, actor="hal")
    yield tenant.cancel_with_observed(tenant.observe("yoga"), actor="gus")
    yield tenant.append_expect({"yoga": (0, [Fact("swept", {"by": "bot"})])})
    seq = tenant.bookable("yoga").seq
    yield tenant.append_expect({"yoga": (seq, [Fact("swept", {"by": "bot"})])})


def looking(tenant: Any) -> Iterator[object]:
    """What is to be seen after all that."""
    for name in ("yoga", "lane 1", "skis", "swim"):
        yield tenant.bookable(name)
    for name in ("yoga", "pilates/2"):
        yield tenant.seats_left(name), tenant.booking_count(name)
    yield tenant.is_booked("yoga", "ben"), tenant.is_booked("yoga", "nobody")
    yield tenant.seat_of("yoga", "ben"), tenant.seat_of("yoga", "nobody")
    yield list(tenant.roster("yoga"))
    yield list(tenant.journal("yoga"))
    yield list(tenant.journal("swim"))


def story(tenant: Any) -> Iterator[object]:
    """What a venue does in a day, each step with its answer."""
    for part in (defining, booking, holding, changing, observing, looking):
        yield from part(tenant)


def plain(answer: object, known: dict[str, str]) -> Any:
    """The answer without what differs from run to run: ids by their order, no times of today."""

    def called(found: re.Match[str]) -> str:
        return known.setdefault(found[0], f"id-{len(known) + 1}")

    text = msgspec.json.encode([type(answer).__name__, answer]).decode()
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", called, text)
    return msgspec.json.decode(re.sub(r'"20(?!27-)\d\d-[^"]*"', '"now"', text))


def test_every_answer_is_the_librarys(client: Client, engine: lastseat.Engine) -> None:
    # A principal is whoever asked, hence the key over HTTP.
    library = engine.tenant(f"told-{id(client)}", principal=f"key:{uuid.uuid4()}")
    ids: tuple[dict[str, str], dict[str, str]] = ({}, {})
    codes = set()
    for told, heard in zip(story(library), story(client), strict=True):
        assert plain(heard, ids[1]) == plain(told, ids[0])
        if isinstance(told, o.Outcome):
            codes.add(told.code)
    assert len(codes) > 25, "it tells too little"
