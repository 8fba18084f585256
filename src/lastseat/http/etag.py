"""Versions as entity tags: a booking's ETag is its version in quotes, and If-Match expects one."""

from typing import Any

from litestar import Request

from lastseat.http.problems import IF_MATCH, invalid

LARGEST = 2**31 - 1


def expected_version(
    request: Request[Any, Any, Any], body_version: int | None = None, *, rule: str = "version"
) -> int | None:
    """The version that the caller expects, by If-Match or by the body; None: any.

    `If-Match: *` expects none in particular. A stale version by the header is 412, by the body 409;
    both at once have to agree, or it is the problem 400. `rule` is that of the `conflict` which a
    stale one comes to.
    """
    sent = request.headers.getall("if-match", [])
    if len(sent) > 1:
        raise invalid("If-Match", "was sent twice")
    header = sent[0] if sent else None
    if header is None or header.strip() == "*":
        return body_version
    text = header.strip().removeprefix("W/")
    digits = text[1:-1]
    if not (text == f'"{digits}"' and digits.isascii() and digits.isdigit() and len(digits) <= 10):  # noqa: PLR2004
        raise invalid("If-Match", 'must be one version in quotes, such as "3"')
    version = int(digits)
    if not 1 <= version <= LARGEST:
        raise invalid("If-Match", f"must be from 1 to {LARGEST}")
    if body_version is not None and body_version != version:
        raise invalid("expected_version", "is another one than that of If-Match")
    request.scope[IF_MATCH] = rule  # type: ignore[literal-required]
    return version


def etag(version: int) -> str:
    """The version as an entity tag."""
    return f'"{version}"'
