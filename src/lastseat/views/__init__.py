"""What people are shown: the one form of each answer, for the library, over HTTP and in the client.

Frozen structs, no I/O and no decisions: `reads`, `catalogue` and `library` fill them, `http` writes
them as JSON, `client` reads that back. All times are UTC. What HTTP tells differently from the
library (a feed's address, a reservation's spelling, what a client has to send back) has a struct of
its own where it is told, which says so.
"""
