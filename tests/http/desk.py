"""A tenant's desk over HTTP: requests in few words. Nothing is judged here."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx

START = "2027-03-01T18:00:00+01:00"
END = "2027-03-01T19:00:00+01:00"


OpenDesk = Callable[..., "Desk"]


class Desk:
    """One caller's requests to the service."""

    def __init__(self, http: httpx.Client, headers: Mapping[str, str]) -> None:
        self._http = http
        self._headers = dict(headers)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        if_match: str | None = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> httpx.Response:
        """One request."""
        sent = {**self._headers, **(headers or {})}
        if key is not None:
            sent["Idempotency-Key"] = key
        if if_match is not None:
            sent["If-Match"] = if_match
        json = {"json": body} if body is not None else {}
        return self._http.request(method, path, headers=sent, params=query or None, **json)

    def raw(self, method: str, path: str, content: bytes, media: str) -> httpx.Response:
        """One request whose body is what it is."""
        sent = {**self._headers, "Content-Type": media}
        return self._http.request(method, path, headers=sent, content=content)

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Read."""
        return self.ask("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """Do."""
        return self.ask("POST", path, body, **more)

    def location(self, name: str = "hall") -> str:
        """A location in Berlin."""
        body = {"location_id": name, "name": name, "time_zone": "Europe/Berlin"}
        made = self.post("/v1/locations", body)
        assert made.status_code == 201, made.text
        return name

    def occurrence(self, name: str = "yoga", capacity: int = 3, **more: Any) -> str:
        """An occurrence on the first of March 2027 at which actors may be elsewhere too."""
        made = self.post(
            "/v1/occurrences",
            {
                "bookable": name,
                "start": START,
                "end": END,
                "capacity": capacity,
                "actor_time": "allow",
                **more,
            },
        )
        assert made.status_code == 201, made.text
        return name

    def resource(self, name: str = "lane", capacity: int = 1, **more: Any) -> str:
        """A resource or a pool."""
        body = {"bookable": name, "capacity": capacity, "actor_time": "allow", **more}
        made = self.post("/v1/resources", body)
        assert made.status_code == 201, made.text
        return name

    def book(self, bookable: str = "yoga", actor: str = "ann", **more: Any) -> str:
        """The id of a booking made."""
        made = self.post("/v1/bookings", {"bookable": bookable, "actor": actor, **more})
        assert made.status_code == 201, made.text
        booking_id: str = made.json()["booking_id"]
        return booking_id

    def version(self, booking_id: str) -> int:
        """A booking's version now."""
        version: int = self.get(f"/v1/bookings/{booking_id}").json()["version"]
        return version


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """The status and the code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found = answer.json()
    assert found["status"] == answer.status_code
    assert found["type"] == f"urn:lastseat:problem:{found['code']}"
    assert found["title"]
    assert found["detail"]
    return answer.status_code, found["code"]


def address(name: str) -> str:
    """An id in a path."""
    return quote(name, safe="")
