"""The OpenAPI document says all there is, and the page that shows it asks nobody else."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import httpx
import jsonschema_rs
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from lastseat.http.app import openapi_document
from lastseat.http.problems import PROBLEM_TYPE

Client = TestClient[Litestar]
STATIC = files("lastseat.http") / "static"


@cache
def document() -> dict[str, Any]:
    """The document, decoded."""
    found: dict[str, Any] = msgspec.json.decode(openapi_document())
    return found


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each method, path and operation."""
    for path, item in document()["paths"].items():
        for method in ("get", "put", "post", "patch", "delete"):
            if method in item:
                yield method, path, item[method]


def named() -> list[Any]:
    """The operations as parameters of a test."""
    return [pytest.param(operation, id=f"{m} {p}") for m, p, operation in operations()]


def test_it_is_served_as_openapi_3_1_without_a_credential(client: Client) -> None:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["openapi"].startswith("3.1")
    assert answer.json()["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_every_reference_in_it_leads_somewhere() -> None:
    schemas = document()["components"]["schemas"]
    found = re.findall(r'"\$ref":"#/components/schemas/([^"]+)"', openapi_document().decode())
    assert found
    assert set(found) <= set(schemas)


def test_operation_ids_are_unique_and_tags_are_described() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids))
    described = {tag["name"] for tag in document()["tags"] if tag["description"]}
    used = {tag for _, _, operation in operations() for tag in operation["tags"]}
    assert used <= described


@pytest.mark.parametrize("operation", named())
def test_an_operation_has_words_examples_and_its_refusals(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    responses = operation["responses"]
    good = [x for status, x in responses.items() if int(status) < 400]
    assert good
    for response in good:
        for media in response.get("content", {}).values():
            assert "example" in media or "examples" in media
    if "requestBody" in operation:
        media = operation["requestBody"]["content"]["application/json"]
        assert "example" in media or "examples" in media
        assert {"413", "415"} <= set(responses) or operation.get("security") == []
    if operation.get("security") != []:
        assert {"401", "403", "503"} <= set(responses)
    for status, response in responses.items():
        if int(status) >= 400 and "content" in response:
            schema = response["content"][PROBLEM_TYPE]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}


def test_the_examples_are_what_the_schemas_allow() -> None:
    components = {"components": {"schemas": document()["components"]["schemas"]}}
    for method, path, operation in operations():
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for part in [*bodies, *operation["responses"].values()]:
            for media in part.get("content", {}).values():
                values = [x["value"] for x in media.get("examples", {}).values()]
                values += [media["example"]] if "example" in media else []
                for value in values:
                    schema = {**media["schema"], **components}
                    errors = [str(x) for x in jsonschema_rs.iter_errors(schema, value)]
                    assert not errors, (method, path, errors[0][:300])


def test_links_lead_to_operations_that_are_there() -> None:
    ids = {operation["operationId"] for _, _, operation in operations()}
    for _, path, operation in operations():
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                assert link["operationId"] in ids, path


def test_the_page_is_served_whole_from_here(client: Client) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    wanted = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert {"docs/swagger-ui-bundle.js", "docs/swagger-ui.css", "docs/docs.js"} <= set(wanted)
    for name in wanted:
        if name.startswith("data:"):
            continue
        answer: httpx.Response = client.get(f"/{name}")
        assert answer.status_code == 200, name
        assert len(answer.content) > 100
    assert "http" not in page.text.replace("HTTP", "").split("<body>")[0].lower().replace(
        "the http interface", ""
    )


def test_nothing_of_the_page_is_fetched_from_elsewhere() -> None:
    for name in ("index.html", "docs.js", "swagger-ui.css"):
        text = (STATIC / name).read_text(encoding="utf-8")
        assert not re.search(r"(?:src|href|url|import)\W{1,3}(?:https?:)?//", text), name
        for host in ("unpkg", "jsdelivr", "cdnjs", "googleapis", "gstatic"):
            assert host not in text
    bundle = (STATIC / "swagger-ui-bundle.js").read_text(encoding="utf-8")
    for host in ("unpkg.com", "jsdelivr", "cdnjs", "googleapis.com", "gstatic.com"):
        assert host not in bundle


def test_what_is_not_ours_comes_with_its_licence_and_version() -> None:
    assert re.fullmatch(r"swagger-ui-dist \d+\.\d+\.\d+\n", (STATIC / "VERSION").read_text())
    assert "Apache License" in (STATIC / "LICENSE").read_text()
    assert "swagger-ui" in (STATIC / "NOTICE").read_text()


def test_other_files_of_the_directory_are_not_served(client: Client) -> None:
    for name in ("LICENSE", "..%2Fapp.py", "index.html", "%2e%2e/app.py"):
        assert client.get(f"/docs/{name}").status_code == 404
