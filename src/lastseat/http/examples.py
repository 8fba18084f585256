"""The examples of the OpenAPI document, in one small studio. Values only."""

from typing import Any

BOOKING = "01936b2c-5d1e-7c3a-9f00-3a5c0e6d7b11"
OTHER = "01936b2c-6f02-7b10-8e11-9d2f4c5a6b22"
_MONDAY = {"start": "2026-11-23T17:00:00Z", "end": "2026-11-23T18:00:00Z"}

DEFINED = {"code": "defined", "bookable": "yoga-monday", "created": True}

OCCURRENCE_VIEW: dict[str, Any] = {
    "bookable": "yoga-monday",
    "kind": "occurrence",
    "capacity": 12,
    "overbooked": 0,
    "seq": 5,
    "taken": 4,
    "left": 8,
    "during": _MONDAY,
    "time_zone": "Europe/Berlin",
    "event_id": None,
    "actor_time": "refuse",
    "parts": [],
    "called_off": False,
    "waitlist": "fifo",
    "waiting": 0,
}
RESOURCE_VIEW = {
    **OCCURRENCE_VIEW,
    "bookable": "lane-4",
    "kind": "resource",
    "capacity": 1,
    "taken": 0,
    "left": 0,
    "during": None,
}
EVENT_VIEW = {**RESOURCE_VIEW, "bookable": "yoga", "kind": "event", "capacity": 12}

PLACE = {
    "booking_id": BOOKING,
    "actor": "ann",
    "units": 2,
    "status": "CONFIRMED",
    "version": 1,
    "seat": 1,
    "expires_at": None,
}
OBSERVED = {
    "bookable": "yoga-monday",
    "seq": 5,
    "capacity": 12,
    "during": _MONDAY,
    "roster": [
        {"booking_id": BOOKING, "actor": "ann", "units": 2, "seat": 1, "status": "CONFIRMED"}
    ],
}
ENTRY = {
    "seq": 2,
    "type": "booked",
    "event": {
        "actor_id": "0f0e2c58-2f0e-4d0a-8a52-6a3a9c0f1d33",
        "status": "CONFIRMED",
        "claims": [{"no": 1, "units": 2}],
    },
    "at": "2026-11-20T09:15:02.113Z",
    "principal": "key:5b0d",
    "lead": True,
    "booking_id": BOOKING,
    "version": 1,
}

BOOKED = {
    "code": "booked",
    "booking_id": BOOKING,
    "actor": "ann",
    "seat": 1,
    "units": 2,
    "status": "CONFIRMED",
}
BOOKING_VIEW: dict[str, Any] = {
    "booking_id": BOOKING,
    "actor": "ann",
    "status": "CONFIRMED",
    "version": 1,
    "claims": [{"bookable": "yoga-monday", "units": 2, "during": _MONDAY, "live": True}],
    "created_at": "2026-11-20T09:15:02.113Z",
    "updated_at": "2026-11-20T09:15:02.113Z",
    "expires_at": None,
    "metadata": {"mat": "own"},
    "waiting": None,
}
JOINED = {
    "code": "joined",
    "booking_id": BOOKING,
    "actor": "ann",
    "bookable": "yoga-monday",
    "units": 2,
    "position": 1,
}
WAITING: dict[str, Any] = {
    "bookable": "yoga-monday",
    "units": 2,
    "position": 1,
    "during": _MONDAY,
    "joined_at": "2026-11-20T09:15:02.113Z",
    "awaited": {
        "claims": [{"bookable": "yoga-monday", "units": 2}],
        "on": ["yoga-monday"],
    },
    "booking_id": BOOKING,
    "actor": "ann",
    "version": 1,
}
MOVED = {"code": "moved", "moved": [{"booking_id": BOOKING, "version": 2, "seat": 1}]}


def told(code: str, **more: Any) -> dict[str, Any]:
    """The outcome `code` about the one booking."""
    return {"code": code, "booking_id": BOOKING, "actor": "ann", "version": 2, **more}


_STATE = {
    "status": "CONFIRMED",
    "claims": [{"bookable": "yoga-monday", "units": 2, "during": _MONDAY}],
    "expires_at": None,
}
AUDITED = {
    "version": 2,
    "action": "cancelled",
    "at": "2026-11-21T08:00:00Z",
    "principal": "key:5b0d",
    "before": _STATE,
    "after": {"status": "CANCELLED", "claims": [], "expires_at": None},
    "reason": "ill",
    "fields": [],
    "override": False,
}
