"""Which words may stand at a place of a body or query, where only some may.

msgspec says of a wrong one that it is wrong; who sent it wants to know the right ones. Looked up in
the shape only then: no request that is in order comes here.
"""

import re
from typing import Any

import msgspec.inspect as kinds

_STEP = re.compile(r"\[[^\]]*\]|[^.\[\]]+")


def words_at(shape: type[Any], path: str) -> tuple[str, ...]:
    """The words that `path` takes, such as `rules[0].days`; none where it takes any, or no word."""
    kind = plain(kinds.type_info(shape))
    for step in _STEP.findall(path):
        within = _within(kind, step)
        if within is None:
            return ()
        kind = plain(within)
    # It was a key that was wrong: of a wrong value the path goes on.
    return _words(plain(kind.key_type) if isinstance(kind, kinds.DictType) else kind)


def _words(kind: kinds.Type) -> tuple[str, ...]:
    match kind:
        case kinds.EnumType(cls=cls):
            return tuple(str(x.value) for x in cls)
        case kinds.LiteralType(values=values):
            return tuple(map(str, values))
        case _:
            return ()


def plain(kind: kinds.Type) -> kinds.Type:
    """A type without what is said about it, and without None: what may be left out, or null."""
    while True:
        if isinstance(kind, kinds.Metadata):
            kind = kind.type
        elif isinstance(kind, kinds.UnionType):
            others = [x for x in kind.types if not isinstance(x, kinds.NoneType)]
            if len(others) != 1:
                return kind
            kind = others[0]
        else:
            return kind


def _within(kind: kinds.Type, step: str) -> kinds.Type | None:
    match kind:
        case kinds.StructType(fields=fields):
            return next((x.type for x in fields if x.encode_name == step), None)
        case kinds.ListType(item_type=item) | kinds.VarTupleType(item_type=item):
            return item
        case kinds.DictType(value_type=value):
            return value
        case _:
            return None
