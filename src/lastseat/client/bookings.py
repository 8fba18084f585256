"""The calls that make bookings, or take other places for those that are had."""

from collections.abc import Mapping, Sequence
from typing import Any

from lastseat.client.acting import act, post
from lastseat.client.call import Call, write
from lastseat.client.wording import Claims, Seconds, choices_of, claims_of, each, listed
from lastseat.client.wording import seconds as in_seconds
from lastseat.core import limits
from lastseat.core.commands import Choice, Contact, SeriesDate, SeriesPolicy
from lastseat.core.events import Fact
from lastseat.core.observed import Observed
from lastseat.core.outcomes import AnyOutcome


class Bookings:
    """Bookings, holds, series and moves; and what is decided on what was observed."""

    def book(
        self,
        claims: Claims = (),
        *,
        choices: Sequence[Choice] = (),
        actor: str,
        units: int = 1,
        confirmed: bool = True,
        override: bool = False,
        reason: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: Contact | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Take all `claims` for `actor`, or none: `booked`, or why not (A4, A11).

        For each of the `choices` the first that are free are taken: `chosen` (C9).
        """
        body = {
            **wanted(claims, units, choices),
            "actor": actor,
            "confirmed": confirmed,
            "override": override,
            "reason": reason,
            "metadata": metadata,
            "contact": contact,
        }
        return post(body=body, key=key)

    def hold(
        self,
        claims: Claims = (),
        *,
        choices: Sequence[Choice] = (),
        actor: str,
        units: int = 1,
        seconds: Seconds = limits.HOLD_SECONDS,
        limit: Seconds = limits.HOLD_LIMIT_SECONDS,
        override: bool = False,
        reason: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: Contact | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Take all claims for a while (A8, A9): `held`, or refused as `book` is."""
        body = {
            **wanted(claims, units, choices),
            "actor": actor,
            "hold_seconds": in_seconds(seconds),
            "limit_seconds": in_seconds(limit),
            "override": override,
            "reason": reason,
            "metadata": metadata,
            "contact": contact,
        }
        return post(body=body, key=key)

    def book_series(
        self,
        dates: Sequence[Claims | SeriesDate],
        *,
        actor: str,
        policy: SeriesPolicy | str = SeriesPolicy.ALL_OR_NOTHING,
        most: int | None = None,
        seconds: Seconds | None = None,
        limit: Seconds | None = None,
        confirmed: bool = True,
        override: bool = False,
        reason: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: Contact | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Book many dates in one transaction (H1), at most 400: what `book` takes, for each.

        `series_booked` or `series_refused`; both report what each date came to. The service draws
        the bookings' ids. `bookings(series=...)` lists them.
        """
        body = {
            "dates": each(dates, _date),
            "actor": actor,
            "policy": policy,
            "most": most,
            "hold_seconds": None if seconds is None else in_seconds(seconds),
            "limit_seconds": None if limit is None else in_seconds(limit),
            "confirmed": confirmed,
            "override": override,
            "reason": reason,
            "metadata": metadata,
            "contact": contact,
        }
        return write("POST", AnyOutcome, "v1", "series", body=body, key=key)

    def move(
        self,
        booking: str,
        claims: Claims = (),
        *,
        choices: Sequence[Choice] = (),
        actor: str | None = None,
        units: int = 1,
        version: int | None = None,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Give a booking new claims without giving up the old ones first (A10): `moved`."""
        new = wanted(claims, units, choices)
        return act("move", booking, actor, version, reason, key, override=override, **new)

    def move_together(
        self,
        moves: Mapping[str, Claims],
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Move several bookings, by id, in one step, all or none: also a swap when sold out."""
        several: Any = moves
        if isinstance(moves, Mapping):
            several = [{"booking_id": x, "claims": claims_of(to, 1)} for x, to in moves.items()]
        body = {"moves": several, "override": override, "reason": reason}
        return post("move", body=body, key=key)

    def book_with_observed(
        self, observed: Observed, *, actor: str, units: int = 1, key: str | None = None
    ) -> Call[AnyOutcome]:
        """Book on what was observed: `already`, `full`, `booked`, or `conflict` when it changed."""
        body = {"observed": observed, "actor": actor, "units": units}
        return post("book-observed", body=body, key=key)

    def cancel_with_observed(
        self, observed: Observed, *, actor: str, key: str | None = None
    ) -> Call[AnyOutcome]:
        """Cancel on what was observed: `not_booked`, `cancelled`, or `conflict`."""
        return post("cancel-observed", body={"observed": observed, "actor": actor}, key=key)

    def append_expect(
        self, appends: Mapping[str, tuple[int, Sequence[Fact]]], *, key: str | None = None
    ) -> Call[AnyOutcome]:
        """Append facts to streams at their expected sequences, all or none (A2)."""
        several: Any = appends
        if isinstance(appends, Mapping):
            several = {stream: _append(x) for stream, x in appends.items()}
        return write("POST", AnyOutcome, "v1", "facts", body={"appends": several}, key=key)


def wanted(claims: Claims, units: int, choices: Sequence[Choice]) -> dict[str, Any]:
    """Without choices, claims are sent even if there are none: the service says what is wrong."""
    found: dict[str, Any] = {"claims": claims_of(claims, units)}
    return found | ({"choices": choices_of(choices)} if choices else {})


def _append(one: object) -> Any:
    match one:
        case (seq, facts):
            return {"expected": seq, "facts": listed(facts)}
        case _:
            return one


def _date(date: Claims | SeriesDate) -> dict[str, Any]:
    if isinstance(date, SeriesDate):
        return wanted(date.claims, 1, date.choices)
    return wanted(date, 1, ())
