"""What a key is asked to be, and what is wrong with that. Pure."""

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from lastseat.access.roles import Action, Role
from lastseat.access.texts import fault
from lastseat.core.limits import EARLIEST, LATEST
from lastseat.core.outcomes import Invalid

GUEST_PER_MINUTE = 60
"""Requests a minute of a publishable key, unless it was made with another number."""

MOST_PER_MINUTE = 1_000_000
"""The highest rate a key can be given."""

OF_KEYS = frozenset(Role) - {Role.GUEST, Role.CUSTOMER}
"""Roles of a secret key. Guests have publishable ones, and a key has no bookings of its own."""

OF_PEOPLE = frozenset(Role) - {Role.GUEST}
"""Roles of a person."""


class KeyTerms(Struct, frozen=True):
    """A key to be made.

    `roles` may be left out for a publishable key, which is a guest's. `scopes` narrows what the
    roles allow; None leaves them whole. `per_minute`: None is no limit, but 60 for a publishable
    key. `expires_at`: None is never.
    """

    name: str
    roles: Collection[Role] = ()
    scopes: Collection[Action] | None = None
    publishable: bool = False
    per_minute: int | None = None
    expires_at: datetime | None = None


def completed(terms: KeyTerms) -> KeyTerms | Invalid:
    """The terms with what a publishable key has by default, or the first thing wrong with them."""
    roles, per_minute = terms.roles, terms.per_minute
    if terms.publishable:
        roles = roles or (Role.GUEST,)
        per_minute = GUEST_PER_MINUTE if per_minute is None else per_minute
    return (
        named("name", terms.name)
        or _roles(roles, publishable=terms.publishable)
        or _bounds(terms.scopes, per_minute)
        or _expiry(terms.expires_at)
        or KeyTerms(
            terms.name, roles, terms.scopes, terms.publishable, per_minute, terms.expires_at
        )
    )


def named(field: str, value: str) -> Invalid | None:
    """What is wrong with a name of the caller's choice."""
    reason = fault(value)
    return None if reason is None else Invalid(field=field, reason=reason)


def person_roles(roles: Collection[Role]) -> Invalid | None:
    """What is wrong with the roles that somebody is to have."""
    if not roles or not set(roles) <= OF_PEOPLE:
        return Invalid(field="roles", reason=f"must be one or more of {_listed(OF_PEOPLE)}")
    return None


def _roles(roles: Collection[Role], *, publishable: bool) -> Invalid | None:
    if publishable:
        if set(roles) == {Role.GUEST}:
            return None
        return Invalid(field="roles", reason="a publishable key has the role guest and no other")
    if not roles or not set(roles) <= OF_KEYS:
        return Invalid(field="roles", reason=f"must be one or more of {_listed(OF_KEYS)}")
    return None


def _bounds(scopes: Collection[Action] | None, per_minute: int | None) -> Invalid | None:
    if scopes is not None and not scopes:
        return Invalid(field="scopes", reason="must name an action, or be left out for all")
    if per_minute is not None and not 1 <= per_minute <= MOST_PER_MINUTE:
        return Invalid(field="per_minute", reason=f"must be from 1 to {MOST_PER_MINUTE}")
    return None


def _expiry(expires_at: datetime | None) -> Invalid | None:
    if expires_at is None:
        return None
    if expires_at.utcoffset() is None:
        return Invalid(field="expires_at", reason="is naive: give its time zone")
    if not EARLIEST <= expires_at < LATEST:
        return Invalid(field="expires_at", reason=f"must be from {EARLIEST:%Y} to {LATEST:%Y}")
    return None


def _listed(roles: Collection[Role]) -> str:
    return ", ".join(role for role in Role if role in roles)
