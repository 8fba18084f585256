"""The database's errors in the engine's words, translated in one place."""

import psycopg
from psycopg import errors


class LedgerError(Exception):
    """What the ledger could not do."""


class Retryable(LedgerError):
    """Nothing was written, and the same again may well succeed: a deadlock, a race for a name."""


class LockTimeout(Retryable):
    """A lock was held longer than the transaction would wait."""


class ConnectionLost(LedgerError):
    """The connection broke. Whether a COMMIT on its way took effect is not known."""


class Rejected(LedgerError):
    """The database refused a statement, and would again: nothing was written."""


RETRIED_CONSTRAINTS = frozenset({"actors_ref", "keys_pkey", "bookings_pkey", "claims_pkey"})
"""Two batches met the same new actor, key or booking: the second finds it when it goes again."""


def translate(error: psycopg.Error) -> LedgerError:
    """The engine's word for a driver's error."""
    match error:
        case errors.LockNotAvailable():
            return LockTimeout(str(error))
        case errors.SerializationFailure() | errors.DeadlockDetected():
            return Retryable(str(error))
        case errors.InvalidSqlStatementName():
            # A pooler gave us a server session that lacks what was prepared: begin with a new one.
            return ConnectionLost(str(error))
        case errors.UniqueViolation() if error.diag.constraint_name in RETRIED_CONSTRAINTS:
            return Retryable(str(error))
        case (
            errors.AdminShutdown()
            | errors.CrashShutdown()
            | errors.CannotConnectNow()
            | errors.IdleInTransactionSessionTimeout()
        ):
            return ConnectionLost(str(error))
        # The driver's own report of a dead connection carries no SQLSTATE.
        case psycopg.OperationalError() | psycopg.InterfaceError() if error.sqlstate is None:
            return ConnectionLost(str(error))
        case errors.OperationalError() if (error.sqlstate or "").startswith("08"):
            return ConnectionLost(str(error))
        case _:
            # Without its DETAIL, which may quote a person's name.
            return Rejected(f"{error.sqlstate}: {error.diag.message_primary or 'no message'}")
