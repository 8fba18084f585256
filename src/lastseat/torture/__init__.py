"""The torture run: engines and a database that are killed, stopped and cut off while clients book.

`run.py` first. A plan (plan.py) is made from a seed; driver processes (driver.py) carry it out
over doors (doors.py) to engine processes (worker.py), faults.py hurts all of them, and recorder.py
keeps what was sent and answered. At the end the checker, which shares no code with this or with the
engine, says whether any of it was wrong. Not for measuring speed: that is `bench`.
"""
