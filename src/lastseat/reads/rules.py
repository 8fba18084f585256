"""An owner's rules as they are now. What they come to at a time is calendar/broken.py's to say."""

import msgspec
from msgspec import Struct

from lastseat.core.rules import NO_RULES, Rules
from lastseat.reads.views import QUERIES, Connection, fetch


class RulesView(Struct, frozen=True):
    """The rules of a bookable, a service's limit or a location.

    `seq` is its sequence, for `expected`; its hours are local to `time_zone`.
    """

    owner: str
    seq: int
    time_zone: str | None
    rules: Rules


async def of(connection: Connection, tenant: str, owner: str) -> RulesView | None:
    """The owner's rules, or None when the tenant has nothing of that id."""
    found = await fetch(connection, QUERIES["rules_of"], tenant=tenant, owner=owner)
    if not found:
        return None
    seq, zone, text = found[0]
    rules = msgspec.json.decode(text, type=Rules) if text else NO_RULES
    return RulesView(owner, seq, zone, rules)
