"""When things are: recurrence, opening hours, free time, and the mapping to iCalendar. Pure.

The same rules and window give the same answer everywhere: nothing here does I/O, reads a clock or
draws a random number; time zones come from the `tzdata` package. What may be booked is decided with
these functions under a lock, and offered with the same functions without one.

Start with `recurrence.py` (one rule), `schedule.py` (an event) and `hours.py` (opening hours).
"""
