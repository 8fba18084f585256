"""The rules of the tree that no type can hold: layers, a pure core, what may not be committed.

Each checker is run twice: on this tree, which must be clean, and on a planted breach, which it must
report. The second is what keeps the first from passing because it looks at nothing.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "src" / "lastseat" / "core"
CALENDAR = ROOT / "src" / "lastseat" / "calendar"

# Layers ------------------------------------------------------------------------------------------


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Hold the package `lastseat` in `folder`, first on the path, to this tree's contracts."""
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program), "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Lay out a clean package that has every layer."""
    for module in ("config", "embedded", "library", "demo", "bench", "cli"):
        plant(tmp_path, f"{module}.py", "")
    for package in ("core", "views", "calendar", "checker", "ledger", "engine", "reads"):
        plant(tmp_path, f"{package}/__init__.py", "")
        plant(tmp_path, f"{package}/rows.py", "")
    plant(tmp_path, "__init__.py", "")
    plant(tmp_path, "core/rows.py", "import datetime\n\nimport msgspec\n")
    plant(tmp_path, "reads/__init__.py", "from lastseat.ledger import rows\n")
    return tmp_path


def plant(folder: Path, path: str, code: str) -> None:
    """Write `code` into the sample package."""
    file = folder / "lastseat" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code)


def test_every_import_goes_down_the_layers() -> None:
    result = lint_imports(ROOT / "src")
    assert result.returncode == 0, result.stdout + result.stderr


def test_control_a_clean_sample_keeps_every_contract(sample: Path) -> None:
    result = lint_imports(sample)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("path", "code", "broken"),
    [
        (
            "ledger/rows.py",
            "from lastseat.engine import rows",
            "lastseat.ledger is not allowed to import lastseat.engine",
        ),
        (
            "ledger/rows.py",
            "from lastseat import reads",
            "lastseat.ledger is not allowed to import lastseat.reads",
        ),
        (
            "engine/rows.py",
            "from lastseat import reads",
            "lastseat.engine is not allowed to import lastseat.reads",
        ),
        (
            "reads/rows.py",
            "from lastseat import engine",
            "lastseat.reads is not allowed to import lastseat.engine",
        ),
        (
            "library.py",
            "from lastseat import cli",
            "lastseat.library is not allowed to import lastseat.cli",
        ),
        (
            "embedded.py",
            "from lastseat.ledger import rows",
            "lastseat.embedded is not allowed to import lastseat.ledger",
        ),
        (
            "core/rows.py",
            "from lastseat import ledger",
            "lastseat.core is not allowed to import lastseat.ledger",
        ),
        (
            "core/rows.py",
            "from lastseat import config",
            "lastseat.core is not allowed to import lastseat.config",
        ),
        (
            "checker/rows.py",
            "from lastseat.core import rows",
            "lastseat.checker is not allowed to import lastseat.core",
        ),
        (
            "checker/rows.py",
            "from lastseat import config",
            "lastseat.checker is not allowed to import lastseat.config",
        ),
        (
            "checker/rows.py",
            "from lastseat.engine import rows",
            "lastseat.checker is not allowed to import lastseat.engine",
        ),
        (
            "core/rows.py",
            "from lastseat import checker",
            "lastseat.core is not allowed to import lastseat.checker",
        ),
        (
            "core/rows.py",
            "from lastseat import calendar",
            "lastseat.core is not allowed to import lastseat.calendar",
        ),
        (
            "calendar/rows.py",
            "from lastseat.ledger import rows",
            "lastseat.calendar is not allowed to import lastseat.ledger",
        ),
        ("calendar/rows.py", "import psycopg", "lastseat.calendar.rows -> psycopg"),
        ("calendar/rows.py", "from time import time", "lastseat.calendar.rows -> time"),
        ("checker/rows.py", "import psycopg", "lastseat.checker.rows -> psycopg"),
        ("checker/rows.py", "import importlib", "lastseat.checker.rows -> importlib"),
        ("core/rows.py", "import psycopg", "lastseat.core.rows -> psycopg"),
        ("core/rows.py", "from time import monotonic", "lastseat.core.rows -> time"),
        ("core/rows.py", "from logging import getLogger", "lastseat.core.rows -> logging"),
        ("core/rows.py", "import os.path", "lastseat.core.rows -> os"),
        ("helpers.py", "", "helpers"),
    ],
)
def test_control_a_planted_import_breaks_a_contract(
    sample: Path, path: str, code: str, broken: str
) -> None:
    plant(sample, path, code)
    result = lint_imports(sample)
    assert result.returncode == 1
    assert broken in result.stdout


# The purity of core and calendar ----------------------------------------------------------------

CLOCK_METHODS = {"now", "utcnow", "today"}
IDENTITY_SOURCES = {"uuid1", "uuid4", "uuid6", "uuid7", "urandom"}
IMPURE_BUILTINS = {"open", "print", "input"}
IMPURE_MODULES = {"time", "random", "secrets"}
OF_CORE = frozenset({"msgspec", "lastseat.core"})
OF_CALENDAR = OF_CORE | {"lastseat.calendar", "lastseat.views", "dateutil", "icalendar"}


def impurities(source: str, path: str, own: frozenset[str] = OF_CORE) -> Iterator[str]:
    """Yield "path:line: what" for each import or reference that pure code may not hold.

    `own` is what it may import besides the standard library.
    """
    tree = ast.parse(source)
    clocks = names_from_datetime(tree)
    for node in ast.walk(tree):
        found: list[str] = []
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names if not importable(alias.name, own)]
            case ast.ImportFrom(module=module, names=names, level=0):
                found = [str(module)] if not importable(str(module), own) else []
                found += [alias.name for alias in names if alias.name in IDENTITY_SOURCES]
            case ast.ImportFrom(level=level) if level > 1:  # one dot stays within the core
                found = ["." * level]
            case ast.Attribute(attr=attr) if attr in IDENTITY_SOURCES:
                found = [attr]
            # A field may be called `now`; what comes from datetime, or is called, is the clock.
            case ast.Attribute(value=value, attr=attr) if attr in CLOCK_METHODS:
                found = [attr] if root_name(value) in clocks else []
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in CLOCK_METHODS:
                found = [attr] if root_name(value) not in clocks else []
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_BUILTINS:
                found = [name]
            case _:
                pass
        yield from (f"{path}:{node.lineno}: {what}" for what in found)  # type: ignore[attr-defined]


def names_from_datetime(tree: ast.Module) -> set[str]:
    """Return the names under which the module and the classes of `datetime` are known in `tree`."""
    bound: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                bound |= {alias.asname or alias.name for alias in names if alias.name == "datetime"}
            case ast.ImportFrom(module="datetime", names=names):
                bound |= {alias.asname or alias.name for alias in names}
            case _:
                pass
    return bound


def root_name(node: ast.expr) -> str:
    """Return `a` of the expression `a.b.c`, or nothing where it starts with no name."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def importable(module: str, own: frozenset[str]) -> bool:
    """Tell whether pure code may import `module`: of `own`, or the pure standard library."""
    if any(module == name or module.startswith(f"{name}.") for name in own):
        return True
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names and top not in IMPURE_MODULES


def test_the_core_reads_no_clock_draws_no_chance_and_imports_only_what_is_pure() -> None:
    assert breaches(CORE, OF_CORE) == []


def test_the_calendar_reads_no_clock_and_imports_only_what_is_pure() -> None:
    assert breaches(CALENDAR, OF_CALENDAR) == []


def breaches(folder: Path, own: frozenset[str]) -> list[str]:
    files = sorted(folder.rglob("*.py"))
    assert files, f"nothing was checked: {folder} has no modules"
    return [
        breach
        for file in files
        for breach in impurities(file.read_text(), file.relative_to(ROOT).as_posix(), own)
    ]


@pytest.mark.parametrize(
    "code",
    [
        "import datetime\nx = datetime.datetime.now(datetime.UTC)",
        "from datetime import datetime as when\nx = when.utcnow()",
        "from datetime import date\nx = date.today()",
        "from datetime import datetime\nread = datetime.now",
        "import time",
        "from time import monotonic",
        "def f():\n    import random",
        "import uuid\nx = uuid.uuid4()",
        "from uuid import uuid4 as new",
        "import psycopg",
        "import lastseat.ledger",
        "from lastseat import engine",
        "from lastseat.corelike import x",
        "from .. import ledger",
        "def f(clock):\n    return clock.now()",
        "x = open('/etc/passwd')",
    ],
)
def test_control_an_impure_core_is_reported(code: str) -> None:
    assert list(impurities(code, "sample.py"))


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import UTC, datetime\nx = datetime(2026, 1, 1, tzinfo=UTC)",
        "from uuid import UUID\nx = UUID(int=1)",
        "import msgspec\nclass A(msgspec.Struct, frozen=True):\n    now: int",
        "from lastseat.core.status import Status",
        "def decide(state, now):\n    return state.at(now)",
        "def f(world):\n    return world.now",
        "from . import status",
    ],
)
def test_control_pure_code_is_not_reported(code: str) -> None:
    assert list(impurities(code, "sample.py")) == []


# The checker's independence -----------------------------------------------------------------------

CHECKER = ROOT / "src" / "lastseat" / "checker"


def borrowed(source: str, path: str) -> Iterator[str]:
    """Yield "path:line: module" for each import of lastseat's that is not the checker's own."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names]
            case ast.ImportFrom(module=module, level=0):
                found = [str(module)]
            case ast.ImportFrom(level=level) if level > 1:  # one dot stays within the checker
                found = ["lastseat"]
            case _:
                continue
        for module in found:
            own = module == "lastseat.checker" or module.startswith("lastseat.checker.")
            if module.partition(".")[0] == "lastseat" and not own:
                yield f"{path}:{node.lineno}: {module}"


def test_the_checker_imports_nothing_of_lastseat() -> None:
    files = sorted(CHECKER.rglob("*.py"))
    assert files, "nothing was checked: the checker has no modules"
    found = [x for file in files for x in borrowed(file.read_text(), file.name)]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "import lastseat",
        "import lastseat.core.booking",
        "from lastseat import open as open_",
        "from lastseat.core.interval import peak_overlap",
        "from .. import core",
        "def f():\n    from lastseat.checkers import x",
    ],
)
def test_control_a_checker_that_borrows_is_reported(code: str) -> None:
    assert list(borrowed(code, "sample.py"))


def test_control_what_is_the_checkers_own_is_not_reported() -> None:
    code = "import msgspec\nfrom lastseat.checker.model import peak\nfrom . import told"
    assert list(borrowed(code, "sample.py")) == []


# What may not be committed -----------------------------------------------------------------------

# Written so that none of these lines matches itself.
LEAKS = {
    "a registry's address": re.compile(
        r"""index[-_]url["']?\s*[=:\s]\s*["']?(?:https?|file):
        | find[-_]links["']?\s*[=:\s]\s*\[?["']?(?:[/~.]|https?:|file:)
        | "(?:resolved|tarball)"\s*:\s*"(?:https?|file):
        | \bpypi\.(?:org|python\.org)\b | \bpythonhosted\.org\b
        | \bregistry\.(?:npmjs|yarnpkg)\.""",
        re.IGNORECASE | re.VERBOSE,
    ),
    "a path of one machine": re.compile(
        r"""(?<![\w.~-])/(?:work/(?:main|shared)|work/\.\w
        |root/\.\w|opt/(?:pypi|wheels)|home/\w+/|Users/\w+/|tmp/bash_jobs)""",
        re.VERBOSE,
    ),
}


def leaks(text: str, path: str) -> Iterator[str]:
    """Yield "path:line: what" for each line that ties the tree to one machine or one registry."""
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in LEAKS.items():
            if pattern.search(line):
                yield f"{path}:{number}: {what}"


def files_git_knows() -> list[Path]:
    """List what is tracked, and what the next `git add` would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout (a source distribution, say): nothing is tracked here")
    files = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [file for file in files if file.is_file()]


def test_no_tracked_file_names_a_registry_or_a_path_of_this_machine() -> None:
    files = files_git_knows()
    assert Path(__file__).resolve() in files, "nothing was checked"
    found = [
        leak
        for file in files
        for leak in leaks(
            file.read_bytes().decode(errors="replace"), file.relative_to(ROOT).as_posix()
        )
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "--index" + "-url https://example.test/simple",
        "extra-index" + "-url = file:///opt/mirror/simple",
        "PIP_INDEX" + "_URL=http://example.test/",
        "--find" + "-links /opt/mirror",
        "find" + "-links = ['./mirror']",
        '      "resolved' + '": "https://example.test/x/-/x-1.0.0.tgz",',
        "https://py" + "pi.org/project/lastseat/",
        "https://files.python" + "hosted.org/packages/x.whl",
        "registry." + "npmjs.org",
        "see /wor" + "k/main/src",
        "'/roo" + "t/.pyenv/versions/3.11.7/bin/python3'",
        "file:///op" + "t/pypi/simple",
        "/hom" + "e/ada/lastseat",
    ],
)
def test_control_a_leak_is_reported(line: str) -> None:
    assert list(leaks(f"one\n{line}\n", "sample.txt"))


@pytest.mark.parametrize(
    "line",
    [
        "--no-emit-index-url --no-emit-find-links \\",
        "the docs of the work/main folder, ~/work and https://example.test/work/main",
        "lastseat keeps its data under /var/lib/lastseat or $XDG_DATA_HOME",
    ],
)
def test_control_ordinary_text_is_not_a_leak(line: str) -> None:
    assert list(leaks(line, "sample.txt")) == []


LOCKED = re.compile(
    r"""[\w.-]+(?:\[[\w,-]+\])?==[\w.+!]+ (?:[ ];[ ][^#:]+?)?
    (?:\s+--hash=sha256:[0-9a-f]{64})+ \s*""",
    re.VERBOSE,
)


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt"])
def test_every_locked_requirement_has_a_version_and_a_hash_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text().replace("\\\n", " ")
    requirements = [
        line for line in text.splitlines() if line and not line.lstrip().startswith("#")
    ]
    assert requirements, "nothing was checked"
    assert [line for line in requirements if not is_locked(line)] == []


def is_locked(requirement: str) -> bool:
    """Tell whether a line is "name==version ; marker --hash=..." and nothing else."""
    return LOCKED.fullmatch(requirement) is not None


@pytest.mark.parametrize(
    "line",
    [
        "msgspec==0.22.0",
        "msgspec>=0.22.0 --hash=sha256:" + "0" * 64,
        "msgspec @ https://example.test/msgspec.whl --hash=sha256:" + "0" * 64,
        "--find" + "-links /opt/mirror",
        "-e .",
    ],
)
def test_control_an_unlocked_requirement_is_reported(line: str) -> None:
    assert not is_locked(line)
