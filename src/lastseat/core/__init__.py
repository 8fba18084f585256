"""The decision core: pure functions over values. Start with README.md, then booking.py.

Two rules hold for every module here. Nothing does I/O, reads a clock, draws a random number or
logs. And `decide` only reads the state it is given; `evolve` is the only thing that changes it.

Values hold no cycles, so the garbage collector is told to leave them alone (`gc=False`): a crowd's
commands and answers would otherwise be walked again and again.
"""
