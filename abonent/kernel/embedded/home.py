"""The home folder of an installation: where it is, its sockets and its locks."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from abonent.kernel.embedded.account import Account, make_private_folder
from abonent.kernel.embedded.errors import ServerStartError

# A unix socket's address holds 107 bytes; "/.s.PGSQL.5432.lock" is what PostgreSQL adds.
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")


def open_home(home: Path) -> Path:
    """Make the home folder if need be; returns its absolute path.

    Root's home can be entered by all, since another account runs the servers; what lies in it is closed.
    """
    home = home.expanduser().resolve()
    try:
        for folder in [*reversed(home.parents), home]:
            if not folder.exists():
                folder.mkdir()
                # Whatever the umask: root's servers run under another account, a user's do not.
                folder.chmod(0o755 if os.geteuid() == 0 else 0o700)
        (home / "log").mkdir(exist_ok=True)
    except OSError as error:
        raise ServerStartError(
            f"The home folder {home} cannot be made or written ({error.strerror}). "
            "ABONENT_HOME names another."
        ) from None
    return home


def socket_folder(home: Path, account: Account | None) -> Path:
    """The closed folder of the servers' sockets: in the home, or under /tmp when that path is too long."""
    folder = home / "run"
    if len(os.fsencode(folder)) > _LONGEST_SOCKET_FOLDER:
        name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        folder = Path("/tmp") / f"abonent-{os.geteuid()}-{name}"  # noqa: S108 - ownership is checked below
    owners = {os.geteuid()} | ({account.uid} if account else set())
    if folder.is_symlink() or (folder.exists() and folder.lstat().st_uid not in owners):
        raise ServerStartError(f"{folder} belongs to somebody else; remove it and start again.")
    make_private_folder(folder, account)
    return folder


@contextmanager
def exclusive(lock: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold `lock` alone while the block runs; yields False when it is taken and `wait` is not set.

    The kernel frees the lock when its holder dies, so a kill leaves nothing to clean up.
    """
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def temporary_home(name: str = "abonent") -> Iterator[Path]:
    """A home for tests and measurements that the servers' account can reach; removed afterwards."""
    # Root's own temporary folders are closed to the servers' account, /var/tmp is not.
    parent = "/var/tmp" if os.geteuid() == 0 else None  # noqa: S108 - mkdtemp makes an unguessable name
    home = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
    if os.geteuid() == 0:
        home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
