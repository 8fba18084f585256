"""Whatever a caller passes: what can be sent is sent, and the service says what is wrong with it.

What can't be is `invalid` where the operation writes, and a `ValueError` where it reads or where
the address could not be written. Nothing else is raised, on neither face: both make their calls by
`Commands`, send them by `exchange`, and write them by `request`.
"""

import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

import lastseat
from lastseat import Claim, Need, Terms
from lastseat import outcomes as o
from lastseat.client import Answer, Call, Client, Commands, Retries
from lastseat.client.driving import request, settings
from lastseat.client.exchange import Send, exchange
from lastseat.core.interval import Interval
from lastseat.core.observed import Observed
from lastseat.core.rules import Rules

T = datetime(2027, 3, 1, 18, tzinfo=UTC)

ENDLESS: dict[str, Any] = {}
ENDLESS["again"] = ENDLESS

BAD: tuple[Any, ...] = (
    None, "", "tomorrow", "a\0b", "\ud800", "x" * 100_000, 0, -1, 10**30, 1.5, float("nan"), True,
    b"bytes", b"\xff", object(), int, [], [7], [object()], [None], {}, {"a": 1}, {1: object()}, {7},
    ENDLESS, [["x"]], T, T.replace(tzinfo=None), date(2027, 3, 1), timedelta.max, timedelta(-1),
    Claim(bookable=7, start="now"), [Claim(bookable="x", start=object())],  # type: ignore[arg-type]
    Decimal("NaN"), {"a": 5}, {"a": (1, 5)}, {"a": (1, [object()])}, {"a": "b", 5: "c"}, lambda: 1,
)  # fmt: skip

GOOD: Mapping[str, Any] = {
    "start": T, "end": T + timedelta(hours=1), "after": T, "horizon": T + timedelta(days=1),
    "first": T.date(), "last": T.date(), "capacity": 3, "limit": 5, "duration": 60,
    "claims": "yoga", "dates": ["yoga"], "moves": {"a": "yoga"}, "appends": {"a": (1, [])},
    "observed": Observed("yoga", 1, 3, Interval(T, T + timedelta(hours=1)), ()), "rules": Rules(),
    "changes": {},
    "terms": Terms(name="x", needs=(Need(of=("lane",)),), duration_seconds=60),
    "parts": ["a"], "scope": "all", "max_simultaneous_bookings": 1,
}  # fmt: skip
"""What the others are while one argument is bad; else "x"."""

METHODS = sorted(name for name in dir(Commands) if not name.startswith("_"))

ADDRESS = {
    "booking", "booking_id", "bookable", "event", "owner", "location_id", "service_id",
    "calendar_id", "feed_id", "webhook_id", "reservation_id",
}  # fmt: skip
"""What goes into the address where an operation writes."""

MADE = settings("http://127.0.0.1:1", None, None, 1.0)


def tried(make: Callable[[], Call[Any]]) -> str:
    """How a call comes out: "sent", "invalid" or the words of a `ValueError`."""
    try:
        call = make()
        step = next(exchange(call, Retries(), 0.0))
    except StopIteration as done:
        answer: Answer[Any] = done.value
        assert isinstance(answer.outcome, o.Invalid)
        return "invalid"
    except ValueError as error:
        return str(error) if type(error) is ValueError else repr(error)
    assert isinstance(step, Send)
    assert isinstance(request(MADE, step), httpx.Request)
    return "sent"


@pytest.mark.parametrize("name", METHODS)
def test_no_bad_value_of_any_argument_raises_what_is_not_documented(name: str) -> None:
    make = getattr(Commands(), name)
    parameters = inspect.signature(make).parameters
    needed = {x: GOOD.get(x, "x") for x, y in parameters.items() if y.default is y.empty}
    # `actor` names a seat where there is no booking's id; see test_access.py.
    assert tried(lambda: make(**needed)) == "sent"
    for parameter in parameters:
        for value in BAD:
            came = tried(lambda p=parameter, v=value: make(**(needed | {p: v})))  # type: ignore[misc]
            if came in {"sent", "invalid"}:
                continue
            assert not came.startswith("UnicodeEncodeError"), parameter
            writes = make(**needed).refusable
            assert not writes or parameter in ADDRESS | {"actor", "units"}, (parameter, came)


def test_bytes_are_no_text_however_json_would_write_them() -> None:
    call = Commands().book("yoga", actor=b"ann")  # type: ignore[arg-type]
    assert call.unsendable == o.Invalid(field="actor", reason="must not be bytes")


def test_a_time_that_is_none_is_refused_as_the_library_does(
    client: Client, tenant: lastseat.Tenant
) -> None:
    times: dict[str, Any] = {"start": "tomorrow", "end": T}
    refused = client.define_occurrence("z", **times, capacity=1)
    library = tenant.define_occurrence("z", **times, capacity=1)
    assert isinstance(refused, o.Invalid)
    assert isinstance(library, o.Invalid)
    assert refused.field == library.field == "start"


def test_what_json_has_no_word_for_is_refused_by_name(client: Client) -> None:
    refused = client.book("yoga", actor=object())  # type: ignore[arg-type]
    assert isinstance(refused, o.Invalid)
    assert refused.field == "actor"
    with pytest.raises(ValueError, match="start"):
        list(client.agenda(start=object(), end=T))  # type: ignore[arg-type]
