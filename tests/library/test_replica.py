"""Lists and availability by a real streaming replica, and by the primary when that can't answer."""

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

import lastseat
from lastseat.embedded import EmbeddedServer, account, binaries, postmaster, readable
from lastseat.library.asynchronous import replica as replicas
from lastseat.library.synchronous.tenant import Tenant

START = datetime(2027, 6, 7, 18, tzinfo=UTC)
END = START + timedelta(hours=1)


class Copy:
    """A streaming replica of the test run's server."""

    def __init__(self, server: EmbeddedServer, home: Path) -> None:
        found = postmaster.find(server.data_dir / "postgres")
        assert found is not None
        self._account = account.choose(server.data_dir / "postgres")
        programs = readable.for_account(binaries.locate(), self._account)
        self._pg_ctl = programs.path("pg_ctl")
        self._data = home / "data"
        subprocess.run(
            [
                str(programs.path("pg_basebackup")),
                *("-d", found.conninfo(user=postmaster.SUPERUSER, dbname="postgres")),
                *("-D", str(self._data), "-R", "-X", "stream", "-c", "fast", "--no-sync"),
            ],
            check=True,
        )
        if self._account.drop:
            for path in (home, self._data, *self._data.rglob("*")):
                shutil.chown(path, self._account.uid, self._account.gid)
        self._home = home
        self.start()

    def start(self) -> None:
        settings = {
            "unix_socket_directories": self._home,
            "listen_addresses": "",
            # No fewer than the primary has.
            "max_connections": 200,
            "fsync": "off",
            "shared_buffers": "16MB",
        }
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        started = self._account.run(
            [self._pg_ctl, "start", "-w", "-D", self._data, "-l", self._home / "log", "-o", options]
        )
        assert started.returncode == 0, (self._home / "log").read_text()[-2000:]

    def stop(self) -> None:
        self._account.run([self._pg_ctl, "stop", "-w", "-m", "immediate", "-D", self._data])

    def url(self, primary: str) -> str:
        return make_conninfo(primary, host=str(self._home))


@pytest.fixture(scope="module")
def copy(server: EmbeddedServer, conninfo: str) -> Iterator[Copy]:
    home = Path(tempfile.mkdtemp(prefix="replica-", dir=server.data_dir.parent))
    home.chmod(0o755)
    made = Copy(server, home)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def tenant(engine: lastseat.Engine, tenant_id: str) -> Tenant:
    return engine.tenant(tenant_id)


@pytest.fixture
def engine(copy: Copy, conninfo: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[lastseat.Engine]:
    monkeypatch.setattr(replicas, "MEASURED_SECONDS", 0.05)
    opening = lastseat.open(conninfo, migrate=False, read_url=copy.url(conninfo))
    with contextlib.closing(opening) as opened:
        yield opened


def counts(engine: lastseat.Engine) -> tuple[int, int]:
    """Reads by the replica, and those that the primary had to answer for it."""
    replica = engine._engine.replica
    assert replica is not None
    return replica.answered, replica.missed


def until(done: Callable[[], Any], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.02)


def booked(tenant: Tenant) -> int:
    return len(list(tenant.bookings().items))


def by_the_replica(engine: lastseat.Engine, tenant: Tenant) -> bool:
    """Whether a list is the replica's."""
    before = counts(engine)[0]
    tenant.bookings()
    return counts(engine)[0] > before


def test_lists_come_from_the_replica_and_decisions_never_do(
    engine: lastseat.Engine, tenant: Tenant
) -> None:
    tenant.define_pool("skis", capacity=5)
    claim = lastseat.Claim(bookable="skis", start=START, end=END)
    until(lambda: by_the_replica(engine, tenant))
    tenant.book([claim], actor="ann")
    until(lambda: booked(tenant) == 1)
    before = counts(engine)
    assert not tenant.is_free("skis", start=START, end=END, units=5)
    assert len(tenant.busy("skis", start=START, end=END)) == 1
    assert tenant.agenda(start=START, end=END, resource="skis").items
    assert tenant.bookables().items
    assert counts(engine) == (before[0] + 4, before[1])
    # What is decided, and what is asked by id, is the primary's.
    assert tenant.book([claim], actor="ben").ok
    match tenant.book([claim], actor="cyd"):
        case lastseat.outcomes.Booked(booking_id=str(booking_id)):
            assert tenant.booking(booking_id).actor == "cyd"
        case other:
            raise AssertionError(other)
    assert counts(engine) == (before[0] + 4, before[1])


def test_what_the_replica_does_not_have_yet_the_primary_has(
    engine: lastseat.Engine, tenant: Tenant, conninfo: str, copy: Copy
) -> None:
    tenant.define_pool("poles", capacity=5)
    until(lambda: by_the_replica(engine, tenant))
    with superuser(copy, conninfo) as admin:
        admin.execute("SELECT pg_wal_replay_pause()")
        try:
            tenant.define_pool("boots", capacity=5)
            # By the replica alone it would not be there.
            missed = counts(engine)[1]
            assert tenant.is_free("boots", start=START, end=END)
            assert counts(engine)[1] == missed + 1
        finally:
            admin.execute("SELECT pg_wal_replay_resume()")


def test_a_replica_far_behind_is_not_asked_until_it_has_caught_up(
    engine: lastseat.Engine,
    tenant: Tenant,
    conninfo: str,
    copy: Copy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replicas, "MOST_BEHIND", 0.3)
    tenant.define_pool("skis", capacity=5)
    until(lambda: by_the_replica(engine, tenant))
    with superuser(copy, conninfo) as admin:
        admin.execute("SELECT pg_wal_replay_pause()")
        try:
            tenant.book([lastseat.Claim(bookable="skis", start=START, end=END)], actor="ann")
            until(lambda: not by_the_replica(engine, tenant))
            assert booked(tenant) == 1
            replica = engine._engine.replica
            assert replica is not None
            assert replica.lag > 0.3
        finally:
            admin.execute("SELECT pg_wal_replay_resume()")
    until(lambda: by_the_replica(engine, tenant))


def test_a_replica_that_is_gone_is_missed_by_nobody(
    engine: lastseat.Engine, tenant: Tenant, copy: Copy
) -> None:
    until(lambda: by_the_replica(engine, tenant))
    copy.stop()
    try:
        for _ in range(20):
            began = time.monotonic()
            assert booked(tenant) == 0
            assert time.monotonic() - began < 1.5
    finally:
        copy.start()
    until(lambda: by_the_replica(engine, tenant))


def test_the_replica_of_another_database_is_not_asked(
    database: Callable[[], str], copy: Copy, conninfo: str, tenant_id: str
) -> None:
    where = database()
    opening = lastseat.open(where, migrate=False, read_url=copy.url(conninfo))
    with contextlib.closing(opening) as engine:
        tenant = engine.tenant(tenant_id)
        for _ in range(20):
            assert not by_the_replica(engine, tenant)
            time.sleep(0.01)


@contextlib.contextmanager
def superuser(copy: Copy, conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    url = make_conninfo(copy.url(conninfo), user=postmaster.SUPERUSER, dbname="postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
