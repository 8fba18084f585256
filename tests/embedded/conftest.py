"""Real servers in short-lived directories, each stopped at the end whatever the test came to."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lastseat.embedded import EmbeddedServer

# What only root meets (other accounts, other owners) can't be met otherwise.
collect_ignore = [] if os.geteuid() == 0 else ["test_as_root.py"]

_DISK = Path(tempfile.gettempdir())
_MEMORY = Path("/dev") / "shm"

MakeServer = Callable[..., EmbeddedServer]


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LASTSEAT_DATA_DIR", "LASTSEAT_PG_BIN", "LASTSEAT_DB_ACCOUNT", "PGPORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A directory with a short name (sockets), which other accounts may enter (as root)."""
    path = _public_directory(_MEMORY if _memory_has_room() else _DISK)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def programs_place() -> Iterator[Path]:
    """A directory for one test where programs can be run from (memory is often noexec)."""
    path = _public_directory(_DISK)
    yield path
    shutil.rmtree(path)


def _public_directory(parent: Path) -> Path:
    path = Path(tempfile.mkdtemp(prefix="ls", dir=parent))
    path.chmod(0o755)
    return path


def _memory_has_room() -> bool:
    # Making and removing a thousand files for each cluster takes ext4 four times as long (it avoids
    # recently freed inodes). Nothing here depends on the medium: no test cuts the power.
    return _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 2 * 2**30


@pytest.fixture
def directory(place: Path) -> Iterator[Path]:
    """A directory for one test."""
    path = _public_directory(place)
    yield path
    _remove(path)


def _remove(path: Path) -> None:
    """Remove a directory that a server started without locks may still be writing into."""
    deadline = time.monotonic() + 20
    while True:
        try:
            shutil.rmtree(path)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def make_server(directory: Path) -> Iterator[MakeServer]:
    """Servers in data directories of their own, stopped at the end."""
    made: list[EmbeddedServer] = []

    def make(name: str = "data", *, start_timeout: float = 60.0) -> EmbeddedServer:
        server = EmbeddedServer(directory / name, start_timeout=start_timeout)
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop(mode="immediate")
        assert not server.status().running


@pytest.fixture
def server(make_server: MakeServer) -> EmbeddedServer:
    """A server that was never started."""
    return make_server()


@pytest.fixture(scope="module")
def shared(place: Path) -> Iterator[EmbeddedServer]:
    """A running server, for tests that only look at it."""
    path = Path(tempfile.mkdtemp(dir=place))
    server = EmbeddedServer(path)
    try:
        server.ensure_running()
        yield server
    finally:
        server.stop(mode="immediate")
        shutil.rmtree(path)
