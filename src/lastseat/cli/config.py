"""`lastseat config`: which settings are in force, where each is from; and docs/configuration.md.

python -c "from lastseat.cli.config import page; print(page(), end='')" > docs/configuration.md
"""

import json
import os
from typing import Any, NamedTuple

import psycopg
import typer
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from rich.table import Table

from lastseat.cli.configuring import APPLIED, COMMANDS, Config, as_written, options_of
from lastseat.cli.serve import check, tokens
from lastseat.cli.terminal import Json, out
from lastseat.config.environment import VARIABLES, Variable
from lastseat.config.file import key_of
from lastseat.http.settings import ServeSettings

HIDDEN = "***"


class Setting(NamedTuple):
    """One setting as it is in force."""

    key: str
    value: str
    source: str


def config(context: typer.Context, *, as_json: Json = False, _config: Config = None) -> None:
    """Show what is in force, and where each setting is from.

    From an option, the environment, the file, or by default. Options of `lastseat serve` may
    follow, and count as there: `lastseat config --port 9000`. Passwords and secrets are not shown.
    What `serve` would refuse of it is said at the end.
    """
    found, serving = settings(context, context.args)
    if as_json:
        rows = {x.key: {"value": x.value, "from": x.source} for x in found}
        typer.echo(json.dumps({"file": str(APPLIED.path or ""), "settings": rows}, indent=2))
    else:
        _show(found)
    check(
        ServeSettings(
            url="",
            host=serving["host"],
            auth=serving["auth"],
            cors=tuple(serving["cors_origin"] or ()),
            tokens=tokens(),
        )
    )


def _show(found: list[Setting]) -> None:
    if APPLIED.path is not None:
        out.print(f"file: {APPLIED.path.absolute()}")
    table = Table(box=None, pad_edge=False, show_edge=False)
    for column in ("setting", "value", "from"):
        table.add_column(column, overflow="fold")
    for setting in found:
        table.add_row(*setting)
    out.print(table)


def settings(parent: typer.Context, arguments: list[str]) -> tuple[list[Setting], dict[str, Any]]:
    """All of them, as `lastseat serve` with these arguments would have them; and its options."""
    root: Any = parent.find_root().command
    found: dict[str, Setting] = {}
    serving: dict[str, Any] = {}
    for name in COMMANDS:
        command = root.commands[name].loaded()
        given = list(arguments) if name == COMMANDS[0] else []
        with as_written():
            context = command.make_context(name, given, parent=parent)
        with context:
            serving = serving or context.params
            for option in (x for x in command.params if x.envvar):
                variable, value = str(option.envvar), context.params.get(option.name)
                origin = _origin(variable, context.get_parameter_source(option.name).name)
                found.setdefault(
                    variable, Setting(key_of(variable), _said(variable, value), origin)
                )
            flags = {x.opts[0]: context.params.get(x.name) for x in command.params}
            for setting in VARIABLES:
                found.setdefault(setting.name, _of_variable(setting, flags.get(setting.flag)))
    order = [x.name for x in VARIABLES[:2]]
    return [found[x] for x in [*order, *(x for x in found if x not in order)]], serving


def _of_variable(variable: Variable, option: Any) -> Setting:
    text = os.environ.get(variable.name, "")
    came = "ENVIRONMENT" if text else "DEFAULT"
    if option is not None:
        text, came = str(option), "COMMANDLINE"
    shown = _masked(text) if variable.secret and text else text or variable.unset
    return Setting(key_of(variable.name), shown, _origin(variable.name, came))


def _origin(variable: str, came: str) -> str:
    """Where it is from; `came` is the name of click's ParameterSource."""
    match came:
        case "COMMANDLINE":
            return "option"
        case "ENVIRONMENT":
            return "file" if variable in APPLIED.values else f"environment, {variable}"
        case _:
            return "default"


def _said(variable: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return _masked(str(value)) if variable.endswith("_URL") else str(value)


def _masked(text: str) -> str:
    """A connection string without its password; any other secret not at all."""
    try:
        parts = conninfo_to_dict(text)
    except psycopg.ProgrammingError:
        return HIDDEN
    if not parts or ("=" not in text and "://" not in text):
        return HIDDEN
    shown = {k: HIDDEN if k == "password" else str(x) for k, x in parts.items()}
    return make_conninfo("", **shown)


_INTRODUCTION = """\
# Configuration

Every setting, drawn from the commands' own options; a test fails when this page differs. An option
counts more than the environment, that more than the file, that more than the default.
`lastseat config` shows what is in force, and where each is from.

The file is TOML: `--config FILE`, else `LASTSEAT_CONFIG`, else `lastseat.toml` where the command is
called. Its keys are the first column.

```toml
database_url = "postgresql://lastseat@db.internal/lastseat"
host = "10.0.0.5"
workers = 2
cors_origins = ["https://shop.example"]
log_format = "json"
```

The library reads the variables of the database and no file: `lastseat.open` has arguments.
"""


def page() -> str:
    """The page as it has to be."""
    from lastseat.cli.app import command

    header = "| in the file | in the environment | option | default | what |"
    variables = [_line(x.name, x.flag, x.unset, x.means) for x in VARIABLES]
    lines = [header, "|---|---|---|---|---|", *variables[:2]]
    for option in options_of(command()):
        flags = ", ".join([*option.opts, *option.secondary_opts])
        default = getattr(option.default, "value", option.default)
        lines.append(_line(str(option.envvar), flags, _said("", default), option.help or ""))
    lines += variables[2:]
    return _INTRODUCTION + "\n" + "\n".join(lines) + "\n"


def _line(variable: str, flags: str, default: str, means: str) -> str:
    shown = f"`{flags}`" if flags else ""
    return f"| `{key_of(variable)}` | `{variable}` | {shown} | {default} | {means} |"
