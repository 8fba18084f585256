"""The application's own facts on streams, at the sequences it observed. They change no capacity."""

from collections.abc import Iterable
from typing import Annotated, Any

from litestar import Response, post
from msgspec import Meta, Struct

from lastseat.access import Action
from lastseat.core import limits
from lastseat.core import outcomes as o
from lastseat.core.events import Fact
from lastseat.core.outcomes import Code
from lastseat.http.caller import caller_of
from lastseat.http.describing import described
from lastseat.http.idempotency import key_of
from lastseat.http.incoming import AnyRequest, Body
from lastseat.http.naming import renamed
from lastseat.http.problems import respond
from lastseat.http.shapes import Id


class FactBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fact: a name, and values that are no personal data, for it is never changed."""

    name: Id
    data: dict[str, str | int | bool | None] = {}


class AppendBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Facts for one stream, whose last sequence has to be `expected`."""

    expected: Annotated[int, Meta(extra_json_schema={"minimum": 0})]
    facts: Annotated[
        tuple[FactBody, ...], Meta(extra_json_schema={"minItems": 1, "maxItems": limits.FACTS})
    ]


class FactsBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to append to which streams, all or none."""

    appends: Annotated[
        dict[str, AppendBody],
        Meta(extra_json_schema={"minProperties": 1, "maxProperties": limits.STREAMS}),
    ]


_FACTS = Body(FactsBody)


@post(
    "/v1/facts",
    **described(
        "append_expect",
        tag="facts",
        summary="Append facts",
        says=(
            "All or none, if every stream's last sequence is the one expected; else `conflict` with"
            " the actual one. Facts change no capacity: what does is decided, never appended."
        ),
        status=201,
        body=FactsBody,
        body_example={
            "appends": {
                "yoga-monday": {
                    "expected": 5,
                    "facts": [{"name": "teacher_changed", "data": {"to": "t-7"}}],
                }
            }
        },
        answer=o.Appended,
        answer_example={"code": "appended", "sequences": {"yoga-monday": 6}},
        refused=(Code.INVALID, Code.CONFLICT, Code.UNKNOWN_BOOKABLE),
    ),
)
async def append_expect(request: AnyRequest) -> Response[Any]:
    """Append facts to streams at their expected sequences."""
    caller = await caller_of(request, Action.FACTS_APPEND)
    body = await _FACTS.read(request)
    appends = {
        stream: (one.expected, [Fact(x.name, x.data) for x in one.facts])
        for stream, one in body.appends.items()
    }
    command = caller.tenant.commands.append_expect(appends, key=key_of(request))
    answer = await caller.tenant.execute(command)
    return respond(renamed(answer, _names(appends)), status=201)


def _names(streams: Iterable[str]) -> dict[str, str]:
    """The command keeps sequences and facts apart; the body has both beneath a stream."""
    return {
        f"{part}[{stream}]": f"appends[{stream}].{part}"
        for stream in streams
        for part in ("facts", "expected")
    }


handlers = [append_expect]
