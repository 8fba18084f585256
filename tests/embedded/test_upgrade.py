"""Another major version of PostgreSQL: the database carried over whole, or left as it was.

Where the machine has programs of two major versions (Debian's beside the wheel's) it is a real
upgrade; else the newest version's own files are rewritten by itself, in the same steps.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

import lastseat
from lastseat.embedded import (
    EmbeddedError,
    EmbeddedServer,
    NoBinariesError,
    NotStoppedError,
    Upgraded,
    VersionMismatchError,
    cluster,
    upgrade,
)
from lastseat.embedded.account import choose
from lastseat.embedded.binaries import OLDEST_MAJOR, Binaries, at, locate, of_major
from lastseat.feed.reading import FeedPage, feed
from lastseat.feed.relay import relay
from lastseat.ledger.verify import verify

from .processes import Process, names, until

START = datetime(2031, 3, 3, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


def older() -> Binaries:
    """Programs of an older version than those in use; there being none, these themselves."""
    for major in range(OLDEST_MAJOR, locate().major):
        place = of_major(str(major))
        if place is not None:
            return at(place)
    return locate()


def carry_over(server: EmbeddedServer, old: Binaries | None = None) -> Upgraded:
    """Upgrade, from the same version if need be."""
    old = old or older()
    if old.major != locate().major:
        done = server.upgrade(old_bin_dir=old.bin_dir)
        assert done is not None
        return done
    deadline = time.monotonic() + 60
    with server._my_turn(deadline) as mine, cluster.nothing_running(mine.layout, deadline) as lock:
        return upgrade.run(mine, old, lock)


@pytest.fixture(scope="module")
def before(place: Path) -> Iterator[EmbeddedServer]:
    """A server of the older version with bookings, some of them fed, killed a moment ago."""
    server = EmbeddedServer(place / "before")
    with older_programs():
        where = server.ensure_running()
        with contextlib.closing(lastseat.open(where)) as engine:
            studio = engine.tenant("studio")
            studio.define_occurrence("yoga", start=START, end=START + HOUR, capacity=2)
            assert studio.book("yoga", actor="ann").ok
            look(where)
            assert studio.book("yoga", actor="ben").ok
        server.stop(mode="immediate")
    yield server
    server.stop(mode="immediate")
    shutil.rmtree(server.data_dir)


@contextlib.contextmanager
def older_programs() -> Iterator[None]:
    """As `LASTSEAT_PG_BIN` says after an update, to go on as before."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("LASTSEAT_PG_BIN", str(older().bin_dir))
        yield


def look(conninfo: str) -> FeedPage:
    """Let the relay look once; the tenant's feed then."""

    async def once() -> FeedPage:
        async with await psycopg.AsyncConnection.connect(conninfo) as connection:
            await relay(connection)
            return await feed(connection, "studio", after=0, limit=100)

    return asyncio.run(once())


def of_yoga(page: FeedPage) -> list[str]:
    """What the feed tells of the occurrence, oldest first."""
    return [x.row.type for x in page.items if x.stream == "yoga"]


def test_a_failed_upgrade_leaves_the_old_database_in_its_place(
    before: EmbeddedServer, programs_place: Path
) -> None:
    damaged = programs_place / "bin"
    damaged.mkdir()
    for program in older().bin_dir.iterdir():
        damaged.joinpath(program.name).symlink_to(program)
    damaged.joinpath("pg_resetwal").unlink()
    damaged.joinpath("pg_resetwal").write_text("#!/bin/sh\nexit 1\n")
    damaged.joinpath("pg_resetwal").chmod(0o755)
    with pytest.raises(EmbeddedError, match=r"(?s)pg_resetwal.*The database is as it was"):
        carry_over(before, at(damaged))
    assert cluster.data_major(before.data_dir / "postgres") == str(older().major)
    assert not list(before.data_dir.glob("postgres.before-upgrade-*"))


def test_an_upgrade_carries_over_every_booking_and_keeps_the_old_database(
    before: EmbeddedServer,
) -> None:
    # The try before was killed; its initdb may be at work still.
    before.data_dir.joinpath("postgres.upgrading").rename(before.data_dir / "postgres.failed")
    killed = Process(lambda: carry_over(before))
    until(before.data_dir.joinpath("postgres.upgrading").exists)
    killed.kill()

    done = carry_over(before)
    assert (done.before, done.after) == (older().major, locate().major)
    assert {"postgres", done.kept.name} < names(before.data_dir)
    assert not {"postgres.upgrading", "postgres.restored"} & names(before.data_dir)

    where = before.ensure_running()
    with pytest.raises(NotStoppedError, match="stop it first"):
        before.upgrade()
    with contextlib.closing(lastseat.open(where)) as engine:
        studio = engine.tenant("studio")
        assert [x.actor for x in studio.roster("yoga")] == ["ann", "ben"]
        assert studio.book("yoga", actor="cyd").code == "full"
        assert studio.cancel("yoga", actor="ann").ok
    assert verify(where).differences == ()
    told = look(where)
    assert of_yoga(told) == ["defined", "booked", "booked", "cancelled"]
    before.stop()

    # And back again, as one would who is not content.
    before.data_dir.joinpath("postgres").rename(before.data_dir / "postgres.newer")
    done.kept.rename(before.data_dir / "postgres")
    with older_programs():
        then = look(before.ensure_running())
    assert of_yoga(then) == ["defined", "booked", "booked"]
    assert then.epoch != told.epoch, "readers have to know that it is another server's feed"


@pytest.fixture
def written_by(server: EmbeddedServer) -> Callable[[str], EmbeddedServer]:
    """A stopped server whose files say that some version wrote them; there is no more to them."""

    def write(major: str) -> EmbeddedServer:
        pgdata = server.data_dir / "postgres"
        account = choose(pgdata)
        pgdata.mkdir(parents=True)
        pgdata.joinpath("PG_VERSION").write_text(f"{major}\n")
        server.data_dir.joinpath("lastseat.lock").touch()
        if account.drop:
            server.data_dir.chmod(0o755)
            os.chown(pgdata, account.uid, account.gid)
        return server

    return write


def test_the_same_version_is_nothing_to_do(written_by: Callable[[str], EmbeddedServer]) -> None:
    assert written_by(str(locate().major)).upgrade() is None


def test_a_newer_database_is_not_written_by_older_programs(
    written_by: Callable[[str], EmbeddedServer],
) -> None:
    newer = locate().major + 1
    with pytest.raises(VersionMismatchError, match=f"install PostgreSQL {newer}'s"):
        written_by(str(newer)).upgrade()


def test_without_the_old_programs_it_says_which_and_how_to_name_them(
    written_by: Callable[[str], EmbeddedServer],
) -> None:
    with pytest.raises(NoBinariesError, match=r"postgresql-12\b.*--old-bindir"):
        written_by("12").upgrade()


def test_programs_of_a_third_version_are_refused(
    written_by: Callable[[str], EmbeddedServer],
) -> None:
    with pytest.raises(VersionMismatchError, match=f"are PostgreSQL {locate().major}. Name those"):
        written_by("13").upgrade(old_bin_dir=locate().bin_dir)


def test_a_directory_without_programs_is_refused(
    written_by: Callable[[str], EmbeddedServer], directory: Path
) -> None:
    with pytest.raises(NoBinariesError, match=rf"{directory}: no postgres"):
        written_by("13").upgrade(old_bin_dir=directory)
