"""What a request says, as a struct, read by the handler itself once it knows who asks.

So who may not ask learns nothing of what would be a good body, and the hot route decodes it once,
from bytes. Only shapes are judged here: types, unknown fields, times without an offset. Whether a
value will do is the engine's to say (core/validate.py).
"""

from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl, quote

import msgspec
import msgspec.inspect
from litestar import Request
from msgspec import Meta, Struct

from lastseat.http.body import body_of, check_type, refused
from lastseat.http.listed import plain
from lastseat.http.paging import MOST, USUAL, decode_cursor
from lastseat.http.problems import invalid

T = TypeVar("T")

AnyRequest = Request[Any, Any, Any]


class Paged(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every list takes: how many, and from where on."""

    limit: Annotated[int, Meta(ge=1, le=MOST, description="Rows of one page, at most.")] = USUAL
    cursor: Annotated[
        str | None, Meta(description="The `next` of the page before; left out for the first.")
    ] = None

    def after(self, kind: type[T]) -> T | None:
        """Where the page before ended. Raises the problem 400 for a cursor that is none."""
        return None if self.cursor is None else decode_cursor(self.cursor, kind)


class Body(Generic[T]):
    """Reads a body of one shape. Made once for a route: making a decoder takes time."""

    def __init__(self, shape: type[T], *, optional: bool = False) -> None:
        self.shape = shape
        self.optional = optional
        self._decoder = msgspec.json.Decoder(shape)

    async def read(self, request: AnyRequest) -> T:
        """The body. Raises `Problem`: 400 naming the field, 415 for what is not JSON."""
        body = await body_of(request)
        if not body and self.optional:
            return self.shape()
        check_type(request.scope["headers"])
        try:
            return self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise refused(error, self.shape) from None


def query_of(request: AnyRequest, shape: type[T]) -> T:
    """The query string as `shape`. A field that takes several is a tuple there, repeated here.

    Numbers and flags are read here and all else strictly: leniently, a number would pass for a
    time.
    """
    kinds = _kinds(shape)
    values: dict[str, Any] = {}
    # Bytes that are no UTF-8 come as surrogates: replaced by something, they would be looked for.
    text = request.scope["query_string"].decode("ascii", "surrogateescape")
    for name, value in parse_qsl(text, keep_blank_values=True, errors="surrogateescape"):
        if not _is_text(name) or not _is_text(value):
            raise invalid(name.encode("ascii", "backslashreplace").decode(), "is no UTF-8")
        if name in kinds.several:
            values.setdefault(name, []).append(value)
        elif name in values:
            raise invalid(name, "is given twice")
        elif name in kinds.numbers and value.isascii() and value.isdigit() and len(value) < _DIGITS:
            values[name] = int(value)
        elif name in kinds.flags and value in _FLAGS:
            values[name] = _FLAGS[value]
        else:
            values[name] = value
    try:
        return msgspec.convert(values, shape)
    except msgspec.ValidationError as error:
        raise refused(error, shape) from None


def _is_text(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= x <= "\udfff" for x in value)


def path_id(name: str) -> str:
    """An id as one segment of a path, whatever characters it has."""
    return quote(name, safe="")


_DIGITS = 18
"""More than that is no number that a query asks for."""


_FLAGS = {"true": True, "false": False}


class _Kinds(NamedTuple):
    """The names of the fields that take several values, of numbers, and of flags."""

    several: frozenset[str]
    numbers: frozenset[str]
    flags: frozenset[str]


def _kinds(shape: type[Any]) -> _Kinds:
    known = _KINDS.get(shape)
    if known is not None:
        return known
    several, numbers, flags = set(), set(), set()
    for field in msgspec.structs.fields(shape):
        match plain(msgspec.inspect.type_info(field.type)):
            case msgspec.inspect.VarTupleType():
                several.add(field.encode_name)
            case msgspec.inspect.IntType():
                numbers.add(field.encode_name)
            case msgspec.inspect.BoolType():
                flags.add(field.encode_name)
            case _:
                pass
    _KINDS[shape] = _Kinds(frozenset(several), frozenset(numbers), frozenset(flags))
    return _KINDS[shape]


_KINDS: dict[type[Any], _Kinds] = {}
