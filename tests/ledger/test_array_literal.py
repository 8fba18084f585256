"""`array`: what is put into an array literal comes out of PostgreSQL as it was."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastseat.core.commands import metadata_json
from lastseat.ledger.sql import array

HOSTILE = [
    "",
    " ",
    "NULL",
    "null",
    "Null ",
    '"',
    '""',
    "'",
    "\\",
    "\\\\",
    '\\"',
    "\\u0041",
    "\\x41",
    "\\n",
    "{",
    "}",
    "{}",
    '{"a","b"}',
    ",",
    "a,b",
    ";--",
    "$1",
    "%(tenant)s",
    "'; DROP TABLE lastseat.heads; --",
    "[1:2]={a,b}",
    "\U0001f3be\U0001f3f3\ufe0f\u200d\U0001f308",
    "שלום",
    "a\u200fb",
    "Ελληνικά",
    "e\u0301",
    "\u00a0",
    "\u2028",
    "\x7f",
    "\U0010ffff",
]

# What names may hold (core/validate.py) and more: all but control characters and lone surrogates.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=0x20), max_size=40)
LISTS = st.lists(st.one_of(st.none(), TEXTS, st.sampled_from(HOSTILE)), max_size=8)


@pytest.fixture(scope="module")
def connection(conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        yield connection


def through(connection: psycopg.Connection[Any], values: Any, kind: str) -> Any:
    """The values after the way there and back."""
    row = connection.execute(f"SELECT %s::{kind}[]".encode(), [array(values)]).fetchone()
    assert row is not None
    return row[0]


def test_hostile_texts_come_back_as_they_were(connection: psycopg.Connection[Any]) -> None:
    assert through(connection, HOSTILE, "text") == HOSTILE


@settings(max_examples=200, deadline=None)
@given(values=LISTS)
def test_any_texts_come_back_as_they_were(
    connection: psycopg.Connection[Any], values: list[str | None]
) -> None:
    assert through(connection, values, "text") == values


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(
        st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10),
            st.one_of(
                st.none(),
                st.booleans(),
                st.integers(-(2**53), 2**53),
                st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            ),
            max_size=4,
        ),
        max_size=4,
    )
)
def test_json_comes_back_as_it_was_control_characters_too(
    connection: psycopg.Connection[Any], values: list[dict[str, Any]]
) -> None:
    texts = [metadata_json(value) for value in values]
    back = through(connection, texts, "text")
    assert [msgspec.json.decode(text) for text in back] == values
    assert through(connection, texts, "jsonb") == values


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(
        st.one_of(
            st.none(),
            st.datetimes(
                datetime(1970, 1, 1),  # noqa: DTZ001 - Hypothesis wants the bounds naive
                datetime(2200, 1, 1),  # noqa: DTZ001
                timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))]),
            ),
        ),
        max_size=5,
    )
)
def test_times_come_back_as_the_same_instants(
    connection: psycopg.Connection[Any], values: list[datetime | None]
) -> None:
    assert through(connection, values, "timestamptz") == values


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], "text"),
        ([None], "text"),
        ([0, -1, 2**62, None], "bigint"),
        ([True, False, None], "boolean"),
        (["HELD"], "text"),
    ],
)
def test_other_values_come_back_too(
    values: list[Any], kind: str, connection: psycopg.Connection[Any]
) -> None:
    assert through(connection, values, kind) == values


def test_control_characters_are_why_names_have_none(connection: psycopg.Connection[Any]) -> None:
    assert through(connection, ["a\nb"], "text") != ["a\nb"]
