"""The words of problems: a status, a title and a sentence on how to go on, for each name.

Values only. A refusal's own fields say what it is about; the sentence here says what to do.
"""

from lastseat.core.outcomes import Code

STATUS: dict[Code, int] = {
    Code.OVERLOADED: 503,
    Code.INVALID: 400,
    Code.KEY_REUSED: 422,
    Code.CONFLICT: 409,
    Code.UNKNOWN_BOOKING: 404,
    Code.ALREADY_DEFINED: 409,
    Code.NOT_BOOKED: 409,
    Code.HOLD_EXPIRED: 409,
    Code.NOT_HELD: 409,
    Code.NOT_EXPIRED: 409,
    Code.WRONG_STATUS: 409,
    Code.TOO_EARLY: 409,
    Code.UNKNOWN_BOOKABLE: 404,
    Code.ALREADY: 409,
    Code.ALREADY_WAITING: 409,
    Code.WAITLIST_CLOSED: 409,
    Code.WAITLIST_FULL: 409,
    Code.EXTEND_LIMIT: 409,
    Code.BELOW_TAKEN: 409,
    Code.WOULD_AFFECT: 409,
    Code.NOT_BOOKABLE: 409,
    Code.FULL: 409,
    Code.SERIES_REFUSED: 409,
    Code.ACTOR_BUSY: 409,
    Code.CLOCK_BEHIND: 503,
}
"""The HTTP status of each refusal."""

_WORDS: dict[str, tuple[str, str]] = {
    # The engine's refusals
    "overloaded": (
        "Too much is waiting",
        "Nothing was done. Send the request again after Retry-After seconds.",
    ),
    "invalid": ("The request can't be taken", "Nothing was done. Mend `field` as `reason` says."),
    "key_reused": (
        "The idempotency key was used for another request",
        "Nothing was done. Draw a new key for a new request.",
    ),
    "conflict": (
        "Somebody was faster",
        "Nothing was done. Look at what is there now, and decide again.",
    ),
    "unknown_booking": ("There is no such booking", "The tenant has no booking of that id."),
    "already_defined": (
        "It exists with another definition",
        "Nothing was changed. `field` is the first that differs; choose another id.",
    ),
    "not_booked": (
        "There is no live booking",
        "It was never made, was cancelled before, or has expired. Nothing is left to do.",
    ),
    "hold_expired": ("The hold has run out", "The place may be gone: hold or book again."),
    "not_held": (
        "The booking is not a hold",
        "It can't be released or extended; to give up its place, cancel it.",
    ),
    "not_expired": ("The hold has not run out", "It counts until `expires_at`."),
    "wrong_status": (
        "The booking's status does not allow that",
        "A booking that is `booking_status` can't become what was wanted.",
    ),
    "unknown_bookable": (
        "There is no such bookable",
        "The tenant has nothing of that id; define it first.",
    ),
    "already": (
        "The actor has a place already",
        "Nobody sits twice: the booking that is there is `booking_id`.",
    ),
    "already_waiting": (
        "The actor waits there already",
        "Nobody stands in a line twice for one time: the booking that waits is `booking_id`.",
    ),
    "waitlist_closed": (
        "Nobody can wait for that",
        "`reason` says why. Choose another time, such as one of `suggested_slots`.",
    ),
    "waitlist_full": (
        "As many wait there as may",
        "No more than `limit` bookings wait, of one actor or in all. Choose another time.",
    ),
    "extend_limit": (
        "The hold can't last that long",
        "It can be extended until `limit_at`; confirm it by then.",
    ),
    "below_taken": (
        "More than that is taken",
        "Cancel or move bookings first, or override it with a reason.",
    ),
    "would_affect": (
        "Booked occurrences would be affected",
        (
            "Nothing was done. `affected` are the occurrences; say what is to become of them with"
            " `on_moved`, `on_dropped` and `on_overbooked`."
        ),
    ),
    "not_bookable": (
        "It can't be booked at that time",
        (
            "`rule` of `owner` says no; `open`, `limit`, `seconds` or `reason` say what would do."
            " Choose another time, such as one of `suggested_slots`."
        ),
    ),
    "series_refused": (
        "Too few dates of the series can be had",
        (
            "Nothing was booked. `report` has what each date came to; choose other dates, or"
            " another policy."
        ),
    ),
    "full": (
        "There are not enough places left",
        "`left` units are; take fewer, or another time, or wait if `can_join_waitlist`.",
    ),
    "actor_busy": (
        "The actor has another booking at that time",
        "The booking in the way is `booking_id`.",
    ),
    "too_early": ("It is too early for that", "Try again at `not_before`, not sooner."),
    "clock_behind": (
        "The database's clock is behind",
        "Nothing was done, since expiry would be wrong. Mend the clock.",
    ),
    # The service's own
    "unauthorized": (
        "The credential is missing or not valid",
        "Send `Authorization: Bearer` with a key or a signed token that is in force.",
    ),
    "forbidden": ("That is not allowed", "None of the caller's roles may do this."),
    "not_found": ("There is nothing at that address", "See /openapi.json for what there is."),
    "unknown": ("There is nothing of that id", "The tenant has nothing of that id."),
    "method_not_allowed": (
        "The address does not know that method",
        "The header Allow lists those it knows.",
    ),
    "not_acceptable": (
        "The answer can't have that form",
        "Answers are JSON: send `Accept: application/json`, or no Accept.",
    ),
    "unsupported_media_type": (
        "The body is not in a form that is understood",
        "Send JSON, with `Content-Type: application/json`.",
    ),
    "too_large": ("The body is too large", "Nothing was done. Send less at once."),
    "too_many_requests": (
        "The key's rate is used up",
        "Nothing was done. Try again after Retry-After seconds.",
    ),
    "internal": (
        "Something went wrong here",
        "The fault is the server's. Its log has more under `incident`.",
    ),
    "unavailable": (
        "The database can't be reached",
        "Nothing was done. Send the request again after Retry-After seconds.",
    ),
    "outcome_unknown": (
        "The answer was lost",
        (
            "The connection to the database broke during the commit. Send the same request with the"
            " same Idempotency-Key again: it is done once in any case."
        ),
    ),
}

TITLE = {name: title for name, (title, _) in _WORDS.items()}
"""A problem's `title`: the same for each problem of a name."""

DETAIL = {name: detail for name, (_, detail) in _WORDS.items()}
"""A problem's `detail`: how to go on."""
