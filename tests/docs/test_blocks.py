"""Every block of the documentation is run, or it says here why not.

Pages with a story of their own have a test of their own; all others are run from top to bottom on
one service and one database, each as a tenant of its own.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.cli import running
from tests.docs.pages import ROOT, Fence, Page, fences
from tests.tour import Service, served

import lastseat
from lastseat.embedded import EmbeddedServer

PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (
        ROOT / "README.md",
        ROOT / "src/lastseat/core/README.md",
        *(ROOT / "docs").rglob("*.md"),
    )
)
RUNNABLE = {"python", "py", "pycon", "sh", "shell", "bash", "console", "sql"}

ELSEWHERE = {
    "README.md": ("tests/test_readme.py", {"python", "bash", "py", "console"}),
    "docs/calendar.md": ("tests/test_calendar_guide.py", {"python", "console"}),
    "docs/http.md": ("tests/test_http_guide.py", {"bash", "py"}),
    "docs/waitlist.md": ("tests/test_waitlist_guide.py", {"python", "console"}),
    "docs/webhooks.md": ("tests/test_webhooks_guide.py", {"python", "py"}),
    "src/lastseat/core/README.md": ("tests/core/test_readme.py", {"python"}),
}
"""Pages with a test of their own, and the languages that it runs."""

_INSTALLS = "it installs, which tests/packaging does"
_SERVES = "the tests start it themselves, on a free port"
_MACHINE = "it changes the machine it runs on"

_NAMED = "ids in it are made up; tests/access/test_page.py compares it with the program's options"

NOT_RUN = {
    ("README.md", "$ make demo"): "make runs the tests; tests/demo run the demonstration",
    ("README.md", "pip install lastseat"): _INSTALLS,
    ("README.md", "lastseat serve"): _SERVES,
    ("docs/http.md", "lastseat serve"): _SERVES,
    ("docs/tour.md", "python3 -m venv lastseat && . lastseat/bin/activate"): _INSTALLS,
    ("docs/access.md", "lastseat tenants create studio"): _NAMED,
    ("docs/access.md", "lastseat people add 'auth0|64f1c2'"): _NAMED,
    ("docs/jobs.md", "lastseat worker"): "it does not end; tests/cli/test_worker.py runs it",
    ("docs/live.md", 'for message in client.live(location="kreuzberg"):'): (
        "it does not end; tests/client/test_live.py listens"
    ),
    ("docs/deploy.md", "make package"): "it installs, or needs a container engine",
    ("docs/deploy.md", "useradd"): _MACHINE,
    ("docs/deploy.md", "for port in 8001 8002; do"): _MACHINE,
    (
        "docs/deploy.md",
        (
            "sudo -u lastseat env LASTSEAT_DATA_DIR=/var/lib/lastseat "
            "/opt/lastseat/bin/lastseat tenants create studio"
        ),
    ): _MACHINE,
    (
        "docs/deploy.md",
        (
            "sudo -u lastseat sh -c 'set -a; . /etc/lastseat/lastseat.env; "
            "exec /opt/lastseat/bin/lastseat tenants create studio'"
        ),
    ): _MACHINE,
    ("docs/deploy.md", "docker exec lastseat lastseat tenants create studio"): _MACHINE,
    ("docs/operate.md", "lastseat db backup /backups/monday.tar.gz"): (
        "it replaces the database; tests/cli/test_drill.py does just that"
    ),
    ("docs/scale.md", "lastseat migrate"): (
        "it takes a Citus cluster; tests/ledger/test_distribute.py has all but that"
    ),
    (
        "docs/operate.md",
        (
            "lastseat db backup /backups/lastseat-$(date +%F).tar.gz && "
            "find /backups -name 'lastseat-*.tar.gz' -mtime +30 -delete"
        ),
    ): "it deletes old backups",
    ("docs/operate.md", "lastseat db stop"): "it stops the database that the tests use",
}
"""Blocks that are not run, by page and first line, each with its reason."""


def told(page: str) -> list[Fence]:
    """The blocks of a page that ask to be run."""
    return [x for x in fences((ROOT / page).read_text()) if x.language in RUNNABLE]


def blank(page: str) -> list[Fence]:
    """Of these, the ones that the test below has to run."""
    _, languages = ELSEWHERE.get(page, ("", set()))
    return [x for x in told(page) if x.language not in languages and (page, x.first) not in NOT_RUN]


TIMETABLE = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//school//timetable//EN
BEGIN:VEVENT
UID:maths@school.example
DTSTAMP:20270101T000000Z
DTSTART;TZID=Europe/Berlin:20270301T080000
DTEND;TZID=Europe/Berlin:20270301T090000
RRULE:FREQ=WEEKLY
SUMMARY:Maths
END:VEVENT
END:VCALENDAR
"""
"""A file that docs/calendars.md reads, as its reader has one."""

WHOLE = [page for page in PAGES if page not in ELSEWHERE and blank(page)]
"""Pages that are run from top to bottom."""


@pytest.fixture(scope="module")
def where(server: EmbeddedServer, template: str) -> str:
    """A database for all pages together."""
    shared = server.ensure_running()
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE the_docs TEMPLATE {template}".encode())
    return make_conninfo(shared, dbname="the_docs")


@pytest.fixture(scope="module")
def service(where: str) -> Iterator[Service]:
    """One service for all pages together."""
    with (
        running.scratch() as home,
        served("lastseat serve --no-jobs", home, LASTSEAT_DATABASE_URL=where) as found,
    ):
        yield found


@pytest.mark.parametrize("page", WHOLE)
def test_a_page_runs_from_its_first_block_to_its_last(
    page: str, where: str, service: Service, tmp_path: Path
) -> None:
    (tmp_path / "timetable.ics").write_text(TIMETABLE)
    with lastseat.open(where, migrate=False) as engine:
        tenant = Path(page).stem
        if any(x.language in ("bash", "py") for x in told(page)):
            service = owned(tenant, service, where)
        names: dict[str, Any] = {"__name__": "page", "tenant": engine.tenant(tenant)}
        assert Page(ROOT / page, service, where, tmp_path, names).run() >= len(blank(page))


def owned(tenant: str, service: Service, where: str) -> Service:
    """The service with an owner's key of that tenant."""
    lastseat_(where, "tenants", "create", tenant)
    key = lastseat_(where, "keys", "create", "--tenant", tenant, "--name", "o", "--role", "owner")
    found = re.search(r"ls_sk_\S+", key)
    assert found is not None
    return Service(service.url, found[0])


def lastseat_(where: str, *arguments: str) -> str:
    """What a command prints that has to succeed."""
    done = running.lastseat(*arguments, LASTSEAT_DATABASE_URL=where)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_run_or_it_is_said_why_not(page: str) -> None:
    if page in ELSEWHERE:
        assert [(x.language, x.first) for x in blank(page)] == []
    assert {x.language for x in blank(page)} <= {"python", "py", "bash", "console", "sql"}


@pytest.mark.parametrize("page", sorted(ELSEWHERE))
def test_a_test_of_its_own_runs_the_languages_it_is_listed_with(page: str) -> None:
    test, languages = ELSEWHERE[page]
    source = (ROOT / test).read_text()
    assert Path(page).name in source
    for language in languages:
        ways = (f'"{language}"', f"run_{language}(", f"```{language}\\n")
        assert any(way in source for way in ways), language
    assert languages <= {x.language for x in told(page)}


@pytest.mark.parametrize("page", PAGES)
def test_a_block_of_commands_says_that_it_is_one(page: str) -> None:
    """Else it would be plain text, which nobody runs."""
    plain = [x for x in fences((ROOT / page).read_text()) if not x.language]
    programs = ("$ ", "lastseat ", "curl ", "make ", "pip ", "python", "import ", "SELECT ")
    assert [x.first for x in plain if x.text.startswith(programs)] == []


def test_what_is_listed_as_not_run_is_there() -> None:
    there = {(page, x.first) for page in PAGES for x in told(page)}
    assert set(NOT_RUN) - there == set()


def test_control_a_page_that_says_something_wrong_is_found(
    where: str, service: Service, tmp_path: Path
) -> None:
    for wrong in (
        "```python\nassert not tenant\n```\n",
        "```console\n$ lastseat verify\nall is lost\n```\n",
        "```console\n$ lastseat verify --nonsense\n```\n",
        '```bash\ncurl -s $LASTSEAT/healthz\n# {"status":"down"}\n```\n',
        "```bash\nfalse\n```\n",
    ):
        path = tmp_path / "page.md"
        path.write_text(wrong)
        with pytest.raises(AssertionError):
            Page(path, service, where, tmp_path, {"tenant": "anything"}).run()
