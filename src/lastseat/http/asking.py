"""Questions about time as the library answers them: what is wrong with one is told by its name.

The library names its own arguments; who sent a query knows those of the query.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lastseat.http.problems import Problem, invalid
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
        words = str(error)
        code = "unknown_service" if words.startswith("there is no service") else "unknown_bookable"
        raise Problem(404, code, f"{words[:1].upper()}{words[1:]}.") from None
    except ValueError as error:
        field, _, reason = str(error).partition(" ")
        field = field.rstrip(":")
        raise invalid((names or {}).get(field, field), reason) from None
