"""What a booking asks for, checked by itself: its claims, its choices, the dates of a series.

Each check raises `Bad`. Not for what only the state can tell, such as whether a bookable is claimed
for a time: see booking.py. The one thing told is what composites are made of, which never changes.
"""

from collections.abc import Iterable, Mapping

from lastseat.core import commands as c
from lastseat.core import fields as f
from lastseat.core import limits
from lastseat.core.state import ACTOR_PREFIX


def wanted(prefix: str, claims: object, choices: object) -> None:
    """Claims and choices, one of the two at least."""
    if choices == () and type(choices) is tuple:
        _claims(f"{prefix}claims", claims)
        return
    if claims != () or type(claims) is not tuple:
        _claims(f"{prefix}claims", claims)
    assert isinstance(claims, tuple)
    _choices(f"{prefix}choices", choices)
    assert isinstance(choices, tuple)
    together = len(claims) + sum(choice.any for choice in choices)
    if together > limits.CLAIMS:
        reason = f"come to {together} claims; at most {limits.CLAIMS} fit in one booking"
        raise f.Bad(f"{prefix}choices", reason)


def _claims(field: str, claims: object) -> None:
    if not isinstance(claims, tuple) or not claims:
        raise f.Bad(field, "must be a tuple of at least one claim")
    if len(claims) > limits.CLAIMS:
        raise f.Bad(field, f"has {len(claims)} claims; at most {limits.CLAIMS} fit in one booking")
    for i, claim in enumerate(claims):
        if not isinstance(claim, c.Claim):
            raise f.Bad(f"{field}[{i}]", "must be a Claim")
        try:
            _claim(claim)
        except f.Bad as bad:
            raise bad.within(f"{field}[{i}].") from None


def _claim(claim: c.Claim) -> None:
    _bookable("bookable", claim.bookable)
    _sizes(claim)
    if claim.start is not None or claim.end is not None:
        f.interval(claim.start, claim.end)
    _clock(claim)


def _bookable(field: str, name: object) -> None:
    f.name(field, name)
    if isinstance(name, str) and name.startswith(ACTOR_PREFIX):
        raise f.Bad(field, f"{ACTOR_PREFIX!r} ids are claimed by themselves")


def _sizes(asked: c.Claim | c.Choice) -> None:
    f.integer("units", asked.units, 1, limits.UNITS)
    f.integer("before", asked.before, 0, limits.BUFFER_SECONDS)
    f.integer("after", asked.after, 0, limits.BUFFER_SECONDS)


def _clock(asked: c.Claim | c.Choice) -> None:
    if asked.time_zone is not None:
        f.name("time_zone", asked.time_zone)
    if asked.local_start is not None:
        f.local_time("local_start", asked.local_start)


def _choices(field: str, choices: object) -> None:
    if not isinstance(choices, tuple) or len(choices) > limits.CANDIDATES:
        raise f.Bad(field, f"must be a tuple of at most {limits.CANDIDATES} choices")
    candidates = 0
    for i, choice in enumerate(choices):
        if not isinstance(choice, c.Choice):
            raise f.Bad(f"{field}[{i}]", "must be a Choice")
        try:
            _choice(choice)
        except f.Bad as bad:
            raise bad.within(f"{field}[{i}].") from None
        candidates += len(choice.of)
        if candidates > limits.CANDIDATES:
            reason = f"pick from more than {limits.CANDIDATES} bookables, which are all locked"
            raise f.Bad(field, reason)


def _choice(choice: c.Choice) -> None:
    of: object = choice.of
    if not isinstance(of, tuple) or not 0 < len(of) <= limits.CANDIDATES:
        raise f.Bad("of", f"must be a tuple of 1 to {limits.CANDIDATES} bookables")
    for i, name in enumerate(of):
        _bookable(f"of[{i}]", name)
    if len(set(of)) != len(of):
        raise f.Bad("of", "has a bookable twice")
    f.integer("any", choice.any, 1, len(of))
    f.flag("adjacent", choice.adjacent)
    _sizes(choice)
    f.interval(choice.start, choice.end)
    _clock(choice)


def series(command: c.BookSeries) -> None:
    """The dates of a series, and how many of them are wanted."""
    f.uuid("series_id", command.series_id)
    f.choice("policy", command.policy, c.SeriesPolicy)
    dates: object = command.dates
    if not isinstance(dates, tuple) or not 0 < len(dates) <= limits.DATES:
        raise f.Bad("dates", f"must be a tuple of 1 to {limits.DATES} dates")
    size = 0
    ids: set[str] = set()
    for i, date in enumerate(dates):
        if not isinstance(date, c.SeriesDate):
            raise f.Bad(f"dates[{i}]", "must be a SeriesDate")
        f.uuid(f"dates[{i}].booking_id", date.booking_id)
        ids.add(date.booking_id)
        wanted(f"dates[{i}].", date.claims, date.choices)
        size += len(date.claims) + sum(len(choice.of) for choice in date.choices)
        if size > limits.SERIES_CLAIMS:
            reason = f"have more than {limits.SERIES_CLAIMS} claims and candidates together"
            raise f.Bad("dates", reason)
    if len(ids) != len(dates):
        raise f.Bad("dates", "have a booking id twice")
    if command.policy is c.SeriesPolicy.FIRST_N:
        f.integer("most", command.most, 1, len(dates))
    elif command.most is not None:
        raise f.Bad("most", "goes with the policy first_n only")


def in_parts(command: c.Making | c.Move, parts: Mapping[str, int]) -> None:
    """What it comes to once each composite is its parts; `parts` says how many these are.

    They are locked, read and claimed one by one, so it is they that the bounds are about.
    """
    together = 0
    for prefix, asked in _each(command):
        together += one_in_parts(prefix, asked, parts)
        if together > limits.SERIES_CLAIMS:
            what = "claims and candidates together with the parts of composites"
            reason = f"have more than {limits.SERIES_CLAIMS} {what}"
            raise f.Bad(prefix.partition("[")[0], reason)


def _each(
    command: c.Making | c.Move,
) -> Iterable[tuple[str, c.Book | c.Join | c.SeriesDate | c.Relocation]]:
    """The bookings it asks for, and how their fields begin."""
    match command:
        case c.Book() | c.Join():
            return (("", command),)
        case c.BookSeries():
            return ((f"dates[{i}].", date) for i, date in enumerate(command.dates))
        case c.Move():
            return ((f"moves[{i}].", move) for i, move in enumerate(command.moves))


def one_in_parts(
    prefix: str, asked: c.Book | c.Join | c.SeriesDate | c.Relocation, parts: Mapping[str, int]
) -> int:
    """The same of one booking; returns how many claims and candidates it comes to."""
    claims = sum(parts.get(claim.bookable, 1) for claim in asked.claims)
    _few(f"{prefix}claims", claims)
    candidates, most = 0, claims
    for choice in asked.choices:
        sizes = sorted((parts.get(name, 1) for name in choice.of), reverse=True)
        candidates += sum(sizes)
        most += sum(sizes[: choice.any])
    _few(f"{prefix}choices", most)
    if candidates > limits.CANDIDATE_CLAIMS:
        reason = f"pick from {candidates} claims with the parts of composites; at most "
        raise f.Bad(f"{prefix}choices", f"{reason}{limits.CANDIDATE_CLAIMS} are locked")
    return claims + candidates


def _few(field: str, claims: int) -> None:
    if claims > limits.CLAIMS:
        reason = f"come to {claims} claims with the parts of composites; at most {limits.CLAIMS}"
        raise f.Bad(field, f"{reason} fit in one booking")
