"""`verify` finds a sound ledger sound, beside writers too, and stops cleanly.

What it finds in a spoiled one is in test_verify_spoiled.py.
"""

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import psycopg
import pytest
from tests.ledger.story import Story, at, did

import lastseat
from lastseat.core.outcomes import Code
from lastseat.ledger.verify import Progress, verify

APPLICATION = "lastseat-verify"

STREAMS, ENTRIES, BOOKINGS, CLAIMS = 41, 169, 37, 79
"""What the busy day leaves of one tenant; two live it."""


def sessions(conninfo: str) -> int:
    """How many connections of `verify` the database has."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = %s",
            [APPLICATION],
        ).fetchone()
    assert row is not None
    return int(row[0])


def wait_until(true: Callable[[], bool]) -> None:
    """Ask again until it is so, for half a minute at most."""
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)


def test_a_busy_day_of_everything_verifies_without_a_difference(story: Story) -> None:
    report = verify(story.conninfo)
    assert report.differences == ()
    assert report.complete
    assert (report.tenants, report.streams, report.entries) == (2, 2 * STREAMS, 2 * ENTRIES)
    assert (report.bookings, report.claims) == (2 * BOOKINGS, 2 * CLAIMS)


def test_one_tenant_is_verified_alone(story: Story) -> None:
    report = verify(story.conninfo, tenant_id="annex")
    assert (report.tenants, report.streams, report.entries) == (1, STREAMS, ENTRIES)
    assert verify(story.conninfo, tenant_id="nobody").streams == 0


def test_an_empty_ledger_is_sound(database: Callable[[], str]) -> None:
    report = verify(database())
    assert (report.differences, report.complete, report.entries) == ((), True, 0)


def test_progress_ends_where_both_passes_end(story: Story) -> None:
    seen: list[Progress] = []
    verify(story.conninfo, progress=seen.append)
    assert {x.phase for x in seen} == {"streams", "bookings"}
    assert [x.phase for x in seen] == sorted((x.phase for x in seen), reverse=True)
    last = {x.phase: x for x in seen}
    assert (last["streams"].done, last["streams"].total) == (2 * ENTRIES, 2 * ENTRIES)
    assert (last["bookings"].done, last["bookings"].total) == (2 * BOOKINGS, 2 * BOOKINGS)


def test_it_needs_no_right_but_to_read(retold: Callable[[], str]) -> None:
    where = retold()
    with psycopg.connect(where) as connection:
        connection.execute("REVOKE ALL ON ALL TABLES IN SCHEMA lastseat FROM CURRENT_USER")
        connection.execute("REVOKE ALL ON FUNCTION lastseat.clock() FROM PUBLIC, CURRENT_USER")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA lastseat TO CURRENT_USER")
    report = verify(where)
    assert (report.differences, report.entries) == ((), 2 * ENTRIES)


def test_it_sees_one_moment_while_others_write(database: Callable[[], str]) -> None:
    where = database()
    booked = threading.Event()
    done = threading.Event()

    def write(tenant: lastseat.Tenant, name: str) -> None:
        turn = 0
        while not done.is_set():
            made = tenant.hold("rush", actor=f"{name}-{turn}")
            tenant.confirm(made.booking_id) if isinstance(made, lastseat.outcomes.Held) else None
            tenant.cancel("rush", actor=f"{name}-{turn - 3}")
            turn += 1
            if turn == 5:
                booked.set()

    with contextlib.closing(lastseat.open(where, migrate=False)) as engine:
        tenant = engine.tenant("studio")
        did(
            tenant.define_occurrence("rush", start=at(0), end=at(60), capacity=20),
            Code.DEFINED,
        )
        writers = [threading.Thread(target=write, args=(tenant, name)) for name in "abc"]
        for writer in writers:
            writer.start()
        try:
            assert booked.wait(30)
            reports = [verify(where) for _ in range(10)]
        finally:
            done.set()
            for writer in writers:
                writer.join()
    assert [x.differences for x in reports] == [()] * 10
    assert reports[0].entries < reports[-1].entries


def test_it_stops_at_the_limit_and_says_that_there_may_be_more(retold: Callable[[], str]) -> None:
    where = retold()
    with psycopg.connect(where) as connection:
        connection.execute("UPDATE lastseat.heads SET seq = seq + 1 WHERE seq > 0")
    report = verify(where, limit=3)
    assert (len(report.differences), report.complete) == (3, False)
    assert len(verify(where).differences) == 2 * STREAMS


def test_an_interrupt_passes_through_and_leaves_no_session(story: Story) -> None:
    def interrupt(_: Progress) -> None:
        assert sessions(story.conninfo) == 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify(story.conninfo, progress=interrupt)
    wait_until(lambda: sessions(story.conninfo) == 0)


def test_ctrl_c_ends_it_even_while_the_database_keeps_it_waiting(retold: Callable[[], str]) -> None:
    where = retold()
    code = "import sys; from lastseat.ledger.verify import verify; verify(sys.argv[1])"
    with psycopg.connect(where) as stranger, psycopg.connect(where, autocommit=True) as watcher:
        stranger.execute("LOCK TABLE lastseat.journal IN ACCESS EXCLUSIVE MODE")
        with subprocess.Popen(
            [sys.executable, "-c", code, where], stderr=subprocess.PIPE, text=True
        ) as process:
            waiting = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database() AND application_name = %s"
            )
            wait_until(lambda: watcher.execute(waiting, [APPLICATION]).fetchone() == (1,))
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=30)
        assert "KeyboardInterrupt" in stderr
        wait_until(lambda: sessions(where) == 0)
