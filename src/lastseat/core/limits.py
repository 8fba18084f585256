"""Bounds on what one command may ask for. Whatever is outside them is refused as `invalid`.

The bounds keep a single command from holding a lock for long or writing without end; they are far
from what a venue needs. Change them here only: validation, docs and tests read these names.
"""

from datetime import UTC, datetime, timedelta

NAME_LENGTH = 200
"""Characters in an id, a reference or a key."""

TEXT_LENGTH = 2_000
"""Characters in a free text such as the reason of an override."""

METADATA_BYTES = 16_384
"""Bytes of a booking's metadata, or of a bookable's attributes, as JSON."""

EMAIL_LENGTH = 254
"""Characters in an e-mail address (RFC 5321 leaves no room for more)."""

PHONE_LENGTH = 40
"""Characters in a phone number."""

WAITING = 1_000
"""Bookings that wait in one line: all of them are read when something comes free."""

WAITING_OF_ACTOR = 10
"""Bookings of one actor that wait in one line, each for another time."""

UNITS = 100_000
"""Units of one claim."""

CAPACITY = 1_000_000
"""Capacity of one bookable."""

CLAIMS = 100
"""Claims of one booking, those picked for its choices included; a composite is its parts."""

CANDIDATES = 64
"""Bookables that the choices of one booking pick from: all of them are locked."""

CANDIDATE_CLAIMS = 500
"""Claims that all these come to, where they are composites."""

PARTS = 50
"""Parts of one composite, when each composite among them stands for its own."""

DATES = 400
"""Dates of one series."""

SERIES_CLAIMS = 5_000
"""Claims and candidates of all dates of one series; a composite is its parts."""

MOVES = 50
"""Bookings relocated by one `move`."""

STARTS = 5_000
"""Starts listed by one event."""

FOLLOWERS = 50_000
"""Occurrences of one event that an edit of it goes through."""

EDITED_BOOKINGS = 2_000
"""Bookings that one edit of an event moves or cancels: all that they claim is locked."""

SCHEDULE_BYTES = 524_288
"""Bytes of an event's schedule as JSON."""

RULES_BYTES = 262_144
"""Bytes of one owner's rules as JSON."""

FACTS = 100
"""Facts appended by one `append_expect`."""

STREAMS = 100
"""Streams touched or expected by one command."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Times a claim, an occurrence or a hold may touch, UTC."""

LONGEST = timedelta(days=400)
"""The longest interval of one claim or occurrence, buffers included."""

BUFFER_SECONDS = 7 * 24 * 3600
"""The longest buffer before or after a claim, in seconds."""

HOLD_SECONDS = 15 * 60
"""How long a hold lasts unless told otherwise, in seconds (A9)."""

HOLD_LIMIT_SECONDS = 60 * 60
"""How long after it was made a hold can be extended to, unless told otherwise, in seconds (A9)."""

LONGEST_HOLD_SECONDS = 30 * 24 * 3600
"""The longest hold, and the longest limit of a hold, in seconds."""

CLOCK_TOLERANCE = timedelta(seconds=5)
"""How far the clock may lie behind a stream's last entry before decisions are refused."""
