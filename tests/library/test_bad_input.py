"""Whatever a caller passes: a clear refusal that names the field, and nothing written."""

import copy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from tests.library.conftest import Open
from tests.library.venue import at, claim, done, occurrence, pool, resource

import lastseat
from lastseat import Claim, Fact, Tenant
from lastseat import outcomes as o
from lastseat.engine.ids import new_id

NAIVE = datetime(2027, 3, 1, 18)  # noqa: DTZ001 - that is what is wrong with it
# The relay of whatever service runs beside numbers what others did.
TABLES = (
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'lastseat'"
    " AND table_name NOT IN ('feed_pages', 'relay')"
)


@pytest.fixture(scope="module")
def tables(conninfo: str) -> Iterator[Callable[[], dict[str, int]]]:
    """How many rows every table has."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        names = [name for (name,) in connection.execute(TABLES)]
        query = " UNION ALL ".join(f"SELECT '{x}', count(*) FROM lastseat.{x}" for x in names)
        assert len(names) > 8
        yield lambda: dict(connection.execute(query.encode()).fetchall())


def span(start: datetime, end: datetime, **more: Any) -> Claim:
    return Claim(bookable="lane", start=start, end=end, **more)


T = at(0)
WIDE = {f"{i}": (1, [Fact("x")]) for i in range(101)}
ENDLESS: dict[str, Any] = {}
ENDLESS["again"] = ENDLESS
FAR = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
EVENT: dict[str, Any] = {"duration": 60, "time_zone": "Europe/Paris", "capacity": 1}

BAD: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    # Units, names and the rest of a booking.
    *[("book", ("yoga",), {"actor": "ann", "units": x}, "claims[0].units")
      for x in (0, -1, 100_001, 10**30, True, 1.5, "2", None)],
    *[("book", ("yoga",), {"actor": x}, "actor")
      for x in ("", "a\nb", "a\0b", "\ud800", "x" * 201, None, 7)],
    *[("book", (x,), {"actor": "ann"}, "claims[0].bookable") for x in ("", "a\tb", "x" * 201)],
    ("book", ([],), {"actor": "ann"}, "claims"),
    ("book", ([7],), {"actor": "ann"}, "claims[0]"),
    ("book", (["yoga"] * 10_000,), {"actor": "ann"}, "claims"),
    ("book", (["yoga", "yoga"],), {"actor": "ann"}, "claims[1].bookable"),
    ("book", ("actor:1",), {"actor": "ann"}, "claims[0].bookable"),
    ("book", ("yoga",), {"actor": "ann", "key": ""}, "key"),
    ("book", ("yoga",), {"actor": "ann", "key": "a\0"}, "key"),
    ("book", ("yoga",), {"actor": "ann", "override": True}, "reason"),
    ("book", ("yoga",), {"actor": "ann", "override": True, "reason": " "}, "reason"),
    ("book", ("yoga",), {"actor": "ann", "override": 1, "reason": "x"}, "override"),
    ("book", ("yoga",), {"actor": "ann", "confirmed": None}, "confirmed"),
    *[("book", ("yoga",), {"actor": "ann", "metadata": x}, "metadata")
      for x in ({"a": "\0"}, {"a": float("nan")}, {1: 2}, {"a": "x" * 20_000}, ENDLESS, [1])],
    # Times of claims.
    ("book", (span(T, T),), {"actor": "ann"}, "claims[0].end"),
    ("book", (span(at(60), T),), {"actor": "ann"}, "claims[0].end"),
    ("book", (span(NAIVE, at(60)),), {"actor": "ann"}, "claims[0].start"),
    ("book", (span(T, NAIVE),), {"actor": "ann"}, "claims[0].end"),
    ("book", (span(T, FAR),), {"actor": "ann"}, "claims[0].end"),
    ("book", (span(T - timedelta(days=40_000), T),), {"actor": "ann"}, "claims[0].start"),
    ("book", (span(T, T + timedelta(days=401)),), {"actor": "ann"}, "claims[0].end"),
    ("book", (span(T, at(1), before=-1),), {"actor": "ann"}, "claims[0].before"),
    ("book", (span(T, at(1), after=10**9),), {"actor": "ann"}, "claims[0].after"),
    ("book", (Claim(bookable="lane", start=T),), {"actor": "ann"}, "claims[0].end"),
    ("book", ("lane",), {"actor": "ann"}, "claims[0].start"),
    ("book", (claim("yoga", 0, 60),), {"actor": "ann"}, "claims[0].start"),
    ("book", (claim("lane", 0, 60, 2),), {"actor": "ann"}, "claims[0].units"),
    # Holds.
    *[("hold", ("yoga",), {"actor": "ann", "seconds": x}, "hold_seconds")
      for x in (0, -60, 10**9, 1.5, timedelta(0), timedelta(days=-1))],
    ("hold", ("yoga",), {"actor": "ann", "limit": 0}, "limit_seconds"),
    *[("extend", (new_id(),), {"seconds": x}, "seconds") for x in (0, -1, 10**9)],
    # Targets.
    *[(x, ("nonsense",), {}, "target.booking_id")
      for x in ("confirm", "release", "cancel", "extend")],
    ("cancel", ("yoga",), {"actor": ""}, "target.actor"),
    ("cancel", ("",), {"actor": "ann"}, "target.bookable"),
    *[("confirm", (new_id(),), {"version": x}, "version") for x in (0, -1, "1", 2**40)],
    ("move", ("nonsense", "yoga"), {}, "moves[0].target.booking_id"),
    ("move", (new_id(), []), {}, "moves[0].claims"),
    ("move", (new_id(), "yoga"), {"units": 0}, "moves[0].claims[0].units"),
    ("move", (new_id(), "yoga"), {"override": True}, "reason"),
    ("move_together", ({},), {}, "moves"),
    ("move_together", ({new_id(): "yoga" for _ in range(51)},), {}, "moves"),
    # Definitions.
    *[("define_occurrence", ("x",), {"start": T, "end": at(1), "capacity": x}, "capacity")
      for x in (0, -1, 1_000_001, "3", None)],
    *[("define_occurrence", (x,), {"start": T, "end": at(1), "capacity": 1}, "bookable")
      for x in ("", "a\nb", "actor:1", "yoga@2027-03-01T18:00", "x" * 201)],
    ("define_occurrence", ("x",), {"start": T, "end": T, "capacity": 1}, "end"),
    ("define_occurrence", ("x",), {"start": at(1), "end": T, "capacity": 1}, "end"),
    ("define_occurrence", ("x",), {"start": NAIVE, "end": at(1), "capacity": 1}, "start"),
    ("define_occurrence", ("x",), {"start": T, "end": FAR, "capacity": 1}, "end"),
    ("define_occurrence", ("x",), {"start": "now", "end": T, "capacity": 1}, "start"),
    *[("define_resource", ("x",), {"time_zone": x}, "time_zone")
      for x in ("Mars/Olympus", "", "../../etc/passwd", "a\0b", "Europe")],
    ("define_resource", ("x",), {"actor_time": "sometimes"}, "actor_time"),
    ("define_pool", ("x",), {"capacity": 0}, "capacity"),
    ("define_event", ("x",), EVENT | {"starts": []}, "starts"),
    ("define_event", ("x",), EVENT | {"starts": ["monday"]}, "starts[0]"),
    ("define_event", ("x",), EVENT | {"starts": ["2027-02-30T18:00"]}, "starts[0]"),
    ("define_event", ("x",), EVENT | {"starts": ["2027-03-01T18:00"] * 2}, "starts"),
    ("define_event", ("x",), EVENT | {"starts": [T]}, "starts[0]"),
    ("define_event", ("x",), EVENT | {"starts": [NAIVE.replace(second=1)]}, "starts[0]"),
    ("define_event", ("x",), EVENT | {"starts": [NAIVE], "duration": 0}, "seconds"),
    ("define_event", ("x",), EVENT | {"starts": [NAIVE], "time_zone": "Nowhere"}, "time_zone"),
    ("define_event", ("x",), EVENT | {"starts": [NAIVE], "capacity": -3}, "capacity"),
    ("define_event", ("x@y",), EVENT | {"starts": [NAIVE]}, "bookable"),
    *[("change_capacity", ("yoga", x), {}, "capacity") for x in (0, -1, 1_000_001, 2.0)],
    ("change_capacity", ("lane", 2), {}, "capacity"),
    ("change_capacity", ("yoga", 2), {"override": True}, "reason"),
    # Facts.
    ("append_expect", ({},), {}, "facts"),
    ("append_expect", ({"yoga": (1, [])},), {}, "facts[yoga]"),
    ("append_expect", ({"yoga": (-1, [Fact("x")])},), {}, "expected[yoga]"),
    ("append_expect", ({"yoga": (1, [Fact("")])},), {}, "facts[yoga][0].name"),
    ("append_expect", ({"yoga": (1, [Fact("x", {"a": "\0"})])},), {}, "facts[yoga][0].data"),
    ("append_expect", ({"yoga": (1, [Fact("x")] * 101)},), {}, "facts"),
    ("append_expect", (WIDE,), {}, "expected"),
]  # fmt: skip


@pytest.fixture
def furnished(tenant: Tenant) -> Tenant:
    """A tenant with an occurrence, a resource and a pool."""
    occurrence(tenant)
    resource(tenant)
    pool(tenant)
    return tenant


@pytest.mark.parametrize(
    ("operation", "args", "kwargs", "field"),
    BAD,
    ids=[f"{i}-{x[0]}-{x[3]}" for i, x in enumerate(BAD)],
)
def test_bad_input_is_refused_by_its_field_and_nothing_is_written(
    furnished: Tenant,
    tables: Callable[[], dict[str, int]],
    operation: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    field: str,
) -> None:
    before = tables()
    outcome = done(getattr(furnished, operation)(*args, **kwargs), o.Invalid)
    assert outcome.field == field
    assert outcome.reason
    assert outcome.code == "invalid"
    assert tables() == before


@pytest.mark.parametrize("name", ["", "a\0b", "a\nb", "\ud800", "x" * 201])
def test_a_tenant_of_an_impossible_name_is_refused(
    face: Open, tables: Callable[[], dict[str, int]], name: str
) -> None:
    before = tables()
    nobody = face(name)
    assert done(nobody.book("yoga", actor="ann"), o.Invalid).field == "tenant_id"
    with pytest.raises(lastseat.NotFound):
        nobody.bookable("yoga")
    assert nobody.journal("yoga") == []
    assert tables() == before


# What is not there --------------------------------------------------------------------------------


def test_unknown_ids_are_told_and_leave_nothing(
    furnished: Tenant, tables: Callable[[], dict[str, int]]
) -> None:
    before = tables()
    unknown = new_id()
    assert done(furnished.book("nothing", actor="ann"), o.UnknownBookable).bookable == "nothing"
    assert furnished.book(["yoga", "nothing"], actor="ann").code == "unknown_bookable"
    assert furnished.hold("nothing", actor="ann").code == "unknown_bookable"
    assert furnished.change_capacity("nothing", 3).code == "unknown_bookable"
    assert furnished.cancel("nothing", actor="ann").code == "unknown_bookable"
    for operation in (furnished.confirm, furnished.release, furnished.cancel, furnished.extend):
        assert done(operation(unknown), o.UnknownBooking).booking_id == unknown
    assert furnished.move(unknown, "yoga").code == "unknown_booking"
    assert tables() == before


@pytest.mark.parametrize(
    "name", ["nothing", "", "a\0b", "\ud800", "x" * 5000, "'; DROP TABLE lastseat.heads; --"]
)
def test_reads_of_what_is_not_there_say_so(furnished: Tenant, name: str) -> None:
    for read in ("bookable", "roster", "seats_left", "booking_count", "observe", "booking"):
        with pytest.raises(lastseat.NotFound):
            getattr(furnished, read)(name)
    for read in ("seat_of", "is_booked", "seat_state"):
        with pytest.raises(lastseat.NotFound):
            getattr(furnished, read)(name, "ann")
    assert furnished.seat_of("yoga", name) == 0
    assert furnished.is_booked("yoga", name) is False
    assert furnished.seat_state("yoga", name) == "none"
    assert furnished.journal(name) == []


def test_what_is_not_there_is_told_with_what_it_would_be_and_its_id(furnished: Tenant) -> None:
    day = T.date()
    hour: dict[str, Any] = {"start": T, "end": at(60)}
    there_is_none: list[tuple[str, str, Callable[[], Any]]] = [
        ("bookable", "x", lambda: furnished.bookable("x")),
        ("bookable", "x", lambda: furnished.is_free(["x"], **hour)),
        ("bookable", "x", lambda: furnished.busy("x", **hour)),
        ("booking", "x", lambda: furnished.booking("x")),
        ("booking", "x", lambda: furnished.audit("x")),
        ("event", "x", lambda: furnished.schedule("x")),
        ("occurrence", "x", lambda: furnished.observe("x")),
        ("service", "x", lambda: furnished.slots("x", **hour)),
        (
            "owner",
            "location:x",
            lambda: furnished.effective_hours("location:x", day, day),
        ),
    ]
    for what, name, read in there_is_none:
        with pytest.raises(lastseat.NotFound, match="there is no ") as raised:
            read()
        error = raised.value
        assert (error.what, error.id, str(error)) == (what, name, error.message)
        assert str(copy.copy(error)) == error.message


@pytest.mark.parametrize(
    "booking_id",
    ["-" * 36, "0" * 36, new_id().upper(), "{" + new_id() + "}"],
    ids=["hyphens", "digits", "upper", "braces"],
)
def test_what_only_looks_like_an_id_is_no_booking(furnished: Tenant, booking_id: str) -> None:
    with pytest.raises(lastseat.NotFound):
        furnished.booking(booking_id)


@pytest.mark.parametrize("limit", [0, -1, 10_001, 10**30])
def test_a_page_has_a_sensible_size(furnished: Tenant, limit: int) -> None:
    for read in (
        lambda: furnished.roster("yoga", limit=limit),
        lambda: furnished.journal("yoga", limit=limit),
        lambda: furnished.expire(limit=limit),
    ):
        with pytest.raises(ValueError, match="limit must be from 1 to 10000"):
            read()


@pytest.mark.parametrize("after", [-1, 2**63, 10**30])
def test_a_page_begins_somewhere(furnished: Tenant, after: int) -> None:
    with pytest.raises(ValueError, match="after_seat must be from 0"):
        furnished.roster("yoga", after_seat=after)
    with pytest.raises(ValueError, match="after must be from 0"):
        furnished.journal("yoga", after=after)


# Another tenant's ---------------------------------------------------------------------------------


def test_nothing_of_one_tenant_is_visible_to_another(
    face: Open, furnished: Tenant, tenant_id: str
) -> None:
    made = done(furnished.book("yoga", actor="ann"), o.Booked)
    held = done(furnished.hold("yoga", actor="ben"), o.Held)
    stranger = face(f"{tenant_id} stranger")
    for operation in (stranger.confirm, stranger.release, stranger.cancel, stranger.extend):
        for booking_id in (made.booking_id, held.booking_id):
            assert operation(booking_id) == o.UnknownBooking(booking_id=booking_id)
    assert stranger.cancel("yoga", actor="ann") == o.UnknownBookable(bookable="yoga")
    assert stranger.book("yoga", actor="cy") == o.UnknownBookable(bookable="yoga")
    assert stranger.move(made.booking_id, "yoga") == o.UnknownBooking(booking_id=made.booking_id)
    assert stranger.change_capacity("yoga", 1) == o.UnknownBookable(bookable="yoga")
    assert stranger.append_expect({"yoga": (3, [Fact("x")])}) == o.UnknownBookable(bookable="yoga")
    assert stranger.journal("yoga") == []
    assert stranger.expire() == 0
    for read, name in (("bookable", "yoga"), ("roster", "yoga"), ("booking", made.booking_id)):
        with pytest.raises(lastseat.NotFound):
            getattr(stranger, read)(name)
    assert furnished.booking_count("yoga") == 2


def test_two_tenants_may_use_the_same_names(face: Open, furnished: Tenant, tenant_id: str) -> None:
    other = face(f"{tenant_id} other")
    occurrence(other, capacity=1)
    for tenant in (furnished, other):
        assert done(tenant.book("yoga", actor="ann"), o.Booked).seat == 1
    assert (furnished.seats_left("yoga"), other.seats_left("yoga")) == (2, 0)
