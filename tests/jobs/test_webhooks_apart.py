"""Whoever hangs, fails, or is put right in the middle: others go on, and nothing is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.jobs.conftest import working
from tests.jobs.hooked import START, Hooked, hooked
from tests.jobs.receiver import OK, receiving, status
from tests.races.clocks import set_clock

from lastseat.catalogue.answers import Saved
from lastseat.jobs.webhooks import sweep
from lastseat.jobs.webhooks_delivery import Terms

Scene = Callable[[Hooked], Awaitable[None]]
Play = Callable[[Scene], None]

NOWHERE = "http://127.0.0.1:9/"
PUT_OFF = Terms(lease=2.0)
"""As the standard has it: five seconds, five minutes, ..."""


@pytest.fixture
def play(where: str, tenant_id: str, as_before: None) -> Play:
    """Plays a scene in a studio of its own."""

    async def played(scene: Scene) -> None:
        async with hooked(where, tenant_id) as studio:
            await scene(studio)

    return lambda scene: asyncio.run(played(scene))


async def neighbour(studio: Hooked, url: str) -> Any:
    """Another tenant with a class, and an endpoint that is told of it."""
    other = studio.engine.tenant(f"{studio.tenant.tenant_id}-next-door")
    hour = timedelta(hours=1)
    await other.define_occurrence("judo", start=START, end=START + hour, capacity=1_000)
    made = await other.webhooks.create(url)
    assert isinstance(made, Saved), made
    return other


# Tenants ------------------------------------------------------------------------------------------


def test_an_entry_that_can_t_be_read_stops_its_own_tenant_s_messages_alone(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(studio: Hooked) -> None:
        async with receiving() as receiver:
            await studio.hook(NOWHERE)
            await studio.book()
            other = await neighbour(studio, receiver.url)
            await studio.sql(
                "UPDATE lastseat.journal SET type = 'of a later release'"
                " WHERE tenant_id = %(tenant)s AND booking_id IS NOT NULL",
                tenant=studio.tenant.tenant_id,
            )
            await other.book("judo", actor="ben")
            assert await studio.spread() == 1
            assert await studio.tell() == 1
            assert receiver.got[0].data["bookables"] == ["judo"]

    play(scene)
    assert "are not told past position" in caplog.text


def test_tenants_take_turns_whoever_has_more_endpoints(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        for _ in range(6):
            await studio.hook(NOWHERE)
        for n in range(5):
            await studio.book(f"guest-{n}")
        await studio.spread()
        other = await neighbour(studio, NOWHERE)
        await other.book("judo", actor="ben")
        await studio.spread()
        deliverer = studio.deliverer(Terms(most=8, of_tenant=5))
        taken = "SELECT count(*) FROM lastseat.webhook_deliveries WHERE tenant_id = %(of)s AND {}"
        assert await deliverer.take() == 6
        for tenant, share in ((studio.tenant, 5), (other, 1)):
            counted = await studio.sql(taken.format("attempts > 0"), of=tenant.tenant_id)
            assert counted == [(share,)]
        # There is room for two, and none of theirs.
        assert await deliverer.take() == 0
        await deliverer.finish()

    play(scene)


def test_what_fails_leaves_room_for_what_does_not(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        async with receiving() as receiver:
            for _ in range(6):
                await studio.hook(NOWHERE)
            await studio.book("early")
            await studio.spread()
            await studio.sql("UPDATE lastseat.webhooks SET failing_since = created_at")
            deliverer = studio.deliverer(Terms(most=6, of_failing=2))
            assert await deliverer.take() == 2
            assert await deliverer.take() == 0
            await studio.hook(receiver.url)
            await studio.book("late")
            await studio.spread()
            assert await deliverer.take() == 1
            await deliverer.finish()
            assert len(receiver.got) == 1

    play(scene)


# Put right in the middle --------------------------------------------------------------------------


def test_gone_is_the_address_that_said_so_not_the_one_given_meanwhile(play: Play) -> None:
    async def scene(studio: Hooked) -> None:
        asked, changed = asyncio.Event(), asyncio.Event()

        async def old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            asked.set()
            await changed.wait()
            writer.write(status(410))
            writer.close()

        async with receiving() as new, await asyncio.start_server(old, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            webhook_id = await studio.hook(f"http://127.0.0.1:{port}/")
            await studio.book()
            await studio.spread()
            deliverer = studio.deliverer()
            assert await deliverer.take() == 1
            await asked.wait()
            await studio.tenant.webhooks.change(webhook_id, url=new.url)
            changed.set()
            await deliverer.finish()
            there = await studio.tenant.webhooks.get(webhook_id)
            assert there is not None
            assert (there.enabled, there.failing_since) == (True, None)
            await studio.deliver_all()
            assert len(new.got) == 1

    play(scene)


@pytest.mark.parametrize("by", ["address", "enabling"])
def test_put_right_it_is_sent_what_waited_at_once(play: Play, by: str) -> None:
    async def scene(studio: Hooked) -> None:
        said = [status(503)]
        async with receiving(lambda _: said[0]) as receiver:
            webhook_id = await studio.hook(f"{receiver.url}/old")
            booking = await studio.book()
            await studio.tenant.cancel(booking)
            await studio.spread()
            # The fifth attempt: the next one would be in five hours.
            await studio.sql("UPDATE lastseat.webhook_deliveries SET attempts = 4 WHERE pos > 0")
            assert await studio.tell(PUT_OFF) == 1
            said[0] = OK
            hooks = studio.tenant.webhooks
            if by == "address":
                await hooks.change(webhook_id, url=f"{receiver.url}/new")
            else:
                await hooks.change(webhook_id, enabled=False)
                assert await studio.tell(PUT_OFF) == 0
                await hooks.change(webhook_id, enabled=True)
            assert await studio.tell(PUT_OFF) == 2
            assert [x.type for x in receiver.got[1:]] == ["booking.booked", "booking.cancelled"]

    play(scene)


def test_what_was_put_off_before_the_clock_was_set_back_goes_out(play: Play, where: str) -> None:
    async def scene(studio: Hooked) -> None:
        async with receiving() as receiver:
            await studio.hook(receiver.url)
            await studio.book("ann")
            await studio.feed()
            set_clock(where, timedelta(days=365))
            await studio.spread()
            await studio.sql(
                "UPDATE lastseat.webhooks SET not_before = lastseat.clock() + interval '1 hour'"
            )
            set_clock(where, timedelta())
            assert await studio.tell() == 0
            async with working(where) as one:
                await sweep(one)
            assert await studio.tell() == 1

    play(scene)
