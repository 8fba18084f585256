"""A venue over HTTP: a tenant with something of every kind, and a credential for every role.

Made through the library, not over HTTP: the routes are what is tested.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import jwt
import psycopg

import lastseat
from lastseat import Claim
from lastseat.access import Role, store
from lastseat.access.terms import MOST_PER_MINUTE, KeyTerms
from lastseat.config import TokenSettings
from lastseat.core.commands import Contact
from lastseat.http.settings import ServeSettings
from lastseat.views.catalogue import Terms

T = TypeVar("T")

SECRET = "not a secret at all, but long enough for HS256"
ISSUER = "https://issuer.example"
AUDIENCE = "lastseat"

PAST = datetime(2026, 1, 5, 18, tzinfo=UTC)
"""When what is to be over already was."""

SOON = datetime(2027, 6, 7, 18, tzinfo=UTC)
"""When what can still be booked is."""

HOUR = timedelta(hours=1)


def settings(conninfo: str, directory: Path, **more: Any) -> ServeSettings:
    """The settings of a server that takes keys, and tokens of the one issuer."""
    secret = directory / "secret"
    secret.write_text(SECRET)
    tokens = TokenSettings(issuer=ISSUER, audience=AUDIENCE, secret_file=secret)
    return ServeSettings(url=conninfo, tokens=tokens, **more)


def token(tenant_id: str, subject: str) -> str:
    """What the issuer gives a person."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "tenant": tenant_id,
        "exp": int(time.time()) + 3600,
    }
    return jwt.encode(claims, SECRET, algorithm="HS256")


def on(conninfo: str, ask: Callable[[psycopg.AsyncConnection[Any]], Awaitable[T]]) -> T:
    """Ask the access tables something."""

    async def asked() -> T:
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
            return await ask(connection)

    return asyncio.run(asked())


def make_tenant(conninfo: str, tenant_id: str, *, operator: bool = False) -> None:
    """The tenant's row."""
    assert on(conninfo, lambda c: store.create_tenant(c, tenant_id, name=f"Name of {tenant_id}"))
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "UPDATE lastseat.tenants SET operator = %s WHERE tenant_id = %s", (operator, tenant_id)
        )


def make_key(conninfo: str, tenant_id: str, role: Role, **more: Any) -> store.NewKey:
    """A key with a role; a guest's is publishable."""
    publishable = role is Role.GUEST
    terms = KeyTerms(
        name=f"{role} of {tenant_id}",
        roles=[role],
        publishable=publishable,
        per_minute=MOST_PER_MINUTE if publishable else None,
        **more,
    )
    made = on(conninfo, lambda c: store.create_key(c, tenant_id, terms, created_by="tests"))
    assert isinstance(made, store.NewKey), made
    return made


class Venue:
    """A tenant with a location, a service, bookables of every kind, keys and people."""

    def __init__(
        self, engine: lastseat.Engine, tenant_id: str, *, operator: bool = False, mark: str = ""
    ) -> None:
        """`mark` is in every id and text: where it appears, something of this venue does."""
        self.conninfo = engine.conninfo
        self.tenant_id = tenant_id
        self.mark = mark
        self.tenant = engine.tenant(tenant_id)
        make_tenant(self.conninfo, tenant_id, operator=operator)
        self.customer = f"customer{mark}"
        self.location, self.service = f"hall{mark}", f"massage{mark}"
        self.occurrence, self.event, self.pool = f"yoga{mark}", f"weekly{mark}", f"skis{mark}"
        self.resource = f"lane{mark}"
        self._define()
        self.credentials = {role: self._credential(role) for role in Role}
        self.owner = self.credentials[Role.OWNER]

    def _define(self) -> None:
        tenant, where, mark = self.tenant, self.location, self.mark
        tenant.catalogue.create_location(where, name=f"Hall{mark}", time_zone="Europe/Berlin")
        terms = Terms(name=f"Massage{mark}", location_id=where, duration_seconds=3600)
        made = tenant.catalogue.create_service(
            self.service, terms, max_simultaneous_bookings=100_000
        )
        assert made.ok, made
        about: Any = {"location": where, "actor_time": "allow"}
        at: Any = {"start": SOON, "end": SOON + HOUR}
        for outcome in (
            tenant.define_occurrence(self.occurrence, **at, capacity=1_000, **about),
            tenant.define_pool(self.pool, capacity=100_000, **about),
            tenant.define_resource(self.resource, name=f"Lane{mark}", **about),
            tenant.define_event(
                self.event,
                starts=["2027-06-07T20:00"],
                duration=HOUR,
                time_zone="Europe/Berlin",
                capacity=10,
                **about,
            ),
        ):
            assert outcome.ok, outcome

    def _credential(self, role: Role) -> str:
        # A key has no bookings of its own, so a customer is a person.
        if role is Role.CUSTOMER:
            self.known(self.customer, role)
            return token(self.tenant_id, self.customer)
        return make_key(self.conninfo, self.tenant_id, role).text

    def claim(self, start: datetime = SOON) -> Claim:
        """A pair of skis, of which there are enough for every test."""
        return Claim(bookable=self.pool, start=start, end=start + HOUR)

    def booking(self, actor: str | None = None, *, start: datetime = SOON) -> str:
        """A new booking of an actor."""
        made = self.tenant.book(
            self.claim(start),
            actor=actor or f"actor{self.mark}",
            metadata={"note": f"metadata{self.mark}"},
            contact=Contact(name=f"Ann{self.mark}"),
            reason=f"reason{self.mark}",
        )
        assert isinstance(made, lastseat.outcomes.Booked), made
        return made.booking_id

    def hold(self, actor: str | None = None) -> str:
        """A new hold of an actor."""
        made = self.tenant.hold(self.claim(), actor=actor or f"actor{self.mark}", limit=7200)
        assert isinstance(made, lastseat.outcomes.Held), made
        return made.booking_id

    def series(self, actor: str | None = None) -> str:
        """A new series of an actor."""
        made = self.tenant.book_series([self.claim()], actor=actor or f"actor{self.mark}")
        assert isinstance(made, lastseat.outcomes.SeriesBooked), made
        return made.series_id

    def seat(self, actor: str) -> str:
        """A new seat on the occurrence."""
        made = self.tenant.book(self.occurrence, actor=actor)
        assert isinstance(made, lastseat.outcomes.Booked), made
        return made.booking_id

    def reservation(self, actor: str | None = None) -> str:
        """A new reservation of the service; without an actor, a guest's."""
        made = self.tenant.reservations.reserve(
            self.service, start=SOON, end=SOON + HOUR, actor=actor
        )
        assert isinstance(made, lastseat.library.reserving.Reserved), made
        return made.reservation_id

    def checked_in(self, actor: str | None = None) -> str:
        """A new booking whose guest has arrived."""
        booking = self.booking(actor)
        assert self.tenant.check_in(booking).ok
        return booking

    def past(self, actor: str | None = None) -> str:
        """A new booking whose time is over."""
        return self.booking(actor, start=PAST)

    def missed(self, actor: str | None = None) -> str:
        """A booking to which nobody came."""
        booking = self.booking(actor, start=PAST)
        assert self.tenant.no_show(booking).ok
        return booking

    def key(self) -> str:
        """The id of a new key."""
        return make_key(self.conninfo, self.tenant_id, Role.FEED).key.key_id

    def person(self) -> str:
        """The id of a new person."""
        return self.known(f"somebody {uuid.uuid4().hex}{self.mark}", Role.STAFF)

    def known(self, subject: str, role: Role) -> str:
        """The id of a person with a role. A customer would be made known by their first request."""
        made = on(
            self.conninfo,
            lambda c: store.set_person(c, self.tenant_id, subject=subject, roles=[role]),
        )
        assert isinstance(made, store.Person)
        return made.person_id


TABLES = (
    "journal", "heads", "bookings", "claims", "events", "keys", "actors", "booking_details",
    "notes", "bookable_details", "locations", "services", "api_keys", "people", "booking_contacts",
    "rules", "webhooks", "webhook_secrets",
)  # fmt: skip


def rows(connection: psycopg.Connection[Any], tenant_id: str) -> tuple[int, ...]:
    """How many rows a tenant has in each table, and the sum of what is changed in place."""
    counts = ", ".join(
        f"(SELECT count(*) FROM lastseat.{table} WHERE tenant_id = %(tenant)s)" for table in TABLES
    )
    found = connection.execute(
        f"SELECT {counts},"
        " (SELECT count(*) FROM lastseat.tenants),"
        " (SELECT sum(version) FROM lastseat.tenants WHERE tenant_id = %(tenant)s),"
        " (SELECT sum(seq) FROM lastseat.heads WHERE tenant_id = %(tenant)s),"
        " (SELECT sum(version) FROM lastseat.locations WHERE tenant_id = %(tenant)s),"
        " (SELECT sum(version) FROM lastseat.services WHERE tenant_id = %(tenant)s),"
        " (SELECT count(revoked_at) FROM lastseat.api_keys WHERE tenant_id = %(tenant)s)".encode(),
        {"tenant": tenant_id},
    ).fetchone()
    assert found is not None
    return tuple(found)
