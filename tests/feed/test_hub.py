"""The hub tells each change once, in order, to whoever asked for it, and waits for nobody."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
import pytest

import lastseat
from lastseat.feed.channels import EVERYTHING, Channel, Of
from lastseat.feed.hub import Hub, HubClosed, TooManyClients
from lastseat.feed.pruning import prune
from lastseat.feed.relay import Relay
from lastseat.feed.subscription import Subscription

START = datetime(2031, 3, 3, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Message(NamedTuple):
    """One message as a client reads it."""

    id: str
    event: str
    data: dict[str, Any]


def parsed(data: bytes) -> list[Message]:
    """The messages in what was taken; heartbeats left out."""
    found = []
    for block in data.decode().split("\n\n"):
        lines = [line for line in block.split("\n") if line and line != ":"]
        if lines:
            fields = dict(line.split(": ", 1) for line in lines)
            found.append(Message(fields["id"], fields["event"], json.loads(fields["data"])))
    return found


async def told(who: Subscription, many: int, *, seconds: float = 10) -> list[Message]:
    """The next messages of a client."""
    found: list[Message] = []
    async with asyncio.timeout(seconds):
        while len(found) < many:
            data = await who.taken()
            assert data is not None, f"it ended after {found}"
            found += parsed(data)
    assert len(found) == many, found[many:]
    return found


@contextlib.asynccontextmanager
async def live(conninfo: str, **options: Any) -> AsyncIterator[Hub]:
    """A hub, and a relay that feeds it."""
    hub = Hub(conninfo, **options)
    relay = asyncio.create_task(Relay(conninfo, heard=hub.heard).run())
    try:
        yield hub
    finally:
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)
        await hub.close()


@pytest.fixture
def own(database: Callable[[], str]) -> str:
    """A database whose feed nobody else fills."""
    return database()


@pytest.fixture
def venue(own: str) -> Iterator[lastseat.Engine]:
    with contextlib.closing(lastseat.open(own, migrate=False)) as engine:
        yield engine


def furnish(engine: lastseat.Engine, tenant: str = "studio") -> Any:
    """Two locations, a class at the first, a lane at the second, an event."""
    studio = engine.tenant(tenant)
    for place in ("north", "south"):
        studio.catalogue.create_location(place, name=place, time_zone="UTC")
    made = [
        studio.define_occurrence(
            "yoga", start=START, end=START + HOUR, capacity=1_000, location="north"
        ),
        studio.define_resource("lane", location="south"),
        studio.define_event(
            "spin",
            start="2031-03-03T18:00",
            rrule="FREQ=DAILY;COUNT=30",
            duration=HOUR,
            time_zone="UTC",
            capacity=1_000,
            location="north",
        ),
    ]
    assert all(x.ok for x in made), made
    return studio


async def booked(studio: Any, *what: Any, actor: str = "ann") -> Any:
    outcome = await asyncio.to_thread(studio.book, *what, actor=actor)
    assert outcome.ok, outcome
    return outcome


def test_a_change_is_one_message_that_names_all_it_took(own: str, venue: lastseat.Engine) -> None:
    studio = furnish(venue)
    lane = lastseat.Claim(bookable="lane", start=START + HOUR, end=START + 2 * HOUR)

    async def watch() -> None:
        async with live(own) as hub:
            everything = await hub.subscribe("studio", EVERYTHING, redacted=False)
            (first,) = await told(everything, 1)
            assert first.event == "position"
            both = await booked(studio, [lastseat.Claim(bookable="yoga"), lane])
            (message,) = await told(everything, 1)
            assert message.event == "booking.booked"
            data = message.data
            assert sorted(data["bookables"]) == ["lane", "yoga"]
            assert data["channel"] == "chain.bookings.studio"
            assert (data["booking_id"], data["version"]) == (both.booking_id, 1)
            assert data["status"] == "CONFIRMED"
            assert {x["bookable"]: x["units"] for x in data["claims"]} == {"lane": 1, "yoga": 1}
            assert message.id.endswith(f".{data['pos']}")
            await asyncio.to_thread(studio.cancel, "yoga", actor="ann")
            await asyncio.to_thread(studio.change_capacity, "yoga", 7)
            cancelled, changed = await told(everything, 2)
            assert (cancelled.event, cancelled.data["status"]) == ("booking.cancelled", "CANCELLED")
            assert sorted(cancelled.data["bookables"]) == ["lane", "yoga"]
            assert (changed.event, changed.data["capacity"]) == ("capacity_changed", 7)
            assert "booking_id" not in changed.data

    asyncio.run(watch())


def test_a_channel_tells_what_is_its_own(own: str, venue: lastseat.Engine) -> None:
    studio = furnish(venue)
    other = furnish(venue, "other")
    wanted = {
        Channel(Of.LOCATION, "north"): ["yoga", "spin@2031-03-04T18:00"],
        Channel(Of.LOCATION, "south"): ["lane"],
        Channel(Of.RESOURCE, "lane"): ["lane"],
        Channel(Of.EVENT, "spin"): ["spin@2031-03-04T18:00"],
        Channel(Of.OCCURRENCE, "yoga"): ["yoga"],
        Channel(Of.OCCURRENCE, "spin@2031-03-04T18:00"): ["spin@2031-03-04T18:00"],
        EVERYTHING: ["yoga", "lane", "spin@2031-03-04T18:00"],
    }

    async def watch() -> None:
        async with live(own) as hub:
            clients = {
                channel: await hub.subscribe("studio", channel, redacted=False)
                for channel in wanted
            }
            lane = lastseat.Claim(bookable="lane", start=START + HOUR, end=START + 2 * HOUR)
            await booked(other, "yoga", actor="stranger")
            await booked(studio, "yoga")
            await booked(studio, lane)
            await booked(studio, "spin@2031-03-04T18:00")
            await booked(other, lane, actor="stranger")
            # The last one of each: whoever had it has had all that was theirs.
            for channel, bookables in wanted.items():
                found: list[str] = []
                async with asyncio.timeout(10):
                    while found[-1:] != bookables[-1:]:
                        for message in parsed(await clients[channel].taken() or b""):
                            if message.event == "booking.booked":
                                assert message.data["channel"] == channel.name("studio")
                                found += message.data["bookables"]
                assert found == bookables

    asyncio.run(watch())


def test_a_publishable_stream_says_what_changed_where_and_not_whose(
    own: str, venue: lastseat.Engine
) -> None:
    studio = furnish(venue)

    async def watch() -> None:
        async with live(own) as hub:
            guest = await hub.subscribe("studio", EVERYTHING, redacted=True)
            staff = await hub.subscribe("studio", EVERYTHING, redacted=False)
            hold = await asyncio.to_thread(studio.hold, "yoga", actor="ann@example.org")
            await asyncio.to_thread(studio.update, hold.booking_id, metadata={"allergy": "nuts"})
            await asyncio.to_thread(studio.release, hold.booking_id)
            _, held, updated, _ = await told(staff, 4)
            assert held.data["booking_id"] == hold.booking_id
            assert updated.event == "booking.updated"
            _, booked, released = await told(guest, 3)
            assert (booked.event, released.event) == ("booking.booked", "booking.released")
            for message in (booked, released):
                assert set(message.data) == {"channel", "pos", "at", "bookables"}
                assert message.data["bookables"] == ["yoga"]

    asyncio.run(watch())


def test_who_comes_back_misses_nothing_and_hears_nothing_twice(
    own: str, venue: lastseat.Engine
) -> None:
    """From memory and from the database: the second hub remembers next to nothing."""
    studio = furnish(venue)
    many = 60

    async def book() -> list[str]:
        return [(await booked(studio, "yoga", actor=f"guest-{n}")).booking_id for n in range(many)]

    async def client(hub: Hub, there: asyncio.Event) -> list[str]:
        """Listens to a few messages at a time."""
        found: list[str] = []
        after = None
        while len(found) < many:
            who = await hub.subscribe("studio", EVERYTHING, redacted=False, after=after)
            there.set()
            heard = 0
            while heard < 3 and len(found) < many:
                data = await who.taken()
                if data is None:
                    break  # Let go, as on a slow machine: it comes back like all others.
                for message in parsed(data):
                    assert message.event != "reset"
                    after = message.id
                    if message.event == "booking.booked":
                        found.append(message.data["booking_id"])
                    heard += 1
            who.close()
            await asyncio.sleep(0.02)
        return found

    async def watch() -> None:
        async with live(own) as one, live(own, remembered=2) as other:
            both = [(hub, asyncio.Event()) for hub in (one, other)]
            listening = [asyncio.create_task(client(hub, there)) for hub, there in both]
            for _, there in both:
                await there.wait()
            made = await book()
            assert [await task for task in listening] == [made, made]

    asyncio.run(asyncio.wait_for(watch(), 60))


def test_two_hubs_tell_the_same_and_a_client_may_change_between_them(
    own: str, venue: lastseat.Engine
) -> None:
    studio = furnish(venue)

    async def watch() -> None:
        async with live(own) as one, live(own) as other:
            here = await one.subscribe("studio", EVERYTHING, redacted=False)
            first = await booked(studio, "yoga")
            _, message = await told(here, 2)
            second = await booked(studio, "yoga", actor="ben")
            there = await other.subscribe("studio", EVERYTHING, redacted=False, after=message.id)
            position, news = await told(there, 2)
            assert position.event == "position"
            assert message.data["booking_id"] == first.booking_id
            assert news.data["booking_id"] == second.booking_id

    asyncio.run(watch())


def test_a_client_that_does_not_keep_up_is_let_go_and_others_go_on(
    own: str, venue: lastseat.Engine
) -> None:
    studio = furnish(venue)

    async def watch() -> None:
        gone = asyncio.Event()
        async with live(own, room=5) as hub:
            slow = await hub.subscribe("studio", EVERYTHING, redacted=False, let_go=gone.set)
            quick = await hub.subscribe("studio", EVERYTHING, redacted=False)
            await told(quick, 1)
            for n in range(10):
                await booked(studio, "yoga", actor=f"guest-{n}")
                await told(quick, 1)
            assert gone.is_set()
            assert slow.dropped
            assert await slow.taken() is None, "nothing is kept for it"
            assert hub.clients == 1

    asyncio.run(watch())


async def first_of(hub: Hub, after: str | None) -> Message:
    who = await hub.subscribe("studio", EVERYTHING, redacted=False, after=after)
    try:
        return (await told(who, 1))[0]
    finally:
        who.close()


def test_a_position_that_means_nothing_here_is_answered_by_a_reset(
    own: str, venue: lastseat.Engine
) -> None:
    studio = furnish(venue)
    furnish(venue, "other")

    async def watch() -> None:
        async with live(own) as hub:
            mine = (await first_of(hub, None)).id
            who = await hub.subscribe("studio", EVERYTHING, redacted=False, after=mine)
            await booked(studio, "yoga")
            await told(who, 2)
            elsewhere = await hub.subscribe("other", EVERYTHING, redacted=False)
            (theirs,) = await told(elsewhere, 1)
            epoch, tag, pos = mine.split(".")
            stale = {
                "unreadable": "nonsense",
                "tenant": theirs.id,
                "epoch": f"{epoch[:-4]}0000.{tag}.{pos}",
                "ahead": f"{epoch}.{tag}.{int(pos) + 1000}",
            }
            for reason, after in stale.items():
                message = await first_of(hub, after)
                assert (message.event, message.data["reason"]) == ("reset", reason)
                again = await first_of(hub, message.id)
                assert again.event == "position", "from there on it goes on"
            assert (await first_of(hub, f"{epoch}.{tag}.0")).event == "position"

    asyncio.run(watch())


async def grown_old(conninfo: str) -> None:
    """All pages but the newest become too old, and are removed."""
    connect = psycopg.AsyncConnection.connect(conninfo, autocommit=True)
    async with await connect as connection:
        await connection.execute("UPDATE lastseat.feed_pages SET at = at - interval '8 days'")
        assert await prune(connection)


def test_who_was_away_for_too_long_is_told_so_and_goes_on(own: str, venue: lastseat.Engine) -> None:
    studio = furnish(venue)

    async def watch() -> None:
        async with live(own, remembered=1) as hub:
            old = (await first_of(hub, None)).id
            who = await hub.subscribe("studio", EVERYTHING, redacted=False, after=old)
            await told(who, 1)
            for n in range(3):
                await booked(studio, "yoga", actor=f"guest-{n}")
                await told(who, 1)
            await booked(studio, "yoga", actor="ben")
            (last,) = await told(who, 1)
            back = await hub.subscribe("studio", EVERYTHING, redacted=False, after=old)
            assert (await told(back, 1))[0].event == "position", "it could go on"
            await grown_old(own)
            late = await hub.subscribe("studio", EVERYTHING, redacted=False, after=old)
            for client in (back, late):
                (reset,) = await told(client, 1)
                assert (reset.event, reset.data["reason"]) == ("reset", "gone")
                assert reset.id == last.id
            await booked(studio, "yoga", actor="late")
            for client in (who, back, late):
                (message,) = await told(client, 1)
                assert message.event == "booking.booked"

    asyncio.run(watch())


def test_a_restored_database_begins_anew_for_everybody(own: str, venue: lastseat.Engine) -> None:
    studio = furnish(venue)

    async def watch() -> None:
        async with live(own) as hub:
            who = await hub.subscribe("studio", EVERYTHING, redacted=False)
            await booked(studio, "yoga")
            before = (await told(who, 2))[-1]
            with psycopg.connect(own, autocommit=True) as connection:
                # What a restore on another server looks like to the relay.
                connection.execute("UPDATE lastseat.relay SET identity = 'another/1'")
            (reset,) = await told(who, 1)
            assert (reset.event, reset.data["reason"]) == ("reset", "epoch")
            assert reset.id.split(".")[0] != before.id.split(".")[0]
            after = await booked(studio, "yoga", actor="ben")
            (message,) = await told(who, 1)
            assert message.data["booking_id"] == after.booking_id
            assert (await first_of(hub, before.id)).event == "reset"

    asyncio.run(watch())


def test_an_entry_that_can_t_be_read_ends_its_own_tenant_s_streams_alone(
    own: str, venue: lastseat.Engine
) -> None:
    studio, club = furnish(venue), furnish(venue, "club")

    async def watch() -> None:
        async with live(own) as hub:
            theirs = await hub.subscribe("studio", EVERYTHING, redacted=False)
            others = await hub.subscribe("club", EVERYTHING, redacted=False)
            await told(theirs, 1)
            await told(others, 1)
            with psycopg.connect(own) as connection:
                # Told of nothing until the entry is what a later release might write.
                connection.execute("SELECT 1 FROM lastseat.relay FOR UPDATE")
                await booked(studio, "yoga")
                with psycopg.connect(own) as later:
                    later.execute(
                        "UPDATE lastseat.journal SET type = 'of a later release'"
                        " WHERE tenant_id = 'studio' AND booking_id IS NOT NULL"
                    )
            async with asyncio.timeout(5):
                assert await theirs.taken() is None
            assert theirs.dropped
            await booked(club, "yoga")
            assert [x.event for x in await told(others, 1)] == ["booking.booked"]

    asyncio.run(watch())


def test_streams_are_alive_bounded_and_ended(own: str, venue: lastseat.Engine) -> None:
    furnish(venue)

    async def watch() -> None:
        async with live(own, clients=2, heartbeat=0.05) as hub:
            who = await hub.subscribe("studio", EVERYTHING, redacted=False)
            await told(who, 1)
            async with asyncio.timeout(5):
                assert await who.taken() == b":\n"
            other = await hub.subscribe("studio", EVERYTHING, redacted=False)
            with pytest.raises(TooManyClients):
                await hub.subscribe("studio", EVERYTHING, redacted=False)
            other.close()
            third = await hub.subscribe("studio", EVERYTHING, redacted=False)
            hub.stop()
            async with asyncio.timeout(5):
                assert [x.event for x in parsed(await third.taken() or b"")] == ["position"]
                assert await third.taken() is None
            with pytest.raises(HubClosed):
                await hub.subscribe("studio", EVERYTHING, redacted=False)

    asyncio.run(watch())


def test_a_quiet_channel_keeps_up_with_where_the_feed_is(
    own: str, venue: lastseat.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = furnish(venue)
    monkeypatch.setattr("lastseat.feed.following.FAR", 3)

    async def watch() -> None:
        async with live(own, heartbeat=0.1) as hub:
            south = Channel(Of.LOCATION, "south")
            quiet = await hub.subscribe("studio", south, redacted=False)
            (first,) = await told(quiet, 1)
            for n in range(5):
                await booked(studio, "yoga", actor=f"guest-{n}")
            (later,) = await told(quiet, 1)
            assert later.event == "position"
            assert later.data["pos"] > first.data["pos"] + 3

    asyncio.run(watch())
