"""Hypothesis strategies for every value that a field of a struct of the core can be declared as."""

from datetime import UTC, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from msgspec import Struct

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
seconds = st.integers(0, 7_000_000_000)
times = seconds.map(lambda x: datetime.fromtimestamp(x, UTC))
numbers = st.integers(-(2**63), 2**63 - 1)

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    datetime: times,
    int: numbers,
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    NoneType: st.none(),
}


def values(declared: Any) -> st.SearchStrategy[Any]:
    """Everything that is of the declared type."""
    if declared in PLAIN:
        return PLAIN[declared]
    arguments = get_args(declared)
    origin = get_origin(declared)
    if origin in (Union, UnionType):
        return st.one_of([values(each) for each in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
    if issubclass(declared, Enum):
        return st.sampled_from(list(declared))
    assert issubclass(declared, Struct), declared
    fields = {field: values(hint) for field, hint in get_type_hints(declared).items()}
    return st.builds(declared, **{x: fields[x] for x in declared.__struct_fields__})
