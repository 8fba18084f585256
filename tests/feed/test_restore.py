"""After `lastseat db restore` nobody goes on as if what they were told last had still happened."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.cli.running import scratch
from tests.feed.test_hub import Message, booked, first_of, furnish, live, told

import lastseat
from lastseat.embedded import EmbeddedServer
from lastseat.feed.channels import EVERYTHING
from lastseat.ledger.migrate import migrate


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with scratch() as place:
        yield EmbeddedServer(place / "data")


def test_a_client_of_before_the_restore_begins_anew_and_goes_on(server: EmbeddedServer) -> None:
    where = server.ensure_running()
    migrate(where)
    file = server.data_dir.parent / "monday.tar"

    def restore() -> None:
        server.stop()
        server.restore(file, force=True)
        server.ensure_running()

    async def watch(studio: Any) -> None:
        async with live(where) as hub:
            who = await hub.subscribe("studio", EVERYTHING, redacted=False)
            await told(who, 1)
            await booked(studio, "yoga", actor="kept")
            (kept,) = await told(who, 1)
            await asyncio.to_thread(server.backup, file)
            for n in range(3):
                await booked(studio, "yoga", actor=f"lost-{n}")
            *_, lost = await told(who, 3)
            for round_ in range(2):
                await asyncio.to_thread(restore)
                (reset,) = await told(who, 1, seconds=30)
                while epoch_of(reset) in (epoch_of(kept), epoch_of(lost)):
                    # The hub looked before a relay did.
                    (reset,) = await told(who, 1, seconds=30)
                assert reset.event == "reset"
                # More than were lost: their positions come a second time, and mean something else.
                for n in range(5):
                    await booked(studio, "yoga", actor=f"new-{round_}-{n}")
                *_, last = await told(who, 5)
                for old in (kept, lost):
                    message = await first_of(hub, old.id)
                    assert (message.event, message.data["reason"]) == ("reset", "epoch")
                assert (await first_of(hub, last.id)).event == "position"
                # The same backup once more: what was told since the first restore is gone as well.
                lost = last

    with contextlib.closing(lastseat.open(where, migrate=False)) as engine:
        asyncio.run(watch(furnish(engine)))
    with psycopg.connect(where) as connection:
        (timeline,) = connection.execute("SELECT timeline_id FROM pg_control_checkpoint()")
    assert timeline == (2,)


def epoch_of(message: Message) -> str:
    return message.id.split(".")[0]
