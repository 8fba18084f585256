"""How an operation of the asynchronous face becomes one for threads: the same, waited for.

A method made by `waits` has the arguments of its coroutine by construction, for people and for type
checkers; what it comes to is said there (ADR 0024).
"""

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from lastseat.library.synchronous.engine import Engine

P = ParamSpec("P")
T = TypeVar("T")


class Waited:
    """An engine for threads, and the operations that its event loop runs."""

    def __init__(self, engine: Engine, awaited: Any) -> None:
        self.engine = engine
        self._awaited = awaited


def waits(
    operation: Callable[Concatenate[Any, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Waited, P], T]:
    """The operation, waited for."""

    @functools.wraps(operation)
    def waiting(face: Waited, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return face.engine.call(operation, face._awaited, *args, **kwargs)  # noqa: SLF001

    return waiting
