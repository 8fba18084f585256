"""A shop's order and its seat, in one transaction of the shop's own: with Django.

    python django_orders.py "host=/var/run/postgresql dbname=shop"

The hold and the order to be paid are both there after the commit, or neither is.
"""

import sys

import django
from django.conf import settings
from django.db import connection, models, transaction
from psycopg.conninfo import conninfo_to_dict

import lastseat

# A project has these in its settings module.
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"}}, USE_TZ=True)
django.setup()

SHOW = "show@2027-06-01T20:00"
theatre = lastseat.Commands("theatre")


class Order(models.Model):
    """What a customer ordered and has to pay in time."""

    customer = models.TextField()
    booking_id = models.UUIDField(unique=True)
    pay_before = models.DateTimeField()

    class Meta:
        """A project's app has its own name by itself."""

        app_label = "shop"


def order(customer: str) -> lastseat.AnyOutcome:
    """Order one seat: `held` with an order to be paid, or a refusal and no order."""
    while True:
        try:
            with transaction.atomic():
                return order_in(customer)
        except lastseat.RetryTransaction:
            # Rolled back by atomic(): the whole transaction goes again.
            continue


def order_in(customer: str) -> lastseat.AnyOutcome:
    """The same in a transaction that is open already. Commit soon: others wait for the seat."""
    hold = theatre.hold(SHOW, actor=customer, seconds=600)
    # psycopg's own connection is inside Django's.
    (outcome,) = lastseat.execute_in(connection.connection, [hold])
    if isinstance(outcome, lastseat.outcomes.Held):
        Order.objects.create(
            customer=customer, booking_id=outcome.booking_id, pay_before=outcome.expires_at
        )
    return outcome


def main(conninfo: str) -> list[str]:
    """Sell two seats of a show to three customers; what each order came to."""
    where = conninfo_to_dict(conninfo)
    connection.settings_dict.update(
        NAME=where["dbname"],
        USER=where.get("user", ""),
        PASSWORD=where.get("password", ""),
        HOST=where.get("host", ""),
        PORT=where.get("port", ""),
    )
    with connection.schema_editor() as schema:
        schema.create_model(Order)
    with lastseat.open(conninfo) as engine:
        engine.tenant("theatre").define_event(
            "show",
            starts=["2027-06-01T20:00"],
            duration=2 * 60 * 60,
            time_zone="Europe/Brussels",
            capacity=2,
        )
    return [order(customer).code for customer in ("ann", "ben", "cy")]


if __name__ == "__main__":
    sys.stdout.write("\n".join(main(sys.argv[1])) + "\n")
