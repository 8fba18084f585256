"""Names that callers choose, a key's or a subject: what no table or screen should hold. Pure."""

from lastseat.core import fields


def fault(value: str) -> str | None:
    """What is wrong with a name, to follow its field's; None: nothing.

    The rule is that of the core's commands, since a subject becomes a booking's actor.
    """
    try:
        fields.name("", value)
    except fields.Bad as bad:
        return bad.invalid.reason
    return None
