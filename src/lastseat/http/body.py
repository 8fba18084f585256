"""What is wrong with a body, as a problem: msgspec's `$.claims[0].units` is our `claims[0].units`.

Reading one is incoming.py's. A wrong type is refused, and so is a field nobody knows: it is a
mistake that would otherwise be found when the place is gone.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import Request

from lastseat.http.listed import words_at
from lastseat.http.problems import Problem, invalid
from lastseat.http.wording import DETAIL

BODY_BYTES = "lastseat.body_bytes"
"""Where an application's `opt` has how many bytes of a body are taken."""

_JSON = frozenset({b"application/json", b"application/json; charset=utf-8"})
_AT = re.compile(r" - at (?:`key` in )?`(?:key in )?\$\.?(?P<path>.*)`$", re.DOTALL)
_NAMED = re.compile(r"(?:unknown|required) field `(?P<name>[^`]*)`")
_WORD = re.compile(r"Invalid enum value (?P<word>'.*')", re.DOTALL)


async def body_of(request: Request[Any, Any, Any]) -> bytes:
    """The whole body. Raises the problem 413 as soon as it is more than what is taken.

    Litestar's own reading makes a dictionary of all headers first, which costs the hot route a
    tenth of its time. A client that went away gets a problem too, which nobody will read.
    """
    receive = request.receive
    message = await receive()
    parts: list[bytes] = []
    size = 0
    while message["type"] == "http.request":
        body = message.get("body", b"")
        size += len(body)
        if size > request.app.opt[BODY_BYTES]:
            raise Problem(413, "too_large", DETAIL["too_large"], headers={"Connection": "close"})
        if not message.get("more_body", False):
            return body if not parts else b"".join([*parts, body])
        parts.append(body)
        message = await receive()
    raise invalid("body", "broke off")


def check_type(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Raises the problem 415 when a body says that it is something else than JSON."""
    for name, value in headers:
        if name == b"content-type" and value not in _JSON:
            media = value.split(b";", 1)[0].strip().lower()
            if media != b"application/json" and not media.endswith(b"+json"):
                raise Problem(
                    415,
                    "unsupported_media_type",
                    DETAIL["unsupported_media_type"],
                    headers={"Accept": "application/json"},
                )


def refused(error: Exception, shape: type[Any]) -> Problem:
    """What a decoder says, as the problem 400 with the field that it is about."""
    if isinstance(error, RecursionError):
        return invalid("body", "is nested too deeply")
    text = str(error)
    if not isinstance(error, msgspec.ValidationError):
        return invalid("body", f"is no JSON: {text.removeprefix('JSON is malformed: ')}")
    found = _AT.search(text)
    path = found["path"] if found else ""
    reason = text[: found.start()] if found else text
    named = _NAMED.search(reason)
    if named is not None:
        # A missing or unknown field is told by its name; the path is that of the object around it.
        path = f"{path}.{named['name']}" if path else named["name"]
        reason = "is missing" if "missing" in reason else "is not a field of this request"
    elif (wrong := _WORD.fullmatch(reason)) and (words := words_at(shape, path)):
        reason = f"is {wrong['word']}, and must be one of {', '.join(words)}"
    return invalid(path or "body", f"{reason[:1].lower()}{reason[1:]}")
