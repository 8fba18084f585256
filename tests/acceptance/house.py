"""A venue put into the database, and attempts to book there, each undone. It judges nothing."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
from tests.acceptance.venues import NOW, Service, Taken, Venue

import lastseat
from lastseat import Claim
from lastseat.library.taking import Asked, asked
from lastseat.views.catalogue import Terms

CLOCK = f"""
CREATE OR REPLACE FUNCTION lastseat.clock() RETURNS timestamptz LANGUAGE sql STABLE AS
$$SELECT coalesce(nullif(current_setting('test.now', true), ''), '{NOW.isoformat()}')::timestamptz$$
"""
"""It stands still, and a connection can have it stand elsewhere."""

EARLIER = NOW - timedelta(hours=1)


class House:
    """One venue in the database, and one connection for attempts that are undone."""

    def __init__(
        self, engine: lastseat.Engine, connection: psycopg.Connection[Any], venue: Venue
    ) -> None:
        self.venue = venue
        self.tenant = engine.tenant(f"venue-{uuid4().hex}")
        self._connection = connection
        self.said: Counter[str] = Counter()
        self._people = iter(range(10**9))
        self._build()
        service = self.tenant.catalogue.service("session")
        assert service is not None
        self.service = service

    def _build(self) -> None:
        venue, do = self.venue, self.tenant.commands
        assert self.tenant.catalogue.create_location("place", name="P", time_zone=venue.zone).ok
        lanes = venue.lane_names
        where: dict[str, Any] = {"location": "place", "actor_time": "allow"}
        self._set_clock(EARLIER)
        self._done(
            [do.define_resource(name, **where) for name in lanes]
            + [do.define_pool("shoes", capacity=venue.pool, **where)]
            + [do.define_composite("hall", parts=[*lanes[:2], "shoes"], location="place")]
        )
        # Before there are rules, so that bookings lie where nothing can be booked any more.
        cancelled = []
        for taken in venue.taken:
            outcome = self._take(taken)
            if outcome.ok and taken.how == "cancelled":
                cancelled.append(do.cancel(outcome.booking_id))
        self._set_clock(NOW)
        owners = {"location:place": venue.place, "hall": venue.hall, "service:session": None}
        owners |= dict(zip(lanes, venue.lanes, strict=True))
        self._sell(venue.service)
        owners["service:session"] = venue.service.rules
        self._done([do.set_rules(x, rules) for x, rules in owners.items() if rules] + cancelled)

    def _set_clock(self, now: datetime) -> None:
        self._connection.execute("SELECT set_config('test.now', %s, false)", [now.isoformat()])
        self._connection.commit()

    def _done(self, commands: list[Any]) -> None:
        answers = lastseat.execute_in(self._connection, commands)
        assert all(x.ok for x in answers), answers
        self._connection.commit()

    def _take(self, taken: Taken) -> Any:
        start = self.venue.start + timedelta(minutes=taken.minute)
        claim = Claim(
            bookable=taken.what,
            units=taken.units if taken.what == "shoes" else 1,
            start=start,
            end=start + timedelta(minutes=taken.minutes),
            before=taken.before,
            after=taken.after,
        )
        actor = f"there-{next(self._people)}"
        command: Any
        if taken.how == "waits":
            command = self.tenant.commands.join_waitlist(claim, actor=actor, offer_seconds=7200)
        elif taken.how in ("hold", "overdue"):
            seconds = 60 if taken.how == "overdue" else 7200
            command = self.tenant.commands.hold(claim, actor=actor, seconds=seconds, limit=seconds)
        else:
            command = self.tenant.commands.book(claim, actor=actor)
        (outcome,) = lastseat.execute_in(self._connection, [command])
        return outcome

    def _sell(self, service: Service) -> None:
        terms = Terms(
            name="Session",
            location_id="place",
            duration_seconds=service.minutes * 60,
            before_seconds=service.before,
            after_seconds=service.after,
            needs=service.needs,
        )
        made = self.tenant.catalogue.create_service(
            "session", terms, max_simultaneous_bookings=service.limit
        )
        assert made.ok, made

    def attempt(self, claims: Any = (), choices: Any = (), times: int = 1) -> list[Any]:
        """What booking it for so many people comes to, one after the other. It is undone."""
        commands = [
            self.tenant.commands.book(claims, choices=choices, actor=f"guest-{next(self._people)}")
            for _ in range(times)
        ]
        with self._connection.transaction(force_rollback=True):
            answers = lastseat.execute_in(self._connection, commands)
        self.said.update(x.code for x in answers)
        return answers

    def sell(self, start: datetime, times: int = 1) -> list[Any]:
        """What booking the service comes to."""
        end = start + timedelta(minutes=self.venue.service.minutes)
        what = asked(self.service, start, end, self.venue.service.party)
        assert isinstance(what, Asked)
        return self.attempt(what.claims, what.choices, times)
