"""The problems that an operation may answer with, as the OpenAPI document tells them."""

from http import HTTPStatus

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from msgspec import Struct

from lastseat.core.outcomes import Code
from lastseat.http.problems import BY_STATUS, PROBLEM_TYPE, problem_type, title_of
from lastseat.http.wording import DETAIL, STATUS


class ProblemBody(Struct, kw_only=True, rename=None):
    """A problem as RFC 9457 has it. Each `code` has members of its own beside these."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def refusals(*codes: Code | int | str) -> dict[int, ResponseSpec]:
    """The problems that an operation may answer with, for OpenAPI: one response for each status.

    A `Code` stands for itself with its status; a number for the problem of that status.
    """
    by_status: dict[int, list[str]] = {}
    for code in codes:
        number, name = (code, BY_STATUS[code]) if isinstance(code, int) else (_status(code), code)
        names = by_status.setdefault(number, [])
        if str(name) not in names:
            names.append(str(name))
    return {number: _spec(number, names) for number, names in by_status.items()}


def _status(code: str) -> int:
    try:
        return STATUS[Code(code)]
    except ValueError:
        return 404 if code.startswith("unknown_") else 409


def _spec(number: int, names: list[str]) -> ResponseSpec:
    examples = [
        Example(
            id=name,
            summary=title_of(name, number),
            value={
                "type": problem_type(name),
                "title": title_of(name, number),
                "status": number,
                "detail": DETAIL.get(name, DETAIL["unknown"]),
                "code": name,
            },
        )
        for name in names
    ]
    return ResponseSpec(
        data_container=ProblemBody,
        media_type=PROBLEM_TYPE,
        description=f"{HTTPStatus(number).phrase}: {', '.join(f'`{name}`' for name in names)}",
        examples=examples,
        generate_examples=False,
    )
