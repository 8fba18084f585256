"""Two faces, one library: every operation is there by its name on both, with the same arguments."""

import inspect
from typing import Any, get_type_hints

import pytest

import lastseat
from lastseat import AsyncEngine, AsyncTenant, Commands, Engine, Tenant
from lastseat.core import commands as c

OPERATIONS = {
    "define_occurrence", "define_resource", "define_pool", "define_limit", "define_event",
    "change_capacity", "edit_event", "check_in", "check_out", "complete", "no_show", "update",
    "define_composite", "set_rules", "rules", "schedule", "book_series",
    "book", "hold", "confirm", "release", "cancel", "extend", "expire", "move", "move_together",
    "join_waitlist", "position", "waitlist",
    "observe", "book_with_observed", "cancel_with_observed", "append_expect",
    "bookable", "is_booked", "seat_of", "seat_state", "roster", "seats_left", "booking_count",
    "booking", "journal", "execute",
    "busy", "free", "is_free", "conflicts", "next_free", "slots", "agenda", "effective_hours",
    "outside_rules", "suggest",
    "bookings", "bookables", "audit", "booking_journal", "forget",
}  # fmt: skip
"""What MISSION part A names, and what it takes to have something to book."""


def public(cls: type) -> set[str]:
    return {x for part in cls.__mro__[:-1] for x in vars(part) if not x.startswith("_")}


def test_the_operations_are_these() -> None:
    groups = {"catalogue", "reservations", "calendars", "webhooks"}
    assert public(AsyncTenant) - {"tenant_id"} - groups == OPERATIONS


def test_both_faces_have_the_same_operations() -> None:
    # `commands` is an attribute of the one and a property of the other.
    assert public(Tenant) - {"commands"} == public(AsyncTenant)
    assert isinstance(inspect.getattr_static(Tenant, "commands"), property)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_operation_takes_and_returns_the_same_on_both(name: str) -> None:
    waits, awaits = getattr(Tenant, name), getattr(AsyncTenant, name)
    assert inspect.signature(waits) == inspect.signature(awaits)
    assert get_type_hints(waits) == get_type_hints(awaits)
    assert inspect.iscoroutinefunction(awaits)
    assert not inspect.iscoroutinefunction(waits)
    assert inspect.getdoc(awaits)
    assert inspect.getdoc(waits) == inspect.getdoc(awaits)


@pytest.mark.parametrize("name", ["close", "execute", "tenant"])
def test_the_engines_do_too(name: str) -> None:
    waits, awaits = (
        inspect.signature(getattr(Engine, name)),
        inspect.signature(getattr(AsyncEngine, name)),
    )
    assert list(waits.parameters.values()) == list(awaits.parameters.values())


WRITES = sorted(public(Commands))


# The operation `expire` is for all that is overdue, the command for one booking.
@pytest.mark.parametrize("name", [name for name in WRITES if name != "expire"])
def test_every_command_has_its_operation_with_the_same_arguments(name: str) -> None:
    """So `execute_in` can do whatever the faces can, written the same way."""
    command = inspect.signature(getattr(Commands, name)).parameters
    operation = inspect.signature(getattr(Tenant, name)).parameters
    # What was observed: an argument of only some operations.
    there = [x for x in command.values() if x.name != "expected" or x.name in operation]
    assert there == [*operation.values()]


def test_every_command_of_the_core_can_be_made() -> None:
    made = {get_type_hints(getattr(Commands, name))["return"] for name in WRITES}
    # Worked out by `edit_event` from what is there, with a picture of it.
    assert made | {c.EditEvent} == set(c.AnyCommand.__args__)


def test_what_is_exported_exists_and_is_documented() -> None:
    for name in lastseat.__all__:
        exported: Any = getattr(lastseat, name)
        assert inspect.getdoc(exported) or name == "AnyOutcome", name
