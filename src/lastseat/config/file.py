"""The configuration file: TOML, a key for each variable, `port` for LASTSEAT_PORT.

It is another way to set the environment: whoever reads a variable needs not know where it is from,
and what is in the environment already counts more than the file.
"""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path

CONFIG_VARIABLE = "LASTSEAT_CONFIG"
DEFAULT_FILE = "lastseat.toml"
"""Looked for where the command is called."""

PREFIX = "LASTSEAT_"


class Applied:
    """Which variables of this process are from a file."""

    def __init__(self, environment: MutableMapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self.path: Path | None = None
        self.values: dict[str, str] = {}

    def apply(self, path: Path | None, known: Iterable[str]) -> None:
        """Set what the file says, in place of what a file said before.

        Without a `path` it is that of LASTSEAT_CONFIG, else ./lastseat.toml if that is there.
        Raises `ValueError`, which says what is wrong with it.
        """
        found = path or found_file(self._environment)
        said = read(found, known) if found is not None else {}
        for name in self.values:
            self._environment.pop(name, None)
        self.path = found
        self.values = {name: x for name, x in said.items() if name not in self._environment}
        self._environment.update(self.values)


def found_file(environment: Mapping[str, str]) -> Path | None:
    """The file that holds when none is named."""
    named = environment.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    usual = Path(DEFAULT_FILE)
    return usual if usual.is_file() else None


def key_of(variable: str) -> str:
    """What a variable is called in the file."""
    return variable.removeprefix(PREFIX).lower()


def read(path: Path, known: Iterable[str]) -> dict[str, str]:
    """What the file says, by variable. Raises `ValueError`; no message repeats a value."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        where = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it is no UTF-8"
        raise ValueError(f"{path} is no TOML: {where}") from None
    by_key = {key_of(variable): variable for variable in known}
    found = {}
    for key, value in said.items():
        if key not in by_key:
            near = difflib.get_close_matches(key, by_key, 1)
            hint = f": is it {near[0]}?" if near else "; `lastseat config` lists what there is"
            raise ValueError(f"{path} has {key}, which is no setting{hint}")
        found[by_key[key]] = _text(path, key, value)
    return found


def _text(path: Path, key: str, value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case list() if all(isinstance(x, str) for x in value):
            return " ".join(value)
    raise ValueError(f"{path}: {key} must be a text, a number, true, false or a list of texts")
