"""When the client asks again and when it gives up: no network is needed, that code does no I/O."""

from typing import Any

import msgspec
import pytest

from lastseat import outcomes as o
from lastseat.client import Answer, Forbidden, NotFound, Retries, ServiceError, Unavailable
from lastseat.client.call import Call, read, write
from lastseat.client.errors import Unauthorized
from lastseat.client.exchange import Broken, Met, Pause, Reply, Send, exchange
from lastseat.core.status import Status

BOOK: Call[Any] = write("POST", o.AnyOutcome, "v1", "bookings", body={"actor": "ann"}, key="k")
LOOK: Call[Any] = read(o.AnyOutcome, "v1", "bookings", "b-1")
BOOKED = o.Booked(booking_id="b-1", actor="ann", seat=1, units=1, status=Status.CONFIRMED)
CUT = Broken("ReadError")


def reply(status: int, body: Any = None, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, named, msgspec.json.encode(body) if body is not None else b"")


def refusal(status: int, outcome: o.Refusal, **headers: str) -> Reply:
    fields = msgspec.to_builtins(outcome)
    if "status" in fields:
        fields["booking_status"] = fields.pop("status")
    problem = {"type": "urn:x", "title": "t", "status": status, "detail": "d", "instance": "/x"}
    return reply(status, problem | fields, **headers)


class Tried:
    """A call played against prepared answers on a clock that moves only while it waits."""

    def __init__(self, *met: Reply | Broken, takes: float = 0.0) -> None:
        self.met = list(met)
        self.takes = takes
        self.now = 100.0
        self.sent: list[Send] = []
        self.pauses: list[Pause] = []

    def run(self, call: Call[Any] = BOOK, **bounds: Any) -> Answer[Any]:
        steps = exchange(call, Retries(**bounds), self.now)
        try:
            step = next(steps)
            while True:
                step = steps.send(self._do(step))
        except StopIteration as done:
            answer: Answer[Any] = done.value
            return answer

    def _do(self, step: Send | Pause) -> Met:
        if isinstance(step, Pause):
            self.pauses.append(step)
            self.now += step.most
            return Met(self.now)
        self.sent.append(step)
        self.now += self.takes
        return Met(self.now, self.met.pop(0))


@pytest.mark.parametrize(
    "passing", [CUT, reply(502), reply(503), reply(504, {"code": "gateway"})], ids=str
)
def test_what_passes_is_asked_again_with_the_same_key(passing: Reply | Broken) -> None:
    tried = Tried(passing, passing, reply(201, BOOKED, idempotency_replayed="true"))
    assert tried.run() == Answer(BOOKED, replayed=True)
    assert [x.headers["idempotency-key"] for x in tried.sent] == ['"k"'] * 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 501])
def test_what_would_be_the_same_again_is_not(status: int) -> None:
    tried = Tried(reply(status))
    with pytest.raises(ServiceError) as met:
        tried.run()
    assert met.value.status == status
    assert len(tried.sent) == 1


def test_a_refusal_is_the_outcome_with_its_own_status() -> None:
    already = o.Already(booking_id="b-1", actor="ann", bookable="yoga", seat=3, status=Status.HELD)
    assert Tried(refusal(409, already)).run() == Answer(already)


def test_overloaded_is_asked_again_and_is_the_answer_when_that_does_not_help() -> None:
    overloaded = o.Overloaded(retry_after=1.0)
    tried = Tried(refusal(503, overloaded, retry_after="1"), reply(201, BOOKED))
    assert tried.run().outcome == BOOKED
    assert tried.pauses[0].least == 1.0
    again = Tried(*[refusal(503, overloaded)] * 2)
    assert again.run(attempts=2).outcome == overloaded


def test_another_refusal_is_final_though_it_is_a_503() -> None:
    moment = "2027-03-01T18:00:00Z"
    behind = msgspec.convert(
        {"code": "clock_behind", "bookable": "yoga", "last": moment, "clock": moment}, o.ClockBehind
    )
    assert Tried(refusal(503, behind, retry_after="1")).run().outcome == behind


def test_the_pauses_grow_and_are_bounded() -> None:
    tried = Tried(*[CUT] * 7, reply(201, BOOKED))
    tried.run(attempts=8, first_pause=0.1, longest_pause=1.0)
    assert [x.most for x in tried.pauses] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1, 1, 1])
    assert {x.least for x in tried.pauses} == {0.0}


def test_the_attempts_are_bounded_and_the_call_can_be_executed_later() -> None:
    tried = Tried(*[CUT] * 3)
    with pytest.raises(Unavailable, match="no answer after 3 tries: ReadError") as met:
        tried.run(attempts=3)
    assert met.value.call is BOOK
    assert met.value.key == "k"


def test_the_seconds_are_bounded_and_each_try_knows_what_is_left() -> None:
    tried = Tried(*[CUT] * 9, takes=2.0)
    with pytest.raises(Unavailable):
        tried.run(attempts=99, seconds=7.0, first_pause=1.0, longest_pause=1.0)
    assert [x.seconds for x in tried.sent] == [7.0, 4.0, 1.0]


@pytest.mark.parametrize(
    "after", ["5", "Mon, 01 Mar 2027 18:00:05 GMT", "Mon, 01 Mar 2027 18:00:05 -0000"]
)
def test_a_retry_after_is_waited_for_in_seconds_or_as_a_date(after: str) -> None:
    late = reply(503, retry_after=after, date="Mon, 01 Mar 2027 18:00:00 GMT")
    tried = Tried(late, reply(201, BOOKED))
    tried.run()
    assert tried.pauses[0].least == 5.0


@pytest.mark.parametrize("after", ["soon", "", "-5", "²", "99999-01-01"])
def test_a_retry_after_that_is_none_is_passed_over(after: str) -> None:
    tried = Tried(reply(503, retry_after=after), reply(201, BOOKED))
    tried.run()
    assert tried.pauses[0].least == 0.0


def test_one_that_is_longer_than_the_patience_is_told_instead() -> None:
    tried = Tried(reply(503, {"code": "unavailable"}, retry_after="60"))
    with pytest.raises(Unavailable) as met:
        tried.run(seconds=30)
    assert met.value.retry_after == 60
    assert not tried.pauses


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "unauthorized", Unauthorized),
        (403, "forbidden", Forbidden),
        (404, "unknown_booking", NotFound),
        (404, "not_found", ServiceError),
        (429, "too_many_requests", Unavailable),
    ],
)
def test_what_is_no_outcome_is_raised_by_name(
    status: int, code: str, kind: type[ServiceError]
) -> None:
    problem = {"code": code, "detail": "why", "status": status}
    with pytest.raises(ServiceError, match="why") as met:
        Tried(reply(status, problem)).run(LOOK)
    assert type(met.value) is kind
    assert met.value.problem == problem


def test_a_read_raises_the_refusal_that_a_write_returns() -> None:
    unknown = o.UnknownBooking(booking_id="b-1")
    assert Tried(refusal(404, unknown)).run().outcome == unknown
    with pytest.raises(NotFound):
        Tried(refusal(404, unknown)).run(LOOK)


def test_a_redirect_is_not_followed_but_told() -> None:
    with pytest.raises(ServiceError, match=r"redirects to https://b\.example"):
        Tried(reply(308, location="https://b.example")).run()


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"code": "else"}', '{"code": "booked"}'])
def test_a_success_that_is_not_understood_is_no_success(body: str) -> None:
    with pytest.raises(ServiceError, match="is this a Lastseat service"):
        Tried(Reply(200, {}, body.encode())).run()


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "naïve", "a\nb", "\ud800"])
def test_a_key_that_no_header_carries_is_invalid_and_nothing_is_sent(key: str) -> None:
    tried = Tried()
    outcome = tried.run(write("POST", o.AnyOutcome, "v1", "x", body={}, key=key)).outcome
    assert isinstance(outcome, o.Invalid)
    assert outcome.field == "key"
    assert tried.sent == []


def test_quotes_in_a_key_are_escaped() -> None:
    tried = Tried(reply(201, BOOKED))
    tried.run(write("POST", o.AnyOutcome, "v1", "x", body={}, key='a"b\\'))
    assert tried.sent[0].headers["idempotency-key"] == r'"a\"b\\"'


def test_a_write_without_a_key_is_given_one_of_its_own() -> None:
    keys = {write("POST", o.AnyOutcome, "v1", "x", body={}).key for _ in range(100)}
    assert None not in keys
    assert len(keys) == 100


@pytest.mark.parametrize(
    ("segment", "path"),
    [
        ("a/b", "/a%2Fb"),
        ("..", "/%2E%2E"),
        (".", "/%2E"),
        ("a?b#c %", "/a%3Fb%23c%20%25"),
        ("é", "/%C3%A9"),
    ],
)
def test_an_id_stays_one_segment_of_the_path(segment: str, path: str) -> None:
    assert read(None, segment).path == path


def test_an_empty_id_is_an_error_not_another_route() -> None:
    with pytest.raises(ValueError, match="empty"):
        read(None, "v1", "bookings", "")


@pytest.mark.parametrize(
    "bounds",
    [{"attempts": 0}, {"seconds": 0.0}, {"first_pause": -1.0}, {"first_pause": 9.0}],
    ids=str,
)
def test_bounds_that_are_none_are_refused(bounds: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Retries(**bounds)
