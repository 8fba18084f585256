"""docs/webhooks.md is run: its receiver gets what its webhook is told."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import psycopg_pool
import pytest
from tests.jobs.hooked import ALLOWED, QUICK, SOON
from tests.tour import blocks

import lastseat
from lastseat.feed.relay import relay
from lastseat.jobs.webhooks import spread
from lastseat.jobs.webhooks_delivery import deliver_due

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "webhooks.md"
TEXT = GUIDE.read_text()
START = datetime(2031, 3, 3, 18, tzinfo=UTC)


async def tell(conninfo: str) -> int:
    """What a worker does."""
    async with await psycopg.AsyncConnection.connect(conninfo) as connection:
        await relay(connection)
    async with psycopg_pool.AsyncConnectionPool(conninfo, open=False) as pool:
        await spread(pool)
        return await deliver_due(pool, SOON, QUICK)


def test_its_receiver_is_told_what_happens(
    database: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    conninfo = database()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("LASTSEAT_DATABASE_URL", conninfo)
    monkeypatch.setenv(*next(iter(ALLOWED.items())))
    (_, making), (_, replaying) = blocks(TEXT, "python")
    url = f"http://127.0.0.1:{port}/"
    namespace: dict[str, Any] = {}
    exec(making.replace("https://hooks.example.org/lastseat", url), namespace)  # noqa: S102
    webhook_id, secret = capsys.readouterr().out.split()
    ((_, receiver),) = blocks(TEXT, "py")
    process = subprocess.Popen(
        [sys.executable, "-c", receiver.replace("8001", str(port))],
        env={**os.environ, "WEBHOOK_SECRET": secret},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        with lastseat.open(conninfo, migrate=False) as engine:
            studio = engine.tenant("studio")
            end = START + timedelta(hours=1)
            studio.define_occurrence("intro", start=START, end=end, capacity=2)
            studio.book("intro", actor="ann")
            studio.cancel("intro", actor="ann")
            for _ in range(200):
                if studio.webhooks.test(webhook_id).delivered:  # type: ignore[union-attr]
                    break
                time.sleep(0.05)
            assert asyncio.run(tell(conninfo)) == 2
            found = studio.webhooks.deliveries(webhook_id)
            assert not isinstance(found, lastseat.catalogue.Unknown)
            assert [x.status for x in found] == ["delivered", "delivered"]
            # What it has seen it passes over, and what is not ours it refuses.
            studio.webhooks.replay(webhook_id, found[0].delivery_id)
            assert asyncio.run(tell(conninfo)) == 1
            studio.webhooks.rotate_secret(webhook_id, overlap_seconds=0)
            refused = studio.webhooks.test(webhook_id)
            assert refused.answered == 400  # type: ignore[union-attr]
        exec(replaying, namespace)  # noqa: S102
    finally:
        process.terminate()
        said = process.communicate()[0]
    assert said.splitlines() == ["booking.booked ['intro']", "booking.cancelled ['intro']"]


def test_its_example_is_json_and_what_it_links_to_is_there() -> None:
    ((_, example),) = blocks(TEXT, "json")
    assert json.loads(example)["type"] == "booking.booked"
    links = re.findall(r"\]\(([a-z]+\.md)\)", TEXT)
    assert links
    assert [link for link in links if not (GUIDE.parent / link).exists()] == []
