"""What the engine raises. A refusal is an outcome; these are for broken infrastructure and bugs."""


class LastseatError(Exception):
    """What every exception of the engine is."""


class DatabaseUnavailable(LastseatError):
    """The database can't be reached; nothing was done. Try again, it reconnects by itself."""


class OutcomeUnknown(LastseatError):
    """The connection broke during COMMIT, and the database has not come back to say what it did.

    Send the same command with the same idempotency key again: it is done once in any case.
    """


class RetryTransaction(LastseatError):
    """The caller's transaction met another one: roll it back and run it again from its start."""


class ForkedEngine(LastseatError):
    """The engine was opened before this process was forked: open another one after the fork."""


class EngineClosed(LastseatError):
    """The engine has been closed."""


class CommandFailed(LastseatError):
    """The database refused what the engine wrote, so nothing was: a bug, or a full disk."""
