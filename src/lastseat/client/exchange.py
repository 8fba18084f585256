"""One call from its first try to its answer, without I/O: both faces of the client run this code.

`exchange` yields what is to be done (`Send`, `Pause`) and is sent what came of it, with the time it
is by a monotonic clock. It returns the answer, or raises what errors.py has. What a refusal's JSON
becomes is in replies.py, when to try again in retrying.py.
"""

from collections.abc import Generator, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from lastseat.client.call import Answer, Call
from lastseat.client.errors import Unavailable
from lastseat.client.replies import is_unknown, read_reply, refused
from lastseat.client.retrying import PASSING, Retries, retry_after
from lastseat.core.outcomes import Invalid, Overloaded

T = TypeVar("T")

KEY_LENGTH = 200
"""Characters of an idempotency key, at most."""


LEAST_SECONDS = 0.1
"""However little time is left, a try is given so much: none would be no try."""


class Send(Struct, frozen=True):
    """Send the call; no waiting for longer than `seconds`."""

    call: Call[Any]
    headers: dict[str, str]
    seconds: float


class Pause(Struct, frozen=True):
    """Wait for a random time between these, in seconds."""

    least: float
    most: float


class Reply(Struct, frozen=True):
    """What the service answered; the headers' names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Broken(Struct, frozen=True):
    """No answer: the connection could not be made or broke off, or time ran out."""

    reason: str


class Met(Struct, frozen=True):
    """What came of a step, at `now` seconds."""

    now: float
    what: Reply | Broken | None = None


def exchange(
    call: Call[T], retries: Retries, now: float
) -> Generator[Send | Pause, Met, Answer[T]]:
    """Ask until there is an answer or the bounds of `retries` are met.

    Raises `Unavailable` when there is none, `ServiceError` for an answer that is no outcome.
    """
    if call.unsendable is not None:
        return Answer(call.unsendable)  # type: ignore[arg-type]
    if call.key is not None and not _sendable(call.key):
        return _no_key()
    asking, attempt = call, 0
    until = now + retries.seconds
    while True:
        attempt += 1
        met = yield Send(asking, _headers(asking), max(until - now, LEAST_SECONDS))
        assert met.what is not None
        if isinstance(met.what, Reply) and not _worth_waiting(met.what):
            if asking.elsewhere is None or not is_unknown(met.what.status, met.what.body):
                return read_reply(asking, met.what.status, met.what.headers, met.what.body)
            asking, attempt, now = asking.elsewhere, 0, met.now
            continue
        asked = retry_after(met.what.headers) if isinstance(met.what, Reply) else None
        least, most = retries.pause(attempt, asked)
        if attempt >= retries.attempts or met.now + least >= until:
            return _given_up(call, met.what, attempt, asked)
        now = (yield Pause(least, min(most, until - met.now))).now
        if now >= until:
            return _given_up(call, met.what, attempt, asked)


def _headers(call: Call[Any]) -> dict[str, str]:
    headers = {"accept": "application/json"}
    if call.body is not None:
        headers["content-type"] = "application/json"
    if call.key is not None:
        headers["idempotency-key"] = _quoted(call.key)
    return headers


def _worth_waiting(what: Reply | Broken) -> bool:
    """Whether the same request may fare better later.

    A refusal is an answer even when it is a 503: all but `overloaded`, which decided nothing.
    """
    if isinstance(what, Broken):
        return True
    if what.status not in PASSING:
        return False
    outcome = refused(what.body)
    return outcome is None or isinstance(outcome, Overloaded)


def _given_up(call: Call[T], what: Reply | Broken, attempts: int, asked: float | None) -> Answer[T]:
    if isinstance(what, Reply):
        return read_reply(call, what.status, what.headers, what.body)
    message = f"no answer after {attempts} tries: {what.reason}"
    raise Unavailable(message, retry_after=asked, call=call)


def _sendable(key: object) -> bool:
    """Whether a header can carry it."""
    if not isinstance(key, str):
        return False
    visible = key.isascii() and key.isprintable() and " " not in key
    return visible and 1 <= len(key) <= KEY_LENGTH


def _quoted(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _no_key() -> Answer[T]:
    reason = f"over HTTP a key is 1 to {KEY_LENGTH} visible ASCII characters"
    return Answer(Invalid(field="key", reason=reason))  # type: ignore[arg-type]
