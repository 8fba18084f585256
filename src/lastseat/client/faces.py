"""How an operation, written once as what makes its call, becomes a method of each face.

The faces' methods take the arguments of `Commands` by construction: `waits` and `awaits` keep its
signature, for people and for type checkers, and only exchange the `Call[T]` for its answer.
"""

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, get_args, get_type_hints

import msgspec

from lastseat.client.call import Answer, Call
from lastseat.client.commands import Commands
from lastseat.views.page import Page

P = ParamSpec("P")
T = TypeVar("T")


class Sync(Protocol):
    """What the synchronous face has to have."""

    @property
    def commands(self) -> Commands:
        """What makes the calls."""

    def execute(self, call: Call[T]) -> Answer[T]:
        """Run a call."""


class Async(Protocol):
    """What the asynchronous face has to have."""

    @property
    def commands(self) -> Commands:
        """What makes the calls."""

    async def execute(self, call: Call[T]) -> Answer[T]:
        """Run a call."""


def waits(
    make: Callable[Concatenate[Commands, P], Call[T]],
) -> Callable[Concatenate[Sync, P], T]:
    """The operation, waited for."""

    @functools.wraps(make)
    def operation(face: Sync, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return face.execute(make(face.commands, *args, **kwargs)).outcome

    _describe(operation, make, lambda answer: answer)
    return operation


def awaits(
    make: Callable[Concatenate[Commands, P], Call[T]],
) -> Callable[Concatenate[Async, P], Coroutine[Any, Any, T]]:
    """The operation as a coroutine."""

    @functools.wraps(make)
    async def operation(face: Async, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return (await face.execute(make(face.commands, *args, **kwargs))).outcome

    _describe(operation, make, lambda answer: answer)
    return operation


def iterates(
    make: Callable[Concatenate[Commands, P], Call[Page[T]]],
) -> Callable[Concatenate[Sync, P], Iterator[T]]:
    """The list, page after page as it is read."""

    @functools.wraps(make)
    def operation(face: Sync, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        call: Call[Page[T]] | None = make(face.commands, *args, **kwargs)
        while call is not None:
            page = face.execute(call).outcome
            yield from page.items
            call = following(call, page)

    _describe(operation, make, _iterated(Iterator))
    return operation


def iterates_async(
    make: Callable[Concatenate[Commands, P], Call[Page[T]]],
) -> Callable[Concatenate[Async, P], AsyncIterator[T]]:
    """The list, page after page as it is read."""

    @functools.wraps(make)
    async def operation(face: Async, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        call: Call[Page[T]] | None = make(face.commands, *args, **kwargs)
        while call is not None:
            page = (await face.execute(call)).outcome
            for item in page.items:
                yield item
            call = following(call, page)

    _describe(operation, make, _iterated(AsyncIterator))
    return operation


def following(call: Call[Page[T]], page: Page[T]) -> Call[Page[T]] | None:
    """The call for the page after `page`, or None when that was the last."""
    if page.next is None:
        return call.afterwards
    query = tuple((name, value) for name, value in call.query if name != "cursor")
    return msgspec.structs.replace(call, query=(*query, ("cursor", page.next)))


def _iterated(kind: Any) -> Callable[[Any], Any]:
    """What a list of pages is, read as it comes."""
    return lambda page: kind[get_args(page)[0]]


def _describe(operation: Any, make: Callable[..., Any], answer: Callable[[Any], Any]) -> None:
    """With the signature of `make`, but for what it returns."""
    (returned,) = get_args(get_type_hints(make)["return"])
    operation.__annotations__ = {**make.__annotations__, "return": answer(returned)}
    operation.__signature__ = inspect.signature(make).replace(return_annotation=answer(returned))
