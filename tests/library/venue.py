"""A few bookables in few words, and what to expect of an outcome. Nothing is judged here."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

import lastseat
from lastseat import AnyOutcome, Claim

T0 = datetime(2027, 3, 1, 18, tzinfo=UTC)
T = TypeVar("T", bound=AnyOutcome)


def at(minutes: int) -> datetime:
    """Minutes after T0."""
    return T0 + timedelta(minutes=minutes)


def occurrence(
    tenant: lastseat.Tenant,
    name: str = "yoga",
    capacity: int = 3,
    *,
    start: int = 0,
    end: int = 60,
    actor_time: str = "allow",
) -> str:
    """An occurrence between two minutes after T0."""
    outcome = tenant.define_occurrence(
        name, start=at(start), end=at(end), capacity=capacity, actor_time=actor_time
    )
    assert outcome.ok, outcome
    return name


def resource(tenant: lastseat.Tenant, name: str = "lane", *, actor_time: str = "allow") -> str:
    """An exclusive resource."""
    outcome = tenant.define_resource(name, actor_time=actor_time)
    assert outcome.ok, outcome
    return name


def pool(
    tenant: lastseat.Tenant, name: str = "skis", capacity: int = 2, *, actor_time: str = "allow"
) -> str:
    """A pool."""
    outcome = tenant.define_pool(name, capacity=capacity, actor_time=actor_time)
    assert outcome.ok, outcome
    return name


def claim(
    name: str, start: int, end: int, units: int = 1, *, before: int = 0, after: int = 0
) -> Claim:
    """A claim between two minutes after T0; `before` and `after` are in seconds."""
    return Claim(
        bookable=name, units=units, start=at(start), end=at(end), before=before, after=after
    )


def done(outcome: AnyOutcome, kind: type[T]) -> T:
    """The outcome, which has to be of that kind."""
    assert isinstance(outcome, kind), outcome
    return outcome
