"""What the service answers: an outcome as JSON, or a problem as RFC 9457 has it.

A refusal becomes a problem whose `code` is the outcome's name and whose other members are the
outcome's fields. One of these changes its name, since RFC 9457 has taken `status` for the number:
the status of a booking is `booking_status` in a problem.

Bodies are made from bytes: on the hot route a response built member by member costs more than the
decision did.
"""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Response

from lastseat.core.outcomes import (
    ActorBusy,
    AnyOutcome,
    Code,
    Conflict,
    Full,
    NotBookable,
    Overloaded,
    Refusal,
)
from lastseat.engine.requests import Answer
from lastseat.http.edge import AT_ONCE
from lastseat.http.wording import DETAIL, STATUS, TITLE

PROBLEM_TYPE = "application/problem+json"
JSON_TYPE = "application/json"
WAITABLE = "can_join_waitlist"
"""The member of a conflict that says whether one could wait for it (MISSION C10)."""

_CONFLICTS = (Full, Conflict, NotBookable, ActorBusy)
"""The refusals for what somebody else has, or a rule: what another time may be free of."""

IF_MATCH = "lastseat.if_match"
"""Where a request's scope has the rule of the `conflict` that its If-Match may be: 412 then."""

_encode = msgspec.json.Encoder().encode
_Header = tuple[bytes, bytes]
_JSON: _Header = (b"content-type", JSON_TYPE.encode())
_PROBLEM: _Header = (b"content-type", PROBLEM_TYPE.encode())
_REPLAYED: _Header = (b"idempotency-replayed", b"true")


class Problem(Exception):
    """An answer that is no outcome: the request was not understood, not allowed, not for us.

    `extra` are further members of the problem, such as `field` and `reason`.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        title: str | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, code, detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.title = title or title_of(code, status)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    def response(self) -> "Reply":
        """The problem as it is sent."""
        members = {
            "type": problem_type(self.code),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.extra,
        }
        headers = [(k.lower().encode(), v.encode("latin-1")) for k, v in self.headers.items()]
        return Reply(self.status, _encode(members), [_PROBLEM, *headers])


class Forbidden(Problem):
    """The caller is known, and not allowed to do this."""

    def __init__(self, action: str, detail: str, **extra: Any) -> None:
        super().__init__(403, "forbidden", detail, extra={"action": action, **extra})


def invalid(field: str, reason: str) -> Problem:
    """Bad input outside a command: in a path, a query, a header or a body's shape."""
    return Problem(400, "invalid", DETAIL["invalid"], extra={"field": field, "reason": reason})


def unknown(code: str, **extra: Any) -> Problem:
    """The tenant has nothing of that id: `unknown_booking`, `unknown_location` and so on."""
    return Problem(404, code, DETAIL.get(code, DETAIL["unknown"]), extra=extra)


def missing(what: str, name: str, detail: str | None = None) -> Problem:
    """The same by what the tenant has none of: `unknown_<what>`, the id in that one's member."""
    code = f"unknown_{what}"
    said = detail or DETAIL.get(code, DETAIL["unknown"])
    return Problem(404, code, said, extra={_MEMBERS.get(what, "id"): name})


_MEMBERS = {"bookable": "bookable", "booking": "booking_id"}
"""Where a problem has the id of what is not there, as the refusals of the same code have it."""


def problem_type(code: str) -> str:
    """The problem's `type`: a name, not an address, so that it is the same on every server."""
    return f"urn:lastseat:problem:{code}"


class Reply(Response[Any]):
    """A response of bytes. Litestar asks it for an ASGI application, and it is one already."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(self, status: int, body: bytes, headers: list[_Header]) -> None:
        # Without super().__init__(): its members are for responses that are put together later.
        self._status = status
        self._body = body
        self._headers = headers

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:
        """Itself: nothing is left to be put together."""
        return self

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002 - ASGI
        """Send it."""
        at_once = scope.get(AT_ONCE)
        if at_once is not None and at_once(self._status, self._headers, self._body):
            return
        headers = [*self._headers, (b"content-length", b"%d" % len(self._body))]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})


class Refused(Reply):
    """A refusal as a problem. Whether a stale version is 412 or 409 depends on the request."""

    __slots__ = ("_more", "_refusal")

    def __init__(
        self, refusal: Refusal, headers: list[_Header], more: Mapping[str, Any] | None = None
    ) -> None:
        status, body = problem_of(refusal, more=more)
        super().__init__(status, body, headers)
        self._refusal = refusal
        self._more = more

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it."""
        refusal = self._refusal
        if isinstance(refusal, Conflict) and refusal.rule == scope.get(IF_MATCH):
            self._status, self._body = problem_of(refusal, 412, self._more)
        await super().__call__(scope, receive, send)


def respond(
    answer: Answer | AnyOutcome,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response[Any]:
    """What a command came to: JSON with `status`, or a problem with the refusal's own status.

    A replayed `Answer` says so in `Idempotency-Replayed`; an outcome with a version has an `ETag`.
    `more` are members of a problem beside the refusal's.
    """
    outcome = answer
    fields: list[_Header] = []
    if isinstance(answer, Answer):
        outcome = answer.outcome
        if answer.replayed:
            fields.append(_REPLAYED)
    if headers:
        fields += [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()]
    if isinstance(outcome, Refusal):
        fields.append(_PROBLEM)
        if isinstance(outcome, Overloaded):
            fields.append((b"retry-after", b"%d" % max(1, round(outcome.retry_after))))
        elif _begun(type(outcome))[0] == HTTPStatus.SERVICE_UNAVAILABLE:
            fields.append((b"retry-after", b"1"))
        return Refused(outcome, fields, more)
    fields.append(_JSON)
    version = getattr(outcome, "version", None)
    if version is not None:
        fields.append((b"etag", b'"%d"' % version))
    return Reply(status, _encode(outcome), fields)


def document(
    content: Any,
    *,
    status: int = 200,
    version: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[Any]:
    """A view as JSON, with its version as an ETag: what reads answer with."""
    fields = [_JSON]
    if version is not None:
        fields.append((b"etag", b'"%d"' % version))
    if headers:
        fields += [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()]
    return Reply(status, _encode(content), fields)


def problem_of(
    refusal: Refusal, status: int | None = None, more: Mapping[str, Any] | None = None
) -> tuple[int, bytes]:
    """The status and the body of a refusal's problem, with `more` members after its own."""
    number, began = _begun(type(refusal), status)
    encoded = _encode(refusal)
    if hasattr(refusal, "status"):
        members = msgspec.to_builtins(refusal)
        members["booking_status"] = members.pop("status")
        encoded = _encode(members)
    if isinstance(refusal, _CONFLICTS) and not getattr(refusal, WAITABLE, False):
        # An outcome leaves it out where it is false.
        encoded = encoded[:-1] + _CANNOT_WAIT
    # All are objects: the one's members, then the other's.
    if more:
        encoded = encoded[:-1] + b"," + _encode(more)[1:]
    return number, began + encoded[1:]


_CANNOT_WAIT = b"," + _encode({WAITABLE: False})[1:]


@cache
def _begun(kind: type[Refusal], status: int | None = None) -> tuple[int, bytes]:
    """What every refusal of a kind has: its status, and its first members as JSON that goes on.

    By type: an outcome's `code` is looked up anew each time.
    """
    code = Code(str(kind.__struct_config__.tag))
    number = status or STATUS[code]
    members = {
        "type": problem_type(code),
        "title": TITLE[code],
        "status": number,
        "detail": DETAIL[code],
    }
    return number, _encode(members)[:-1] + b","


BY_STATUS = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    412: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "key_reused",
    429: "too_many_requests",
    500: "internal",
    503: "unavailable",
}
"""What the problem of a status is called where no outcome says it better."""


def title_of(code: str, status: int) -> str:
    """A problem's title: that of its name, or else of its status."""
    return TITLE.get(code) or (
        TITLE["unknown"] if status == HTTPStatus.NOT_FOUND else HTTPStatus(status).phrase
    )
