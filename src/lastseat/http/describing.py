"""How a route stands in the OpenAPI document: its body, parameters, answers, examples and links.

`described` makes the keyword arguments of a Litestar route. Schemas are msgspec's own, of the very
structs that requests are decoded into and answers encoded from, so they can't drift apart. What
they refer to is gathered in `COMPONENTS`, which app.py puts into the document.
"""

from collections.abc import Mapping, Sequence
from inspect import cleandoc
from typing import Any

import msgspec
from litestar.openapi.spec import Operation
from msgspec import Struct

from lastseat.core.outcomes import Code
from lastseat.http.refusals import refusals

COMPONENTS: dict[str, dict[str, Any]] = {}
"""The schemas that operations refer to, by name."""

ANYWHERE: tuple[Code | int | str, ...] = (401, 403, 406, 429, Code.OVERLOADED, 503)
"""What any route may be refused as: who asks, how often, and whether the database is there."""

WRITING: tuple[Code | int | str, ...] = (Code.INVALID, Code.KEY_REUSED, Code.CLOCK_BEHIND, 413, 415)
"""What any write may be refused as, beside that."""

ID = {"type": "string", "minLength": 1, "maxLength": 200}
UUID = {"type": "string", "format": "uuid"}


class Link(Struct, frozen=True):
    """Where to go from an answer: another operation, and where its parameters come from."""

    operation_id: str
    parameters: dict[str, str] = {}
    body: dict[str, Any] | None = None
    says: str = ""


def described(  # noqa: PLR0913 - a route has that many sides
    operation_id: str,
    *,
    tag: str,
    summary: str,
    says: str,
    answer: Any,
    answer_example: Any,
    status: int = 200,
    also: Mapping[int, str] | None = None,
    body: Any = None,
    body_example: Any = None,
    body_optional: bool = False,
    query: type[Struct] | None = None,
    path: Mapping[str, tuple[dict[str, Any], str, str]] | None = None,
    refused: Sequence[Code | int | str] = (),
    versioned: bool = False,
    tagged: bool = False,
    keyed: bool | None = None,
    links: Mapping[str, Link] | None = None,
    media: str = "application/json",
) -> dict[str, Any]:
    """The keyword arguments of a route.

    `also` are further statuses with the same answer. `media` is the answer's type. `path` maps each
    path parameter to its schema, what it is, and an example. A route with a body takes an
    Idempotency-Key unless `keyed` is false. A `tagged` answer has an ETag; a `versioned` one too,
    and its route takes If-Match.
    """
    keyed = body is not None if keyed is None else keyed
    codes = (*ANYWHERE, *refused)
    if body is not None:
        codes = (*codes, *WRITING)
    if query is not None:
        codes = (*codes, Code.INVALID)
    parameters = [_path_parameter(name, *about) for name, about in (path or {}).items()]
    parameters += _query_parameters(query) if query is not None else []
    parameters += [_KEY] if keyed else []
    parameters += [_IF_MATCH] if versioned else []
    answers = {
        str(code): _answer(answer, answer_example, words, keyed, tagged or versioned, links, media)
        for code, words in {status: summary + ".", **(also or {})}.items()
    }
    request_body = _body(body, body_example, body_optional) if body is not None else None

    def operation(**given: Any) -> Operation:
        given["responses"] = {**(given.get("responses") or {}), **answers}
        return Operation(
            **{**given, "parameters": parameters or None, "request_body": request_body}
        )

    return {
        "operation_id": operation_id,
        "tags": [tag],
        "summary": summary,
        "description": says,
        "status_code": status,
        "responses": refusals(*dict.fromkeys(codes)),
        "operation_class": operation,
    }


def schema_of(shape: Any) -> dict[str, Any]:
    """The JSON Schema of a type; what it refers to goes to `COMPONENTS`."""
    (schema,), found = msgspec.json.schema_components(
        [shape], ref_template="#/components/schemas/{name}"
    )
    for name, component in found.items():
        if "description" in component:
            component["description"] = cleandoc(component["description"])
        known = COMPONENTS.setdefault(name, component)
        assert known == component, f"two schemas are called {name}"
    return schema


def _kept(example: Any) -> msgspec.Raw:
    """The example as it is: Litestar leaves out of a dictionary whatever is null."""
    return msgspec.Raw(msgspec.json.encode(example))


def _body(shape: Any, example: Any, optional: bool) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": schema_of(shape)}
    if example is not None:
        media["example"] = _kept(example)
    return {"required": not optional, "content": {"application/json": media}}


def _answer(
    shape: Any,
    example: Any,
    words: str,
    keyed: bool,
    tagged: bool,
    links: Mapping[str, Link] | None,
    media: str,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if keyed:
        headers["Idempotency-Replayed"] = {
            "description": "`true` when this answer was given before, under the same key.",
            "schema": {"type": "string"},
        }
    if tagged:
        headers["ETag"] = {
            "description": "The version of what is answered, for If-Match.",
            "schema": {"type": "string"},
        }
    found: dict[str, Any] = {
        "description": words,
        "content": {media: {"schema": schema_of(shape), "example": _kept(example)}},
    }
    if headers:
        found["headers"] = headers
    if links:
        found["links"] = {name: _link(link) for name, link in links.items()}
    return found


def _link(link: Link) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": link.operation_id}
    if link.parameters:
        found["parameters"] = link.parameters
    if link.body is not None:
        found["requestBody"] = link.body
    if link.says:
        found["description"] = link.says
    return found


def _path_parameter(name: str, schema: dict[str, Any], says: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": says,
        "schema": schema,
        "example": example,
    }


def _query_parameters(shape: type[Struct]) -> list[dict[str, Any]]:
    schema_of(shape)
    schema = COMPONENTS.pop(shape.__name__)
    required = schema.get("required", ())
    found = []
    for name, prop in schema["properties"].items():
        kept = dict(prop)
        # A query says nothing by leaving it out; it has no null.
        others = [x for x in kept.get("anyOf", ()) if x != {"type": "null"}]
        if len(others) == 1:
            kept.pop("anyOf")
            kept = {**others[0], **kept}
        if kept.get("default", 0) is None:
            kept.pop("default")
        entry = {"name": name, "in": "query", "required": name in required}
        if "description" in kept:
            entry["description"] = kept.pop("description")
        found.append({**entry, "schema": kept})
    return found


_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "Makes the write safe to repeat: the same key and body give the same answer, with"
        " `Idempotency-Replayed: true`; another body is refused (422). Quoted or bare, up to 200"
        " visible characters; kept as long as the booking, else 24 hours."
    ),
    # Exactly what idempotency.py reads.
    "schema": {
        "type": "string",
        "pattern": r'^([!#-~][!-~]{0,199}|"([!#-\[\]-~]|\\["\\]){1,200}")$',
    },
    "example": "4f1d2c7e-6a1b-4f0e-9f57-2f6f0f8b7a11",
}

_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag that was read: what has changed since is refused (412).",
    "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$'},
    "example": '"3"',
}
