"""Python's collector of cyclic garbage, seldom: for a process that is ours from end to end.

What waits for one commit is some thousands of objects. At the collector's own 700 they are looked
through again and again while they wait, a fifth of the time of a busy process, and nearly nothing
of what passes through the service is a cycle (ADR 0015). The library leaves its users' settings as
they are.
"""

import gc

COLLECT_AFTER = 10_000
"""Objects that may have become garbage before Python looks for cycles among them."""


def collect_seldom() -> None:
    """Pass over what is here for good, once all is loaded, and look at the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
