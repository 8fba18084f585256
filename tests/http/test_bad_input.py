"""Bad input: a clear problem that names what is wrong, nothing written, no effort wasted on it."""

import base64
import json
import os
import re
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import psycopg
import pytest
from tests.http.conftest import Service
from tests.http.inside import Answer, Header, Inside
from tests.http.routes import ROWS
from tests.http.venue import HOUR, SOON, Venue, rows, settings

import lastseat
from lastseat.http.app import make_app
from lastseat.http.settings import BODY_BYTES

START, END = SOON.isoformat(), (SOON + HOUR).isoformat()
NOBODY = "01936b2c-5d1e-7c3a-9f00-3a5c0e6d7b11"


class Scene(NamedTuple):
    inside: Inside
    venue: Venue
    connection: psycopg.Connection[Any]

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """Ask for what can't be taken, and look that nothing was written."""
        before = rows(self.connection, self.venue.tenant_id)
        answer = self.inside.ask(method, path, body, key=self.venue.owner, **more)
        assert rows(self.connection, self.venue.tenant_id) == before
        return answer


@pytest.fixture(scope="module")
def scene(conninfo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("bad-input")
    with (
        lastseat.open(conninfo, migrate=False) as engine,
        psycopg.connect(conninfo, autocommit=True) as connection,
    ):
        # The operator's, whose owner may ask every route.
        venue = Venue(engine, f"bad-input-{directory.name}-{id(engine):x}", operator=True)
        inside = Inside(make_app(settings(conninfo, directory)))
        try:
            yield Scene(inside, venue, connection)
        finally:
            inside.close()


# Bodies ------------------------------------------------------------------------------------------

BODILESS = {"/v1/bookings/{booking_id}/expire"}
"""A POST that says all in its address: whatever is sent with it is not read."""

WRITES = sorted({(x.method, x.template) for x in ROWS if x.method in ("POST", "PUT", "PATCH")})


def somewhere(template: str) -> str:
    """A path of the route, about nothing that there is."""
    return re.sub(r"\{[^}]*\}", NOBODY, template)


class Parts:
    """A body in parts, that counts how much of it was asked for."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.read = 0

    def __iter__(self) -> "Parts":
        return self

    def __next__(self) -> bytes:
        if self.left == 0 and self.read:
            raise StopIteration
        part = b"x" * min(65_536, self.left)
        self.left -= len(part)
        self.read += len(part)
        return part


LARGE = [(method, template) for method, template in WRITES if template not in BODILESS]


@pytest.mark.parametrize(("method", "template"), LARGE, ids=[" ".join(x) for x in LARGE])
@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
def test_ten_megabytes_are_refused_before_they_are_read(
    scene: Scene, method: str, template: str, announced: bool
) -> None:
    parts = Parts(10_000_000)
    headers = [
        (b"authorization", f"Bearer {scene.venue.owner}".encode()),
        (b"content-type", b"application/json"),
        *([(b"content-length", b"10000000")] if announced else []),
    ]
    before = rows(scene.connection, scene.venue.tenant_id)
    began = time.monotonic()
    sending = scene.inside.send(method, somewhere(template), b"", headers, parts)
    answer = scene.inside.run(sending)
    assert time.monotonic() - began < 1
    answer.problem(413, "too_large")
    assert parts.read <= BODY_BYTES + 2 * 65_536
    assert rows(scene.connection, scene.venue.tenant_id) == before


def test_large_bodies_leave_no_memory_behind(scene: Scene) -> None:
    def ask() -> None:
        headers = [(b"authorization", f"Bearer {scene.venue.owner}".encode())]
        sending = scene.inside.send("POST", "/v1/bookings", b"", headers, Parts(10_000_000))
        assert scene.inside.run(sending).status == 413

    ask()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20):
            ask()
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now - before < 1_000_000
    assert peak - before < 4 * BODY_BYTES


def test_a_server_that_is_sent_too_much_does_not_grow(service: Service, tenant_id: str) -> None:
    """Over a socket, ten at a time, announced or not, by whoever has no key at all."""
    url = f"{service.url}/v1/bookings"

    def chunks() -> Iterator[bytes]:
        yield from Parts(10_000_000)

    def ask(number: int) -> int:
        content = chunks() if number % 2 else b"x" * 10_000_000
        try:
            # Told while it is still sending, a client may see the end of the connection alone.
            return httpx.post(url, content=content, timeout=10).status_code
        except httpx.TransportError:
            return 413

    with ThreadPoolExecutor(10) as pool:
        began = time.monotonic()
        assert set(pool.map(ask, range(10))) <= {401, 413}
        # How fast this machine is; it gets no slower with the number.
        ten = time.monotonic() - began
        before = resident(service.process.pid)
        assert set(pool.map(ask, range(40))) <= {401, 413}
        assert time.monotonic() - began < 3 * 5 * ten + 1
    assert resident(service.process.pid) - before < 40_000_000
    assert httpx.get(f"{service.url}/healthz").status_code == 200


def resident(pid: int) -> int:
    """Bytes of memory that a process has now."""
    (line,) = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(line) * 1024


NO_JSON = {
    "empty": b"",
    "half an object": b'{"actor": ',
    "not JSON": b"actor=ann",
    "two objects": b"{} {}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "no UTF-8": b'{"actor": "\xff\xfe"}',
    "UTF-16": '{"actor": "ann"}'.encode("utf-16"),
    "half a surrogate": b'{"actor": "\\ud800", "bookable": "x"}',
    "nested deeply": b"[" * 100_000,
    "nested deeply, and closed": b'{"metadata":' * 50_000 + b"1" + b"}" * 50_000,
    "nested deeply in a field": b'{"metadata": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "not a number": b'{"units": NaN}',
    "no end of numbers": b'{"units": Infinity}',
    "a control character": b'{"actor": "a\x00b"}',
    "an array": b"[]",
    "null": b"null",
    "a text": b'"actor"',
}


OPTIONAL = {
    "/v1/expire",
    "/v1/calendars/{calendar_id}/refresh",
    "/v1/feeds/{feed}/secret",
    *[f"/v1/webhooks/{{webhook}}/{x}" for x in ("secret", "test", "replay")],
    *[f"/v1/bookings/{{booking_id}}/{x}" for x in (
        "confirm", "release", "cancel", "extend", "check-in", "check-out", "complete", "no-show",
    )],
}  # fmt: skip
"""Routes whose body may be left out."""


@pytest.mark.parametrize("what", NO_JSON)
@pytest.mark.parametrize(("method", "template"), WRITES, ids=[" ".join(x) for x in WRITES])
def test_what_is_no_json_object_of_the_route_is_refused(
    scene: Scene, method: str, template: str, what: str
) -> None:
    if template in BODILESS or (template in OPTIONAL and what == "empty"):
        scene.refused(method, somewhere(template), NO_JSON[what])
        return
    problem = scene.refused(method, somewhere(template), NO_JSON[what]).problem(400, "invalid")
    assert problem["field"]
    assert problem["reason"]


@pytest.mark.parametrize(("method", "template"), WRITES, ids=[" ".join(x) for x in WRITES])
def test_an_unknown_field_is_named(scene: Scene, method: str, template: str) -> None:
    if template in BODILESS:
        return
    answer = scene.refused(method, somewhere(template), {"colour": "red"})
    problem = answer.problem(400, "invalid")
    # Of two mistakes either may be named first; a missing field is one, too.
    assert problem["field"] == "colour" or "is missing" in problem["reason"]


def test_an_unknown_field_is_refused_though_nothing_is_missing(scene: Scene) -> None:
    body = {"actor": "ann", "bookable": scene.venue.occurrence, "colour": "red"}
    scene.refused("POST", "/v1/bookings", body).problem(400, "invalid", "colour")
    claims = [{"bookable": scene.venue.occurrence, "colour": "red"}]
    answer = scene.refused("POST", "/v1/bookings", {"actor": "ann", "claims": claims})
    answer.problem(400, "invalid", "claims[0].colour")
    # One that is like the name of another letter case is unknown as well.
    body = {"Actor": "ann", "bookable": scene.venue.occurrence, "actor": "ben"}
    scene.refused("POST", "/v1/bookings", body).problem(400, "invalid", "Actor")


WRONG_VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "units a text": ({"units": "2"}, "units"),
    "units a float": ({"units": 1.5}, "units"),
    "units a boolean": ({"units": True}, "units"),
    "units zero": ({"units": 0}, "claims[0].units"),
    "units negative": ({"units": -1}, "claims[0].units"),
    "units beyond 32 bits": ({"units": 2**31}, "claims[0].units"),
    "units beyond 64 bits": ({"units": 2**64}, "claims[0].units"),
    "units beyond everything": ({"units": 10**400}, "units"),
    "actor null": ({"actor": None}, "actor"),
    "actor a number": ({"actor": 7}, "actor"),
    "actor empty": ({"actor": ""}, "actor"),
    "actor of spaces": ({"actor": "  "}, "actor"),
    "actor too long": ({"actor": "a" * 201}, "actor"),
    "actor with NUL": ({"actor": "a\0b"}, "actor"),
    "actor with an escape": ({"actor": "a\x1bb"}, "actor"),
    "actor with a line's end": ({"actor": "a\nb"}, "actor"),
    "actor written backwards": ({"actor": "a\u202eb"}, "actor"),
    "bookable with NUL": ({"bookable": "a\0b"}, "claims[0].bookable"),
    "bookable too long": ({"bookable": "a" * 4_000}, "claims[0].bookable"),
    "bookable a list": ({"bookable": ["a"]}, "bookable"),
    "hold of no time": ({"hold_seconds": 0}, "hold_seconds"),
    "hold for ever": ({"hold_seconds": 10**12}, "hold_seconds"),
    "metadata a text": ({"metadata": "x"}, "metadata"),
    "metadata too large": ({"metadata": {"a": "x" * 100_000}}, "metadata"),
    "metadata with NUL": ({"metadata": {"a": "x\0"}}, "metadata"),
    "metadata with NUL in a name": ({"metadata": {"a\0": "x"}}, "metadata"),
    "override without a reason": ({"override": True}, "reason"),
    "reason too long": ({"override": True, "reason": "x" * 100_000}, "reason"),
    "reason with NUL": ({"override": True, "reason": "x\0"}, "reason"),
    "expected a text": ({"expected": {"yoga": "1"}}, "expected"),
    "expected negative": ({"expected": {"yoga": -1}}, "expected"),
    "mail without an at": ({"contact": {"email": "ann"}}, "contact.email"),
    "mail with NUL": ({"contact": {"email": "a\0@b.example"}}, "contact.email"),
    "mail with another header": ({"contact": {"email": "a@b.c\r\nBcc: d@e.f"}}, "contact.email"),
    "telephone of letters": ({"contact": {"phone": "call me"}}, "contact.phone"),
    "contact of unknown kind": ({"contact": {"fax": "1"}}, "contact.fax"),
}


@pytest.mark.parametrize("what", WRONG_VALUES)
def test_a_wrong_value_is_named(scene: Scene, what: str) -> None:
    changes, field = WRONG_VALUES[what]
    body = {"actor": "ann", "bookable": scene.venue.occurrence} | changes
    found = scene.refused("POST", "/v1/bookings", body).problem(400, "invalid")["field"]
    # A list of claims is made of the short form, and then named by its members.
    assert field.removeprefix("claims[0].") in found, found


TIMES = {
    "naive": "2027-06-07T18:00:00",
    "a date": "2027-06-07",
    "of no month": "2027-13-07T18:00:00Z",
    "a number": 1_800_000_000,
    "a text of a number": "1800000000",
    "words": "tomorrow",
    "null": None,
    "of the year nought": "0000-01-01T00:00:00Z",
    "long ago": "0001-01-01T00:00:00Z",
    "before everything": "0001-01-01T00:00:00+23:59",
    "after everything": "9999-12-31T23:59:59-23:59",
    "an offset of days": "2027-06-07T18:00:00+99:00",
}


@pytest.mark.parametrize("what", TIMES)
@pytest.mark.parametrize("field", ["start", "end"])
def test_a_time_without_an_offset_or_sense_is_named(scene: Scene, field: str, what: str) -> None:
    times = {"start": START, "end": END} | {field: TIMES[what]}
    body = {"bookable": "new", "capacity": 3, **times}
    found = scene.refused("POST", "/v1/occurrences", body).problem(400, "invalid")["field"]
    assert found in ("start", "end")
    claims = [{"bookable": scene.venue.resource, **times}]
    answer = scene.refused("POST", "/v1/bookings", {"actor": "ann", "claims": claims})
    assert answer.problem(400, "invalid")["field"] in ("claims[0].start", "claims[0].end")


TYPES = {
    "text/plain": 415,
    "application/x-www-form-urlencoded": 415,
    "multipart/form-data; boundary=x": 415,
    "application/xml": 415,
    "nonsense": 415,
    "": 415,
    "application/jsonp": 415,
    "application/json": 201,
    "application/json; charset=utf-8": 201,
    "Application/JSON": 201,
    "application/json;charset=UTF-8": 201,
}


@pytest.mark.parametrize("media", TYPES)
def test_a_body_of_another_type_is_refused(scene: Scene, media: str) -> None:
    name = f"typed-{len(media)}-{abs(hash(media)):x}"
    before = rows(scene.connection, scene.venue.tenant_id)
    answer = scene.inside.ask(
        "POST",
        "/v1/resources",
        {"bookable": name},
        key=scene.venue.owner,
        headers=[("Content-Type", media)],
    )
    assert answer.status == TYPES[media], answer.body
    if answer.status == 415:
        answer.problem(415, "unsupported_media_type")
        assert rows(scene.connection, scene.venue.tenant_id) == before


# Paths and queries -------------------------------------------------------------------------------

IDS = ["%00", "a%00b", "%ff%fe", "%ed%a0%80", "%C2%85", "..", "%2e%2e", "a" * 5_000, "NaN", "-1",
       "%F0%9F%8E%BE", "%2F", "%25", "%0d%0aSet-Cookie:x", "'%20OR%201=1%20--"]  # fmt: skip


@pytest.mark.parametrize("odd", IDS)
def test_an_odd_id_in_a_path_is_an_unknown_one(scene: Scene, odd: str) -> None:
    for row in ROWS:
        if "{" not in row.template or row.action is None:
            continue
        body: Any = {} if row.method in ("POST", "PUT", "PATCH") else None
        path = re.sub(r"\{[^}]*\}", odd, row.template)
        answer = scene.refused(row.method, path, body)
        assert answer.status in (400, 404, 405), (row.name, answer)
        answer.problem(answer.status)


QUERIES = {
    "an unknown one": ("colour=red", "colour"),
    "one twice": ("limit=1&limit=2", "limit"),
    "no rows": ("limit=0", "limit"),
    "too many rows": ("limit=1001", "limit"),
    "rows below nought": ("limit=-1", "limit"),
    "half a row": ("limit=1.5", "limit"),
    "rows of words": ("limit=all", "limit"),
    "rows beyond number": (f"limit={'9' * 5_000}", "limit"),
    "rows of other digits": ("limit=%D9%A3", "limit"),
    "rows of nothing": ("limit=", "limit"),
    "no status": ("status=ASLEEP", "status"),
    "a status of no case": ("status=confirmed", "status"),
    "an actor with NUL": ("actor=a%00b", "actor"),
    "a bookable with NUL": ("bookable=a%00b", "bookable"),
    "a location with NUL": ("location=a%00b", "location"),
    "an actor that is no UTF-8": ("actor=%ff", "actor"),
    "an actor of half a surrogate": ("actor=%ed%a0%80", "actor"),
    "a naive time": ("starts_from=2027-06-07T18:00:00", "starts_from"),
    "a time that is a number": ("starts_to=1800000000", "starts_to"),
    "a time whose plus was not encoded": ("starts_to=2027-06-07T18:00:00+01:00", "starts_to"),
    "a cursor that is none": ("cursor=nonsense", "cursor"),
    "an empty cursor": ("cursor=", "cursor"),
    "a cursor of bytes": ("cursor=%ff%00", "cursor"),
}


@pytest.mark.parametrize("what", QUERIES)
def test_a_bad_query_is_named(scene: Scene, what: str) -> None:
    query, field = QUERIES[what]
    found = scene.refused("GET", "/v1/bookings", query=query).problem(400, "invalid")["field"]
    assert found.startswith(field)


def forged() -> list[str]:
    """Cursors that nobody was given."""
    contents: list[Any] = [
        {}, [], None, 7, "x", {"after": None}, {"after": 7}, {"after": ["x"]}, {"after": "x\0"},
        {"after": "x", "more": 1}, {"seq": "1"}, {"seq": -1}, {"seq": 10**30}, {"seq": 1.5},
        {"seat": -1}, {"seat": 2**63}, {"version": -1}, {"rows": -5}, {"rows": 2**31},
        {"after": "' OR true --"}, {"after": "a" * 1_000},
    ]  # fmt: skip
    made = [
        base64.urlsafe_b64encode(json.dumps(x).encode()).rstrip(b"=").decode() for x in contents
    ]
    return [*made, "=", "%20", "a" * 3_000, "e30=", "e3", "%FF", "W10", "[" * 500]


NOT_PAGED = {"/v1/is-free", "/v1/next-free"}
"""One answer, and no list."""

PAGED = sorted(
    {
        x.template
        for x in ROWS
        if x.method == "GET"
        and x.action is not None
        and x.template not in NOT_PAGED
        and (
            (x.template.startswith("/v1/") and "{" not in x.template)
            or x.template.endswith(("/roster", "/journal", "/audit", "/occurrences", "/slots"))
        )
    }
)


@pytest.mark.parametrize("template", PAGED)
def test_a_forged_cursor_is_refused_or_leads_nowhere_else(scene: Scene, template: str) -> None:
    venue = scene.venue
    booking = venue.booking()
    path = template
    for name, value in (
        ("{booking_id}", booking),
        ("{service_id}", venue.service),
        (
            "{bookable}",
            getattr(
                venue,
                {"resources": "pool", "events": "event"}.get(template.split("/")[2], "occurrence"),
            ),
        ),
    ):
        path = path.replace(name, value)
    row = next(x for x in ROWS if (x.method, x.template) == ("GET", template))
    query = urlencode(row.make(venue, "ann").query)
    before = rows(scene.connection, venue.tenant_id)
    statuses = set()
    for cursor in forged():
        answer = scene.inside.ask("GET", path, key=venue.owner, query=f"{query}&cursor={cursor}")
        statuses.add(answer.status)
        if answer.status == 200:
            # It said where to go on, as a real one might: no harm in that.
            assert set(answer.json()) == {"items", "next"}
        else:
            answer.problem(400, "invalid", "cursor")
    assert 400 in statuses
    assert rows(scene.connection, venue.tenant_id) == before


# Headers -----------------------------------------------------------------------------------------

KEYS: dict[str, list[bytes]] = {
    "empty": [b""],
    "of spaces": [b"   "],
    "empty in quotes": [b'""'],
    "too long": [b"k" * 201],
    "too long in quotes": [b'"' + b"k" * 201 + b'"'],
    "with a space": [b"a b"],
    "with a tab": [b"a\tb"],
    "with NUL": [b"a\0b"],
    "with a control character": [b"a\x1bb"],
    "with DEL": [b"a\x7fb"],
    "not ASCII": ["schlüssel".encode()],
    "no UTF-8": [b"a\xffb"],
    "of one quote": [b'"'],
    "unfinished": [b'"abc'],
    "quoted and more": [b'"abc" def'],
    "with parameters": [b'"abc";a=1'],
    "with a stray escape": [b'"a\\bc"'],
    "ending in an escape": [b'"abc\\"'],
    "twice": [b"one", b"two"],
    "twice the same": [b"one", b"one"],
}


@pytest.mark.parametrize("what", KEYS)
def test_a_bad_idempotency_key_is_refused(scene: Scene, what: str) -> None:
    headers: list[Header] = [("Idempotency-Key", x) for x in KEYS[what]]
    for path, body in (
        ("/v1/bookings", {"actor": "ann", "bookable": scene.venue.occurrence}),
        ("/v1/resources", {"bookable": "keyed"}),
        ("/v1/locations", {"location_id": "keyed", "name": "x", "time_zone": "UTC"}),
        ("/v1/people", {"subject": "keyed", "roles": ["staff"]}),
    ):
        answer = scene.refused("POST", path, body, headers=headers)
        answer.problem(400, "invalid", "Idempotency-Key")


def test_a_key_of_any_visible_characters_is_one(scene: Scene) -> None:
    visible = "".join(chr(x) for x in range(33, 127) if chr(x) not in '"\\')
    for i, (first, second) in enumerate(
        [
            (b"k" * 200, b'"' + b"k" * 200 + b'"'),
            (visible.encode(), b'"' + visible.encode() + b'"'),
            (b'"a\\"b\\\\c"', b' "a\\"b\\\\c" '),
        ]
    ):
        body = {"bookable": f"visible-{i}"}
        made, again = (
            scene.inside.ask(
                "POST",
                "/v1/resources",
                body,
                key=scene.venue.owner,
                headers=[("Idempotency-Key", key)],
            )
            for key in (first, second)
        )
        assert (made.status, again.status) == (201, 201), (made.body, again.body)
        assert made.header("idempotency-replayed") is None
        assert again.header("idempotency-replayed") == "true"
        assert made.body == again.body


MATCHES: dict[str, tuple[list[bytes], int]] = {
    "any": ([b"*"], 200),
    "its version": ([b'"1"'], 200),
    "a stale one": ([b'"7"'], 412),
    # Proxies weaken a tag when they compress; a version says all of the booking all the same.
    "a weak one": ([b'W/"1"'], 200),
    "a stale weak one": ([b'W/"7"'], 412),
    "no quotes": ([b"1"], 400),
    "words": ([b'"abc"'], 400),
    "nought": ([b'"0"'], 400),
    "negative": ([b'"-1"'], 400),
    "beyond number": ([b'"' + b"9" * 30 + b'"'], 400),
    "several": ([b'"1", "2"'], 400),
    "twice": ([b'"1"', b'"2"'], 400),
    "empty": ([b""], 400),
    "of bytes": ([b'"\xff"'], 400),
    "of other digits": (['"٣"'.encode()], 400),
}


@pytest.mark.parametrize("what", MATCHES)
def test_if_match_is_one_version_or_any(scene: Scene, what: str) -> None:
    values, status = MATCHES[what]
    booking = scene.venue.booking()
    before = rows(scene.connection, scene.venue.tenant_id)
    answer = scene.inside.ask(
        "POST",
        f"/v1/bookings/{booking}/check-in",
        key=scene.venue.owner,
        headers=[("If-Match", x) for x in values],
    )
    assert answer.status == status, answer.body
    if status == 412:
        problem = answer.problem(412, "conflict")
        assert (problem["rule"], problem["actual"]) == ("version", 1)
    elif status == 400:
        answer.problem(400, "invalid", "If-Match")
    if status != 200:
        assert rows(scene.connection, scene.venue.tenant_id) == before


@pytest.mark.parametrize(
    "value",
    [b"", b"Bearer", b"Bearer ", b"Bearer \xff", b"Bearer a b", b"Basic YTpi", b"\0", b"Bearer \0",
     b"bearer,bearer", b"Bearer " + b"x" * 100_000,
     b"Bearer ls_sk_" + b"0" * 32 + b"_" + b"A" * 43],
    ids=lambda x: x[:20].decode("latin-1").encode("ascii", "backslashreplace").decode(),
)  # fmt: skip
def test_a_credential_that_is_none_is_401(scene: Scene, value: bytes) -> None:
    answer = scene.inside.ask("GET", "/v1/bookings", headers=[("Authorization", value)])
    answer.problem(401, "unauthorized")


def test_two_credentials_are_none(scene: Scene) -> None:
    """Which of them a proxy in front has looked at can't be known."""
    owner = f"Bearer {scene.venue.owner}"
    for first, second in ((owner, "Bearer nonsense"), ("Bearer nonsense", owner), (owner, owner)):
        headers = [("Authorization", first), ("Authorization", second)]
        answer = scene.inside.ask("GET", "/v1/bookings", headers=headers)
        assert answer.status in (400, 401), answer
        answer.problem(answer.status)


@pytest.mark.parametrize("named", [b"", b"\xff", b"a\0b", b"x" * 201, b" "])
def test_a_tenant_that_is_none_is_refused(scene: Scene, named: bytes) -> None:
    answer = scene.refused("GET", "/v1/bookings", headers=[("Lastseat-Tenant", named)])
    assert answer.status in (400, 403)
    answer.problem(answer.status)


# Methods -----------------------------------------------------------------------------------------

TEMPLATES = sorted({x.template for x in ROWS})


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_method_that_is_none_of_the_routes_is_405(scene: Scene, template: str) -> None:
    known = {x.method for x in ROWS if x.template == template}
    path = somewhere(template)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE"} - known:
        if method == "HEAD" and "GET" in known:
            continue
        answer = scene.refused(method, path)
        if method == "HEAD":
            assert (answer.status, answer.body) == (405, b"")
        else:
            answer.problem(405, "method_not_allowed")
        allowed = {x.strip() for x in (answer.header("allow") or "").split(",")}
        assert allowed - {"OPTIONS", "HEAD"} == known, (method, allowed)
    answer = scene.refused("OPTIONS", path)
    assert answer.status == 204
    allowed = {x.strip() for x in (answer.header("allow") or "").split(",")}
    assert allowed - {"OPTIONS", "HEAD"} == known, allowed


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/", "/v1/nothing", "/v2/bookings", "/%00",
     "/V1/bookings", "/v1/bookings/a/b/c", "/.env", "/../etc/passwd", "/docs/../app.py",
     "/docs/..%2fapp.py", "/docs/%2e%2e%2fapp.py", "/schema", "/api/booking", "/%ff"],
)  # fmt: skip
def test_an_address_that_is_none_is_404(scene: Scene, path: str) -> None:
    scene.refused("GET", path).problem(404, "not_found")


def test_no_answer_tells_of_the_insides(scene: Scene) -> None:
    """Not a file, not a line, not a statement, whatever was sent."""
    said = [scene.refused("POST", "/v1/bookings", x).body for x in NO_JSON.values()]
    said += [scene.refused("GET", f"/v1/occurrences/{odd}").body for odd in IDS]
    for text in said:
        for word in (b"Traceback", b".py", b"SELECT", b"psycopg", b"msgspec", b"litestar"):
            assert word not in text, text


def test_the_test_would_see_a_row_written(scene: Scene) -> None:
    """The control of `refused`."""
    body = {"actor": f"control {os.getpid()}", "bookable": scene.venue.occurrence}
    with pytest.raises(AssertionError):
        scene.refused("POST", "/v1/bookings", body)
