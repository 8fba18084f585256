"""`lastseat bench`: how fast the engine is here, against plain SQL on the same server.

Three measurements, a file each: hot.py (one sold-out-able occurrence and everybody wants it),
growth.py (does it slow down as the journal grows?), stall.py (does one stuck row stop the others?).
All of them go through the public library, in a database of their own, and fail rather than measure
refusals or lose rows (audit.py). How to read the figures: docs/performance.md.
"""
