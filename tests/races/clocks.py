"""The database's clock in a test's hands. For a database of the test's own."""

from datetime import datetime, timedelta

import psycopg


def set_clock(conninfo: str, offset: timedelta) -> None:
    """Let `lastseat.clock()` be so far ahead of the true time, or behind it."""
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION lastseat.clock() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" AS $$SELECT clock_timestamp() + '{offset.total_seconds()} s'::interval$$".encode()
        )


def stop_clock(conninfo: str, at: datetime) -> None:
    """Let `lastseat.clock()` stand still."""
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION lastseat.clock() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" AS $$SELECT '{at.isoformat()}'::timestamptz$$".encode()
        )


def step_clock(conninfo: str, at: datetime) -> None:
    """Let `lastseat.clock()` be a second later each time it is asked, the first time than `at`.

    It is asked twice in each round of locks: for the time of the decisions, and for the holds that
    are over.
    """
    with psycopg.connect(conninfo) as connection:
        connection.execute("CREATE SEQUENCE public.steps")
        connection.execute(
            "CREATE OR REPLACE FUNCTION lastseat.clock() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" AS $$SELECT '{at.isoformat()}'::timestamptz"
            f" + nextval('public.steps') * interval '1 s'$$".encode()
        )
