"""A few bookables in few words, made over HTTP."""

from tests.library.venue import at

from lastseat.client import Client


def occurrence(client: Client, name: str, capacity: int = 3) -> None:
    """An occurrence that actors may book whatever else they do."""
    made = client.define_occurrence(
        name, start=at(0), end=at(60), capacity=capacity, actor_time="allow"
    )
    assert made.ok, made
