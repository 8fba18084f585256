"""`lastseat forget`: erase who an actor is, for good."""

import contextlib
from typing import Annotated

import msgspec
import psycopg
import typer

import lastseat
from lastseat.cli.ledger import NO_SCHEMA
from lastseat.cli.terminal import DataDir, Failure, Json, Url, configured, out, reach
from lastseat.embedded import EmbeddedServer


def forget(
    actor: Annotated[
        str, typer.Argument(metavar="ACTOR", help="Who, in the words that bookings named them by.")
    ],
    *,
    tenant: Annotated[str, typer.Option(metavar="ID", help="Whose customer it is.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Forget a person: who they are, how to reach them, what was said of them.

    Their bookings stay, nameless, and the ledger stays sound. This can't be undone, but backups
    made before still have it.
    """
    where = configured(url, data_dir)
    if where.url is None and EmbeddedServer(where.data_dir).status().version is None:
        raise Failure(NO_SCHEMA)
    if not yes and not typer.confirm(f"Forget {actor!r} of {tenant!r} for good?", err=True):
        raise Failure("nobody was forgotten; --yes answers the question beforehand")
    try:
        engine = lastseat.open(reach(url, data_dir), migrate=False)
        with contextlib.closing(engine):
            gone = engine.tenant(tenant).forget(actor)
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        raise Failure(NO_SCHEMA) from None
    if json:
        out.print(msgspec.json.encode(gone).decode())
        return
    counts = msgspec.structs.asdict(gone)
    if not any(counts.values()):
        out.print("there was nothing to forget: it is done already, or nobody was called that")
        return
    out.print(", ".join(f"{name}: {count}" for name, count in counts.items()))
