"""The statements that write what is personal: in rows of their own, which can be erased (H5)."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct, field

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.engine.requests import Answer, Statement, Ticket
from lastseat.ledger.sql import array


class Personal(Struct):
    """What a batch's commands say that the journal does not: the last word of each wins."""

    notes: dict[str, str] = field(default_factory=dict)
    """Commands to their reasons."""
    metadata: dict[str, str] = field(default_factory=dict)
    """Bookings to their metadata as JSON."""
    contacts: dict[str, c.Contact] = field(default_factory=dict)
    """Bookings to whoever they are for."""
    bookables: dict[str, c.Define] = field(default_factory=dict)
    """Bookables with a name or attributes to the commands that defined them."""


def personal_statements(
    tenant_id: str,
    answered: Iterable[tuple[Ticket, Answer]],
    written: Iterable[tuple[str, str]],
) -> list[Statement]:
    """What is there to write for commands that changed something: those of `written`, by id."""
    said = _said(answered, {command_id for command_id, _ in written})
    tenant = {"tenant": tenant_id}
    statements: list[Statement] = []
    if said.metadata:
        params = {
            "bookings": array(list(said.metadata)),
            "metadata": array(list(said.metadata.values())),
        }
        statements.append(Statement("save_details", tenant | params))
    if said.contacts:
        people = said.contacts.values()
        params = {
            "bookings": array(list(said.contacts)),
            "names": array([x.name for x in people]),
            "emails": array([x.email for x in people]),
            "phones": array([x.phone for x in people]),
        }
        statements.append(Statement("save_contacts", tenant | params))
    if said.bookables:
        statements.append(_bookables(tenant_id, list(said.bookables.values())))
    if said.notes:
        # Not `array`: a reason may have line breaks, which an array literal has no escape for.
        reasons = msgspec.json.encode(list(said.notes.values())).decode()
        params = {"commands": array(list(said.notes)), "reasons": reasons}
        statements.append(Statement("add_notes", tenant | params))
    return statements


def _said(answered: Iterable[tuple[Ticket, Answer]], written: set[str]) -> Personal:
    said = Personal()
    for ticket, answer in answered:
        command = ticket.command
        # What changed nothing has no entry that a note could be about.
        if answer.replayed or command.command_id not in written:
            continue
        if command.reason:
            said.notes[command.command_id] = command.reason
        if isinstance(command, c.Making):
            if command.metadata is None and command.contact is None:
                continue
            _of_bookings(said, command, booked_by(answer.outcome))
        elif isinstance(command, c.Confirm | c.Update):
            _of_booking(said, command, answer.outcome)
        elif isinstance(command, c.Define) and (command.name or command.attributes):
            said.bookables[command.bookable] = command
    return said


def booked_by(outcome: o.AnyOutcome) -> list[str]:
    """The bookings that an outcome says were made."""
    report = outcome.report if isinstance(outcome, o.SeriesBooked) else (outcome,)
    return [x.booking_id for x in report if isinstance(x, o.Booked | o.Held | o.Joined)]


def _of_bookings(said: Personal, command: c.Making, made: list[str]) -> None:
    for booking_id in made:
        if command.metadata:
            said.metadata[booking_id] = c.metadata_json(command.metadata)
        if command.contact is not None:
            said.contacts[booking_id] = command.contact


def _of_booking(said: Personal, command: c.Confirm | c.Update, outcome: o.AnyOutcome) -> None:
    """What is added to a booking that is there: it may have been named by its seat."""
    assert isinstance(outcome, o.Confirmed | o.Updated)
    if isinstance(command, c.Update) and command.metadata is not None:
        said.metadata[outcome.booking_id] = c.metadata_json(command.metadata)
    if command.contact is not None:
        before = said.contacts.get(outcome.booking_id, c.Contact())
        said.contacts[outcome.booking_id] = _over(before, command.contact)


def _over(before: c.Contact, after: c.Contact) -> c.Contact:
    """Each part as it was given last. One statement can't write a row twice."""
    parts = {
        part: getattr(before if getattr(after, part) is None else after, part)
        for part in c.Contact.__struct_fields__
    }
    return c.Contact(**parts)


def _bookables(tenant_id: str, defined: Sequence[c.Define]) -> Statement:
    params = {
        "bookables": array([x.bookable for x in defined]),
        "names": array([x.name for x in defined]),
        "attributes": array(
            [c.metadata_json(x.attributes) if x.attributes else None for x in defined]
        ),
    }
    return Statement("save_bookable_details", {"tenant": tenant_id} | params)
