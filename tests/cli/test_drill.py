"""The drill: back up, lose everything, restore; what was in the backup is there, and readers know.

What a restore refuses is in tests/embedded/test_archive.py.
"""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient
from tests.cli.running import lastseat, scratch

from lastseat.embedded import EmbeddedServer
from lastseat.http.app import make_app
from lastseat.http.settings import ServeSettings
from lastseat.ledger.migrate import migrate

Desk = TestClient[Litestar]


@contextmanager
def serving(data: Path) -> Iterator[Desk]:
    """The service on a data directory, started if need be."""
    where = EmbeddedServer(data).ensure_running()
    migrate(where)
    with TestClient(
        make_app(ServeSettings(url=where, auth=False)), base_url="http://127.0.0.1"
    ) as desk:
        yield desk


def book(desk: Desk, actor: str) -> int:
    answer = desk.post("/v1/bookings", json={"bookable": "yoga", "actor": actor})
    assert answer.status_code == 201, answer.text
    seat: int = answer.json()["seat"]
    return seat


def told(desk: Desk, after: str | None = None) -> list[tuple[str, str, Any]]:
    """What the live stream has since an id: events with their ids and data."""
    headers = {} if after is None else {"Last-Event-ID": after}
    text = desk.get("/v1/live", params={"seconds": 0}, headers=headers).text
    messages = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in fields:
            messages.append((fields["event"], fields["id"], json.loads(fields["data"])))
    return messages


def told_until(
    desk: Desk, event: str, after: str | None = None, *, times: int = 1
) -> list[tuple[str, Any]]:
    """The ids and data of one kind of event, once there are so many."""
    deadline = time.monotonic() + 10
    while True:
        found = [(mark, data) for name, mark, data in told(desk, after) if name == event]
        if len(found) >= times:
            return found
        assert time.monotonic() < deadline, f"{event} was never told"
        time.sleep(0.02)


def epoch(mark: str) -> str:
    """The epoch that a position is of."""
    return mark.partition(".")[0]


def test_backed_up_destroyed_restored(tmp_path: Path) -> None:
    with scratch() as home:
        data, backup = home / "data", tmp_path / "monday.tar"
        named = ("--data-dir", str(data))
        with serving(data) as desk:
            start, _ = told_until(desk, "position")[-1]
            body = {"bookable": "yoga", "capacity": 2}
            when = {"start": "2031-03-03T18:00:00Z", "end": "2031-03-03T19:00:00Z"}
            assert desk.post("/v1/occurrences", json=body | when).status_code == 201
            assert book(desk, "ann") == 1
            assert lastseat("db", "backup", str(backup), *named).returncode == 0
            assert book(desk, "ben") == 2
            heard, _ = told_until(desk, "booking.booked", start, times=2)[-1]

        EmbeddedServer(data).stop(mode="immediate")
        shutil.rmtree(data)
        restored = lastseat("db", "restore", str(backup), *named)
        assert restored.returncode == 0, restored.stderr
        sound = lastseat("verify", "--json", *named)
        assert sound.returncode == 0, sound.stdout

        with serving(data) as desk:
            roster = desk.get("/v1/occurrences/yoga/roster").json()["items"]
            assert [x["actor"] for x in roster] == ["ann"]
            # Asked before the relay has begun the new epoch, it would be told of the old one.
            while epoch(told_until(desk, "position")[-1][0]) == epoch(heard):
                time.sleep(0.02)
            again, why = told_until(desk, "reset", heard)[0]
            assert why["reason"] == "epoch"
            # The place is sold once more, and that is told to who begins anew.
            assert book(desk, "cyd") == 2
            told_until(desk, "booking.booked", again)
