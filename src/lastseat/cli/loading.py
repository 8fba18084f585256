"""A command that is loaded when it is called: all of them together take a second.

Until then there is its name and the line that `lastseat --help` has of it. typer's own classes are
click's or a copy of them, by its version: hence `Any`.
"""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand

from lastseat.cli.configuring import as_written

PLAIN: Any = {"rich_markup_mode": None, "pretty_exceptions_enable": False, "add_completion": False}
"""Errors are a line, not a box; and a bug's traceback is Python's own."""


class Later(TyperCommand):
    """The command or group `where` ("module:attribute") of this package, under a name."""

    def __init__(self, name: str, where: str, about: str, **settings: Any) -> None:
        super().__init__(name, short_help=about, context_settings=settings)
        self._where = where

    def loaded(self) -> Any:
        """The command itself, with its options."""
        module, _, attribute = self._where.partition(":")
        found = getattr(import_module(f"lastseat.cli.{module}"), attribute)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(**PLAIN)
            alone.command(self.name, context_settings=dict(self.context_settings))(found)
            found = alone
        return typer.main.get_command(found)

    def make_context(self, *args: Any, **options: Any) -> Any:
        """What a group asks of the command that is called: the loaded one's."""
        with as_written():
            return self.loaded().make_context(*args, **options)
