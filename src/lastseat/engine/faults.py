"""Named crash points: where a test can make the process die, stop or stumble.

A point is `reach`ed at each step where a crash would hurt most. Nothing happens there unless
LASTSEAT_FAULT names it: `before_commit=kill` kills the process (SIGKILL) the first time the point
is reached, `before_commit=kill:7` the seventh; `=stop` stops it (SIGSTOP); `=raise` raises.
"""

import os
import signal
from collections import Counter

POINTS = (
    "before_lock",
    "after_lock",
    "after_decide",
    "before_commit",
    "after_commit",
    "before_answer",
)
"""Every point, in the order in which a batch reaches them."""

_FAULT = os.environ.get("LASTSEAT_FAULT", "")
_REACHED: Counter[str] = Counter()


class InjectedFault(Exception):
    """What `=raise` raises."""


def arm(fault: str) -> None:
    """Have this process do as LASTSEAT_FAULT would: for one that is loaded before it is told."""
    global _FAULT  # noqa: PLW0603 - it is the process's, as its environment is
    _FAULT = fault
    _REACHED.clear()


def reach(point: str) -> None:
    """Do what LASTSEAT_FAULT says for this point, most often nothing."""
    if not _FAULT:
        return
    name, _, rest = _FAULT.partition("=")
    if name != point:
        return
    action, _, nth = rest.partition(":")
    _REACHED[point] += 1
    if _REACHED[point] != int(nth or 1):
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        raise InjectedFault(point)
