"""Backup and restore: whole and intact, or an error and nothing changed."""

from __future__ import annotations

import io
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lastseat.embedded import (
    AlreadyExistsError,
    EmbeddedError,
    EmbeddedServer,
    InvalidBackupError,
    NotStoppedError,
    VersionMismatchError,
)

from .conftest import MakeServer
from .processes import Process, names, rows, until, write_row


@pytest.fixture(scope="module")
def backup(shared: EmbeddedServer, place: Path) -> Path:
    """A backup of a server with one row."""
    write_row(shared.ensure_running(), "saved")
    return shared.backup(place / "backup.tar")


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_a_backup_brings_back_a_destroyed_server(
    make_server: MakeServer, directory: Path, suffix: str
) -> None:
    lost = make_server("lost")
    write_row(lost.ensure_running(), "saved")
    backup = lost.backup(directory / f"backup{suffix}")
    write_row(lost.ensure_running(), "after the backup")
    lost.stop(mode="immediate")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert names(directory) == {"lost", backup.name}

    found = make_server("found")
    found.restore(backup)
    assert rows(found.ensure_running()) == ["saved"]
    write_row(found.ensure_running(), "goes on")


def test_a_backup_starts_a_stopped_server(server: EmbeddedServer, directory: Path) -> None:
    assert server.backup(directory / "backup.tar").exists()
    assert server.status().running


def test_a_backup_never_overwrites(shared: EmbeddedServer, directory: Path) -> None:
    target = directory / "backup.tar"
    target.write_text("precious")
    with pytest.raises(AlreadyExistsError):
        shared.backup(target)
    assert target.read_text() == "precious"
    assert names(directory) == {"backup.tar"}


@pytest.mark.parametrize("name", ["backup.zip", "missing/backup.tar"])
def test_a_backup_that_can_not_be_written_leaves_nothing(
    shared: EmbeddedServer, directory: Path, name: str
) -> None:
    with pytest.raises(EmbeddedError):
        shared.backup(directory / name)
    assert names(directory) == set()


def test_what_a_killed_backup_left_is_cleared_by_the_next(
    shared: EmbeddedServer, directory: Path
) -> None:
    target = directory / "backup.tar"
    killed = Process(lambda: shared.backup(target))
    until(directory.joinpath(".backup.tar.partial/data").exists)
    killed.kill()
    assert not target.exists()

    def again() -> bool:
        try:
            return shared.backup(target).exists()
        except EmbeddedError as error:
            assert "Another backup" in str(error)  # noqa: PT017 (its pg_basebackup goes on a while)
            return False

    until(again)
    assert names(directory) == {"backup.tar"}


def test_a_restore_needs_a_stopped_server(shared: EmbeddedServer, backup: Path) -> None:
    with pytest.raises(NotStoppedError):
        shared.restore(backup, force=True)
    assert rows(shared.ensure_running()) == ["saved"]


def test_a_restore_moves_a_database_aside_only_by_force(
    server: EmbeddedServer, backup: Path
) -> None:
    write_row(server.ensure_running(), "old")
    server.stop()
    with pytest.raises(AlreadyExistsError, match="force"):
        server.restore(backup)
    assert rows(server.ensure_running()) == ["old"]
    server.stop()

    server.restore(backup, force=True)
    assert rows(server.ensure_running()) == ["saved"]
    server.stop()
    [aside] = server.data_dir.glob("postgres.before-restore-*")
    server.data_dir.joinpath("postgres").rename(server.data_dir / "postgres.second")
    aside.rename(server.data_dir / "postgres")
    assert rows(server.ensure_running()) == ["old"]


def test_a_restore_killed_between_its_renames_is_completed(
    server: EmbeddedServer, backup: Path
) -> None:
    server.restore(backup)
    server.data_dir.joinpath("postgres").rename(server.data_dir / "postgres.restored")
    assert rows(server.ensure_running()) == ["saved"]


def _cut_off(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes()[: source.stat().st_size // 2])


def _garbage(source: Path, target: Path) -> None:
    target.write_bytes(b"not a tar file" * 1000)


def _another_tar(source: Path, target: Path) -> None:
    with tarfile.open(target, "w") as tar:
        tar.addfile(tarfile.TarInfo("PG_VERSION"), io.BytesIO())


def _without_manifest(source: Path, target: Path) -> None:
    _copy(source, target, lambda name, data: None if name == "backup_manifest" else data)


def _one_bit(source: Path, target: Path) -> None:
    def flip(name: str, data: bytes) -> bytes:
        return (
            data[:5000] + bytes([data[5000] ^ 1]) + data[5001:] if name == "base/1/1259" else data
        )

    _copy(source, target, flip)


def _climbing(source: Path, target: Path) -> None:
    with tarfile.open(target, "w") as tar:
        tar.addfile(tarfile.TarInfo("../climbed"), io.BytesIO())


def _linking(source: Path, target: Path) -> None:
    with tarfile.open(target, "w") as tar:
        link = tarfile.TarInfo("pg_wal")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        tar.addfile(link)


def _copy(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for entry in old:
            content = old.extractfile(entry)
            data = change(entry.name, content.read() if content else b"")
            if data is not None:
                entry.size = len(data)
                new.addfile(entry, io.BytesIO(data))


@pytest.mark.parametrize(
    "spoil",
    [_cut_off, _garbage, _another_tar, _without_manifest, _one_bit, _climbing, _linking],
)
def test_a_spoiled_backup_is_refused_and_nothing_is_replaced(
    server: EmbeddedServer, backup: Path, directory: Path, spoil: Callable[[Path, Path], None]
) -> None:
    spoiled = directory / "spoiled.tar"
    spoil(backup, spoiled)
    server.restore(backup)
    before = names(server.data_dir)
    with pytest.raises(InvalidBackupError, match=str(spoiled)):
        server.restore(spoiled, force=True)
    assert names(server.data_dir) == before
    assert names(directory) == {"data", "spoiled.tar"}
    assert names(server.data_dir / "postgres") >= {"PG_VERSION", "backup_label"}


def test_a_backup_of_another_major_version_is_refused(
    server: EmbeddedServer, backup: Path, directory: Path
) -> None:
    other = directory / "other.tar"
    _copy(backup, other, lambda name, data: b"14\n" if name == "PG_VERSION" else data)
    with pytest.raises(VersionMismatchError, match=r"PostgreSQL 14\b.* PostgreSQL \d+"):
        server.restore(other)


def test_a_backup_that_is_not_there_is_named(server: EmbeddedServer, directory: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"missing\.tar"):
        server.restore(directory / "missing.tar")
