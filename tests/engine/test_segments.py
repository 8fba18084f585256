"""Which commands of one call or batch share a transaction."""

from lastseat.core.commands import AnyCommand, Book, BookingId, Claim, EditEvent, Move, Relocation
from lastseat.engine.executor import segments
from lastseat.engine.ids import new_id
from lastseat.engine.requests import Ticket


def sizes(*commands: AnyCommand) -> list[int]:
    return [len(part) for part in segments([Ticket(command) for command in commands])]


def book(booking_id: str) -> Book:
    claims = (Claim(bookable="gala"),)
    return Book(
        tenant_id="t", command_id=new_id(), booking_id=booking_id, actor="ann", claims=claims
    )


def move(booking_id: str) -> Move:
    moves = (Relocation(target=BookingId(booking_id), claims=(Claim(bookable="ball"),)),)
    return Move(tenant_id="t", command_id=new_id(), moves=moves)


def edit(event: str) -> EditEvent:
    return EditEvent(tenant_id="t", command_id=new_id(), event=event, capacity=2)


def test_a_move_of_what_is_booked_in_the_same_breath_goes_after_it() -> None:
    mine, other = new_id(), new_id()
    assert sizes(book(mine), move(other), move(mine), move(mine)) == [2, 2]


def test_each_edit_is_the_last_of_its_transaction() -> None:
    # How many bookings are read for edits is bounded once a transaction, by what one may touch.
    assert sizes(book(new_id()), edit("yoga"), edit("boxing"), book(new_id())) == [2, 1, 1]
