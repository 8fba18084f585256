"""A shop's order and its seat, in one transaction of the shop's own: with psycopg.

    python plain_psycopg.py "host=/var/run/postgresql dbname=shop"

Either both are there after the commit, or neither is.
"""

import sys

import psycopg

import lastseat

TABLE = """
CREATE TABLE IF NOT EXISTS orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer text NOT NULL,
    booking_id uuid NOT NULL UNIQUE
)
"""
SHOW = "show@2027-06-01T20:00"
theatre = lastseat.Commands("theatre")


def order(conninfo: str, customer: str) -> lastseat.AnyOutcome:
    """Order one seat: `booked` with an order of it, or a refusal and no order."""
    while True:
        try:
            # The block commits at its end, and rolls back when anything is raised in it.
            with psycopg.connect(conninfo) as connection:
                return order_in(connection, customer)
        except lastseat.RetryTransaction:
            # Somebody else was at it at the same moment: the whole transaction goes again.
            continue


def order_in(connection: psycopg.Connection, customer: str) -> lastseat.AnyOutcome:
    """The same in a transaction that is open already. Commit soon: others wait for the seat."""
    (outcome,) = lastseat.execute_in(connection, [theatre.book(SHOW, actor=customer)])
    if isinstance(outcome, lastseat.outcomes.Booked):
        connection.execute(
            "INSERT INTO orders (customer, booking_id) VALUES (%s, %s)",
            [customer, outcome.booking_id],
        )
    return outcome


def main(conninfo: str) -> list[str]:
    """Sell two seats of a show to three customers; what each order came to."""
    with psycopg.connect(conninfo) as connection:
        connection.execute(TABLE)
    with lastseat.open(conninfo) as engine:
        engine.tenant("theatre").define_event(
            "show",
            starts=["2027-06-01T20:00"],
            duration=2 * 60 * 60,
            time_zone="Europe/Brussels",
            capacity=2,
        )
    return [order(conninfo, customer).code for customer in ("ann", "ben", "cy")]


if __name__ == "__main__":
    sys.stdout.write("\n".join(main(sys.argv[1])) + "\n")
