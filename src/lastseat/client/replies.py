"""What an answer of the service says: an outcome, a view, or an exception of errors.py."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from lastseat.client.call import Answer, Call
from lastseat.client.errors import Forbidden, NotFound, ServiceError, Unauthorized, Unavailable
from lastseat.client.retrying import PASSING, retry_after
from lastseat.client.wired import SlotRefused
from lastseat.core.outcomes import AnyOutcome, Refusal
from lastseat.views.times import Suggestion

T = TypeVar("T")

SUCCESS, REDIRECTED = range(200, 300), range(300, 400)
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY = 401, 403, 404, 429
REPLAYED = "idempotency-replayed"

_PROBLEMS_OWN = ("type", "title", "status", "detail", "instance")
"""The members that RFC 9457 gives a problem; the others are the outcome's fields."""


def read_reply(call: Call[T], status: int, headers: Mapping[str, str], body: bytes) -> Answer[T]:
    """The answer to `call`, or what there is to raise."""
    if status in SUCCESS:
        return Answer(_success(call, status, body), headers.get(REPLAYED) == "true")
    outcome = _slot_refused(body) or refused(body)
    if outcome is not None and call.refusable:
        replayed = headers.get(REPLAYED) == "true"
        return Answer(outcome, replayed, _suggested(body))  # type: ignore[arg-type]
    raise _error(call, status, headers, body)


def refused(body: bytes) -> Refusal | None:
    """The refusal that a problem's JSON is, or None when it is another problem or none at all."""
    fields = _problem(body)
    for name in _PROBLEMS_OWN:
        fields.pop(name, None)
    if "booking_status" in fields:
        # A problem's `status` is HTTP's number.
        fields["status"] = fields.pop("booking_status")
    try:
        outcome = msgspec.convert(fields, AnyOutcome)
    except msgspec.ValidationError:
        return None
    return outcome if isinstance(outcome, Refusal) else None


def _suggested(body: bytes) -> tuple[Suggestion, ...]:
    """The other times that came with a refusal."""
    try:
        return msgspec.json.decode(body, type=_Suggested).suggested_slots
    except msgspec.DecodeError:
        return ()


class _Suggested(Struct):
    suggested_slots: tuple[Suggestion, ...] = ()


def _slot_refused(body: bytes) -> SlotRefused | None:
    """A refusal as the reservations' routes word it, which say how to recover."""
    fields = _problem(body)
    if "recovery" not in fields:
        return None
    try:
        return msgspec.convert(fields, SlotRefused)
    except msgspec.ValidationError:
        return None


def is_unknown(status: int, body: bytes) -> bool:
    """Whether there is nothing of that id there."""
    return status == NOT_FOUND and str(_problem(body).get("code")).startswith("unknown_")


def _success(call: Call[T], status: int, body: bytes) -> T:
    if call.answer is bytes:
        return body  # type: ignore[return-value]
    try:
        found: Any = msgspec.json.decode(body, type=call.answer)
    except msgspec.DecodeError as error:
        raise ServiceError(
            f"{call.method} {call.path} was answered {status} with something unknown ({error}): is"
            " this a Lastseat service, and its version that of this client?",
            status=status,
        ) from error
    answer: T = call.take(found) if call.take is not None else found
    return answer


def _error(call: Call[Any], status: int, headers: Mapping[str, str], body: bytes) -> ServiceError:
    problem = _problem(body)
    code = str(problem["code"]) if "code" in problem else None
    said = problem.get("detail") or problem.get("title") or "no problem document came with it"
    message = f"{call.method} {call.path} was answered {status}: {said}"
    if status in REDIRECTED:
        message += f" (it redirects to {headers.get('location')})"
    if status == TOO_MANY or status in PASSING:
        return Unavailable(
            message,
            status=status,
            code=code,
            problem=problem,
            retry_after=retry_after(headers),
            call=call,
        )
    kinds = {UNAUTHORIZED: Unauthorized, FORBIDDEN: Forbidden}
    kind = NotFound if is_unknown(status, body) else kinds.get(status, ServiceError)
    return kind(message, status=status, code=code, problem=problem)


def _problem(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
