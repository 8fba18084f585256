"""The demonstration told: the week, the rush, the count, the roster."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
from msgspec import Struct
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lastseat.client import Client, ServiceError
from lastseat.demo import count, crowd, lanes, service, week
from lastseat.demo.errand import Try
from lastseat.demo.week import Goal
from lastseat.views.bookings import Place


class Told(Struct, frozen=True):
    """What the demonstration came to; `answered` is as the bookers were told, the rest counted."""

    tenant_id: str
    key: str
    """Its owner's."""
    goal: Goal
    seated: str
    """Who has the first seat."""
    seats: int
    """Units of the class sold."""
    lanes: int
    """Bookings of the lanes sold."""
    oversold: int
    wanted: tuple[int, int]
    """The seats and lanes that had to be sold: all there were, or one for each booker."""
    answered: tuple[int, int]
    """The seats and lanes that bookers were told they have."""

    @property
    def passed(self) -> bool:
        """Every place sold once, none twice, and everybody told the truth."""
        sold = (self.seats, self.lanes)
        return self.oversold == 0 and sold == self.wanted == self.answered


def run(conninfo: str, url: str, console: Console, *, bookers: int, processes: int) -> Told:
    """Play it on the service at `url`, in a fresh tenant, and print it to `console`.

    What was sold is counted in the service's database, at `conninfo`. Raises a `LastseatError`
    when either, or a process of the crowd, goes away.
    """
    now = datetime.now(UTC)
    tenant_id = f"demo-{now:%Y%m%d-%H%M%S-%f}"[:-3]
    sample = week.sample()
    dated = week.coming(sample, now.astimezone(ZoneInfo(sample.time_zone)).date())
    goal = dated.goal
    key = service.new_tenant(conninfo, tenant_id)
    # The service is on this machine: no proxy of the environment is in between.
    with httpx.Client(trust_env=False) as http, Client(url, key=key, http=http) as tenant:
        try:
            week.load(tenant, dated)
            console.print(_heading("A sample week", f"tenant {tenant_id}, over HTTP at {url}"))
            _print_week(console, dated, count.count(conninfo, tenant_id, goal.lanes, goal.during))

            lanes.sell(tenant, dated)
            group = dated.week.group
            console.print(_heading(group.title, f"for {_day(dated, group.start)}"))
            lanes.tell(tenant, dated, console)

            console.print(_heading("The rush", f"{bookers} bookers in {processes} processes"))
            console.print(
                f"  Each wants {goal.title}, {_when(goal)} ({goal.capacity} places), and then"
                f" one of {len(goal.lanes)} lanes at {goal.during.start:%H:%M}."
            )
            people = [sample.person(n) for n in range(bookers)]
            tries = crowd.rush(url, key, goal, people, processes)
            console.print(_speed(tries))

            sold = count.count(conninfo, tenant_id, goal.lanes, goal.during)
            roster = list(tenant.roster(goal.occurrence))
            told = _told(tenant_id, key, goal, tries, sold, roster)
            console.print(_heading("What happened", "sold: counted in the tables by plain SQL"))
            _print_answers(console, tries, told)

            console.print(_heading("Roster", goal.occurrence))
            for place in roster:
                console.print(f"  seat {place.seat:>2}  {place.actor}")
        except ServiceError as error:
            raise crowd.CrowdFailed(
                f"the service did not do what it was asked to: {error}"
            ) from error
    console.print(_verdict(tries, told))
    return told


def _told(
    tenant_id: str,
    key: str,
    goal: Goal,
    tries: Sequence[Try],
    sold: count.Sold,
    roster: Sequence[Place],
) -> Told:
    codes = Counter((x.what, x.code) for x in tries)
    people = len(tries) // 2
    return Told(
        tenant_id,
        key,
        goal,
        seated=roster[0].actor,
        seats=sold.occurrences[goal.occurrence][1],
        lanes=sold.lanes,
        oversold=sold.oversold,
        wanted=(min(people, goal.capacity), min(people, len(goal.lanes))),
        answered=(codes["class", "booked"], codes["lane", "booked"]),
    )


def _heading(title: str, aside: str) -> Text:
    return Text.assemble("\n", (title, "bold cyan"), ("  " + aside, "dim"))


def _when(goal: Goal) -> str:
    start = datetime.fromisoformat(goal.occurrence.partition("@")[2])
    return f"{start:%A %d %B %Y at %H:%M}"


def _day(dated: week.Dated, when: str) -> str:
    return f"{dated.local(when):%A at %H:%M}"


def _grid(console: Console) -> Table:
    """A table with rules on a terminal, and columns of plain words elsewhere."""
    looks = box.SIMPLE_HEAD if console.is_terminal else None
    return Table(box=looks, pad_edge=True, header_style="dim")


def _print_week(console: Console, dated: week.Dated, sold: count.Sold) -> None:
    table = _grid(console)
    table.add_column("when")
    table.add_column("class")
    table.add_column("booked", justify="right")
    starts = sorted(
        (dated.local(when), course) for course in dated.week.classes for when in course.starts
    )
    for start, course in starts:
        # An occurrence without a booking has no row yet: the first booking opens it.
        name = f"{course.id}@{start:%Y-%m-%dT%H:%M}"
        units = sold.occurrences[name][1] if name in sold.occurrences else 0
        table.add_row(f"{start:%a %d %b %H:%M}", course.title, f"{units}/{course.capacity}")
    console.print(table)
    taken = "; ".join(f"{x.id} {', '.join(x.taken)}" for x in dated.week.lanes if x.taken)
    console.print(f"  {len(dated.week.lanes)} lanes by the hour; taken: {taken}.")


def _speed(tries: Sequence[Try]) -> str:
    seconds = max(x.answered for x in tries) - min(x.asked for x in tries)
    waits = sorted(1000 * (x.answered - x.asked) for x in tries)
    p50, p99 = (waits[len(waits) * percent // 100] for percent in (50, 99))
    return (
        f"  {len(tries)} answers in {seconds:.2f} s: {len(tries) / seconds:.0f} a second,"
        f" p50 {p50:.0f} ms, p99 {p99:.0f} ms."
    )


def _print_answers(console: Console, tries: Sequence[Try], told: Told) -> None:
    codes = list(dict.fromkeys(["booked", "full", "conflict", *(x.code for x in tries)]))
    table = _grid(console)
    for name in ("wanted", "asked", *codes, "sold"):
        table.add_column(name, justify="left" if name == "wanted" else "right")
    for what, sold in (("class", told.seats), ("lane", told.lanes)):
        counts = Counter(x.code for x in tries if x.what == what)
        table.add_row(what, str(counts.total()), *(str(counts[x]) for x in codes), str(sold))
    console.print(table)


def _verdict(tries: Sequence[Try], told: Told) -> Text:
    codes = Counter(x.code for x in tries)
    line = (
        f"booked {told.seats} of the class and {told.lanes} lanes, full {codes['full']},"
        f" conflicts {codes['conflict']}, oversold {told.oversold}"
    )
    if told.passed:
        return Text(f"\n{line}", "bold green")
    wanted, answered = (f"{seats} and {lanes}" for seats, lanes in (told.wanted, told.answered))
    trouble = f"\nNOT AS IT SHOULD BE: {wanted} were to be sold, {answered} were answered booked"
    return Text(f"\n{line}{trouble}", "bold red")
