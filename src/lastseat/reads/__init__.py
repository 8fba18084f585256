"""What people look at: rosters, seats left, bookings, journals. Never used to decide capacity.

Each function takes an asynchronous connection and answers from one statement, so from one moment.
Holds whose time is over count as free here too, by the same predicate as in decisions (A9).
"""
