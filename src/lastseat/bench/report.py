"""The results as tables for a person, at most 100 columns wide. JSON has the same structs."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lastseat.bench.availability import Availability
from lastseat.bench.growth import Growth
from lastseat.bench.hot import Alternative, Hot, Level
from lastseat.bench.http import Http
from lastseat.bench.live import Live
from lastseat.bench.load import Figure
from lastseat.bench.stall import Stall

Result = Hot | Growth | Stall | Http | Availability | Live

HOT_FIRST, BULK_FIRST, LONE_FIRST, STALL_FIRST, FEED_FIRST = 1.5, 0.15, 2.5, 3.0, 0.9
GROWTH_FIRST, SNAPSHOT_FIRST = 0.8, 0.5
LIVE_FIRST = 300.0
SCAN_FIRST, PYTHON_FIRST, SLOTS_FIRST = 2.0, 3.0, 150.0
HTTP_FIRST, HTTP_REFUSAL_FIRST, HTTP_KEYS_FIRST = 0.5, 0.7, 0.4
"""What the ratios are held to first, see docs/performance.md."""


def tables(result: Result) -> RenderableType:
    """All there is to say about a result."""
    match result:
        case Hot():
            return _hot(result)
        case Growth():
            return _growth(result)
        case Stall():
            return _stall(result)
        case Http():
            return _http(result)
        case Availability():
            return _availability(result)
        case Live():
            return _live(result)


def _about(result: Result) -> Text:
    durable = result.fsync == "on" and result.synchronous_commit != "off"
    return Text(
        f"PostgreSQL {result.server}, fsync {result.fsync}, synchronous_commit"
        f" {result.synchronous_commit}, a flush takes {result.flush_us:.0f} us;"
        f" {result.cpus} CPUs, load {result.load_before} before and {result.load_after} after;"
        f" {result.elapsed_s:.0f} s in all."
        + ("" if durable else "\nNOT DURABLE: this server answers before the disk has the data.")
    )


def _figures(title: str, rows: Iterable[tuple[str, Figure | Level]], unit: str) -> Table:
    table = Table(title=title, title_justify="left", expand=False)
    table.add_column("", no_wrap=True)
    for name in (unit, "range", "p50 ms", "p99 ms", "flushes", "windows"):
        table.add_column(name, justify="right")
    for name, of in rows:
        low, high = of.per_s_range
        table.add_row(
            name,
            f"{of.per_s:,.0f}",
            f"{low:,.0f}-{high:,.0f}",
            _number(of.p50_ms),
            _number(of.p99_ms),
            _share(of.flushes_per_booking),
            str(of.windows),
        )
    return table


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}"


def _share(value: float | None) -> str:
    """Flushes per booking as the fraction one speaks of."""
    if not value:
        return ""
    return f"1/{1 / value:,.0f}" if value < 0.5 else f"{value:.2f}"  # noqa: PLR2004


def _ratios(rows: Iterable[tuple[str, float, str, float, list[float]]]) -> Table:
    """What it comes to.

    Each row: what, the ratio, at least or at most, what it is held to, the ratio of each round.
    """
    table = Table(title="What it comes to", title_justify="left")
    table.add_column("")
    table.add_column("ratio", justify="right")
    table.add_column("rounds", justify="right")
    table.add_column("held to", justify="right")
    table.add_column("")
    for what, ratio, sign, bound, rounds in rows:
        span = f"{min(rounds):.2f}-{max(rounds):.2f}" if rounds else ""
        kept = ratio >= bound if sign == ">=" else ratio <= bound
        verdict = Text("kept", style="green") if kept else Text("NOT KEPT", style="bold red")
        table.add_row(what, f"{ratio:.2f}", span, f"{sign} {bound:g}", verdict)
    return table


def _hot(result: Hot) -> Group:
    levels: list[tuple[str, Figure | Level]] = [
        (f"SQL: hot UPDATE, {clients} at once", of) for clients, of in result.hot_update.items()
    ]
    levels += [("SQL: rows in batches of 256", result.bulk)]
    levels += [("SQL: a lone booking's rows", result.lone_sql)]
    levels += [(f"{x.in_flight} in flight", x) for x in result.levels]
    levels += [(f"{x.in_flight}, with keys", x) for x in result.levels_keys]
    levels += [(f"{x.in_flight}, own time claimed", x) for x in result.levels_actor_time]
    levels += [
        (f"{result.wide.in_flight}, 1000 occurrences", result.wide),
        (f"{result.mix.in_flight}, cancels and holds", result.mix),
        (f"{result.feed.in_flight}, with the feed", result.feed),
    ]
    return Group(
        _about(result),
        _figures(f"Bookings, in windows of {result.seconds:g} s", levels, "per s"),
        _alternatives(result.alternatives),
        _ratios(
            (
                (
                    "256 in flight / best hot UPDATE",
                    *(result.ratio_hot, ">=", HOT_FIRST, result.ratio_hot_rounds),
                ),
                (
                    "256 in flight / rows in batches",
                    *(result.ratio_bulk, ">=", BULK_FIRST, result.ratio_bulk_rounds),
                ),
                (
                    "p50 of a lone booking / SQL's",
                    *(result.ratio_lone, "<=", LONE_FIRST, result.ratio_lone_rounds),
                ),
                (
                    "with the feed / without",
                    *(result.ratio_feed, ">=", FEED_FIRST, result.ratio_feed_rounds),
                ),
            )
        ),
        Text(f"{result.bookings_checked:,} bookings answered, and found in the tables."),
    )


def _alternatives(ways: dict[str, Alternative]) -> Table:
    names = {
        "for_update": "SELECT ... FOR UPDATE, count, insert",
        "racy": "count, then insert",
        "lastseat": "lastseat",
    }
    table = Table(title="16 buyers, occurrences of 100 seats", title_justify="left")
    table.add_column("")
    for name in ("seats per s", "p50 ms", "p99 ms", "sold", "oversold"):
        table.add_column(name, justify="right")
    for key, of in ways.items():
        oversold = Text(f"{of.oversold:,}", style="bold red" if of.oversold else "green")
        table.add_row(
            names[key],
            f"{of.per_s:,.0f}",
            _number(of.p50_ms),
            _number(of.p99_ms),
            f"{of.sold:,}",
            oversold,
        )
    return table


def _growth(result: Growth) -> Group:
    rows = [
        (f"the first {result.first_rows:,} rows", result.first),
        (f"after {result.rows:,} rows", result.grown),
        ("before an old snapshot", result.before_snapshot),
        (f"{result.snapshot_seconds:g} s into it", result.end_of_snapshot),
    ]
    return Group(
        _about(result),
        _figures("Bookings at 256 in flight", rows, "per s"),
        _ratios(
            (
                ("grown / first rows", result.ratio, ">=", GROWTH_FIRST, []),
                ("old snapshot / before", result.ratio_snapshot, ">=", SNAPSHOT_FIRST, []),
            )
        ),
        Text(
            f"Grown by {result.grown_by_engine:,} bookings of the engine and"
            f" {result.grown_by_sql:,} rows by SQL; {result.bookings_checked:,} bookings found in"
            " the tables."
        ),
    )


def _stall(result: Stall) -> Group:
    rows = [
        ("nobody holds a head", result.before),
        ("a stranger holds one", result.during),
    ]
    return Group(
        _about(result),
        _figures(
            f"Bookings of the others, {result.in_flight} in flight,"
            f" {result.rounds} x {result.hold_seconds:g} s",
            rows,
            "per s",
        ),
        _ratios((("p99 during / before", result.ratio_p99, "<=", STALL_FIRST, []),)),
        Text(
            f"Callers of the held one waited up to {result.stuck_waited_s:.1f} s and were booked;"
            f" {result.bookings_checked:,} bookings found in the tables."
        ),
    )


def _http(result: Http) -> Group:
    names = {
        "empty": "an empty POST, bare (E)",
        "booking": "bookings",
        "refusal": "sold-out refusals",
        "booking_auth_keys": "bookings, auth and keys",
        "refusal_auth_keys": "refusals, auth and keys",
    }
    rows: list[tuple[str, Figure | Level]] = [
        (name, result.figures[key]) for key, name in names.items()
    ]
    rounds = result.ratio_rounds
    cpu = max(result.generator_cpu.values())
    return Group(
        _about(result),
        _figures(
            f"Over HTTP, {result.workers} worker(s), {result.connections} connections,"
            f" in windows of {result.seconds} s",
            rows,
            "per s",
        ),
        _ratios(
            (
                (
                    "bookings / E",
                    *(result.ratio_booking, ">=", HTTP_FIRST, rounds["ratio_booking"]),
                ),
                (
                    "refusals / E",
                    *(result.ratio_refusal, ">=", HTTP_REFUSAL_FIRST, rounds["ratio_refusal"]),
                ),
                (
                    "bookings with auth and keys / E",
                    *(result.ratio_booking_auth_keys, ">=", HTTP_KEYS_FIRST),
                    rounds["ratio_booking_auth_keys"],
                ),
            )
        ),
        Text(
            f"Sent by {result.generator}, at most {cpu:.2f} of a CPU;"
            f" {result.bookings_checked:,} bookings found in the tables."
        ),
    )


def _live(result: Live) -> Group:
    table = Table(
        title=f"{result.changes:,} bookings, {result.rate:g} a second, told to {result.clients:,}",
        title_justify="left",
    )
    table.add_column("")
    table.add_column("", justify="right")
    for name, value in (
        ("messages that arrived", f"{result.messages:,}"),
        ("from the booking's call to the client: p50, ms", f"{result.p50_ms:,.1f}"),
        ("p99, ms", f"{result.p99_ms:,.1f}"),
        ("the slowest, ms", f"{result.max_ms:,.1f}"),
        ("of which the booking itself: p50, ms", f"{result.booking_p50_ms:,.1f}"),
        (f"missed, {result.returned} that came back later among them", str(result.missed)),
        ("repeated", str(result.repeated)),
        ("processor seconds of the clients", f"{result.clients_cpu_s:,.1f}"),
    ):
        table.add_row(name, value)
    held: list[tuple[str, float, str, float, list[float]]] = [
        ("p99, ms", result.p99_ms, "<=", LIVE_FIRST, []),
        ("missed or repeated", float(result.missed + result.repeated), "<=", 0.0, []),
    ]
    return Group(_about(result), table, _ratios(held))


def _availability(result: Availability) -> Group:
    table = Table(
        title=f"{result.resources} lanes, {result.days} days, {result.claims:,} live claims",
        title_justify="left",
    )
    table.add_column("")
    table.add_column("ms", justify="right")
    for name, took in (
        (f"the {result.slots:,} free slots of a service on all lanes", result.slots_ms),
        ("SQL: a scan of the same claims", result.scan_ms),
        ("SQL: the same with parallel workers", result.scan_parallel_ms),
        ("SQL: the same counted, no more", result.count_ms),
        ("SQL: the same fetched", result.fetch_ms),
        ("fetched, and the slots worked out in Python", result.python_ms),
        ("the next hour on three adjacent lanes of 64", result.next_free_ms),
        (f"an agenda of {result.agenda_items:,} classes", result.agenda_ms),
    ):
        table.add_row(name, f"{took:,.1f}")
    return Group(
        _about(result),
        table,
        _ratios(
            (
                (
                    "slots / a SQL scan",
                    *(result.ratio_scan, "<=", SCAN_FIRST, result.ratio_scan_rounds),
                ),
                (
                    "Python / slots",
                    *(result.ratio_python, ">=", PYTHON_FIRST, result.ratio_python_rounds),
                ),
                ("slots, ms", result.slots_ms, "<=", SLOTS_FIRST, []),
            )
        ),
        Text("The claims were written by SQL; both ways found the same slots."),
    )
