"""Bad input told by the request's own names: a command calls some things otherwise than its body.

`seconds` of a command may be `duration_seconds` of the body that it was made from, and the units of
a short form are those of a claim to the engine. Who sent the body knows only its names.
"""

from collections.abc import Mapping

from lastseat.core.outcomes import Invalid
from lastseat.engine.requests import Answer

STEP = {"version": "expected_version"}
"""The names of a step on one booking."""

SHORT = {"claims[0].units": "units", "claims[0].bookable": "bookable"}
"""The names of the short form, which is one claim."""


def renamed(answer: Answer, names: Mapping[str, str]) -> Answer:
    """The answer, with the beginning of an `invalid` field replaced by the body's name for it."""
    outcome = answer.outcome
    if not isinstance(outcome, Invalid):
        return answer
    for theirs, ours in names.items():
        if outcome.field.startswith(theirs):
            field = ours + outcome.field.removeprefix(theirs)
            return Answer(Invalid(field=field, reason=outcome.reason), answer.replayed)
    return answer
