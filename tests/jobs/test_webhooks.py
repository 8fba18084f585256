"""Changes become messages: one for each endpoint and change, signed, and without people."""

import asyncio
import base64
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from standardwebhooks import WebhookVerificationError
from tests.jobs.conftest import working
from tests.jobs.hooked import ALLOWED, START, Hooked, hooked
from tests.jobs.receiver import receiving
from tests.races.clocks import set_clock

from lastseat import Claim
from lastseat.catalogue import signatures
from lastseat.core import events
from lastseat.core.commands import Contact
from lastseat.feed.relay import Relay
from lastseat.jobs import webhooks as jobs
from lastseat.jobs import webhooks_delivery
from lastseat.jobs.webhooks import spread
from lastseat.library import hooking

HOUR = timedelta(hours=1)
Scene = Callable[[Hooked], Awaitable[None]]


@pytest.fixture
def play(where: str, tenant_id: str) -> Callable[[Scene], None]:
    """Plays a scene in a studio of its own."""

    async def played(scene: Scene) -> None:
        async with hooked(where, tenant_id) as studio:
            await scene(studio)

    return lambda scene: asyncio.run(played(scene))


Play = Callable[[Scene], None]


def test_the_signature_is_that_of_the_standards_published_vector() -> None:
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert signatures.spelled(secret) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    found = signatures.headers(
        [secret],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert found == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_booking_is_told_in_a_signed_message(play: Play, tenant_id: str) -> None:
    async def scene(studio: Hooked) -> None:
        async with receiving() as receiver:
            webhook_id = await studio.hook(receiver.url)
            booking_id = await studio.book()
            assert await studio.tell() == 1
            (message,) = receiver.got
            assert message.verified(studio.secrets[webhook_id])
            with pytest.raises(WebhookVerificationError):
                message.verified(signatures.spelled(signatures.draw()))
            at = message.data["at"]
            assert message.said == {
                "type": "booking.booked",
                "timestamp": at,
                "data": {
                    "tenant": tenant_id,
                    "channels": [
                        f"chain.bookings.{tenant_id}",
                        f"chain.occurrences.{tenant_id}.yoga",
                    ],
                    "bookables": ["yoga"],
                    "at": at,
                    "pos": message.data["pos"],
                    "booking_id": booking_id,
                    "version": 1,
                    "status": "CONFIRMED",
                    "claims": [{"bookable": "yoga", "units": 1}],
                },
            }
            (delivery,) = await studio.deliveries(webhook_id)
            assert (delivery.delivery_id, delivery.status) == (message.id, "delivered")
            assert (delivery.attempts, delivery.answered, delivery.reason) == (1, 204, None)
            assert delivery.subject == f"booking:{booking_id}"

    play(scene)


def test_an_endpoint_is_told_of_its_kinds_from_its_creation_on(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        async with receiving() as receiver:
            # Nobody has looked at this yet, and it was before all the same.
            await studio.book("early")
            ids = {
                kinds: await studio.hook(receiver.url, kinds=kinds)
                for kinds in (("booking.cancelled",), ("booking.*",), ("*",), ("defined", "fact"))
            }
            await studio.book("ann")
            await studio.tenant.cancel("yoga", actor="ann")
            await studio.tenant.define_resource("lane")
            await studio.tenant.append_expect({"lane": (1, [events.Fact("waxed")])})
            assert await studio.spread() == 9
            found = {
                kinds: [x.type for x in reversed(await studio.deliveries(webhook_id))]
                for kinds, webhook_id in ids.items()
            }
            assert found == {
                ("booking.cancelled",): ["booking.cancelled"],
                ("booking.*",): ["booking.booked", "booking.cancelled"],
                ("*",): ["booking.booked", "booking.cancelled", "defined", "fact"],
                ("defined", "fact"): ["defined", "fact"],
            }
            assert await studio.spread() == 0

    play(scene)


def test_a_change_of_several_bookables_is_one_message(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        for lane in ("lane-1", "lane-2"):
            await studio.tenant.define_resource(lane)
        webhook_id = await studio.hook("http://127.0.0.1:9/")
        slot: Any = {"start": START, "end": START + HOUR}
        both = [Claim(bookable=x, **slot) for x in ("lane-1", "lane-2")]
        assert (await studio.tenant.book(both, actor="ann")).ok
        assert await studio.spread() == 1
        ((body,),) = await studio.sql("SELECT body::json FROM lastseat.webhook_deliveries")
        assert body["data"]["bookables"] == ["lane-1", "lane-2"]
        assert [x["bookable"] for x in body["data"]["claims"]] == ["lane-1", "lane-2"]
        # What is free again is said, too, and nothing of the actor's own time.
        (delivery,) = await studio.deliveries(webhook_id)
        assert "actor:" not in str(body)
        assert delivery.type == "booking.booked"

    play(scene)


def test_nothing_that_was_said_of_a_person_is_in_a_message(play: Play) -> None:
    said = ("ann.smith@example.org", "Zöe", "vegan", "her birthday", "7946 0958", "Mx Smith")

    async def scene(studio: Hooked) -> None:
        await studio.hook("http://127.0.0.1:9/", kinds=("*",))
        made = await studio.tenant.hold(
            "yoga",
            actor=said[0],
            metadata={"diet": said[2]},
            contact=Contact(name=said[5], phone=f"+44 20 {said[4]}"),
            reason=said[3],
        )
        await studio.tenant.confirm(made.booking_id, reason=said[3])
        await studio.tenant.update(made.booking_id, metadata={"diet": f"not {said[2]}"})
        await studio.tenant.define_resource("trainer-1", name=said[5])
        await studio.tenant.cancel(made.booking_id, reason=said[3])
        assert await studio.spread() == 5
        actors = await studio.sql("SELECT actor_id::text FROM lastseat.actors")
        rows = await studio.sql("SELECT d::text FROM lastseat.webhook_deliveries d")
        text = str(rows)
        assert "booking.held" in text or "booking.booked" in text
        for secret in (*said, *(x for (x,) in actors)):
            assert secret not in text, secret
        assert (await studio.tenant.forget(said[0])).bookings == 1
        assert await studio.sql("SELECT d::text FROM lastseat.webhook_deliveries d") == rows

    play(scene)


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "control"])
def test_many_who_spread_at_once_make_each_message_once(
    play: Play, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    if not guarded:
        query = webhooks_delivery.QUERIES["webhook_spread"]
        loose = query.replace("AND pos = %(pos)s::bigint", "").replace(
            "AND epoch IS NOT DISTINCT FROM %(was)s::uuid", ""
        )
        assert loose.count("\n") == query.count("\n")
        monkeypatch.setitem(webhooks_delivery.QUERIES, "webhook_spread", loose)
        monkeypatch.setattr(jobs.Change, "to", _unnamed)

    async def scene(studio: Hooked) -> None:
        hooks = [await studio.hook("http://127.0.0.1:9/") for _ in range(3)]
        for n in range(20):
            await studio.book(f"guest-{n}")
        await studio.feed()
        await asyncio.gather(*(spread(studio.pool) for _ in range(4)))
        counts = [len(await studio.deliveries(x)) for x in hooks]
        if guarded:
            assert counts == [20, 20, 20]
        else:
            assert max(counts) > 20

    play(scene)


def _unnamed(change: jobs.Change, _webhook_id: str) -> jobs.Message:
    """A message whose id is not worked out."""
    return jobs.Message(str(uuid.uuid4()), change.pos, change.subject, change.type, change.body)


def test_a_long_backlog_is_spread_page_by_page(play: Play, monkeypatch: Any) -> None:
    monkeypatch.setattr(jobs, "PAGE", 10)

    async def scene(studio: Hooked) -> None:
        webhook_id = await studio.hook("http://127.0.0.1:9/")
        for n in range(25):
            await studio.book(f"guest-{n}")
        await studio.feed()
        made = [await spread(studio.pool) for _ in range(8)]
        assert (sum(made), made[-1]) == (25, 0)
        assert max(made) <= 10
        found = await studio.deliveries(webhook_id)
        assert [x.pos for x in found] == sorted((x.pos for x in found), reverse=True)

    play(scene)


def test_a_restore_begins_an_epoch_and_nothing_is_missed_or_made_twice(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        webhook_id = await studio.hook("http://127.0.0.1:9/")
        await studio.book("ann")
        assert await studio.spread() == 1
        before = await studio.deliveries(webhook_id)
        # Restored to when the message was not made yet: it is made again, as the same one.
        await studio.sql("DELETE FROM lastseat.webhook_deliveries")
        await studio.sql("UPDATE lastseat.webhooks SET pos = pos - 2")
        await studio.sql("UPDATE lastseat.relay SET identity = 'another server'")
        await studio.book("ben")
        assert await studio.spread() == 2
        after = await studio.deliveries(webhook_id)
        assert [x.delivery_id for x in after[1:]] == [x.delivery_id for x in before]
        await studio.book("cyd")
        assert await studio.spread() == 1

    play(scene)


def test_what_was_removed_from_the_feed_is_passed_over_and_logged(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(studio: Hooked) -> None:
        webhook_id = await studio.hook("http://127.0.0.1:9/")
        await studio.book("ann")
        await studio.feed()
        await studio.sql(
            "DELETE FROM lastseat.feed_pages p WHERE tenant_id = %(tenant)s AND last_pos ="
            " (SELECT max(last_pos) FROM lastseat.feed_pages WHERE tenant_id = %(tenant)s)"
            " RETURNING 1",
            tenant=studio.tenant.tenant_id,
        )
        await studio.sql(
            "INSERT INTO lastseat.feed_pages SELECT %(tenant)s, 9, 8, streams[:0] ||"
            " ARRAY['yoga', 'yoga'], ARRAY[1, 2]::bigint[], at FROM lastseat.feed_pages"
            " WHERE tenant_id = %(tenant)s LIMIT 1",
            tenant=studio.tenant.tenant_id,
        )
        assert await spread(studio.pool) == 1
        assert len(await studio.deliveries(webhook_id)) == 1
        assert await spread(studio.pool) == 0

    play(scene)
    assert "were removed before webhooks were told of them" in caplog.text


def test_disabled_it_is_told_nothing_and_enabled_again_only_what_comes(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        webhook_id = await studio.hook("http://127.0.0.1:9/")
        await studio.tenant.webhooks.change(webhook_id, enabled=False)
        await studio.book("ann")
        assert await studio.spread() == 0
        await studio.tenant.webhooks.change(webhook_id, enabled=True)
        await studio.book("ben")
        assert await studio.spread() == 1

    play(scene)


def test_messages_are_kept_for_a_while(play: Play, where: str) -> None:
    async def scene(studio: Hooked) -> None:
        webhook_id = await studio.hook("http://127.0.0.1:9/")
        waiting = await studio.hook("http://127.0.0.1:9/")
        await studio.book("ann")
        await studio.book("ben")
        await studio.spread()
        done = "UPDATE lastseat.webhook_deliveries SET status = %(to)s, done_at = created_at"
        of = f" WHERE webhook_id = '{webhook_id}' AND pos"
        await studio.sql(
            f"{done}{of} = (SELECT min(pos) FROM lastseat.webhook_deliveries)", to="dead"
        )
        await studio.sql(
            f"{done}{of} > (SELECT min(pos) FROM lastseat.webhook_deliveries)", to="delivered"
        )
        await studio.tenant.webhooks.change(waiting, enabled=False)
        async with working(where) as worker:
            for days, left in ((6, (2, 2)), (8, (1, 2)), (29, (1, 2)), (31, (0, 0))):
                set_clock(where, timedelta(days=days))
                await jobs.sweep(worker)
                found = [len(await studio.deliveries(x)) for x in (webhook_id, waiting)]
                assert tuple(found) == left, days

    play(scene)


def test_a_worker_tells_within_about_a_second_and_ends_when_asked(
    where: str, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*next(iter(ALLOWED.items())))

    async def scene() -> None:
        async with (
            receiving() as receiver,
            hooked(where, tenant_id) as studio,
            working(where) as worker,
        ):
            await studio.hook(receiver.url)
            relay = asyncio.create_task(Relay(where).run())
            loop = asyncio.create_task(jobs.webhooks(worker))
            await studio.book("ann")
            async with asyncio.timeout(2):
                await receiver.until(1)
            worker.stopping.set()
            async with asyncio.timeout(1):
                await loop
            relay.cancel()

    asyncio.run(scene())


def test_every_kind_of_change_can_be_asked_for() -> None:
    assert {x.removeprefix("booking.") for x in hooking.KINDS} == set(events.TYPES) - {"checkpoint"}
    assert "booking.booked" in hooking.KINDS
    assert hooking.GROUPS == ("booking.*",)
    assert hooking.wanted(["booking.*"], "booking.booked")
    assert not hooking.wanted(["booking.*"], "defined")
    assert not hooking.wanted(["booking.cancelled"], "booking.booked")


def test_a_message_is_found_at_once_among_an_endpoint_s_others(where: str) -> None:
    """Where most endpoints have few, so that the planner takes any index to be as good."""
    take: dict[str, Any] = {
        "tenants": [], "webhooks": [], "counts": [], "each": 4, "room": 64, "lease": 30.0,
        "of_tenant": 32, "of_failing": 16, "longest": 86_401.0,
    }  # fmt: skip
    sweeping = {"limit": 100, "dead": 30, "delivered": -1, "most": -1.0}
    with psycopg.connect(where) as connection:
        connection.execute(
            "INSERT INTO lastseat.webhooks (tenant_id, webhook_id, url, kinds, pos, created_at,"
            " updated_at) SELECT 't' || n % 20, gen_random_uuid(), 'x', '{*}', 0, now(), now()"
            " FROM generate_series(1, 2000) n"
        )
        connection.execute(
            "INSERT INTO lastseat.webhook_deliveries SELECT tenant_id, webhook_id,"
            " gen_random_uuid(), n, 'booking:' || n, 'x', 'x', CASE n WHEN 1 THEN 'pending' ELSE"
            " 'delivered' END, 0, now(), now(), CASE WHEN n > 1 THEN now() END"
            " FROM lastseat.webhooks, generate_series(1, 4) n"
        )
        connection.execute("ANALYZE lastseat.webhook_deliveries")
        for other in ("seqscan", "hashjoin", "mergejoin"):
            connection.execute(f"SET LOCAL enable_{other} = off".encode())
        for name, params in (("webhook_take", take), ("webhook_sweep", sweeping)):
            plan = connection.execute("EXPLAIN " + webhooks_delivery.QUERIES[name], params)
            lines = [str(row[0]) for row in plan.fetchall()]
            told = [
                lines[n + 1]
                for n, line in enumerate(lines)
                if "webhook_deliveries_listed on" in line or "webhook_deliveries_pkey on" in line
            ]
            assert told
            for line in told:
                assert "pos = " in line or "delivery_id = " in line, line
        connection.rollback()


def test_what_the_looks_ask_is_answered_by_indexes(where: str) -> None:
    """However much was delivered, and whoever else has been told of what."""
    params: dict[str, Any] = {
        "tenants": [], "webhooks": [], "counts": [], "each": 4, "room": 64, "lease": 30.0,
        "of_tenant": 32, "of_failing": 16, "longest": 86_401.0,
    }  # fmt: skip
    with psycopg.connect(where) as connection:
        connection.execute(
            "INSERT INTO lastseat.webhooks (tenant_id, webhook_id, url, kinds, pos, created_at,"
            " updated_at) SELECT 't' || n, gen_random_uuid(), 'x', '{*}', 0, now(), now()"
            " FROM generate_series(1, 8) n"
        )
        deliveries = (
            "INSERT INTO lastseat.webhook_deliveries SELECT tenant_id, webhook_id,"
            " gen_random_uuid(), n, 'booking:' || n, 'x', 'x', '{}', 0, now(), now(), {}"
            " FROM lastseat.webhooks, generate_series({}, {}) n"
        )
        connection.execute(deliveries.format("delivered", "now()", 1, 500).encode())
        connection.execute(deliveries.format("pending", "NULL", 501, 1_000).encode())
        connection.execute("ANALYZE lastseat.webhook_deliveries")
        plan = connection.execute(
            "EXPLAIN " + webhooks_delivery.QUERIES["webhook_take"], params
        ).fetchall()
        words = "\n".join(str(row[0]) for row in plan)
        connection.rollback()
    assert "webhook_deliveries_due" in words
    assert "webhook_deliveries_waiting" in words
    assert "Seq Scan on webhook_deliveries" not in words
