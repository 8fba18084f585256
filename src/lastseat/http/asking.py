"""Questions about time as the library answers them: what is wrong with one is told by its name.

The library names its own arguments; who sent a query knows those of the query.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lastseat.http.problems import Problem, invalid, missing
from lastseat.library.asynchronous.engine import NotFound


@contextmanager
def asked(names: Mapping[str, str] | None = None) -> Iterator[None]:
    """Let bad input of a question be the problem 400, and what is not there the problem 404.

    `names` maps the library's names of arguments to those of the query. Only for reads of
    availability: they raise `ValueError`, its text beginning with the argument, for nothing else.
    """
    try:
        yield
    except NotFound as error:
        raise told(error) from None
    except ValueError as error:
        field, _, reason = str(error).partition(" ")
        field = field.rstrip(":")
        raise invalid((names or {}).get(field, field), reason) from None


def told(error: NotFound) -> Problem:
    """What the library does not find, with its words: an occurrence, too, is a bookable here."""
    what = error.what if error.what in _OTHERS else "bookable"
    return missing(what, error.id, f"{error.message[:1].upper()}{error.message[1:]}.")


_OTHERS = frozenset({"booking", "service"})
"""What is no bookable, nor named like one."""
