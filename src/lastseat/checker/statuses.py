"""The life of a booking as the checker knows it: which journal type may follow which status."""

FREED = frozenset({"CANCELLED", "EXPIRED", "REJECTED"})
"""A booking in one of these holds nothing."""

MADE = frozenset({"HELD", "RESERVED", "CONFIRMED"})
"""What a booking can be made as."""

BECOMES: dict[str, tuple[str, frozenset[str]]] = {
    "offered": ("HELD", frozenset({"WAITLISTED"})),
    "confirmed": ("CONFIRMED", frozenset({"HELD", "RESERVED", "PENDING_APPROVAL"})),
    "released": ("CANCELLED", frozenset({"HELD"})),
    "cancelled": (
        "CANCELLED",
        frozenset(
            {"WAITLISTED", "HELD", "PENDING_APPROVAL", "RESERVED", "CONFIRMED", "CHECKED_IN"}
        ),
    ),
    "expired": ("EXPIRED", frozenset({"WAITLISTED", "HELD", "PENDING_APPROVAL"})),
    "checked_in": ("CHECKED_IN", frozenset({"RESERVED", "CONFIRMED", "NO_SHOW"})),
    "checked_out": ("COMPLETED", frozenset({"CHECKED_IN"})),
    "completed": ("COMPLETED", frozenset({"CHECKED_IN"})),
    "no_show": ("NO_SHOW", frozenset({"RESERVED", "CONFIRMED"})),
}
"""For each type: what the booking becomes, and from what."""

STAYS = {
    "extended": frozenset({"HELD"}),
    "moved": frozenset({"HELD", "PENDING_APPROVAL", "RESERVED", "CONFIRMED"}),
    "updated": frozenset(
        {
            "WAITLISTED",
            "HELD",
            "PENDING_APPROVAL",
            "RESERVED",
            "CONFIRMED",
            "CHECKED_IN",
            "COMPLETED",
            "NO_SHOW",
        }
    ),
}
"""For each type that leaves the status alone: where it may be."""

KIND_OF_TYPE = {
    "confirmed": "confirm",
    "extended": "extend",
    "moved": "move",
    "released": "release",
    "cancelled": "cancel",
    "expired": "expire",
    "checked_in": "check_in",
    "checked_out": "check_out",
    "completed": "complete",
    "no_show": "no_show",
    "updated": "update",
}
"""The operation that writes a type about one booking."""

FREES = frozenset({"released", "cancelled", "expired"})
"""The types after which a booking holds nothing on the stream."""


def before(name: str) -> frozenset[str]:
    """The statuses that a row of this type may follow."""
    return BECOMES[name][1] if name in BECOMES else STAYS.get(name, frozenset())
