"""The feed is the journal, in order, once: whatever commits in between, whoever relays."""

import asyncio
import contextlib
import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

import lastseat
from lastseat.feed import relay as relaying
from lastseat.feed.pruning import prune
from lastseat.feed.reading import FeedPage, feed
from lastseat.feed.relay import Relayed, relay, summarize

START = datetime(2031, 3, 3, 18, tzinfo=UTC)

Opened = lastseat.Engine


@pytest.fixture
def own(database: Callable[[], str]) -> str:
    """A database whose feed nobody else fills."""
    return database()


@pytest.fixture
def studio(own: str) -> Iterator[Any]:
    with contextlib.closing(lastseat.open(own, migrate=False)) as engine:
        studio = engine.tenant("studio")
        for name in ("a", "b"):
            studio.define_occurrence(
                name,
                start=START,
                end=START + timedelta(hours=1),
                capacity=1_000,
                actor_time="allow",
            )
        yield studio


def look(conninfo: str) -> Relayed:
    async def once() -> Relayed:
        async with await psycopg.AsyncConnection.connect(conninfo) as connection:
            return await relay(connection)

    return asyncio.run(once())


def read(conninfo: str, *, after: int = 0, limit: int = 100_000) -> FeedPage:
    async def once() -> FeedPage:
        async with await psycopg.AsyncConnection.connect(conninfo) as connection:
            return await feed(connection, "studio", after=after, limit=limit)

    return asyncio.run(once())


def pruned(conninfo: str, **options: int) -> int:
    async def once() -> int:
        async with await psycopg.AsyncConnection.connect(conninfo) as connection:
            return await prune(connection, **options)

    return asyncio.run(once())


def check(conninfo: str) -> list[tuple[str, int]]:
    """The feed has each journal row once, each stream in its order, positions without a gap."""
    items = read(conninfo).items
    told = [(item.stream, item.row.seq) for item in items]
    assert [item.pos for item in items] == list(range(1, len(items) + 1))
    last: dict[str, int] = {}
    for stream, seq in told:
        assert seq == last.get(stream, 0) + 1, f"{stream}: {seq} after {last.get(stream, 0)}"
        last[stream] = seq
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute("SELECT stream_id, seq FROM lastseat.journal").fetchall()
    assert sorted(told) == sorted(rows)
    return told


def test_what_happened_is_numbered_and_read_by_pages(own: str, studio: Any) -> None:
    for n in range(5):
        assert studio.book("a", actor=f"guest-{n}").ok
    assert look(own).ends == {"studio": 7}
    assert look(own).ends == {}, "nothing is told twice"
    assert len(check(own)) == 7
    page = read(own, after=5, limit=1)
    assert [(x.pos, x.row.type) for x in page.items] == [(6, "booked")]
    assert page.epoch is not None


def test_the_order_of_transaction_ids_would_turn_a_stream_round(own: str, studio: Any) -> None:
    look(own)
    with psycopg.connect(own) as early:
        # Its transaction id is drawn first, its place on `a` last.
        early.execute("SELECT pg_current_xact_id()")
        assert studio.book("a", actor="late").ok
        look(own)
        assert studio.book("a", actor="later").ok
        (mine,) = lastseat.execute_in(early, [studio.commands.book("a", actor="last")])
        assert mine.ok
    look(own)
    on_a = [seq for stream, seq in check(own) if stream == "a"]
    assert on_a == [1, 2, 3, 4]
    with psycopg.connect(own) as connection:
        by_xid = connection.execute(
            "SELECT seq FROM lastseat.journal WHERE stream_id = 'a' ORDER BY tx, seq"
        ).fetchall()
    # The control: sorted by transaction id the same rows are out of order.
    assert [seq for (seq,) in by_xid] != on_a


def test_the_rows_of_a_change_stay_together(own: str, studio: Any) -> None:
    both = [lastseat.Claim(bookable=name) for name in ("a", "b")]
    assert studio.book(both, actor="ann").ok
    assert studio.define_resource("c").ok
    with psycopg.connect(own) as connection:
        # Two batches of one tenant draw their ordinals at the same time.
        connection.execute(
            "UPDATE lastseat.journal SET ordinal = -ordinal"
            " WHERE (stream_id, seq) IN (('b', 2), ('c', 1))"
        )
        connection.execute(
            "UPDATE lastseat.journal j SET ordinal = -x.ordinal FROM lastseat.journal x"
            " WHERE j.ordinal < 0 AND x.ordinal < 0 AND j.stream_id <> x.stream_id"
        )
        drawn = connection.execute(
            "SELECT stream_id FROM lastseat.journal ORDER BY ordinal"
        ).fetchall()
    assert [name for (name,) in drawn] == ["a", "b", "a", "c", "b"], "the control"
    look(own)
    assert [stream for stream, _ in check(own)][-3:] == ["a", "b", "c"]


def test_who_commits_late_is_not_left_out(own: str, studio: Any) -> None:
    look(own)
    with psycopg.connect(own) as slow:
        (held_back,) = lastseat.execute_in(slow, [studio.commands.book("a", actor="slow")])
        assert held_back.ok
        # Higher ordinals and transaction ids appear first: what only compares numbers moves on.
        for n in range(3):
            assert studio.book("b", actor=f"quick-{n}").ok
        assert look(own).ends == {"studio": 5}
    assert look(own).ends == {"studio": 6}
    assert check(own)[-1] == ("a", 2)


def test_what_is_rolled_back_is_never_told(own: str, studio: Any) -> None:
    look(own)
    with contextlib.suppress(ZeroDivisionError), psycopg.connect(own) as mine:
        lastseat.execute_in(mine, [studio.commands.book("a", actor="ghost")])
        look(own)
        raise ZeroDivisionError
    assert studio.book("a", actor="ann").ok
    look(own)
    assert len(check(own)) == 3


def test_two_relays_work_one_at_a_time(own: str, studio: Any) -> None:
    look(own)
    assert studio.book("a", actor="ann").ok
    with psycopg.connect(own) as other:
        other.execute("SELECT FROM lastseat.relay FOR UPDATE")
        assert look(own) == Relayed(busy=True, ends={})
    # The other one died without a word; nothing is lost with it.
    assert look(own).ends == {"studio": 3}
    check(own)


def test_many_writers_and_relays_at_once(own: str, studio: Any) -> None:
    over = threading.Event()

    def keep_looking(seed: int) -> None:
        pause = random.Random(seed)
        while not over.is_set():
            look(own)
            over.wait(pause.random() / 50)

    def book(seed: int) -> None:
        chance = random.Random(seed)
        with psycopg.connect(own) as connection:
            for n in range(25):
                commands = [
                    studio.commands.book(name, actor=f"guest-{seed}-{n}")
                    for name in chance.sample(["a", "b"], chance.choice([1, 2]))
                ]
                lastseat.execute_in(connection, commands)
                if chance.random() < 0.2:
                    connection.rollback()
                else:
                    connection.commit()

    relays = [threading.Thread(target=keep_looking, args=(n,)) for n in range(3)]
    writers = [threading.Thread(target=book, args=(n,)) for n in range(4)]
    for thread in (*relays, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in relays:
        thread.join()
    look(own)
    assert len(check(own)) > 50


def test_a_restore_begins_an_epoch_and_tells_what_was_not_told(own: str, studio: Any) -> None:
    assert studio.book("a", actor="ann").ok
    look(own)
    before = read(own)
    assert studio.book("a", actor="ben").ok
    with psycopg.connect(own) as connection:
        # Restored elsewhere: rows carry transaction ids of another server, the cursor too.
        connection.execute("UPDATE lastseat.relay SET identity = 'another server'")
        connection.execute("UPDATE lastseat.journal SET tx = '4611686018427387904'")
    assert look(own).ends == {"studio": 4}
    assert studio.book("a", actor="cyd").ok
    assert look(own).ends == {"studio": 5}
    assert look(own).ends == {}
    check(own)
    assert read(own).epoch != before.epoch


def test_a_feed_restored_from_a_dump_is_another(own: str, studio: Any) -> None:
    look(own)
    before = read(own)
    with psycopg.connect(own) as connection:
        # The same server, the same timeline, the same rows, in a table made anew.
        connection.execute("ALTER TABLE lastseat.relay RENAME TO old")
        connection.execute("CREATE TABLE lastseat.relay (LIKE lastseat.old INCLUDING ALL)")
        connection.execute("INSERT INTO lastseat.relay SELECT * FROM lastseat.old")
    assert look(own).ends == {}, "nothing is told twice"
    assert read(own).epoch != before.epoch
    check(own)


def test_old_pages_go_and_what_they_told_stays_told(own: str, studio: Any) -> None:
    look(own)
    for n, name in enumerate("baaaaa"):
        assert studio.book(name, actor=f"guest-{n}").ok
        look(own)
    with psycopg.connect(own) as connection:
        connection.execute(
            "UPDATE lastseat.feed_pages SET at = at - interval '8 days' WHERE last_pos <> 6"
        )
    assert pruned(own, most=2) == 2
    assert pruned(own) == 2, "the first page that is not old ends it, so there are no holes"
    page = read(own)
    assert page.gap
    assert [x.pos for x in page.items] == [6, 7, 8]
    assert not read(own, after=5).gap
    with psycopg.connect(own) as connection:
        connection.execute("UPDATE lastseat.feed_pages SET at = at - interval '8 days'")
        connection.execute("UPDATE lastseat.relay SET identity = 'another server'")
    assert pruned(own) == 2
    assert pruned(own) == 0
    assert [x.pos for x in read(own).items] == [8], "the newest page stays"
    assert studio.book("b", actor="ann").ok
    assert look(own).ends == {"studio": 9}, "a new epoch tells nothing again that was told"
    with pytest.raises(ValueError, match="last day"):
        pruned(own, days=0)


def test_an_epoch_does_not_wait_long_for_a_transaction_that_stays_open(
    own: str, studio: Any
) -> None:
    with psycopg.connect(own) as idle:
        lastseat.execute_in(idle, [studio.commands.book("a", actor="idle")])
        with pytest.raises(psycopg.errors.LockNotAvailable):
            look(own)
        assert studio.book("b", actor="ann").ok
    assert look(own).ends == {"studio": 4}
    check(own)


def test_a_backlog_is_cut_into_pages(
    own: str, studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "PAGE", 4)
    look(own)
    for n in range(10):
        assert studio.book("a", actor=f"guest-{n}").ok
    assert look(own).ends == {"studio": 12}
    check(own)
    with psycopg.connect(own) as connection:
        pages = connection.execute(
            "SELECT first_pos, last_pos FROM lastseat.feed_pages ORDER BY last_pos"
        ).fetchall()
    assert pages == [(1, 2), (3, 6), (7, 10), (11, 12)]


def test_a_look_reads_only_what_is_new(own: str, studio: Any) -> None:
    """Though nothing vacuums the journal: at thousands of bookings a second a minute is long."""
    look(own)
    with psycopg.connect(own, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO lastseat.journal (tenant_id, stream_id, seq, type, v, body, command_id,"
            " lead, principal, at) SELECT 'x', 's', n, 'fact', 1, '{\"name\":\"x\"}',"
            " gen_random_uuid(), true, 'p', now() FROM generate_series(1, 30000) AS n"
        )
        look(own)
        before = rows_read(connection)
        asyncio.run(summarized(own))
        after = rows_read(connection)
    assert before > 25_000, "the control"
    assert after < 2_500


def rows_read(connection: psycopg.Connection[Any]) -> int:
    """How many rows of the journal the next look would read, or throw away."""
    (cursor,) = connection.execute("SELECT snapshot::text FROM lastseat.relay").fetchall()
    oldest = int(cursor[0].partition(":")[0])
    connection.execute("SET enable_seqscan = off")
    ((plan,),) = connection.execute(
        b"EXPLAIN (ANALYZE, FORMAT JSON) " + relaying.FRESH,
        {"snapshot": cursor[0], "xmin": oldest, "floor": 0, "page": 1_000},
    ).fetchall()
    return sum(
        int(node.get(f"Rows Removed by {why}", 0))
        for node in nodes(plan[0]["Plan"])
        if node.get("Relation Name") == "journal"
        for why in ("Filter", "Index Recheck")
    )


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


async def summarized(conninfo: str) -> None:
    async with await psycopg.AsyncConnection.connect(conninfo) as connection:
        await summarize(connection)
