"""What happens by itself: holds run out, no-shows are noted, calendars refreshed, old rows go.

`tasks.py` lists it all; `app.py` runs it, in `lastseat serve` and in `lastseat worker`. Nothing
here decides about a booking: each change is a command to the engine, which looks again under its
locks. So whatever is done twice, on two machines or after a crash, has its effect once.
"""
