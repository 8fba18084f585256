"""What the client raises: what is no outcome of a command. A refusal is a value instead."""

from typing import Any


class ServiceError(Exception):
    """The service answered something that is no outcome.

    `status` is HTTP's, 0 when there was no answer at all; `code` and `problem` are those of the
    problem (RFC 9457) in the answer, if it had one.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str | None = None,
        problem: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.problem = problem or {}


class Unauthorized(ServiceError):
    """The service does not know the key or token: missing, mistyped, expired or revoked (401)."""


class Forbidden(ServiceError):
    """The key is good, but its roles or scopes do not allow this (403)."""


class NotFound(ServiceError, LookupError):
    """The tenant has nothing of that id: what the library raises as `NotFound`, too (404)."""


class Unavailable(ServiceError):
    """No answer within the retries' bounds: no connection, a timeout, 429, or 502 to 504.

    Whether a write took effect is unknown. Its `key` finds out: the same request with the same
    key is done once in any case, so `client.execute(error.call)` is safe, at any later time.
    `retry_after` is how many seconds the service asked to wait, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str | None = None,
        problem: dict[str, Any] | None = None,
        retry_after: float | None = None,
        call: Any = None,
    ) -> None:
        super().__init__(message, status=status, code=code, problem=problem)
        self.retry_after = retry_after
        self.call = call

    @property
    def key(self) -> str | None:
        """The idempotency key that the write was sent with."""
        key: str | None = getattr(self.call, "key", None)
        return key
