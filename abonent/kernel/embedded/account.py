"""The unprivileged account that runs the servers when the program itself is started by root.

PostgreSQL refuses to run as root. Parents of the installation are never opened up for the account:
what it must execute is copied into the home folder, what it must write belongs to it.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abonent.kernel.embedded.errors import ServerStartError

_CANDIDATES = ("abonent", "postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A system account by numbers, and its name for messages."""

    name: str
    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        """Arguments that make `subprocess` start a child as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account(owned: Path) -> Account | None:
    """The account to run servers as: None for an ordinary user, who runs them himself.

    `owned` is a server's data folder; when it exists its owner stays, so that a newly
    installed account never takes over another's data.
    """
    if os.geteuid() != 0:
        return None
    if owned.exists() and owned.stat().st_uid != 0:
        return _by_uid(owned.stat().st_uid, owned)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise ServerStartError(
        "PostgreSQL does not run as root and no account abonent, postgres or nobody exists. "
        "Make one: useradd --system abonent"
    )


def _by_uid(uid: int, owned: Path) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise ServerStartError(
            f"{owned} belongs to the user id {uid}, which no longer has an account."
        ) from None
    return Account(entry.pw_name, uid, entry.pw_gid)


def make_private_folder(folder: Path, account: Account | None) -> None:
    """Make `folder` (if need be) readable by the servers' account alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)


def check_reachable(folder: Path, account: Account | None) -> None:
    """Refuse a home under a folder that the account may not enter, naming that folder."""
    if account is None:
        return
    for closed in _closed_folders(folder, account):
        raise ServerStartError(
            f"The account {account.name}, which runs the servers, may not enter {closed}. "
            f"Set ABONENT_HOME to a folder it can reach, such as /var/lib/abonent."
        )


def _closed_folders(folder: Path, account: Account) -> Iterator[Path]:
    for parent in [*reversed(folder.parents), folder]:
        if not parent.exists():
            return
        facts = parent.stat()
        if facts.st_uid == account.uid:
            needed = 0o100
        elif facts.st_gid == account.gid:
            needed = 0o010
        else:
            needed = 0o001
        if not facts.st_mode & needed:
            yield parent
