"""The curl commands that a demonstration ends with, each as it can be pasted, on what it made."""

from urllib.parse import quote

from lastseat.demo.story import Told


def tour(told: Told, url: str) -> list[str]:
    """The lines of a shell, in order: who asks, a look, a refusal, a seat that changes hands."""
    occurrence = told.goal.occurrence
    here = f"$LASTSEAT/v1/occurrences/{quote(occurrence, safe='@:')}"
    bookings = "$LASTSEAT/v1/bookings"
    you, seated = _taking(occurrence, "you"), _taking(occurrence, told.seated)
    ask = 'curl -s -H "Authorization: Bearer $KEY"'
    return [
        f"export LASTSEAT={url} KEY={told.key}",
        f"{ask} {here}/seats-left",
        f'{ask} "{here}/roster?limit=3"',
        f"{ask} {bookings} --json '{you}'",
        f"{ask} {bookings}/cancel --json '{seated}'",
        f"{ask} {bookings} -H 'Idempotency-Key: tap-1' --json '{you}'",
        f'{ask} "{here}/journal?limit=2"',
    ]


def _taking(occurrence: str, actor: str) -> str:
    return f'{{"bookable": "{occurrence}", "actor": "{actor}"}}'
