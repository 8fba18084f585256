"""`lastseat forget`: erase who an actor is, for good."""

from typing import Annotated

import msgspec
import typer

from lastseat.cli.looking import look
from lastseat.cli.terminal import DataDir, Failure, Json, Url, out


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
    """Forget a person: who they are, how to reach them.

    What was said of them goes, too. Their bookings stay, nameless, and the ledger stays sound. This
    can't be undone, but backups made before still have it.
    """
    if not yes and not typer.confirm(f"Forget {actor!r} of {tenant!r} for good?", err=True):
        raise Failure("nobody was forgotten; --yes answers the question beforehand")
    gone = look(url, data_dir, tenant, lambda found: found.forget(actor))
    if json:
        out.print(msgspec.json.encode(gone).decode())
        return
    counts = msgspec.structs.asdict(gone)
    if not any(counts.values()):
        out.print("there was nothing to forget: it is done already, or nobody was called that")
        return
    out.print(", ".join(f"{name}: {count}" for name, count in counts.items()))
