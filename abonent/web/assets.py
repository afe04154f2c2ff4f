"""Static files: named by their content, compressed once, served as immutable.

The built copies lie under the installation's home, because the package itself may be read-only.
No build tool is needed: bundling is concatenation. Modules of one bundle become one module: what they
import from each other is there already, so no two of them may give a name twice (a browser refuses
such a module). Imports of other bundles stay, with the hashed names written in.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

try:
    import brotli  # type: ignore[import-untyped]  # published without type information
except ImportError:  # pragma: no cover - gzip alone is served where brotli is not installed
    brotli = None

SOURCE = Path(__file__).parent / "static"
PREFIX = "/static/"

# Each served file and the sources it is joined from, in an order that puts imports first.
BUNDLES: dict[str, tuple[str, ...]] = {
    "abonent.css": (
        "vendor/tabler.min.css",
        "css/contrast.css",
        "css/base.css",
        "css/shell.css",
        "css/parts.css",
        "css/reports.css",
        "css/registers.css",
        "css/people.css",
        "css/help.css",
        "css/requests.css",
        "css/queue.css",
        "css/cash.css",
        "css/outside.css",
        "css/staff.css",
        "css/companies.css",
        "css/settings.css",
        "css/conversations.css",
        "css/knowledge.css",
    ),
    "chats.css": ("css/chats.css",),
    "chat.css": ("chat/chat.css",),
    "chat_client.js": ("chat/client.js",),
    "chat_desk.js": ("chat/desk.js",),
    "scripts.css": ("css/scripts.css",),
    "hall.css": ("css/hall.css",),
    "portal.css": ("portal/portal.css",),
    "icons.svg": ("vendor/icons.svg",),
    "htmx.js": ("vendor/htmx.min.js", "vendor/hx-sse.min.js"),
    "tinykeys.js": ("vendor/tinykeys.module.js",),
    "print.js": ("js/print.js",),
    "hall.js": ("js/hall.js",),
    "recorder.js": ("js/recorder.js",),
    "desk.js": ("js/dialogs.js", "js/registers.js", "js/keys.js", "js/omnibox.js", "js/desk.js"),
}

_SOURCE_MAP = re.compile(rb"(//|/\*)# sourceMappingURL=[^\n*]*(\*/)?")
_IMPORT = re.compile(rb'(from\s*|import\s*)"\./([\w-]+\.js)"')


@dataclass(frozen=True)
class Assets:
    """The built files: where they lie and under which hashed name each is served."""

    folder: Path
    names: dict[str, str]

    def url(self, name: str) -> str:
        """Return the address of a file by its plain name, such as ``desk.js``."""
        return PREFIX + self.names[name]


def build_assets(home: Path) -> Assets:
    """Write every bundle that is not there yet and return the manifest.

    Safe to run from several processes at once: a file appears whole or not at all.
    """
    folder = home / "static"
    folder.mkdir(parents=True, exist_ok=True)
    names: dict[str, str] = {}
    for name, sources in BUNDLES.items():
        content = _with_hashed_imports(_one_module(_joined(sources), sources), names)
        stem, _, suffix = name.rpartition(".")
        digest = hashlib.sha256(content).hexdigest()[:12]
        names[name] = f"{stem}.{digest}.{suffix}"
        _write_compressed(folder / names[name], content)
    return Assets(folder=folder, names=names)


def _joined(sources: tuple[str, ...]) -> bytes:
    """Return the sources one after another, without references to maps that are not shipped."""
    parts = [_SOURCE_MAP.sub(b"", (SOURCE / source).read_bytes()) for source in sources]
    return b"\n".join(part.strip() for part in parts) + b"\n"


def _one_module(content: bytes, sources: tuple[str, ...]) -> bytes:
    """Leave out what modules joined into one import from and export to each other."""
    modules = b"|".join(re.escape(Path(s).stem).encode() for s in sources if s.startswith("js/"))
    if len(sources) < 2 or not modules:
        return content
    content = re.sub(
        rb'^import [^;]*from "\./(?:%s)\.js";\n' % modules, b"", content, flags=re.MULTILINE
    )
    return re.sub(rb"^export (?=(?:async )?function |const )", b"", content, flags=re.MULTILINE)


def _with_hashed_imports(content: bytes, names: dict[str, str]) -> bytes:
    """Point every relative import at the hashed name of a module built before this one."""

    def hashed(match: re.Match[bytes]) -> bytes:
        return match[1] + b'"./' + names[match[2].decode()].encode() + b'"'

    return _IMPORT.sub(hashed, content)


def _write_compressed(path: Path, content: bytes) -> None:
    if path.exists():
        return
    for suffix, compressed in _compressed(content).items():
        _write_whole(path.with_name(path.name + suffix), compressed)
    # The plain file comes last: where it exists, its compressed copies do too.
    _write_whole(path, content)


@cache
def _compressed(content: bytes) -> dict[str, bytes]:
    """The copies to serve, by their suffix: two seconds of work, once in a process."""
    copies = {".gz": gzip.compress(content, 9, mtime=0)}
    return copies if brotli is None else copies | {".br": brotli.compress(content)}


def _write_whole(path: Path, content: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)
