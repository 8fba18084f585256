"""Forgetting a person (MISSION H5): the rows that say who an actor is go, the bookings stay.

The journal and the projections know actors by random surrogates (ADR 0007), so nothing in them has
to change: what is deleted is the row that names the surrogate, and what was said of the person
beside their bookings. One transaction, under a lock that no decision of the tenant shares
(forget.sql says why). The same again finds nothing and does nothing.

An answer kept under an idempotency key stays, since the key has to go on being good for one booking
only; the person's name, e-mail and phone are taken out of it. Not found: what an application put
where no personal data belong, such as a bookable's id, a fact, a principal, or a key's own text.
"""

import asyncio
import time
from collections.abc import Collection
from typing import Any

import msgspec
import psycopg
from psycopg.rows import tuple_row

from lastseat.core import limits
from lastseat.engine.errors import DatabaseUnavailable
from lastseat.ledger.sql import QUERIES
from lastseat.views.bookings import Forgotten

LOCK_TIMEOUT = "100ms"
"""How long one try waits for the decisions under way, and so holds up the others."""

PAUSE = 0.2
"""Seconds between tries, in which decisions go on."""

PATIENCE = 15.0
"""Seconds until it is given up: somebody's own transaction stays open after booking in it."""

PERSONAL = frozenset(
    {"actor", "subject", "name", "email", "phone", "guest_email", "guest_phone", "of"}
) | {
    "guestEmail",
    "guestPhone",
}
"""The fields of an answer that are about a person. No other is touched: an actor may be called
`full`, as an outcome is."""

Connection = psycopg.AsyncConnection[Any]


async def forget(connection: Connection, tenant: str, actor: str) -> Forgotten:
    """Erase what is known of an actor. Raises `DatabaseUnavailable` when it can't be done now."""
    if not (_nameable(tenant) and _nameable(actor)):
        return Forgotten(bookings=0, details=0, contacts=0, notes=0, answers=0, people=0)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            async with connection.transaction():
                # Whatever the server's default: later statements have to see what we waited for.
                await connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
                await _run(connection, "forget_configure", lock_timeout=LOCK_TIMEOUT)
                await _run(connection, "forget_lock", tenant=tenant)
                return await _forget(connection, tenant, actor)
        except (
            psycopg.errors.LockNotAvailable,
            psycopg.errors.DeadlockDetected,
            psycopg.errors.SerializationFailure,
        ) as error:
            if time.monotonic() >= deadline:
                raise DatabaseUnavailable(
                    "a transaction that books for this tenant has been open for"
                    f" {PATIENCE:.0f} seconds; nothing was forgotten, try again"
                ) from error
        await asyncio.sleep(PAUSE)


async def _forget(connection: Connection, tenant: str, actor: str) -> Forgotten:
    found = await _run(connection, "forget_actor", tenant=tenant, actor=actor)
    bookings: list[str] = []
    if found:
        mine = await _run(connection, "forget_bookings", tenant=tenant, actor_id=found[0][0])
        bookings = [row[0] for row in mine]
    of_bookings = {"tenant": tenant, "bookings": bookings}
    details = await _run(connection, "forget_details", **of_bookings)
    contacts = await _run(connection, "forget_contacts", **of_bookings)
    notes = await _run(connection, "forget_notes", **of_bookings)
    people = await _run(connection, "forget_person", tenant=tenant, actor=actor)
    await _run(connection, "forget_feeds", tenant=tenant, actor=actor)
    named = {actor, f"actor:{actor}"}
    said = named | {text for row in (*contacts, *people) for text in row if text}
    # A name alone tells nobody from another: it is erased where they are told by something else.
    telling = named | {text for row in contacts for text in row[1:] if text}
    return Forgotten(
        bookings=len(bookings),
        details=details[0][0],
        contacts=len(contacts),
        notes=notes[0][0],
        answers=await _forget_answers(connection, tenant, telling, said),
        people=len(people),
    )


async def _forget_answers(
    connection: Connection, tenant: str, telling: Collection[str], said: Collection[str]
) -> int:
    """Take what was `said` of the person out of the answers that have something `telling`."""
    texts = [msgspec.json.encode(text).decode() for text in telling]
    found = await _run(connection, "forget_find_answers", tenant=tenant, texts=texts)
    scrubbed: dict[str, str] = {}
    for key, outcome in found:
        answer = msgspec.json.decode(outcome)
        without = _without(answer, said)
        if without != answer:
            scrubbed[key] = msgspec.json.encode(without).decode()
    if scrubbed:
        keys, outcomes = list(scrubbed), list(scrubbed.values())
        await _run(connection, "forget_answers", tenant=tenant, keys=keys, outcomes=outcomes)
    return len(scrubbed)


def _without(answer: Any, said: Collection[str], field: str = "") -> Any:
    """The answer, with "" in the personal fields that hold one of the texts `said`."""
    match answer:
        case dict():
            return {key: _without(value, said, key) for key, value in answer.items()}
        case list():
            return [_without(value, said, field) for value in answer]
        case str() if field in PERSONAL and answer in said:
            return ""
        case _:
            return answer


def _nameable(actor: object) -> bool:
    """Whether anybody could be called that: no column holds a NUL or half a surrogate pair."""
    if not isinstance(actor, str) or not 0 < len(actor) <= limits.NAME_LENGTH:
        return False
    return not any(x == "\0" or "\ud800" <= x <= "\udfff" for x in actor)


async def _run(connection: Connection, name: str, **params: Any) -> list[tuple[Any, ...]]:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(QUERIES[name].encode(), params)
        return await cursor.fetchall() if cursor.description else []
