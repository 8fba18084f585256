"""schemathesis reads the OpenAPI document and tries to make the service contradict it.

Every operation gets its examples, systematic edge cases, valid and invalid data; the state machine
follows the document's links. Seeded, so a failure comes again; bounded, so that it stays short.
"""

import itertools
import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from litestar import Litestar
from psycopg.conninfo import make_conninfo
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python import asgi
from schemathesis.python._constants.orchestrator import make_constants_value_source
from tests.http import venue

import lastseat
from lastseat.access import Role
from lastseat.embedded import EmbeddedServer
from lastseat.http.app import make_app, openapi_document
from lastseat.ledger.migrate import migrate

EXAMPLES = 4
"""Random requests of each kind for each operation, beside the systematic ones."""

Case = schemathesis.Case[Any]

WALKS, STEPS = 25, 12
"""Walks along the links, and how long each is."""


CONFIG = {
    "seed": 1,
    "generation": {"max-examples": EXAMPLES, "deterministic": True, "no-shrink": True},
    # On a walk an answer may take the place of invalid data, and nobody is told.
    "phases": {"stateful": {"generation": {"mode": "positive", "with-security-parameters": False}}},
    "checks": {
        "positive_data_acceptance": {
            # 400, since rules between fields are no matter of a schema (an end after its start, an
            # override with its reason, a zone that there is); `named` looks at each of them.
            # 412 and 422 as the usual 409: what is stale or used before is the tenant's state.
            "expected-statuses": ["2xx", "400", "401", "403", "404", "409", "412", "422", "429"]
        }
    },
}


class Door:
    """Where the application will be: operations are told when tests are collected."""

    app: Litestar
    headers: dict[str, str]
    conninfo: str
    engine: lastseat.Engine
    client: asgi.ASGIClient

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


DOOR = Door()
DOCUMENT = json.loads(openapi_document())
schema = schemathesis.openapi.from_dict(DOCUMENT, config=SchemathesisConfig.from_dict(CONFIG))
schema.app = DOOR
FEEDBACK = FeedbackSources(constants_value_source=make_constants_value_source(schema))

OPERATIONS = [
    f"{method.upper()} {path}"
    for path, item in DOCUMENT["paths"].items()
    for method in item
    if method in {"get", "post", "put", "patch", "delete"}
]


@pytest.fixture(scope="module")
def served(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The application, and the key of an owner who may make tenants too.

    On a database of its own: what schemathesis makes up is in nobody's way.
    """
    shared, name = server.ensure_running(), f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        conninfo = make_conninfo(shared, dbname=name)
        migrate(conninfo)
        with lastseat.open(conninfo, migrate=False) as engine:
            owner = venue.Venue(engine, "default", operator=True).owner
            directory = tmp_path_factory.mktemp("schemathesis")
            DOOR.app = make_app(venue.settings(conninfo, directory))
            DOOR.conninfo, DOOR.engine = conninfo, engine
            DOOR.headers = {"Authorization": f"Bearer {owner}"}
            with asgi.get_client(DOOR) as DOOR.client:
                # One for all, which does not look for proxies before each request.
                DOOR.client.trust_env = False
                yield DOOR
            asgi.shutdown_lifespans()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def sound(case: Case) -> None:
    """Mend valid cases that would be wasted on one refusal each."""
    assert case.meta is not None
    if case.path == "/v1/live":
        # A stream ends by itself only where it is told to; a time that is allowed is cut short.
        seconds = str(case.query.get("seconds", 0))
        if seconds.isdecimal() and int(seconds) <= 86_400:
            case.query["seconds"] = 0
    if not case.meta.generation.mode.is_positive:
        return
    # What a cursor is made of is nobody's business: no schema tells a forged one.
    case.query.pop("cursor", None)
    # The coverage phase gives headers values that their pattern does not allow.
    if not re.fullmatch('"[1-9][0-9]{0,8}"', case.headers.get("If-Match", '"1"')):
        case.headers["If-Match"] = '"1"'
    if isinstance(case.body, dict):
        body = whole(case.body)
        # What is defined is where a location is, and no schema tells which there are.
        body.pop("location", None)
        if case.path == "/v1/calendars":
            # Whoever's server is at an address that was made up has no part in this.
            body.pop("url", None)
        for start, end in (("start", "end"), ("slotStart", "slotEnd")):
            if start in body and body[start] == body.get(end):
                # The examples' one time twice: an end comes after its start.
                body[end] = "2026-11-23T19:00:00+01:00"
        case.body = body


def whole(value: Any) -> Any:
    """JSON Schema counts 4662.0 among the integers; here whole numbers are written as such."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {name: whole(x) for name, x in value.items()}
        case list():
            return [whole(x) for x in value]
        case _:
            return value


def named(_: Any, response: Any, case: Case) -> None:
    """A refusal is a problem that says what to mend."""
    if response.status_code < 400 or case.method == "HEAD":
        return
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["type"] == f"urn:lastseat:problem:{problem['code']}"
    if response.status_code == 400:
        assert problem["code"] == "invalid", problem
        # Even a parameter without a name is one.
        assert "field" in problem, problem
        assert problem["reason"], problem


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_as_the_document_says(operation: str, served: Door) -> None:
    method, path = operation.split(" ")
    # As `schema.parametrize` does when tests are collected: but all of them together take ten
    # seconds and a gigabyte, which each process that collects would have to have.
    test = build_operation_test(
        config=schema.config,
        operation=schema[path][method],
        test_func=ask,
        given_kwargs={},
        feedback=FEEDBACK,
    )
    load_all_checks()
    test(served=served)
    assert asked[operation] > 1


@settings(deadline=None, suppress_health_check=list(HealthCheck))
def ask(case: Case, served: Door) -> None:
    sound(case)
    asked[case.operation.label] += 1
    case.call_and_validate(session=served.client, headers=served.headers, additional_checks=[named])


asked: Counter[str] = Counter()
"""How often each operation was asked for."""


class Walk(schema.as_state_machine()):  # type: ignore[misc]
    """From answer to answer by the document's links, each walk in a tenant of its own.

    So that a walk taken twice goes the same way: hypothesis takes anything else for a flaw.
    """

    def setup(self) -> None:
        self.actors = itertools.count()
        tenant_id = f"walk-{uuid.uuid4().hex}"
        venue.make_tenant(DOOR.conninfo, tenant_id)
        tenant = DOOR.engine.tenant(tenant_id)
        defined = tenant.define_occurrence(
            "yoga",
            start=venue.SOON,
            end=venue.SOON + venue.HOUR,
            capacity=1_000_000,
            actor_time="allow",
        )
        assert defined.ok
        for number in range(-3, 0):
            assert tenant.hold("yoga", actor=f"actor-{number}").ok
        key = venue.make_key(DOOR.conninfo, tenant_id, Role.OWNER).text
        self.headers = {"Authorization": f"Bearer {key}"}

    def get_call_kwargs(self, case: Case) -> dict[str, Any]:
        return {"headers": self.headers, "session": DOOR.client}

    def before_call(self, case: Case) -> None:
        sound(case)
        if case.operation.label == "POST /v1/bookings" and isinstance(case.body, dict):
            # What there is to book is no matter of a schema, and without it no walk goes far.
            body: dict[str, Any] = {"bookable": "yoga", "actor": f"actor-{next(self.actors)}"}
            kept = "metadata", "hold_seconds"
            case.body = body | {name: x for name, x in case.body.items() if name in kept and x}

    def after_call(self, response: Any, case: Case) -> None:
        super().after_call(response, case)
        answered[case.operation.label, response.status_code] += 1

    def validate_response(self, response: Any, case: Case, **more: Any) -> None:
        super().validate_response(response, case, additional_checks=[named], **more)


answered: Counter[tuple[str, int]] = Counter()
"""What the walks came to."""


def test_the_links_lead_where_the_document_says(served: Door) -> None:
    Walk.run(
        settings=settings(
            max_examples=WALKS,
            stateful_step_count=STEPS,
            phases=[Phase.generate],
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
    )
    # Walks that got nowhere would find nothing.
    assert answered["POST /v1/bookings", 201] > 0
    assert sum(x for (name, status), x in answered.items() if "{" in name and status == 200) > WALKS
