"""The wheel and the sdist: all that is needed, nothing else, and it runs without the source tree.

Built once, by the locked build backend, with no network. `make package-check` is the long form: an
empty environment, every dependency by its hash, and the demonstration.
"""

import email
import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "lastseat"


def build(tree: Path, target: Path, *kinds: str) -> None:
    """Build what pip would, with the backend that is installed here."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    subprocess.run(
        [*command, *(f"-t{kind}" for kind in kinds)], cwd=tree, check=True, capture_output=True
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the wheel and the sdist."""
    target = tmp_path_factory.mktemp("dist")
    build(ROOT, target)
    return target


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    [found] = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """What pyproject.toml says of the project."""
    declared: dict[str, Any] = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text())["project"]
    return declared


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def metadata(wheel: Path) -> Message:
    [text] = [data for name, data in contents(wheel).items() if name.endswith("/METADATA")]
    return email.message_from_bytes(text)


def test_the_wheel_has_every_file_of_the_package_and_no_other(wheel: Path) -> None:
    held = contents(wheel)
    package = {name for name in held if not name.split("/")[0].endswith(".dist-info")}
    source = {
        path.relative_to(SOURCE.parent).as_posix()
        for path in SOURCE.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert package == source
    # What is read beside modules, one of each kind: a rule that drops files drops kinds of them.
    for needed in (
        "py.typed",
        "ledger/sql/migrations/0001_ledger.sql",
        "ledger/sql/write.sql",
        "demo/sample_week.toml",
        "http/static/index.html",
        "http/static/swagger-ui-bundle.js",
        "http/static/NOTICE",
    ):
        assert held.get(f"lastseat/{needed}") is not None, needed


def test_its_metadata_are_the_projects(wheel: Path, project: dict[str, Any]) -> None:
    said = metadata(wheel)
    assert wheel.name == f"lastseat-{project['version']}-py3-none-any.whl"
    assert said["Version"] == project["version"]
    assert said["Requires-Python"] == project["requires-python"]
    assert said["License-Expression"] == project["license"]
    assert "Typing :: Typed" in said.get_all("Classifier", [])
    needed = [x for x in said.get_all("Requires-Dist", []) if "extra ==" not in x]
    names = [x.split(">=")[0].split("[")[0] for x in needed]
    assert names == [x.split(">=")[0].split("[")[0] for x in project["dependencies"]]
    held = contents(wheel)
    for name in project["license-files"]:
        licence = f"lastseat-{project['version']}.dist-info/licenses/{name}"
        assert held[licence] == ROOT.joinpath(name).read_bytes()


def test_the_sdist_holds_what_it_takes_to_go_on_and_builds_the_same_wheel(
    built: Path, wheel: Path, tmp_path: Path
) -> None:
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [tree] = tmp_path.iterdir()
    for needed in ("Makefile", "CHANGELOG.md", "LICENSE", "requirements/runtime.txt"):
        assert tree.joinpath(needed).read_bytes() == ROOT.joinpath(needed).read_bytes()
    for folder in ("tests", "docs", "deploy"):
        assert any(tree.joinpath(folder).iterdir()), folder
    assert not [x for x in tree.rglob("*") if x.name in {"__pycache__", ".venv", ".git", "dist"}]
    build(tree, tmp_path / "again", "wheel")
    [again] = tmp_path.joinpath("again").iterdir()
    assert contents(again) == contents(wheel)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs a program of a fresh environment, in which Lastseat is the wheel's."""
    home = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(home), "install", "-q", "--no-compile"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    # The dependencies are this environment's; its link to the source tree does not count there.
    [packages] = home.glob("lib/python*/site-packages")
    packages.joinpath("dependencies.pth").write_text(sysconfig.get_path("purelib"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def run(program: str, *arguments: str) -> str:
        done = subprocess.run(
            [home / "bin" / program, *arguments],
            cwd=home,
            env=kept,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


BOOKS = """
import contextlib, datetime, sys
import lastseat
start = datetime.datetime(2031, 3, 3, 18, tzinfo=datetime.UTC)
end = start + datetime.timedelta(hours=1)
with contextlib.closing(lastseat.open(sys.argv[1])) as engine:
    studio = engine.tenant("studio")
    studio.define_occurrence("yoga", start=start, end=end, capacity=1)
    print(studio.book("yoga", actor="ann").code, studio.book("yoga", actor="ben").code)
print(lastseat.__file__)
"""


def test_installed_it_says_its_version_makes_its_tables_and_books(
    installed: Callable[..., str], project: dict[str, Any], conninfo: str
) -> None:
    assert installed("lastseat", "--version") == f"lastseat {project['version']}\n"
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("CREATE DATABASE of_the_wheel")
        try:
            url = make_conninfo(conninfo, dbname="of_the_wheel")
            codes, where = installed("python", "-c", BOOKS, url).splitlines()
        finally:
            connection.execute("DROP DATABASE of_the_wheel WITH (FORCE)")
    assert codes == "booked full"
    assert not Path(where).is_relative_to(ROOT)
