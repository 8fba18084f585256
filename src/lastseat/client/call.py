"""A request as a value, before it is sent: what `client.commands` makes and `client.execute` runs.

A write's idempotency key is in it, given or drawn when it is made. So executing one `Call` twice
is asking once: the second answer is the first one's.
"""

import uuid
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from lastseat.core.outcomes import Invalid
from lastseat.views.times import Suggestion

T = TypeVar("T")

Query = tuple[tuple[str, str], ...]

MOST_ID = 4_000
MOST_QUERY = 60_000
"""Characters of an id, and of a query as it is sent. An address holds no more; no id is so long."""


class Call(Struct, Generic[T], frozen=True, kw_only=True):
    """One request. Its answer is read as an `answer`, of which `take`, if any, is what was asked.

    With `refusable` a refusal is returned as the outcome that it is; else it is raised. What is one
    question to the library can be three collections over HTTP: `elsewhere` is asked where there is
    nothing of that id here, `afterwards` once a list has ended here. What is `unsendable` is not
    sent: the answer is this refusal.
    """

    method: str
    path: str
    answer: Any
    take: Callable[[Any], T] | None = None
    query: Query = ()
    body: bytes | None = None
    key: str | None = None
    refusable: bool = False
    unsendable: Invalid | None = None
    elsewhere: "Call[T] | None" = None
    afterwards: "Call[T] | None" = None


class Answer(Struct, Generic[T], frozen=True):
    """What a call came to. `replayed` when its key had that answer already (MISSION C6).

    With a refusal of a time, `suggested` are others that could be had when it was told (C10).
    """

    outcome: T
    replayed: bool = False
    suggested: tuple[Suggestion, ...] = ()


def read(
    answer: Any,
    *segments: str,
    query: dict[str, Any] | None = None,
    take: Callable[[Any], T] | None = None,
    elsewhere: Call[T] | None = None,
    afterwards: Call[T] | None = None,
) -> Call[T]:
    """A GET. Of the query, what is None is left out and what is a sequence is repeated.

    Raises `ValueError` for what no address can hold.
    """
    return Call(
        method="GET",
        path=_path(segments),
        answer=answer,
        take=take,
        query=_query(query or {}),
        elsewhere=elsewhere,
        afterwards=afterwards,
    )


def write(
    method: str,
    answer: Any,
    *segments: str,
    body: dict[str, Any],
    nulls: dict[str, Any] | None = None,
    key: str | None = None,
    elsewhere: Call[Any] | None = None,
) -> Call[Any]:
    """A write, under `key` or one drawn for it.

    Of the body, what is None is left out; in `nulls` it says to take something away. Raises
    `ValueError` for an id that no address can hold.
    """
    given = {name: value for name, value in body.items() if value is not None} | (nulls or {})
    unsendable = _unsendable(given)
    return Call(
        method=method,
        path=_path(segments),
        answer=answer,
        body=b"" if unsendable else msgspec.json.encode(given),
        key=key if key is not None else str(uuid.uuid4()),
        refusable=True,
        unsendable=unsendable,
        elsewhere=elsewhere,
    )


def change(
    answer: Any,
    *segments: str,
    body: dict[str, Any],
    take: Callable[[Any], T] | None = None,
) -> Call[T]:
    """A POST that is harmless to repeat, so without a key; its answer is no outcome.

    Raises `ValueError` for what JSON can't say.
    """
    unsendable = _unsendable(body)
    if unsendable is not None:
        raise ValueError(f"{unsendable.field} {unsendable.reason}")
    return Call(
        method="POST",
        path=_path(segments),
        answer=answer,
        take=take,
        body=msgspec.json.encode(body),
    )


def _unsendable(body: dict[str, Any]) -> Invalid | None:
    """The refusal of the first argument that JSON can't say."""
    for name, value in body.items():
        # They would be sent as base64, and taken for a text.
        if isinstance(value, bytes | bytearray | memoryview):
            return Invalid(field=str(name), reason="must not be bytes")
        try:
            msgspec.json.encode({name: value})
        except (TypeError, ValueError, RecursionError) as error:
            return Invalid(field=_shown(name), reason=f"can't be written as JSON: {error}")
    return None


def _shown(name: object) -> str:
    return str(name).encode(errors="replace").decode()


def _path(segments: tuple[str, ...]) -> str:
    """The segments, each percent-encoded whole: an id may have any character in it."""
    return "/" + "/".join(_segment(x) for x in segments)


def _segment(text: object) -> str:
    if not isinstance(text, str) or not text:
        raise ValueError("an id must be a text, and not empty")
    if len(text) > MOST_ID:
        raise ValueError(f"an id must be at most {MOST_ID} characters")
    if text.strip(".") == "":
        # "." and ".." are taken out of a path on its way, unless their dots are escaped.
        return text.replace(".", "%2E")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise ValueError(f"an id must be Unicode text, not {text!r}") from None


def _query(query: dict[str, Any]) -> Query:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if value is None:
            continue
        several = value if isinstance(value, list | tuple) else (value,)
        pairs += [(name, _text(name, x)) for x in several]
    if len(urlencode(pairs)) > MOST_QUERY:
        longest = max(pairs, key=lambda pair: len(pair[1]))[0]
        raise ValueError(f"{longest} is too long, or too many, to be asked for over HTTP")
    return tuple(pairs)


def _text(name: str, value: Any) -> str:
    unsendable = _unsendable({name: value})
    if unsendable is not None:
        raise ValueError(f"{name} {unsendable.reason}")
    if isinstance(value, str):
        return str(value)
    # As JSON has it: times in RFC 3339, true and false.
    return msgspec.json.encode(value).decode().strip('"')
