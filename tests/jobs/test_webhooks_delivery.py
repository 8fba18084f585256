"""Messages arrive at least once, those of one booking in order, whoever fails or dies."""

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.jobs.hooked import HERE, SOON, Hooked, hooked
from tests.jobs.receiver import OK, Message, receiving, status
from tests.races.clocks import set_clock

import lastseat
from lastseat.catalogue.answers import Saved
from lastseat.catalogue.webhooks import NewWebhook
from lastseat.gateways.post import Bounds
from lastseat.jobs import webhooks_delivery
from lastseat.jobs.webhooks import spread
from lastseat.jobs.webhooks_delivery import SCHEDULE, Terms, overdue
from lastseat.views.webhooks import Replayed

Scene = Callable[[Hooked], Awaitable[None]]
Play = Callable[[Scene], None]

FAILS = Terms(lease=2.0, schedule=())
"""Nothing is tried again."""


@pytest.fixture
def play(where: str, tenant_id: str) -> Play:
    """Plays a scene in a studio of its own."""

    async def played(scene: Scene) -> None:
        async with hooked(where, tenant_id) as studio:
            await scene(studio)

    return lambda scene: asyncio.run(played(scene))


# Order, and how often -----------------------------------------------------------------------------


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "control"])
def test_what_fails_holds_up_its_own_booking_and_nothing_else(
    play: Play, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    if not guarded:
        query = webhooks_delivery.QUERIES["webhook_take"]
        loose = query.replace("AND d.pos = (", "AND d.pos >= (")
        assert loose != query
        monkeypatch.setitem(webhooks_delivery.QUERIES, "webhook_take", loose)

    async def scene(studio: Hooked) -> None:
        failed = Counter[str]()

        def answer(message: Message) -> bytes:
            if message.data["booking_id"] == anns and message.data["version"] == 1:
                failed["ann"] += 1
                return OK if failed["ann"] > 2 else status(500)
            return OK

        async with receiving(answer) as receiver:
            webhook_id = await studio.hook(receiver.url)
            anns = await studio.book("ann")
            await studio.tenant.cancel(anns)
            bens = await studio.book("ben")
            await studio.tenant.cancel(bens)
            await studio.spread()
            await studio.deliver_all()
            arrived = [(x.data["booking_id"], x.data["version"]) for x in receiver.got]
            if guarded:
                of_ann = [version for booking, version in arrived if booking == anns]
                assert of_ann == [1, 1, 1, 2]
                assert arrived.index((bens, 2)) < arrived.index((anns, 2))
                assert len({x.id for x in receiver.got if x.data["booking_id"] == anns}) == 2
            else:
                assert arrived.index((anns, 2)) < len(arrived) - 1
            assert {x.status for x in await studio.deliveries(webhook_id)} == {"delivered"}

    play(scene)


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "control"])
def test_two_workers_deliver_each_message_once_where_nothing_fails(
    play: Play, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    if not guarded:
        query = webhooks_delivery.QUERIES["webhook_take"]
        lease = "due_at = (SELECT at FROM now) + make_interval(secs => %(lease)s::float8)"
        assert lease in query
        loose = query.replace(lease, "due_at = d.due_at + 0 * %(lease)s::float8 * interval '1 s'")
        monkeypatch.setitem(webhooks_delivery.QUERIES, "webhook_take", loose)

    async def scene(studio: Hooked) -> None:
        async with receiving(lambda _: 0.02) as receiver:
            await studio.hook(receiver.url)
            for n in range(6):
                await studio.tenant.cancel(await studio.book(f"guest-{n}"))
            assert await studio.spread() == 12
            await asyncio.gather(*(studio.deliverer().deliver_due() for _ in range(2)))
            counts = Counter(x.id for x in receiver.got)
            if guarded:
                assert set(counts.values()) == {1}
                in_order(receiver.got)
            else:
                assert max(counts.values()) > 1
            assert len(counts) == 12

    play(scene)


def in_order(got: list[Message]) -> None:
    """What a receiver that passes over what it has seen is left with is in order."""
    last: dict[str, int] = {}
    seen: set[str] = set()
    for message in got:
        if message.id not in seen:
            seen.add(message.id)
            booking = message.data["booking_id"]
            assert message.data["version"] == last.get(booking, 0) + 1
            last[booking] = message.data["version"]


WORKER = """
import asyncio, sys
import psycopg_pool
from lastseat.gateways.addresses import networks
from lastseat.gateways.post import Bounds
from lastseat.jobs.webhooks_delivery import Deliverer, Terms

async def work():
    async with psycopg_pool.AsyncConnectionPool(sys.argv[1], open=False) as pool:
        bounds = Bounds(seconds=0.8, also=networks("127.0.0.1/32"))
        await Deliverer(pool, Terms(lease=1.0), bounds).run(asyncio.Event())

asyncio.run(work())
"""


def test_a_worker_killed_in_the_middle_loses_nothing_and_no_order(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        # The first one's are never answered in its life.
        slow = [True]
        async with receiving(lambda _: 0.5 if slow[0] else OK) as receiver:
            webhook_id = await studio.hook(receiver.url)
            for n in range(6):
                await studio.tenant.cancel(await studio.book(f"guest-{n}"))
            assert await studio.spread() == 12
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", WORKER, studio.engine.conninfo
            )
            try:
                await receiver.until(4)
            finally:
                process.kill()
                await process.wait()
            slow[0] = False
            under_way = {x.id for x in receiver.got}
            assert len(await studio.deliveries(webhook_id, "pending")) == 12
            # Others are not held up by what the dead one has; that goes out when its lease is over.
            await studio.deliver_all(workers=2)
            counts = Counter(x.id for x in receiver.got)
            assert len(counts) == 12
            assert {x for x, n in counts.items() if n > 1} == under_way
            in_order(receiver.got)

    play(scene)


def test_a_worker_that_slept_through_its_lease_overwrites_nothing(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        answers = iter([0.4, 0.0])

        async with receiving(lambda _: next(answers) or OK) as receiver:
            webhook_id = await studio.hook(receiver.url)
            await studio.book()
            await studio.spread()
            brief = Terms(lease=0.15, schedule=(60.0,))
            # The post takes longer than the lease: as if the worker had been stopped.
            sleeper = studio.deliverer(brief, Bounds(seconds=0.1, also=HERE))
            sleeper._bounds = Bounds(seconds=0.3, also=HERE)
            assert await sleeper.take() == 1
            await asyncio.sleep(0.2)
            assert await studio.deliverer().deliver_due() == 1
            (done,) = await studio.deliveries(webhook_id)
            assert (done.status, done.attempts) == ("delivered", 2)
            # It gives up now, and finds that it is nobody's concern any more.
            await sleeper.finish()
            assert await studio.deliveries(webhook_id) == [done]
            assert len({x.id for x in receiver.got}) == 1

    play(scene)


# Receivers ----------------------------------------------------------------------------------------


def test_one_that_hangs_does_not_hold_up_the_others(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        async with receiving(lambda _: 8.0) as hangs, receiving() as quick:
            hanging = await studio.hook(hangs.url)
            for n in range(12):
                await studio.book(f"early-{n}")
            await studio.spread()
            await studio.hook(quick.url)
            deliverer = studio.deliverer(Terms(lease=10.0), Bounds(seconds=8.0, also=HERE))
            assert await deliverer.take() == Terms().each
            for n in range(5):
                await studio.book(f"late-{n}")
            await studio.spread()
            work = asyncio.create_task(deliverer.run(asyncio.Event()))
            await quick.until(5)
            tried = [x for x in await studio.deliveries(hanging) if x.attempts]
            # Nobody had to wait until it was given up.
            assert [x.reason for x in tried] == [None] * Terms().each
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work

    play(scene)


def test_one_that_fails_is_tried_with_one_message_at_a_time(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        async with receiving() as receiver:
            await studio.hook(receiver.url)
            for n in range(6):
                await studio.book(f"guest-{n}")
            await studio.spread()
            await studio.sql("UPDATE lastseat.webhooks SET failing_since = created_at")
            deliverer = studio.deliverer()
            assert await deliverer.take() == 1
            assert await deliverer.take() == 0
            await deliverer.finish()
            # That got there.
            assert await deliverer.take() == SOON.each
            await deliverer.finish()

    play(scene)


def test_one_that_is_gone_is_disabled_and_what_waited_goes_out_later(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        said = [status(410)]
        async with receiving(lambda _: said[0]) as receiver:
            webhook_id = await studio.hook(receiver.url)
            booking = await studio.book()
            await studio.tenant.cancel(booking)
            await studio.tell()
            assert len(receiver.got) == 1
            gone = await studio.tenant.webhooks.get(webhook_id)
            assert gone is not None
            assert (gone.enabled, gone.disabled) == (False, "it answered 410 (gone)")
            assert gone.version == 2
            (dead,) = await studio.deliveries(webhook_id, "dead")
            assert (dead.answered, dead.attempts) == (410, 1)
            assert len(await studio.deliveries(webhook_id, "pending")) == 1
            assert await studio.tell() == 0
            async with studio.pool.connection() as connection:
                assert (await overdue(connection))[0] == 0
            said[0] = OK
            back = await studio.tenant.webhooks.change(webhook_id, enabled=True)
            assert isinstance(back, Saved)
            assert (back.row.enabled, back.row.failing_since) == (True, None)
            await studio.tell()
            assert [x.type for x in receiver.got[1:]] == ["booking.cancelled"]

    play(scene)


@pytest.mark.parametrize(
    ("said", "least", "most"), [("3600", 3_600, 3_605), ("99999999", 86_400, 86_405)]
)
def test_one_that_asks_for_time_gets_it_up_to_a_day(
    play: Play, said: str, least: float, most: float
) -> None:
    async def scene(studio: Hooked) -> None:
        async with receiving(lambda _: status(429, f"Retry-After: {said}")) as receiver:
            webhook_id = await studio.hook(receiver.url)
            await studio.book("ann")
            await studio.tell(Terms(each=1, lease=2.0))
            await studio.book("ben")
            # The other is not sent, either.
            assert await studio.tell() == 0
            assert len(receiver.got) == 1
            (waiting,) = [x for x in await studio.deliveries(webhook_id) if x.attempts]
            assert waiting.due_at is not None
            assert least - 5 < (waiting.due_at - datetime.now(UTC)).total_seconds() < most

    play(scene)


def test_a_redirect_to_an_inner_address_is_a_failure(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        inside = []

        async def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inside.append(writer)
            writer.close()

        server = await asyncio.start_server(connected, "127.0.0.2", 0)
        port = server.sockets[0].getsockname()[1]
        to = status(307, f"Location: http://127.0.0.2:{port}/")
        async with server, receiving(lambda _: to) as receiver:
            webhook_id = await studio.hook(receiver.url)
            await studio.book()
            await studio.tell(FAILS)
            (dead,) = await studio.deliveries(webhook_id, "dead")
            assert (dead.answered, dead.reason) == (307, "was answered with status 307")
            assert inside == []

    play(scene)


# Again, and then no more --------------------------------------------------------------------------


def test_it_is_tried_again_as_the_standard_says_and_then_dead(play: Play, where: str) -> None:
    async def scene(studio: Hooked) -> None:
        async with receiving(lambda _: status(503)) as receiver:
            webhook_id = await studio.hook(receiver.url)
            await studio.book()
            await studio.spread()
            ahead = 0.0
            for pause in SCHEDULE:
                assert await studio.tell(Terms(lease=2.0)) == 1
                (waiting,) = await studio.deliveries(webhook_id, "pending")
                assert waiting.due_at is not None
                now = datetime.now(UTC) + timedelta(seconds=ahead)
                assert 0.9 * pause - 2 < (waiting.due_at - now).total_seconds() < 1.1 * pause + 2
                ahead += 1.1 * pause + 1
                set_clock(where, timedelta(seconds=ahead))
            assert await studio.tell(Terms(lease=2.0)) == 1
            (dead,) = await studio.deliveries(webhook_id, "dead")
            assert (dead.attempts, dead.answered, dead.due_at) == (10, 503, None)
            assert dead.done_at is not None
            assert len({x.id for x in receiver.got}) == 1
            assert len({x.body for x in receiver.got}) == 1
            assert await studio.tell() == 0

    play(scene)


def test_dead_letters_are_listed_and_replayed_one_by_one_or_all(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        said = [status(500)]
        async with receiving(lambda _: said[0]) as receiver:
            webhook_id = await studio.hook(receiver.url)
            hooks = studio.tenant.webhooks
            for n in range(5):
                await studio.book(f"guest-{n}")
            await studio.tell(FAILS)
            dead = await studio.deliveries(webhook_id, "dead")
            assert [x.reason for x in dead] == ["was answered with status 500"] * 5
            first = await hooks.deliveries(webhook_id, status="dead", limit=2)
            assert not isinstance(first, lastseat.catalogue.Unknown)
            rest = await hooks.deliveries(webhook_id, status="dead", before=first[-1].pos)
            assert [*first, *rest] == dead
            said[0] = OK
            one = await hooks.replay(webhook_id, dead[0].delivery_id, key="again")
            assert isinstance(one, Saved)
            assert one.row == Replayed(1)
            # It is on its way: nothing to replay.
            assert (await hooks.replay(webhook_id, dead[0].delivery_id)).row == Replayed(0)
            assert await studio.tell() == 1
            assert receiver.got[-1].id == dead[0].delivery_id
            assert (await hooks.replay(webhook_id)).row == Replayed(4)
            assert await studio.tell() == 4
            assert await studio.deliveries(webhook_id, "dead") == []
            # What was delivered can be sent again, too.
            assert (await hooks.replay(webhook_id, dead[0].delivery_id)).row == Replayed(1)
            assert await studio.tell() == 1
            again = await hooks.replay(webhook_id, dead[0].delivery_id, key="again")
            assert again.replayed

    play(scene)


def test_one_to_which_nothing_gets_for_five_days_is_disabled(play: Play, where: str) -> None:
    async def scene(studio: Hooked) -> None:
        said = [status(500)]
        async with receiving(lambda _: said[0]) as receiver:
            webhook_id = await studio.hook(receiver.url)

            async def on_day(day: float, answer: bytes) -> Any:
                set_clock(where, timedelta(days=day))
                said[0] = answer
                await studio.book(f"day {day}")
                await studio.tell(FAILS)
                return await studio.tenant.webhooks.get(webhook_id)

            assert (await on_day(0, status(500))).failing_since is not None
            assert (await on_day(4.9, status(500))).enabled
            assert (await on_day(5.1, OK)).failing_since is None
            assert (await on_day(6, status(500))).enabled
            assert (await on_day(10.9, status(500))).enabled
            disabled = await on_day(11.1, status(500))
            assert not disabled.enabled
            assert disabled.disabled == "nothing got there for 5 days"

    play(scene)


# Secrets ------------------------------------------------------------------------------------------


def test_a_rotated_secret_signs_beside_its_successor_for_a_while(play: Play, where: str) -> None:
    async def scene(studio: Hooked) -> None:
        async with receiving() as receiver:
            webhook_id = await studio.hook(receiver.url)
            old = studio.secrets[webhook_id]

            async def rotated(**overlap: int) -> str:
                made = await studio.tenant.webhooks.rotate_secret(webhook_id, **overlap)
                assert isinstance(made, Saved)
                assert isinstance(made.row, NewWebhook)
                return made.row.secret

            async def sent(actor: str) -> Message:
                await studio.book(actor)
                await studio.tell()
                return receiver.got[-1]

            def signed_by(message: Message, *secrets: str) -> None:
                signatures = message.headers["webhook-signature"].split(" ")
                assert len(signatures) == len(secrets)
                for secret in secrets:
                    assert message.verified(secret)

            new = await rotated()
            signed_by(await sent("ann"), new, old)
            set_clock(where, timedelta(hours=23))
            signed_by(await sent("ben"), new, old)
            set_clock(where, timedelta(hours=25))
            signed_by(await sent("cyd"), new)
            last = await rotated(overlap_seconds=0)
            signed_by(await sent("dee"), last)
            # However often it is changed, a few sign.
            kept = [last, *[await rotated() for _ in range(6)]]
            signed_by(await sent("eve"), *kept[-4:])

    play(scene)


# Lag ----------------------------------------------------------------------------------------------


def test_the_lag_counts_what_could_go_out_and_nothing_else(play: Play, where: str) -> None:
    async def scene(studio: Hooked) -> None:
        async def lag() -> tuple[int, float]:
            async with studio.pool.connection() as connection:
                return await overdue(connection)

        async with receiving(lambda _: status(500)) as receiver:
            await studio.hook(receiver.url)
            assert await lag() == (0, 0.0)
            booking = await studio.book()
            await studio.tenant.cancel(booking)
            await studio.spread()
            set_clock(where, timedelta(seconds=60))
            count, seconds = await lag()
            # The second waits for the first.
            assert count == 1
            assert 60 <= seconds < 70
            await studio.tell(Terms(lease=2.0))
            assert (await lag())[0] == 0

    play(scene)


def test_a_database_that_is_away_is_waited_for(
    play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(studio: Hooked) -> None:
        async with receiving() as receiver:
            webhook_id = await studio.hook(receiver.url)
            await studio.book()
            await studio.spread()
            stopping = asyncio.Event()
            deliverer = studio.deliverer(Terms(lease=2.0, look=0.05))
            with monkeypatch.context() as away:
                away.setitem(
                    webhooks_delivery.QUERIES,
                    "webhook_take",
                    "SELECT pg_terminate_backend(pg_backend_pid())",
                )
                work = asyncio.create_task(deliverer.run(stopping))
                await asyncio.sleep(0.1)
            assert receiver.got == []
            await receiver.until(1)
            assert "wait for the database" in caplog.text
            stopping.set()
            await work
            assert (await studio.deliveries(webhook_id))[0].status == "delivered"

    play(scene)


def test_an_endpoint_removed_while_it_is_told_leaves_nothing(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        async with receiving(lambda _: 0.2) as receiver:
            webhook_id = await studio.hook(receiver.url)
            await studio.book("ann")
            await studio.spread()
            deliverer = studio.deliverer()
            assert await deliverer.take() == 1
            await receiver.until(1)
            await studio.book("ben")
            await studio.feed()
            await asyncio.gather(
                spread(studio.pool), studio.tenant.webhooks.remove(webhook_id), spread(studio.pool)
            )
            await deliverer.finish()
        for table in ("webhooks", "webhook_deliveries", "webhook_secrets"):
            assert await studio.sql(f"SELECT * FROM lastseat.{table}") == []

    play(scene)
