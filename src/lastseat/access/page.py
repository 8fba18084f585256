"""docs/roles.md, drawn from the table of roles, so that it can't say anything else.

python -c "from lastseat.access.page import page; print(page(), end='')" > docs/roles.md
"""

from lastseat.access import roles
from lastseat.access.roles import ALLOWED, Action, Reach, Role

_INTRODUCTION = """\
# Roles

Who may do what, in a tenant. Drawn from the table in `src/lastseat/access/roles.py`; a test fails
when this page differs. How to get a key or use tokens: [access.md](access.md).

In the table `all` reaches the whole tenant and **own** one's own bookings: another's is answered as
one that does not exist. What has a `-` is refused, with 403 and the code `forbidden`.

Somebody with several roles has what any of them allows, as far as the widest reaches. A key's
*scopes* narrow it: what they do not name is refused. Nobody can make a key, or give anybody roles,
that may do more than they may themselves. Of another tenant everything is unknown (404), whatever
the role.
"""


def page() -> str:
    """The page as it has to be."""
    meanings = (roles.__doc__ or "").partition("MISSION's):\n\n")[2]
    header = ["action", *(f"{role}" for role in Role)]
    rows = [[f"`{action}`", *(_cell(role, action) for role in Role)] for action in Action]
    lines = [header, ["---"] * len(header), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{_INTRODUCTION}\n{table}\n\n## What they are for\n\n{meanings}"


def _cell(role: Role, action: Action) -> str:
    reach = ALLOWED[role].get(action)
    return "-" if reach is None else f"**{reach}**" if reach is Reach.OWN else str(reach)
