"""Joining a line and being offered a place are told as changes of their own (MISSION C7, C8)."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.feed.test_hub import Message, live, parsed

import lastseat
from lastseat import outcomes as o
from lastseat.feed.channels import EVERYTHING
from lastseat.feed.subscription import Subscription

START = datetime(2031, 3, 3, 18, tzinfo=UTC)


async def until_offered(who: Subscription) -> list[Message]:
    """Everything that is told up to the offer."""
    found: list[Message] = []
    async with asyncio.timeout(10):
        while not found or found[-1].event != "booking.offered":
            found += parsed(await who.taken() or b"")
    return found


def test_who_joined_and_what_was_offered_is_told_in_order(database: Callable[[], str]) -> None:
    conninfo = database()

    async def run() -> None:
        async with live(conninfo) as hub, lastseat.open_async(conninfo, migrate=False) as engine:
            tenant = engine.tenant("studio")
            await tenant.define_occurrence(
                "yoga", start=START, end=START + timedelta(hours=1), capacity=1, actor_time="allow"
            )
            ann = await tenant.book("yoga", actor="ann")
            assert isinstance(ann, o.Booked)
            whole = await hub.subscribe("studio", EVERYTHING, redacted=False)
            public = await hub.subscribe("studio", EVERYTHING, redacted=True)
            ben = await tenant.join_waitlist("yoga", actor="ben")
            assert isinstance(ben, o.Joined)
            assert (await tenant.cancel(ann.booking_id)).ok
            joined, cancelled, offered = (await until_offered(whole))[-3:]
            assert [x.event for x in (joined, cancelled, offered)] == [
                "booking.joined",
                "booking.cancelled",
                "booking.offered",
            ]
            assert (joined.data["status"], offered.data["status"]) == ("WAITLISTED", "HELD")
            assert joined.data["claims"] == [{"bookable": "yoga", "units": 1}]
            assert offered.data["booking_id"] == joined.data["booking_id"] == ben.booking_id
            assert offered.data["version"] == 2
            assert offered.data["expires_at"]
            assert offered.data["principal"] == "system"
            # Whoever may not know whose bookings there are is told that something happened there.
            for message in (await until_offered(public))[-3:]:
                assert set(message.data) == {"channel", "pos", "at", "bookables"}

    asyncio.run(run())
