"""One round trip to PostgreSQL: statements out in one pipeline, their rows back.

psycopg's cursors would do the same with a wait on the event loop for each statement, and drop all
that is prepared at each ROLLBACK; on the write path that costs more than the decisions. Only texts,
whole numbers and booleans are read, so there is nothing to adapt. For callers' own connections,
where psycopg's cursors are right, see `drivers.drive_in`.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from psycopg import errors
from psycopg.abc import PQGen
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from lastseat.engine.requests import Rows, Statement
from lastseat.ledger.sql import QUERIES

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")

_INTEGERS = frozenset({20, 21, 23})
"""The type oids of bigint, smallint and integer."""

_BOOLEAN = 16
"""The type oid of boolean."""


@lru_cache(maxsize=256)
def compiled(query: str) -> tuple[bytes, tuple[str, ...]]:
    """A named query with PostgreSQL's own numbered placeholders, and what each stands for."""
    names = tuple(dict.fromkeys(_PLACEHOLDER.findall(query)))
    numbers = {name: f"${i}" for i, name in enumerate(names, 1)}
    return _PLACEHOLDER.sub(lambda found: numbers[found[1]], query).encode(), names


def arguments(statement: Statement, names: Sequence[str]) -> list[Any]:
    """The statement's parameters in the order of its placeholders."""
    params = statement.params
    return [params[name] for name in names] if params else []


class Plan:
    """A query prepared on a connection, under its current name."""

    __slots__ = ("name", "until", "uses")

    def __init__(self, name: bytes, until: int) -> None:
        self.name = name
        self.uses = 0
        self.until = until
        """At which use it is prepared anew."""


class Wire:
    """What one connection has prepared. `prepare` off is for poolers that keep no such thing.

    A plan made while a table was nearly empty may read the whole of it by the wrong index once it
    has grown, and PostgreSQL keeps it until the table is next analysed. So each query is prepared
    anew at its 4th, 16th, 64th, ... use, which costs nothing in the long run.
    """

    def __init__(self, pgconn: PGconn, *, prepare: bool) -> None:
        self._pgconn = pgconn
        self._prepare = prepare
        self._plans: dict[bytes, Plan] = {}
        self._made = 0
        self._stale = False
        self._posted: list[list[int]] = []
        """For each round not yet heard of: how many results come before each statement's own."""

    def post(self, statements: Sequence[Statement]) -> None:
        """Send the statements without waiting; the next `exchange` raises what they came to."""
        pgconn = self._pgconn
        pgconn.enter_pipeline_mode()
        self._posted.append([self._send(statement) for statement in statements])
        # Closed by a sync of its own, so that a ROLLBACK sent next is not skipped after a failure.
        pgconn.pipeline_sync()
        # As much as the socket takes; the rest goes with what is sent next.
        pgconn.flush()

    def exchange(self, statements: Sequence[Statement]) -> PQGen[list[Rows]]:
        """Send the statements, wait once, return each one's rows. For `connection.wait`.

        The first that fails undoes none of those before it, but none after it are run; its
        `psycopg.Error` is raised.
        """
        pgconn = self._pgconn
        pgconn.enter_pipeline_mode()
        first = self._send_cleaning()
        sent = [self._send(statement) for statement in statements]
        sent[0] += first
        pgconn.pipeline_sync()
        yield from send(pgconn)
        answers: list[Rows] = []
        failure: PGresult | None = None
        posted, self._posted = self._posted, []
        for counts in (*posted, sent):
            answers = []
            for before in counts:
                for _ in range(before):
                    (made,) = yield from fetch_many(pgconn)
                    failure = failure or _failure(made)
                (result,) = yield from fetch_many(pgconn)
                failure = failure or _failure(result)
                answers.append(_rows(result))
            yield from fetch_many(pgconn)
        pgconn.exit_pipeline_mode()
        if failure is not None:
            # What came after the failure was not prepared. Begin afresh, under new names.
            self._plans.clear()
            self._stale = self._prepare
            raise errors.error_from_result(failure)
        return answers

    def _send_cleaning(self) -> int:
        """After a failure, have the server forget what it prepared; how many results to expect."""
        if not self._stale or self._pgconn.transaction_status != TransactionStatus.IDLE:
            return 0
        self._stale = False
        # With the ROLLBACK, too, that was prepared to get here.
        self._plans.clear()
        self._pgconn.send_query_params(b"DEALLOCATE ALL", None)
        return 1

    def _send(self, statement: Statement) -> int:
        """Send one statement; how many results come before its own."""
        pgconn = self._pgconn
        query, names = compiled(QUERIES[statement.name])
        values = [_encoded(value) for value in arguments(statement, names)]
        if not self._prepare:
            pgconn.send_query_params(query, values)
            return 0
        plan = self._plans.get(query)
        before = 0
        if plan is None or plan.uses == plan.until:
            if plan is not None:
                pgconn.send_query_params(b"DEALLOCATE " + plan.name, None)
                before += 1
            self._made += 1
            plan = Plan(b"lastseat_%d" % self._made, plan.until * 4 if plan else 4)
            self._plans[query] = plan
            pgconn.send_prepare(plan.name, query)
            before += 1
        plan.uses += 1
        pgconn.send_query_prepared(plan.name, values)
        return before


def _encoded(value: str | int | None) -> bytes | None:
    return None if value is None else str(value).encode()


def _failure(result: PGresult) -> PGresult | None:
    return result if result.status == ExecStatus.FATAL_ERROR else None


def _rows(result: PGresult) -> Rows:
    if result.status != ExecStatus.TUPLES_OK or not result.ntuples:
        return []
    kinds = [result.ftype(i) for i in range(result.nfields)]
    return [
        tuple(_value(result.get_value(row, i), kind) for i, kind in enumerate(kinds))
        for row in range(result.ntuples)
    ]


def _value(raw: bytes | None, kind: int) -> str | int | bool | None:
    if raw is None:
        return None
    if kind in _INTEGERS:
        return int(raw)
    return raw == b"t" if kind == _BOOLEAN else raw.decode()
