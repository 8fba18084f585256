"""The header Idempotency-Key, as the IETF draft has it: a quoted string, or the same bare.

Only the reading of it. What a key means is the engine's: the answer is stored in the transaction
of the effect.
"""

from typing import Any

from litestar import Request

from lastseat.core import limits
from lastseat.http.problems import Problem, invalid

HEADER = "Idempotency-Key"


def key_of(request: Request[Any, Any, Any]) -> str | None:
    """The request's key, or None. Raises the problem 400 for one that is none."""
    found: bytes | None = None
    for name, value in request.scope["headers"]:
        if name == b"idempotency-key":
            if found is not None:
                raise invalid(HEADER, "was sent twice")
            found = value
    return None if found is None else read(found)


def read(value: bytes) -> str:
    """The key in a header's value: 1 to 200 visible ASCII characters, in quotes or not."""
    text = value.strip(b" \t")
    if not text.isascii():
        raise _bad()
    key = text.decode("ascii")
    if key.startswith('"'):
        key = _unquoted(key)
    if not 1 <= len(key) <= limits.NAME_LENGTH or not key.isprintable() or " " in key:
        raise _bad()
    return key


def _unquoted(text: str) -> str:
    """The string in RFC 8941's quotes, where a quote or a backslash has a backslash before it."""
    if len(text) < 2 or not text.endswith('"'):  # noqa: PLR2004 - two quotes
        raise _bad()
    key: list[str] = []
    inside = iter(text[1:-1])
    for character in inside:
        if character == '"':
            raise _bad()
        if character == "\\":
            escaped = next(inside, "")
            if escaped not in ('"', "\\"):
                raise _bad()
            key.append(escaped)
        else:
            key.append(character)
    return "".join(key)


def _bad() -> Problem:
    return invalid(
        HEADER, f'must be 1 to {limits.NAME_LENGTH} visible ASCII characters, "quoted" or bare'
    )
