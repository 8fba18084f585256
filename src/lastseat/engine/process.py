"""Which process this is: connections, threads and locks do not survive a fork.

Every command asks. Counting forks makes the answer a comparison; the process's number would be a
system call.
"""

import os

_forks = 0


def _forked() -> None:
    global _forks  # noqa: PLW0603 - the one number that a fork changes
    _forks += 1


os.register_at_fork(after_in_child=_forked)


def generation() -> int:
    """A number that is another one in every process forked from this one."""
    return _forks
