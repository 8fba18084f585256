"""The demonstration: a sample week, a crowd that rushes for it, and a count of what was sold.

`story.py` tells it; `week.py` has the sample, `service.py` serves it, `crowd.py` sends the bookers
off, `bookers.py` is what each of their processes does, `count.py` counts, by plain SQL, `tour.py`
says what to try next. All that is booked is booked over HTTP, with keys.
"""
