"""Files that people bring: kept on disk or in S3-compatible storage, checked by what they hold.

A file's key names its content (see `key_of`), so keeping it twice keeps it once. Nothing here knows
whose a file is: that stands in the rows of the departments.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
import shlex
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import structlog
import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from abonent.kernel.errors import NotFound, Refused
from abonent.kernel.i18n import N_
from abonent.kernel.ids import new_id
from abonent.kernel.settings import Settings

MOST_BYTES = 10_000_000
"""The largest file taken in."""

CHECK_SECONDS = 60.0
"""How long the check for viruses may take."""

_KEY = re.compile(r"[a-z]+/[0-9a-f]{2}/[0-9a-f]{64}-[0-9a-z]+")
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
_ENDINGS = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "audio/webm": "webm",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
}
_NO_PAPER = N_("This is no PDF, JPEG or PNG, whatever its name says. Save it as one of them.")
_WAIT = urllib3.Timeout(connect=5, read=30)

_log = structlog.get_logger(__name__)


class FileRefused(Refused):
    """The file is not taken; the message says why and what is."""


class FilesUnreachable(Refused):
    """The storage does not answer; nothing was kept."""

    def __init__(self) -> None:
        super().__init__(
            "FILES_UNREACHABLE",
            N_("The file storage does not answer. Nothing was kept: try again in a minute."),
            field="file",
        )


class FileLost(NotFound):
    """The storage has no such file."""

    def __init__(self) -> None:
        super().__init__("FILE_LOST", N_("The file is not in the storage any more."))


class Storage(Protocol):
    """Where files lie."""

    async def keep(self, key: str, content: bytes, media: str) -> None:
        """Keep a file; one with the same key is replaced by the same content."""

    async def fetch(self, key: str) -> bytes:
        """Answer a file's content. Raises FileLost."""

    async def remove(self, key: str) -> None:
        """Delete a file; one that is not there counts as deleted."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be kept."""

    content: bytes
    media: str
    sha256: str

    @property
    def ending(self) -> str:
        """The ending that a name of such a file has."""
        return _ENDINGS[self.media]


def key_of(kind: str, owner: int, checked: Checked) -> str:
    """The key of an owner's file; the same content of another owner lies apart.

    Deleting one owner's file never takes another's.
    """
    return f"{kind}/{checked.sha256[:2]}/{checked.sha256}-{owner:x}"


async def check_file(
    content: bytes,
    *,
    settings: Settings,
    most: int = MOST_BYTES,
    kind_of: Callable[[bytes], str | None] | None = None,
    wrong: str = _NO_PAPER,
) -> Checked:
    """Check a file by its size and content, then by the installation's own command.

    `kind_of` knows the types that are taken (default: papers), `wrong` says which. Raises
    FileRefused. The name and the type that the browser states are not looked at.
    """
    if not content:
        raise FileRefused("FILE_EMPTY", N_("The file is empty."), field="file")
    if len(content) > most:
        size, limit = -(-len(content) // 1_000_000), most // 1_000_000
        message = N_("The file has {size} MB; at most {limit} MB are taken.")
        raise FileRefused("FILE_TOO_LARGE", message, field="file", size=size, limit=limit)
    media = (kind_of or media_of)(content)
    if media is None:
        raise FileRefused("FILE_KIND", wrong, field="file")
    if settings.files_check:
        await _ask_command(settings.files_check, content)
    digest = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
    return Checked(content, media, digest)


def media_of(content: bytes) -> str | None:
    """The type of a file by its first bytes, None for what browsers do not show safely."""
    return next((media for magic, media in _MAGIC if content.startswith(magic)), None)


async def _ask_command(command: str, content: bytes) -> None:
    """Give the file to the command on its input; anything but exit code 0 refuses it."""
    try:
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except (OSError, ValueError) as error:
        _log.exception("files.check_failed")
        raise _not_checked() from error
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await process.communicate(content)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise _not_checked() from None
    if process.returncode:
        _log.warning("files.check_refused", code=process.returncode)
        message = N_("The check for viruses did not let this file through.")
        raise FileRefused("FILE_INFECTED", message, field="file")


def _not_checked() -> FileRefused:
    message = N_("The check for viruses does not work: tell the administrator. Nothing was kept.")
    return FileRefused("FILE_NOT_CHECKED", message, field="file")


@lru_cache(maxsize=4)
def storage_of(settings: Settings) -> Storage:
    """The storage that ABONENT_FILES_URL names, else a folder under home."""
    if settings.files_url is None:
        return FolderStorage(settings.home / "files")
    return S3Storage(settings.files_url.get_secret_value())


class FolderStorage:
    """Files in a folder; each is written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, key: str, content: bytes, media: str) -> None:
        """Keep a file; it is on the disk when this returns."""
        del media  # the row of the department knows it
        path = self._path(key)
        try:
            await asyncio.to_thread(_write, path, content)
        except OSError as error:
            _log.exception("files.unreachable")
            raise FilesUnreachable from error

    async def fetch(self, key: str) -> bytes:
        """Answer a file's content. Raises FileLost."""
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except FileNotFoundError:
            raise FileLost from None

    async def remove(self, key: str) -> None:
        """Delete a file."""
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / _checked_key(key)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{new_id():x}.part")
    try:
        with part.open("wb") as file:
            part.chmod(0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class S3Storage:
    """Files in a bucket of an S3-compatible service; the bucket is made when it is not there."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        bucket, _, prefix = parts.path.strip("/").partition("/")
        place = parts.hostname or "localhost"
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._known = False
        # The library's own client waits five minutes and asks five times.
        pool = urllib3.PoolManager(timeout=_WAIT, retries=urllib3.Retry(total=1))
        self._client = Minio(
            f"{place}:{parts.port}" if parts.port else place,
            access_key=unquote(parts.username or ""),
            secret_key=unquote(parts.password or ""),
            secure=parts.scheme == "s3",
            region=parse_qs(parts.query).get("region", ["us-east-1"])[0],
            http_client=pool,
        )

    async def keep(self, key: str, content: bytes, media: str) -> None:
        """Keep a file in the bucket."""
        name = self._prefix + _checked_key(key)
        await _asked(self._put, name, content, media)

    def _put(self, name: str, content: bytes, media: str) -> None:
        if not self._known and not self._client.bucket_exists(self._bucket):
            self._client.make_bucket(self._bucket)
        self._known = True
        stream = io.BytesIO(content)
        self._client.put_object(self._bucket, name, stream, len(content), content_type=media)

    async def fetch(self, key: str) -> bytes:
        """Answer a file's content. Raises FileLost."""
        content: bytes = await _asked(self._get, self._prefix + _checked_key(key))
        return content

    def _get(self, name: str) -> bytes:
        answer = self._client.get_object(self._bucket, name)
        try:
            content: bytes = answer.read()
            return content
        finally:
            answer.close()
            answer.release_conn()

    async def remove(self, key: str) -> None:
        """Delete a file."""
        name = self._prefix + _checked_key(key)
        await _asked(self._client.remove_object, self._bucket, name)


async def _asked(call: Callable[..., Any], *arguments: Any) -> Any:
    """Ask the service in a thread; what goes wrong becomes FileLost or FilesUnreachable."""
    try:
        return await asyncio.to_thread(call, *arguments)
    except S3Error as error:
        if error.code in {"NoSuchKey", "NoSuchBucket"}:
            raise FileLost from None
        _log.warning("files.unreachable", code=error.code)
        raise FilesUnreachable from error
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        _log.warning("files.unreachable", error=type(error).__name__)
        raise FilesUnreachable from error


def _checked_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"not the key of a file: {key}")
    return key
