"""What is over goes; subscribed calendars are looked at again; and how far all of it is behind."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from tests.calendar.ical_files import calendar
from tests.gateways.hosts import Answer, hosted, ok
from tests.jobs.conftest import Worker
from tests.library.hall import make_hall, weekly
from tests.library.venue import done
from tests.races.clocks import set_clock

import lastseat
from lastseat import Claim
from lastseat.core.outcomes import Booked, Held
from lastseat.feed.relay import relay
from lastseat.jobs import upkeep
from lastseat.jobs.expiring import expire_due
from lastseat.jobs.lag import Behind, Lag, lag, limit_seconds
from lastseat.jobs.no_shows import note_no_shows
from lastseat.jobs.subscriptions import refresh_calendars
from lastseat.jobs.upkeep import clean_up
from lastseat.jobs.working import Working

T0 = datetime(2027, 3, 1, 18, tzinfo=UTC)


def rows(where: str, query: str, *params: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(where) as connection:
        found = connection.execute(query.encode(), params)
        return found.fetchall() if found.description is not None else []


# Clean-up -----------------------------------------------------------------------------------------


def test_answers_under_keys_go_when_their_time_is_over_and_those_of_bookings_stay(
    tenant: lastseat.Tenant, where: str, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "AT_ONCE", 2)
    assert tenant.define_pool("skis", capacity=9).ok
    for n in range(5):
        tenant.catalogue.create_location(f"hall {n}", name="x", time_zone="UTC", key=f"key {n}")
    claim = Claim(bookable="skis", start=T0, end=T0 + timedelta(hours=1))
    tenant.book([claim], actor="ann", key="a booking's")

    def keys() -> set[str]:
        of = "SELECT key FROM lastseat.keys WHERE tenant_id = %s"
        return {key for (key,) in rows(where, of, tenant.tenant_id)}

    worker.do(clean_up)
    assert len(keys()) == 6
    set_clock(where, timedelta(hours=25))
    worker.do(clean_up, clean_up)
    assert keys() == {"a booking's"}


def test_the_queue_forgets_failed_jobs_after_a_week(where: str, worker: Worker) -> None:
    insert = (
        "INSERT INTO lastseat.procrastinate_jobs (queue_name, task_name, status)"
        " VALUES ('q', %s, 'failed') RETURNING id"
    )
    for name, days in (("old", 8), ("new", 1)):
        with psycopg.connect(where) as connection:
            connection.execute("SET search_path TO lastseat")
            row = connection.execute(insert.encode(), [name]).fetchone()
            assert row is not None
            connection.execute(
                "INSERT INTO procrastinate_events (job_id, type, at)"
                " VALUES (%s, 'failed', now() - make_interval(days => %s))",
                [row[0], days],
            )
    worker.do(clean_up)
    assert rows(where, "SELECT task_name FROM lastseat.procrastinate_jobs") == [("new",)]
    rows(where, "DELETE FROM lastseat.procrastinate_jobs")


# Calendars ----------------------------------------------------------------------------------------


@pytest.fixture
def hall(
    engine: lastseat.Engine, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> lastseat.Tenant:
    monkeypatch.setenv("LASTSEAT_FETCH_NETWORKS", "127.0.0.1/32")
    return make_hall(engine, tenant_id)


def test_a_subscribed_calendar_is_looked_at_each_hour_by_one_worker(
    hall: lastseat.Tenant, where: str, worker: Worker
) -> None:
    with hosted({"/": ok(calendar(weekly()))}) as host:
        url = f"http://127.0.0.1:{host.port}/"
        hall.calendars.import_ics("school", url=url, into="location:hall")
        hall.calendars.import_ics("file", calendar(weekly(uid="x")), into="location:hall")
        asked = []
        for minutes in (0, 59, 61, 62, 120, 122):
            set_clock(where, timedelta(minutes=minutes))
            worker.do(refresh_calendars, refresh_calendars)
            asked.append(len(host.asked) - 1)
        assert asked == [0, 0, 1, 1, 1, 2]
        set_clock(where, timedelta(hours=-30))
        worker.do(refresh_calendars)
        assert len(host.asked) == 4, "a clock that was set back stops nothing"


def test_a_calendar_that_can_not_be_had_is_asked_for_less_and_less_often(
    hall: lastseat.Tenant, where: str, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    answers: dict[str, Answer] = {"/": ok(calendar(weekly()))}
    with hosted(answers) as host:
        url = f"http://127.0.0.1:{host.port}/"
        hall.calendars.import_ics("school", url=url, into="location:hall")
        good, answers["/"] = answers["/"], b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"
        times = []

        async def hours(one: Working) -> None:
            for hour in (1, 2, 3, 6, 7, 14, 15, 30, 31, 54, 55):
                set_clock(where, timedelta(hours=hour, minutes=hour))
                before = len(host.asked)
                await refresh_calendars(one)
                if len(host.asked) > before:
                    times.append(hour)

        worker.do(hours)
        assert times == [1, 3, 7, 15, 31, 55]
        assert "calendar school" in caplog.text
        answers["/"] = good
        asked = len(host.asked)
        for hour in (80, 82):
            set_clock(where, timedelta(hours=hour))
            worker.do(refresh_calendars)
        assert len(host.asked) == asked + 2


# Lag ----------------------------------------------------------------------------------------------


async def measure(one: Any) -> Lag:
    found = await one.engine.read(lag)
    assert isinstance(found, Lag)
    return found


def fed(where: str) -> None:
    async def look() -> None:
        async with await psycopg.AsyncConnection.connect(where) as connection:
            await relay(connection)

    asyncio.run(look())


def test_nothing_is_behind_where_nothing_waits(where: str, worker: Worker) -> None:
    fed(where)
    (found,) = worker.do(measure)
    assert {name: x for name, x in found.each().items() if x != Behind(waiting=0, seconds=0)} == {}
    assert found.late(0) == []


def test_what_waits_is_counted_and_its_age_told(
    tenant: lastseat.Tenant, where: str, worker: Worker
) -> None:
    fed(where)
    assert tenant.define_pool("skis", capacity=9).ok
    claim = Claim(bookable="skis", start=T0, end=T0 + timedelta(hours=1))
    ahead = T0 - datetime.now(UTC)
    done(tenant.book([claim], actor="ann"), Booked)
    set_clock(where, ahead + timedelta(minutes=10))
    done(tenant.hold([claim], actor="ben", seconds=60), Held)
    done(tenant.hold([claim], actor="cyd", seconds=120), Held)
    set_clock(where, ahead + timedelta(minutes=20))
    (found,) = worker.do(measure)
    assert (found.holds.waiting, round(found.holds.seconds)) == (2, 9 * 60)
    assert (found.no_shows.waiting, round(found.no_shows.seconds)) == (1, 5 * 60)
    assert found.feed.waiting >= 3
    assert found.feed.seconds >= 20 * 60
    assert found.late(limit_seconds()) == ["holds", "no_shows", "feed"]
    worker.do(expire_due)
    worker.do(note_no_shows)
    fed(where)
    (found,) = worker.do(measure)
    assert found.late(0) == []


def test_jobs_that_wait_and_fail_are_told(where: str, worker: Worker) -> None:
    rows(
        where,
        "SET search_path TO lastseat; INSERT INTO procrastinate_jobs (queue_name, task_name)"
        " VALUES ('q', 'one'), ('q', 'two');"
        " UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = 'two';"
        " UPDATE procrastinate_jobs SET status = 'failed' WHERE task_name = 'two';"
        " UPDATE procrastinate_events SET at = at - interval '5 minutes' WHERE type = 'deferred'",
    )
    (found,) = worker.do(measure)
    assert (found.jobs.waiting, round(found.jobs.seconds), found.failed_jobs) == (1, 300, 1)
    assert found.late(limit_seconds()) == ["jobs"]
    rows(where, "DELETE FROM lastseat.procrastinate_jobs")


def test_a_limit_that_is_no_number_of_seconds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("soon", "-1", "nan"):
        monkeypatch.setenv("LASTSEAT_CLEANUP_LAG_SECONDS", wrong)
        with pytest.raises(ValueError, match="CLEANUP_LAG_SECONDS must be a number of seconds"):
            limit_seconds()
