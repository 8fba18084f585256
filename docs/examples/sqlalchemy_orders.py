"""A shop's order and its seat, in one transaction of the shop's own: with SQLAlchemy.

    python sqlalchemy_orders.py "host=/var/run/postgresql dbname=shop"

Lastseat needs the psycopg connection beneath a session; the session still commits.
"""

import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import lastseat

bowling = lastseat.Commands("bowling")


class Base(DeclarativeBase):
    """The shop's tables."""


class Order(Base):
    """What a customer ordered."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str]
    booking_id: Mapped[str] = mapped_column(unique=True)


def order(database: Engine, customer: str, *lanes: lastseat.Claim) -> lastseat.AnyOutcome:
    """Order all of these lanes or none: `booked` with an order, or a refusal and no order."""
    while True:
        try:
            with Session(database) as session, session.begin():
                return order_in(session, customer, *lanes)
        except lastseat.RetryTransaction:
            # Rolled back by session.begin(): the whole transaction goes again.
            continue


def order_in(session: Session, customer: str, *lanes: lastseat.Claim) -> lastseat.AnyOutcome:
    """The same in a session that has a transaction open. Commit soon: others wait for the lanes."""
    (outcome,) = lastseat.execute_in(beneath(session), [bowling.book(lanes, actor=customer)])
    if isinstance(outcome, lastseat.outcomes.Booked):
        session.add(Order(customer=customer, booking_id=outcome.booking_id))
    return outcome


def beneath(session: Session) -> psycopg.Connection[Any]:
    """The psycopg connection that the session's transaction runs on."""
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("use the dialect postgresql+psycopg")
    return connection


def main(conninfo: str) -> list[str]:
    """Sell lanes for an hour; what each order came to."""
    database = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo))
    Base.metadata.create_all(database)
    with lastseat.open(conninfo) as engine:
        for lane in ("lane 1", "lane 2", "lane 3"):
            engine.tenant("bowling").define_resource(lane)
    one, two, three = (evening(f"lane {i}") for i in (1, 2, 3))
    codes: list[str] = [
        order(database, "ann", one).code,
        order(database, "ben", one, two).code,
        order(database, "cy", two, three).code,
    ]
    database.dispose()
    return codes


def evening(lane: str) -> lastseat.Claim:
    """A lane from eight to nine on the first of June."""
    brussels = ZoneInfo("Europe/Brussels")
    return lastseat.Claim(
        bookable=lane,
        start=datetime(2027, 6, 1, 20, tzinfo=brussels),
        end=datetime(2027, 6, 1, 21, tzinfo=brussels),
    )


if __name__ == "__main__":
    sys.stdout.write("\n".join(main(sys.argv[1])) + "\n")
