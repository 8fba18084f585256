"""The calls that make and change bookings."""

from collections.abc import Mapping, Sequence
from typing import Any

from lastseat.client.call import Call, change, write
from lastseat.client.views import Forgotten
from lastseat.client.wording import Claims, Seconds, choices_of, claims_of, seconds
from lastseat.core import limits
from lastseat.core.commands import Choice, Contact, SeriesDate, SeriesPolicy
from lastseat.core.events import Fact
from lastseat.core.observed import Observed
from lastseat.core.outcomes import AnyOutcome


class Bookings:
    """Bookings and holds, and what becomes of them."""

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
        return _post(body=body, key=key)

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
            "hold_seconds": _seconds(seconds),
            "limit_seconds": _seconds(limit),
            "override": override,
            "reason": reason,
            "metadata": metadata,
            "contact": contact,
        }
        return _post(body=body, key=key)

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
            "dates": [_date(x) for x in dates],
            "actor": actor,
            "policy": policy,
            "most": most,
            "hold_seconds": None if seconds is None else _seconds(seconds),
            "limit_seconds": None if limit is None else _seconds(limit),
            "confirmed": confirmed,
            "override": override,
            "reason": reason,
            "metadata": metadata,
            "contact": contact,
        }
        return write("POST", AnyOutcome, "v1", "series", body=body, key=key)

    def confirm(
        self,
        booking: str,
        *,
        actor: str | None = None,
        contact: Contact | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Confirm a held or reserved booking: `confirmed`, `hold_expired`, `not_booked`."""
        return _act("confirm", booking, actor, version, reason, key, contact=contact)

    def release(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Give a hold back: `released`; `not_held` leaves any other booking alone (A8)."""
        return _act("release", booking, actor, version, reason, key)

    def cancel(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Cancel a booking, by its id, or by the occurrence and the actor: `cancelled` (A7)."""
        if actor is None:
            return _act("cancel", booking, actor, version, reason, key)
        body = {
            "bookable": booking,
            "actor": actor,
            "expected_version": version,
            "reason": reason,
        }
        return _post("cancel", body=body, key=key)

    def extend(
        self,
        booking: str,
        *,
        actor: str | None = None,
        seconds: Seconds = limits.HOLD_SECONDS,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Let a hold run `seconds` from now: `extended`, or `extend_limit` (A9)."""
        return _act("extend", booking, actor, version, reason, key, seconds=_seconds(seconds))

    def check_in(
        self,
        booking: str,
        *,
        actor: str | None = None,
        late: bool = False,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """They have arrived: `checked_in`; a no-show only with `late`, a permission (C3, C4)."""
        return _act("check-in", booking, actor, version, reason, key, late=late)

    def check_out(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """They were seen to leave: `checked_out`; `wrong_status` unless CHECKED_IN."""
        return _act("check-out", booking, actor, version, reason, key)

    def complete(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """What was booked is done: `completed`; `wrong_status` unless CHECKED_IN."""
        return _act("complete", booking, actor, version, reason, key)

    def no_show(
        self,
        booking: str,
        *,
        actor: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Nobody came: `no_show`; `too_early` before the booking's first claim begins (C3)."""
        return _act("no-show", booking, actor, version, reason, key)

    def update(
        self,
        booking: str,
        *,
        actor: str | None = None,
        metadata: dict[str, Any] | None = None,
        contact: Contact | None = None,
        version: int | None = None,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Write a booking's details: `updated`, with its new version (C1, D4)."""
        _by_id(actor)
        body = {
            "metadata": metadata,
            "contact": contact,
            "expected_version": version,
            "reason": reason,
        }
        return write("PATCH", AnyOutcome, "v1", "bookings", booking, body=body, key=key)

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
        return _act("move", booking, actor, version, reason, key, override=override, **new)

    def move_together(
        self,
        moves: Mapping[str, Claims],
        *,
        override: bool = False,
        reason: str | None = None,
        key: str | None = None,
    ) -> Call[AnyOutcome]:
        """Move several bookings, by id, in one step, all or none: also a swap when sold out."""
        several = [{"booking_id": x, "claims": claims_of(to, 1)} for x, to in moves.items()]
        body = {"moves": several, "override": override, "reason": reason}
        return _post("move", body=body, key=key)

    def book_with_observed(
        self, observed: Observed, *, actor: str, units: int = 1, key: str | None = None
    ) -> Call[AnyOutcome]:
        """Book on what was observed: `already`, `full`, `booked`, or `conflict` when it changed."""
        body = {"observed": observed, "actor": actor, "units": units}
        return _post("book-observed", body=body, key=key)

    def cancel_with_observed(
        self, observed: Observed, *, actor: str, key: str | None = None
    ) -> Call[AnyOutcome]:
        """Cancel on what was observed: `not_booked`, `cancelled`, or `conflict`."""
        return _post("cancel-observed", body={"observed": observed, "actor": actor}, key=key)

    def append_expect(
        self, appends: Mapping[str, tuple[int, Sequence[Fact]]], *, key: str | None = None
    ) -> Call[AnyOutcome]:
        """Append facts to streams at their expected sequences, all or none (A2)."""
        several = {
            stream: {"expected": seq, "facts": list(facts)}
            for stream, (seq, facts) in appends.items()
        }
        return write("POST", AnyOutcome, "v1", "facts", body={"appends": several}, key=key)

    def expire(self, *, limit: int = 1_000) -> Call[int]:
        """Journal the tenant's overdue holds as expired, oldest first; how many were (A9)."""
        return change(dict[str, int], "v1", "expire", body={"limit": limit}, take=_expired)

    def forget(self, actor: str) -> Call[Forgotten]:
        """Erase who `actor` is and what was said of them (H5); their bookings stay, nameless."""
        return change(Forgotten, "v1", "actors", "forget", body={"actor": actor})


_seconds = seconds
"""Under a name that the argument `seconds` does not hide."""


def wanted(claims: Claims, units: int, choices: Sequence[Choice]) -> dict[str, Any]:
    """Without choices, claims are sent even if there are none: the service says what is wrong."""
    found: dict[str, Any] = {"claims": claims_of(claims, units)}
    return found | ({"choices": choices_of(choices)} if choices else {})


def _date(date: Claims | SeriesDate) -> dict[str, Any]:
    if isinstance(date, SeriesDate):
        return wanted(date.claims, 1, date.choices)
    return wanted(date, 1, ())


def _post(*segments: str, body: dict[str, Any], key: str | None) -> Call[AnyOutcome]:
    return write("POST", AnyOutcome, "v1", "bookings", *segments, body=body, key=key)


def _act(
    what: str,
    booking: str,
    actor: str | None,
    version: int | None,
    reason: str | None,
    key: str | None,
    **more: Any,
) -> Call[AnyOutcome]:
    _by_id(actor)
    return _post(
        *(booking, what), body={"expected_version": version, "reason": reason, **more}, key=key
    )


def _by_id(actor: str | None) -> None:
    if actor is not None:
        raise ValueError(
            "over HTTP only `cancel` takes an occurrence and an actor: give the booking's id"
        )


def _expired(found: dict[str, int]) -> int:
    return found["expired"]
