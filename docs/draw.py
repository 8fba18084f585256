"""The pages that are drawn from the code's own tables, so that they can't say anything else.

    python docs/draw.py

writes them all; a test fails when one of them differs. Not for what a page says in words of its
own. (The page of settings is written by the command's own options: see its first lines.)
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import lastseat.access.page
import lastseat.http.metrics_families
from lastseat.core import outcomes
from lastseat.core.outcomes import Code, Outcome, Refusal
from lastseat.core.status import FOLLOWS, FREED, RELOCATABLE, Status
from lastseat.http.app import openapi_document
from lastseat.http.wording import DETAIL, STATUS

DOCS = Path(__file__).parent
METHODS = ("get", "post", "put", "patch", "delete")

_STATUSES = """\
# Where a booking stands

Which status may follow which. Drawn from the table in `src/lastseat/core/status.py`; a test fails
when this page differs. What the statuses mean: [concepts.md](concepts.md#a-bookings-life).
"""

_OUTCOMES = """\
# What a command comes to

Every outcome by its name, which is `code` in Python and over HTTP. Drawn from
`src/lastseat/core/outcomes.py` and the words of the service; a test fails when this page differs.
"""

_REFUSALS = """\
## Refusals, in order of precedence

Nothing was written. When several hold, the one further up is the answer: whoever has a seat is told
`already`, not `full`. Over HTTP the fields are members of the problem, where a booking's `status`
is `booking_status`.
"""

_ROUTES = """\
# Routes

What the service answers. Drawn from its OpenAPI document; a test fails when this page differs.
Fields, answers and examples of each are at `/docs` on a server, and in `/openapi.json`. What they
have in common: [http.md](http.md); who may do what: [roles.md](roles.md).
"""

_DECISIONS = """\
# Decisions

What was hard to decide, and why it was decided so: half a page each.
"""


def statuses() -> str:
    """The table of statuses as a matrix, then the sets that the core goes by."""
    header = ["now \\ then", *(f"{then}" for then in Status)]
    rows = [
        [f"**{now}**", *("●" if then in FOLLOWS[now] else "" for then in Status)] for now in Status
    ]
    ends = (status for status in Status if not FOLLOWS[status])
    return "\n".join(
        [
            _STATUSES,
            *_table(header, rows),
            "",
            f"- What is over, since nothing follows it: {_listed(ends)}.",
            f"- Gives its places back: {_listed(x for x in Status if x in FREED)}. In any other a",
            "  booking takes them, but WAITLISTED, which has none yet.",
            f"- Can be moved: {_listed(x for x in Status if x in RELOCATABLE)}.",
            "",
        ]
    )


def all_outcomes() -> str:
    """Successes, then refusals in the order in which they are checked."""
    by_code = {str(x.__struct_config__.tag): x for x in _kinds()}
    successes, refusals = [], []
    for code in Code:
        kind = by_code[code]
        if issubclass(kind, Refusal):
            how = DETAIL[code].removeprefix("Nothing was done. ")
            refusals.append([f"`{code}`", str(STATUS[code]), _means(kind), how, _fields(kind)])
        else:
            successes.append([f"`{code}`", _means(kind), _fields(kind)])
    return "\n".join(
        [
            _OUTCOMES,
            "## Successes",
            "",
            *_table(["code", "means", "fields"], successes),
            "",
            _REFUSALS,
            *_table(["code", "HTTP", "means", "then", "fields"], refusals),
            "",
        ]
    )


def routes() -> str:
    """A table for each tag of the OpenAPI document."""
    document = json.loads(openapi_document())
    lines = [_ROUTES]
    for tag in document["tags"]:
        rows = [
            [f"`{method.upper()} {path}`", item[method]["summary"]]
            for path, item in document["paths"].items()
            for method in METHODS
            if method in item and item[method]["tags"][0] == tag["name"]
        ]
        if rows:
            lines += [f"## {tag['name'].capitalize()}", "", tag["description"], ""]
            lines += [*_table(["route", ""], rows), ""]
    return "\n".join(lines)


def decisions() -> str:
    """The list of decision records."""
    links = []
    for path in sorted((DOCS / "adr").glob("0*.md")):
        title = path.read_text().partition("\n")[0].removeprefix("# ")
        links.append(f"- [{title}]({path.name})")
    toctree = ["```{toctree}", ":hidden:", ":glob:", "", "0*", "```", ""]
    return "\n".join([_DECISIONS, *links, "", *toctree])


PAGES: dict[str, Callable[[], str]] = {
    "statuses.md": statuses,
    "outcomes.md": all_outcomes,
    "routes.md": routes,
    "adr/README.md": decisions,
    "roles.md": lastseat.access.page.page,
    "metrics.md": lastseat.http.metrics_families.page,
}
"""Each page by its name under docs/."""


def _kinds() -> list[type[Outcome]]:
    found = inspect.getmembers(outcomes, inspect.isclass)
    return [x for _, x in found if issubclass(x, Outcome)]


def _means(kind: type[Outcome]) -> str:
    """The first paragraph of its docstring, without where the rule comes from."""
    first = " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())
    return re.sub(r" \((MISSION [A-Z]\d+|[A-Z]\d+|see \w+\.py)\)", "", first)


def _fields(kind: type[Outcome]) -> str:
    return ", ".join(f"`{name}`" for name in kind.__struct_fields__)


def _listed(found: Iterable[Status]) -> str:
    return ", ".join(found)


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in (header, ["---"] * len(header), *rows)]


if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())
        sys.stdout.write(f"docs/{name}\n")
