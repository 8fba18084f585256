"""`lastseat check-history`: what a recorded run proves, or what was violated in it."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from lastseat.checker import Verdict, check
from lastseat.cli.terminal import Failure, Json, err, out


def check_history(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A run's history.jsonl.")],
    *,
    json: Json = False,
) -> None:
    """Prove a recorded run sound: nothing oversold, lost or twice.

    Compares what clients were told with the ledger as it was found, by a model of its own. Exit
    code 1 if anything is wrong.
    """
    try:
        verdict = check(file)
    except OSError as error:
        raise Failure(f"{file} can't be read: {error.strerror}") from None
    if json:
        answer = {"clean": verdict.clean, **msgspec.to_builtins(verdict)}
        out.print(msgspec.json.encode(answer).decode())
    else:
        _print(verdict)
    raise typer.Exit(0 if verdict.clean else 1)


def _print(verdict: Verdict) -> None:
    for found in verdict.violations:
        where = f"{found.tenant}: " if found.tenant else ""
        out.print(f"{found.property}: {where}{found.what}")
    total = sum(verdict.counts.values())
    if total > len(verdict.violations):
        out.print(f"and {total - len(verdict.violations)} more")
    faults = sum(verdict.faults.values())
    err.print(f"checked {verdict.operations} operations, {verdict.rows} entries, {faults} faults")
    if verdict.clean:
        out.print("clean: every answer is what the journal says, and nothing is oversold")
    else:
        counts = ", ".join(f"{count} {word}" for word, count in sorted(verdict.counts.items()))
        out.print(f"violated: {counts}", style="bold red")
