"""An owner's rules as they are now. What they come to at a time is calendar/broken.py's to say."""

import msgspec

from lastseat.core.rules import NO_RULES, Rules
from lastseat.reads.rows import QUERIES, Connection, fetch
from lastseat.views.times import RulesView


async def of(connection: Connection, tenant: str, owner: str) -> RulesView | None:
    """The owner's rules, or None when the tenant has nothing of that id."""
    found = await fetch(connection, QUERIES["rules_of"], tenant=tenant, owner=owner)
    if not found:
        return None
    seq, zone, text = found[0]
    rules = msgspec.json.decode(text, type=Rules) if text else NO_RULES
    return RulesView(owner, seq, zone, rules)
