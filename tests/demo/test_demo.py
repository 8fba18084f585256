"""The demonstration as a user sees it: it sells every place once, and would say if it did not."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest
from tests.cli.running import SECONDS, Running, environment, error_line, lastseat, started

import lastseat as library
from lastseat.demo.crowd import CrowdFailed, rush
from lastseat.demo.week import coming, load, sample

Database = Callable[[], str]

# Trouble planted under the engine: each claim of some bookables is sold a second time.
SELL_TWICE = """
    ALTER TABLE lastseat.claims DROP CONSTRAINT claims_exclusive;
    ALTER TABLE lastseat.claims ADD CONSTRAINT claims_exclusive UNIQUE (tenant_id, booking_id, no)
        DEFERRABLE INITIALLY DEFERRED;
    CREATE FUNCTION sell_again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        new.booking_id := gen_random_uuid();
        new.actor_id := gen_random_uuid();
        INSERT INTO lastseat.claims VALUES (new.*);
        RETURN new;
    END $$;
    CREATE TRIGGER twice AFTER INSERT ON lastseat.claims FOR EACH ROW
        WHEN (pg_trigger_depth() = 0 AND new.bookable_id SIMILAR TO 'aerial-yoga@%|lane-_')
        EXECUTE FUNCTION sell_again();
"""


def test_a_crowd_in_several_processes_is_sold_12_places_and_3_lanes(conninfo: str) -> None:
    done = lastseat("demo", "--exit", "--bookers", "60", "--processes", "3", "--url", conninfo)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = "booked 12 of the class and 3 lanes, full 48, conflicts 57, oversold 0"
    assert summary in done.stdout.splitlines()
    for told in (
        "ann, by one request: lane-3, lane-4, lane-5",
        "ben, lane-4: conflict; free at 18:30, 20:30, 18:00",
        "ben, lane-4 at 18:30: booked",
        "cyd, the whole hall: conflict; lane-2 is taken",
    ):
        assert told in done.stdout
    assert "seat 12" in done.stdout
    assert "seat 13" not in done.stdout
    assert "\x1b" not in done.stdout, "not plain in a pipe"


def test_fewer_bookers_than_places_are_all_booked(conninfo: str) -> None:
    done = lastseat("demo", "--exit", "--bookers", "2", "--processes", "4", "--url", conninfo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "booked 2 of the class and 2 lanes, full 0, conflicts 0, oversold 0" in done.stdout


def test_control_what_is_sold_twice_is_counted_and_is_exit_code_1(database: Database) -> None:
    where = database()
    with psycopg.connect(where) as connection:
        connection.execute(SELL_TWICE.encode())
    done = lastseat("demo", "--exit", "--bookers", "40", "--processes", "2", "--url", where)
    assert done.returncode == 1, done.stderr
    # Twelve of the class, and ten claims of lanes.
    assert "oversold 22" in done.stdout
    assert "NOT AS IT SHOULD BE" in done.stdout


def test_it_starts_an_embedded_server_and_stops_it_again(data_dir: Path) -> None:
    done = lastseat(
        "demo", "--exit", "--bookers", "30", "--processes", "2", "--data-dir", str(data_dir)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "oversold 0" in done.stdout
    assert "stopped" in lastseat("db", "status", "--data-dir", str(data_dir)).stdout
    # Nobody had a key before, and the first owner's is shown once.
    assert "first owner" in done.stdout
    assert "ls_sk_" in done.stdout
    # The next command it recommends works as printed.
    (verify,) = [x.split() for x in done.stdout.splitlines() if x.startswith("  lastseat verify")]
    proven = lastseat(*verify[1:])
    assert "nothing is oversold" in proven.stdout

    # That started the server, so another --exit leaves it running.
    again = lastseat(
        "demo", "--exit", "--bookers", "3", "--processes", "1", "--data-dir", str(data_dir)
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert "first owner" not in again.stdout
    assert "running" in lastseat("db", "status", "--data-dir", str(data_dir)).stdout


def test_ended_in_the_middle_it_leaves_nobody_behind_and_nothing_wrong(database: Database) -> None:
    where = database()
    end_in_the_middle(where, signal.SIGINT, 130)
    end_in_the_middle(where, signal.SIGKILL, -9)
    again = lastseat("demo", "--exit", "--bookers", "20", "--processes", "1", "--url", where)
    assert again.returncode == 0, again.stderr
    assert lastseat("verify", "--url", where).returncode == 0


def end_in_the_middle(where: str, how: signal.Signals, code: int) -> None:
    """Start one on a database, and end it while its crowd is at work."""
    arguments = ["--bookers", "1000", "--processes", "2", "--url", where]
    with started("demo", *arguments) as process:
        while "The rush" not in process.stdout.readline():
            assert process.poll() is None, "it ended before the rush"
        # The demonstration, its service, and two of the crowd.
        wait_until(lambda: len(members(process.pid)) > 3, "the crowd does not come")
        if how is signal.SIGINT:
            os.killpg(process.pid, how)  # As the terminal does: to all of them.
        else:
            process.kill()
        said = process.stdout.read()
        assert process.wait(SECONDS) == code
        assert "Traceback" not in said
        wait_until(lambda: not members(process.pid), "processes of the crowd are left")


def members(session: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = entry.joinpath("stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def wait_until(true: Callable[[], bool], otherwise: str) -> None:
    """Wait for what has to come, not longer than a command may take."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)


def test_a_crowd_that_can_not_reach_the_service_says_so() -> None:
    goal = coming(sample(), date(2026, 11, 18)).goal
    with pytest.raises(CrowdFailed, match="no answer after"):
        rush("http://127.0.0.1:1", "key", goal, ["ann"], 1)


def test_a_port_that_is_taken_is_told_before_anything_is_started(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = lastseat("demo", "--exit", "--port", port, "--data-dir", str(data_dir))
    assert done.returncode == 1
    assert error_line(done).startswith(f"lastseat: port {port} can't be had")
    assert not data_dir.exists()


@dataclass
class Staying:
    """A demonstration that stays up: what it printed, and its process."""

    process: Running
    printed: list[str]

    @property
    def commands(self) -> list[str]:
        """Its curl commands, with the line that says where and with which key."""
        return [x.strip() for x in self.printed if x.startswith(("  export ", "  curl "))]


@pytest.fixture
def staying(conninfo: str) -> Iterator[Staying]:
    """One whose rush is over; it is killed at the end if it was not ended."""
    arguments = ["--bookers", "30", "--processes", "1", "--url", conninfo]
    with started("demo", *arguments) as process:
        printed = []
        for line in process.stdout:
            printed.append(line)
            if "until Ctrl-C" in line:
                break
        yield Staying(process, printed)


def test_it_stays_up_for_the_commands_it_prints_until_ctrl_c(staying: Staying) -> None:
    script = "set -e\n" + "; echo\n".join(staying.commands)
    done = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [msgspec.json.decode(x) for x in done.stdout.splitlines() if x]
    assert len(answers) == len(staying.commands) - 1
    assert answers[0]["left"] == 0
    assert [x.get("code") for x in answers] == [None, None, "full", "cancelled", "booked", None]
    assert answers[4]["seat"] == 12

    os.killpg(staying.process.pid, signal.SIGINT)  # As the terminal does: to all of them.
    assert staying.process.wait(SECONDS) == 0
    wait_until(lambda: not members(staying.process.pid), "its service is left")


def test_killed_it_takes_its_service_with_it(staying: Staying) -> None:
    assert len(members(staying.process.pid)) == 2
    staying.process.kill()
    staying.process.wait()
    wait_until(lambda: not members(staying.process.pid), "its service is left")


@pytest.mark.parametrize("days", range(7))
def test_the_sample_week_is_the_coming_one(days: int) -> None:
    today = date(2026, 11, 16) + timedelta(days=days)
    monday = coming(sample(), today).monday
    assert monday == date(2026, 11, 23)
    assert monday > today


@pytest.mark.parametrize("today", [date(2027, 3, 20), date(2026, 10, 17)])
def test_the_sample_fits_in_weeks_whose_clocks_change(today: date, tenant: library.Tenant) -> None:
    dated = coming(sample(), today)
    made = load(tenant, dated)
    assert made == sum(sum(x.regulars) for x in sample().classes) + 3
    goal = dated.goal
    assert tenant.book(goal.occurrence, actor="ann").ok
    during = tenant.bookable(goal.occurrence).during
    assert during is not None
    assert during.start.astimezone(goal.during.start.tzinfo).hour == 17
    assert goal.during.start.astimezone(UTC) > datetime.combine(today, datetime.min.time(), UTC)
