"""The calls about iCalendar: imported, exported, given out as feeds (MISSION B7).

To the library these are `tenant.calendars`.
"""

from datetime import datetime

from lastseat.client.call import Call, read, write
from lastseat.client.looking import PAGE_SIZE
from lastseat.core.outcomes import Refusal
from lastseat.views.calendars import Calendar, Feed, ImportReport, MadeFeed
from lastseat.views.page import Page


class Calendars:
    """Calendars and feeds."""

    def import_ics(
        self,
        calendar_id: str,
        data: bytes | str | None = None,
        *,
        url: str | None = None,
        into: str,
        as_: str = "events",
        capacity: int = 1,
        vanished: str = "report",
        moved: str = "ask",
        dropped: str = "ask",
        key: str | None = None,
    ) -> Call[ImportReport | Refusal]:
        """Import an .ics file, or what is at `url`; again, it changes what has changed.

        `as_` "events" makes events `into` a `location:<id>`; "blocks" makes times in which nothing
        can be booked, of a `resource:<id>` or a `location:<id>`. What is no longer in the file is
        reported, or with `vanished` "cancel" called off; `moved` and `dropped` say what becomes of
        bookings that a change affects.
        """
        body = {
            "calendar_id": calendar_id,
            "ics": _text(data) if isinstance(data, bytes) else data,
            "url": url,
            "into": into,
            "as": as_,
            "capacity": capacity,
            "vanished": vanished,
            "moved": moved,
            "dropped": dropped,
        }
        return write("POST", ImportReport, "v1", "calendars", body=body, key=key)

    def refresh_calendar(
        self, calendar_id: str, *, key: str | None = None
    ) -> Call[ImportReport | Refusal]:
        """Import a calendar again from its address, if there is anything new."""
        return write(
            "POST", ImportReport, "v1", "calendars", calendar_id, "refresh", body={}, key=key
        )

    def calendar(self, calendar_id: str) -> Call[Calendar]:
        """How a calendar is imported and what it came to last. Raises `NotFound`."""
        return read(Calendar, "v1", "calendars", calendar_id)

    def calendars(self, *, page_size: int = PAGE_SIZE) -> Call[Page[Calendar]]:
        """The calendars by id."""
        return read(Page[Calendar], "v1", "calendars", query={"limit": page_size})

    def remove_calendar(
        self, calendar_id: str, *, key: str | None = None
    ) -> Call[Calendar | Refusal]:
        """Forget a calendar. What was made of its items stays."""
        return write("DELETE", Calendar, "v1", "calendars", calendar_id, body={}, key=key)

    def export_calendar(
        self,
        of: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        redacted: bool = False,
    ) -> Call[bytes]:
        """The .ics file of an `event:<id>`, `resource:<id>`, `location:<id>` or `actor:<id>`."""
        query = {"of": of, "start": start, "end": end, "redacted": redacted}
        return read(bytes, "v1", "calendar", query=query)

    def create_feed(
        self, of: str, *, redacted: bool = True, key: str | None = None
    ) -> Call[MadeFeed | Refusal]:
        """Give out an address under which a calendar can be read by whoever has it."""
        body = {"of": of, "redacted": redacted}
        return write("POST", MadeFeed, "v1", "feeds", body=body, key=key)

    def feeds(self, *, page_size: int = PAGE_SIZE) -> Call[Page[Feed]]:
        """The feeds by id."""
        return read(Page[Feed], "v1", "feeds", query={"limit": page_size})

    def change_feed(self, feed_id: str, *, key: str | None = None) -> Call[MadeFeed | Refusal]:
        """Give a feed another secret: its old address is unknown from here on."""
        return write("POST", MadeFeed, "v1", "feeds", feed_id, "secret", body={}, key=key)

    def revoke_feed(self, feed_id: str, *, key: str | None = None) -> Call[Feed | Refusal]:
        """Take a feed away for good."""
        return write("DELETE", Feed, "v1", "feeds", feed_id, body={}, key=key)


def _text(data: bytes) -> str:
    """A file's characters, as the service would read its bytes."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
