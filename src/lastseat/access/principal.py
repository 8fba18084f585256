"""Whoever asks, and `permit`, which says how far they may go. Pure."""

from collections.abc import Collection

from msgspec import Struct

from lastseat.access.roles import ALLOWED, Action, Reach, Role


class Principal(Struct, frozen=True):
    """Whoever asks: a key or a person, in one tenant.

    `name` is what the journal keeps: `key:<key id>` or `person:<person id>`, never a person's name.
    `actor` is whom a person books for where they may book for themselves alone: their subject.
    `scopes` narrows the roles; None leaves them whole. `operator`: the tenant may make tenants.
    """

    tenant_id: str
    name: str
    roles: frozenset[Role]
    scopes: frozenset[Action] | None = None
    actor: str | None = None
    key_id: str | None = None
    publishable: bool = False
    per_minute: int | None = None
    operator: bool = False


def permit(principal: Principal, action: Action) -> Reach | None:
    """How far a principal's `action` reaches; None: it is not allowed.

    The widest of the roles counts. Without an actor nothing is one's own.
    """
    if principal.scopes is not None and action not in principal.scopes:
        return None
    if action is Action.TENANTS_CREATE and not principal.operator:
        return None
    found: Reach | None = None
    for role in principal.roles:
        reach = ALLOWED[role].get(action)
        if reach is Reach.ALL:
            return reach
        if reach is Reach.OWN and principal.actor is not None:
            found = reach
    return found


def may_grant(
    principal: Principal, roles: Collection[Role], scopes: Collection[Action] | None
) -> bool:
    """Whether what `roles` within `scopes` may do is no more than `principal` may do to all.

    Who gives out keys or roles must not be able to give more than they have: a key that is scoped
    to giving out keys would otherwise be as good as one without scopes.
    """
    wanted = {action for role in roles for action in ALLOWED[role]}
    if scopes is not None:
        wanted &= set(scopes)
    if not principal.operator:
        # It is worth nothing in a tenant that is not the operator's.
        wanted.discard(Action.TENANTS_CREATE)
    return all(permit(principal, action) is Reach.ALL for action in wanted)
