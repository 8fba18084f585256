"""The settings of the embedded server, written anew at each start into `lastseat.conf`.

Durability is never traded for speed. Your own settings belong into `custom.conf` beside it, which
is read last. Settings of single tables (autovacuum of the hot ones) are the schema's, not this
file's.
"""

from __future__ import annotations

import os
from pathlib import Path

_MB = 1024 * 1024

# What PGDATA/postgresql.conf ends with. Relative: a restored copy takes its new home's settings.
INCLUDES = (
    "\n# Lastseat: its settings, then yours. Leave this; write custom.conf one directory up.\n"
    "include_if_exists '../lastseat.conf'\n"
    "include_if_exists '../custom.conf'\n"
)


def render(*, socket_dir: Path, port: int, log_dir: Path, lz4: bool) -> str:
    """The text of `lastseat.conf`; `lz4` says whether the programs were built with it."""
    return f"""\
# Written by Lastseat at each start: changes here are lost. Yours go into custom.conf beside it.

# Who may connect: whoever may enter the socket's directory, which is the server's account and root.
listen_addresses = ''
port = {port}
unix_socket_directories = {_quoted(str(socket_dir))}
unix_socket_permissions = 0700
max_connections = 200

# A booking that was answered is on disk.
fsync = on
synchronous_commit = on
full_page_writes = on

# Memory and write-ahead log.
shared_buffers = {shared_buffers_mb(memory_bytes())}MB
wal_compression = {"lz4" if lz4 else "on"}
min_wal_size = 256MB
max_wal_size = 2GB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9

# A restored backup is all there is: the server replays it, finds no archive, and begins a timeline
# of its own. By that the feed knows that what was told since the backup may be gone. Nobody is let
# in before it has.
restore_command = 'false'
hot_standby = off

# Statements are short: compiling them costs more than running them.
jit = off

# Locks are taken in one order, so a wait this long is rare enough for the check to cost nothing,
# and when a caller's own transaction does deadlock with us, a second of waiting (the default) is a
# second in which nothing is sold.
deadlock_timeout = 200ms

# Logs: a file per weekday, each overwritten after a week.
logging_collector = on
log_destination = stderr
log_directory = {_quoted(str(log_dir))}
log_filename = 'postgresql-%a.log'
log_file_mode = 0600
log_rotation_age = 1d
log_rotation_size = 0
log_truncate_on_rotation = on
log_line_prefix = '%m [%p] %q%u@%d/%a '
log_lock_waits = on
log_timezone = 'UTC'

# The same everywhere: texts that programs read, and times.
timezone = 'UTC'
lc_messages = 'C'
"""


def shared_buffers_mb(memory: int) -> int:
    """An eighth of `memory` (bytes), from 128 MB to 1 GB: the application lives here, too."""
    return min(1024, max(128, memory // 8 // _MB))


def memory_bytes() -> int:
    """The memory of this machine, or of the control group we are confined to, in bytes."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # No control group, or its limit is the word "max".
        return machine


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
