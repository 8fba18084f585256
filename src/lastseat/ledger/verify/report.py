"""What `verify` found, in words. Nothing is compared here."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Value = str | int | float | bool | list[str] | None


class Progress(Struct, frozen=True):
    """How far it is: `done` of about `total`, entries in phase `streams`, then `bookings`."""

    phase: str
    done: int
    total: int


class Difference(Struct, frozen=True):
    """`where` in a tenant's ledger `what` is wrong, both in words for people."""

    tenant_id: str
    where: str
    what: str


class Report(Struct, frozen=True, kw_only=True):
    """How much was looked at, and every difference. `complete` is false when it stopped early."""

    tenants: int
    streams: int
    entries: int
    bookings: int
    claims: int
    differences: tuple[Difference, ...]
    complete: bool


class Tally(Struct):
    """The same counts while they grow."""

    tenants: int = 0
    streams: int = 0
    entries: int = 0
    bookings: int = 0
    claims: int = 0


class EnoughFound(Exception):
    """There are as many differences as were asked for."""


class Findings:
    """The differences so far. Raises `EnoughFound` when there are `limit` of them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.differences: list[Difference] = []
        self._places: set[tuple[str, str]] = set()

    def has(self, tenant_id: str, where: str) -> bool:
        """Whether something is wrong there already."""
        return (tenant_id, where) in self._places

    def add(self, tenant_id: str, where: str, what: str) -> None:
        """Note one difference."""
        self.differences.append(Difference(tenant_id, where, what))
        self._places.add((tenant_id, where))
        if len(self.differences) >= self.limit:
            raise EnoughFound

    def compare(
        self, tenant_id: str, where: str, row: Mapping[str, Value], fold: Mapping[str, Value]
    ) -> None:
        """Note each column of a projection's row that is not what the journal comes to."""
        if row == fold:
            return
        for column, value in row.items():
            if value != fold[column]:
                came_to = shown(column, fold[column])
                what = f"{column} is {shown(column, value)}; the journal comes to {came_to}"
                self.add(tenant_id, where, what)


def micros(time: datetime | None) -> int | None:
    """A time as the queries return it: microseconds since 1970. A naive one is no time at all."""
    return None if time is None or time.tzinfo is None else (time - EPOCH) // MICROSECOND


TIMES = frozenset(
    {"at", "starts_at", "ends_at", "start", "end", "blocked_start", "blocked_end"}
    | {"expires_at", "limit_at"}
)


def shown(column: str, value: Value) -> str:
    """A column's value for people."""
    if value is None:
        return "nothing"
    if column in TIMES and isinstance(value, int | float):
        try:
            return (EPOCH + timedelta(microseconds=value)).isoformat()
        except OverflowError:
            return str(value)
    return str(value)
