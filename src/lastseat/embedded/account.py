"""The account the server runs as: ourselves, or for root an unprivileged one.

PostgreSQL refuses to run as root.
This file chooses the account and runs programs as it. It never adds an account nor changes anyone's
permissions.
"""

from __future__ import annotations

import errno
import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import AccessDeniedError, NoAccountError

ACCOUNT_VARIABLE = "LASTSEAT_DB_ACCOUNT"


@dataclass(frozen=True, slots=True)
class Account:
    """A system account. `drop`: we are root, and become it to run the server's programs."""

    name: str
    uid: int
    gid: int
    drop: bool

    def run(
        self, argv: Sequence[str | Path], *, stdin: str = "", keep_fds: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this account to its end; its stderr is merged into its stdout.

        Nothing is inherited but `keep_fds`: no descriptors, no variables of libpq, no working
        directory (the account may not be able to read ours). Raises OSError if the program can't be
        started.
        """
        try:
            return subprocess.run(
                [str(part) for part in argv],
                input=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                pass_fds=keep_fds,
                cwd="/",
                env=clean_environment(),
                umask=0o077,
                user=self.uid if self.drop else None,
                group=self.gid if self.drop else None,
                extra_groups=[] if self.drop else None,
                # A session of its own: Ctrl-C in the application's terminal must not reach the
                # server.
                start_new_session=True,
                # Python ignores SIGXFSZ, and so shall they: a limit on files then comes as an error
                # that names the file, not as a silent death.
                restore_signals=False,
                check=False,
            )
        except PermissionError as error:
            if self.drop and error.errno == errno.EPERM:
                raise NoAccountError(
                    f"This root may not change to the account {self.name!r} (it lacks CAP_SETUID "
                    "or CAP_SETGID). Allow that, or run Lastseat as an ordinary user."
                ) from error
            raise

    def must_reach(self, directory: Path) -> None:
        """Raise `AccessDeniedError`, naming what is in the way, unless we can enter `directory`."""
        if not self.drop:
            return
        path_down = [*reversed(directory.parents), directory]
        script = 'for d; do [ -x "$d" ] || { printf %s "$d"; exit 1; }; done'
        found = self.run(["/bin/sh", "-c", script, "sh", *path_down])
        if found.returncode != 0:
            raise AccessDeniedError(
                f"The server runs as the account {self.name!r}, which can't enter {found.stdout} "
                f"on the way to the data directory {directory}. Put the data elsewhere "
                "(LASTSEAT_DATA_DIR, such as /var/lib/lastseat), or allow it yourself: chmod o+x "
                f"{found.stdout}"
            )


def clean_environment() -> dict[str, str]:
    """The environment of the programs: PG* would redirect them, and LC_ALL translate errors."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", **kept}


def ourselves() -> Account:
    """The account of this process, root included."""
    return Account(name=_name_of(os.geteuid()), uid=os.geteuid(), gid=os.getegid(), drop=False)


def choose(pgdata: Path) -> Account:
    """The account to run the server of `pgdata` as.

    An ordinary user runs it himself. Root runs an existing cluster as the owner of its files (so
    that installing a package that adds an account changes nothing), and a new one as
    $LASTSEAT_DB_ACCOUNT, else `postgres`, else `nobody`. Raises `NoAccountError`, or
    `AccessDeniedError` where the cluster belongs to root or to another than configured.
    """
    if os.geteuid() != 0:
        return ourselves()
    configured = os.environ.get(ACCOUNT_VARIABLE)
    wanted = _first_of([configured] if configured else ["postgres", "nobody"])
    try:
        owner = os.lstat(pgdata)
    except FileNotFoundError:
        return wanted
    if owner.st_uid == wanted.uid:
        return wanted
    name = _name_of(owner.st_uid)
    if owner.st_uid == 0 or configured:
        raise AccessDeniedError(
            f"{pgdata} belongs to {name!r}, but the server is to run as {wanted.name!r}. Set "
            f"{ACCOUNT_VARIABLE} to the owner, or hand the files over: chown -R {wanted.name}: "
            f"{pgdata}"
        )
    return Account(name=name, uid=owner.st_uid, gid=owner.st_gid, drop=True)


def _first_of(names: Sequence[str]) -> Account:
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid, drop=True)
    raise NoAccountError(
        "PostgreSQL does not run as root, and there is no unprivileged account "
        f"{' or '.join(map(repr, names))}. Name an existing one in {ACCOUNT_VARIABLE}, or run "
        "Lastseat as an ordinary user."
    )


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)  # Containers often run under a number that has no entry.
