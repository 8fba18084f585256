"""The OpenAPI document keeps its word: every example fits its schema, every link leads somewhere.

What the service does with the requests that the document allows is schemathesis's part.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from lastseat.http.app import openapi_document

DOCUMENT: dict[str, Any] = json.loads(openapi_document())
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in {"get", "put", "post", "delete", "patch"}
}
each_operation = pytest.mark.parametrize("name", OPERATIONS)


def media(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The content of the request and of each answer, and where it is."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield "request", content
    for status, answer in operation["responses"].items():
        for content in answer.get("content", {}).values():
            yield status, content


def examples(content: dict[str, Any]) -> list[Any]:
    named = [x["value"] for x in content.get("examples", {}).values()]
    return [content["example"], *named] if "example" in content else named


def check(schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(value)


@each_operation
def test_every_example_fits_its_schema(name: str) -> None:
    for where, content in media(OPERATIONS[name]):
        if where in {"101", "204"} or "html" in str(content.get("schema")):
            continue
        found = examples(content)
        assert found, f"{where} has no example"
        for value in found:
            check(content["schema"], value)
    for parameter in OPERATIONS[name].get("parameters", []):
        if "example" in parameter:
            check(parameter["schema"], parameter["example"])


@each_operation
def test_every_link_leads_to_an_operation(name: str) -> None:
    targets = {x["operationId"]: x for x in OPERATIONS.values()}
    for answer in OPERATIONS[name]["responses"].values():
        for link in answer.get("links", {}).values():
            target = targets[link["operationId"]]
            known = {x["name"] for x in target["parameters"]}
            assert set(link.get("parameters", {})) <= known, link


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [x["operationId"] for x in OPERATIONS.values()]
    assert len(names) == len(set(names))
    for operation in OPERATIONS.values():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"])
        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"]
