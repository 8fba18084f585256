"""Who asks, and what they may: roles, API keys, signed tokens, people. Knows nothing of HTTP.

Start in `roles.py`, the one table. `keys.py` and `tokens.py` say who a credential is; `store.py`
keeps keys, people and tenants; `first.py` makes the first owner; `rate.py` slows guests down.
"""

from lastseat.access.principal import Principal, may_grant, permit
from lastseat.access.roles import ALLOWED, Action, Reach, Role

__all__ = ["ALLOWED", "Action", "Principal", "Reach", "Role", "may_grant", "permit"]
