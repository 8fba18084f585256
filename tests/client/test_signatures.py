"""The client has the library's operations, with the same names, arguments and answers."""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

import lastseat
import lastseat.client
from lastseat import catalogue, core, http, library, reads, views
from lastseat.client import AsyncClient, Client, Commands
from lastseat.library.synchronous.groups import Catalogue

PAGING = {"after", "after_seat", "after_version", "limit", "cursor"}
"""How the library is told where a page begins. The client's iterators know by themselves."""

LISTS = {
    "bookables", "bookings", "roster", "journal", "audit", "booking_journal",
    "busy", "conflicts", "free", "slots", "agenda", "waitlist",
}  # fmt: skip

ELSEWHERE = {
    # Over HTTP a limit is a service's, and comes with it.
    "define_limit",
    # Of an engine in the same process.
    "engine", "tenant_id", "commands", "execute",
    # Without the property between: `client.create_location`, `client.reserve`; see below.
    "catalogue", "reservations", "calendars", "webhooks",
}  # fmt: skip


def public(cls: type) -> set[str]:
    """Its names, those it inherits too."""
    return {name for name in dir(cls) if not name.startswith("_")}


def parameters(operation: Any) -> dict[str, inspect.Parameter]:
    """What is passed by whoever calls it."""
    found = dict(inspect.signature(operation).parameters)
    del found["self"]
    return found


OPERATIONS = sorted(public(lastseat.Tenant) - ELSEWHERE)


def test_no_operation_of_the_library_is_missing() -> None:
    assert set(OPERATIONS) <= public(Client)


def test_both_faces_have_every_call_as_an_operation() -> None:
    ours = public(Commands)
    assert public(Client) == public(AsyncClient) == ours | {"close", "execute"}


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - LISTS))
def test_an_operation_takes_what_the_librarys_does(name: str) -> None:
    library, client = getattr(lastseat.Tenant, name), getattr(Client, name)
    assert parameters(client) == parameters(library)


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) & LISTS))
def test_a_list_takes_what_the_librarys_does_but_how_to_page(name: str) -> None:
    library, client = parameters(getattr(lastseat.Tenant, name)), parameters(getattr(Client, name))
    for paging in PAGING:
        library.pop(paging, None)
    assert client.pop("page_size").default == 100
    assert client == library


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - LISTS))
def test_it_answers_what_the_librarys_does(name: str) -> None:
    library = get_type_hints(getattr(lastseat.Tenant, name))["return"]
    client = inspect.signature(getattr(Client, name)).return_annotation
    assert client == library


@pytest.mark.parametrize("name", sorted(public(Commands)))
def test_an_operation_is_the_same_on_both_faces(name: str) -> None:
    waits, awaits = getattr(Client, name), getattr(AsyncClient, name)
    assert parameters(waits) == parameters(awaits) == parameters(getattr(Commands, name))
    assert inspect.getdoc(waits)
    is_list = inspect.isgeneratorfunction(waits)
    assert inspect.isasyncgenfunction(awaits) if is_list else inspect.iscoroutinefunction(awaits)
    answers = [inspect.signature(x).return_annotation for x in (waits, awaits)]
    if is_list:
        answers = [get_args(x)[0] for x in answers]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("name", sorted(public(Catalogue)))
def test_an_operation_of_the_catalogue_takes_what_the_librarys_does(name: str) -> None:
    library, client = parameters(getattr(Catalogue, name)), parameters(getattr(Client, name))
    if name in {"locations", "services"}:
        library.pop("after")
        library.pop("limit")
        client.pop("page_size")
    assert client == library


OWN = {
    "EventView": "the library plans edits on it; the service tells the schedule alone",
    "Suggestions": "the service has what is to be sent back, the client what is to be booked",
}
"""Structs of the client that have the name of one elsewhere, and why there are two."""


def structs(package: ModuleType) -> set[str]:
    """The structs that a package's modules define."""
    found: set[str] = set()
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        module = importlib.import_module(info.name)
        found |= {
            name
            for name, kind in vars(module).items()
            if isinstance(kind, type)
            and issubclass(kind, msgspec.Struct)
            and kind.__module__ == info.name
        }
    return found


def test_what_is_the_same_is_defined_once() -> None:
    elsewhere = set[str]().union(
        *(structs(x) for x in (views, core, reads, catalogue, library, http))
    )
    assert len(structs(views)) > 40
    assert structs(lastseat.client) & elsewhere == set(OWN)


def test_what_is_exported_is_documented() -> None:
    for name in lastseat.client.__all__:
        assert inspect.getdoc(getattr(lastseat.client, name)), name
