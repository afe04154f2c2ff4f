"""Files that people bring: what is taken, where it is kept, what happens when the storage is away."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from abonent.kernel.settings import Settings, SettingsError, load_settings
from abonent.kernel.storage import (
    FileLost,
    FileRefused,
    FilesUnreachable,
    FolderStorage,
    S3Storage,
    Storage,
    check_file,
    key_of,
    storage_of,
)

PDF = b"%PDF-1.7\n1 0 obj"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"
ACCEPT = f"{sys.executable} -c \"import sys; sys.exit(b'EVIL' in sys.stdin.buffer.read())\""


@pytest.fixture
def plain(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def scanning(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, files_check=request.param)


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"s3+http://testing:a%2Fsecret@{host}:{port}/papers/north"
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, s3_url: str) -> Storage:
    return FolderStorage(tmp_path / "files") if request.param == "folder" else S3Storage(s3_url)


@pytest.mark.parametrize(
    ("content", "media"),
    [(PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg")],
)
async def test_a_file_is_known_by_its_content(plain: Settings, content: bytes, media: str) -> None:
    checked = await check_file(content, settings=plain)
    assert checked.media == media
    assert len(checked.sha256) == 64


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "FILE_EMPTY"),
        (b"<html><script>alert(1)</script>", "FILE_KIND"),
        (b"MZ\x90\x00", "FILE_KIND"),
        (b"\x00\x00\x00\x18ftypheic", "FILE_KIND"),
        (b" %PDF-1.7", "FILE_KIND"),
        (PDF + b"0" * 100, "FILE_TOO_LARGE"),
    ],
)
async def test_anything_else_is_refused_whatever_it_is_called(
    plain: Settings, content: bytes, code: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        await check_file(content, settings=plain, most=100)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("scanning", "content", "code"),
    [
        (ACCEPT, PDF, None),
        (ACCEPT, PDF + b"EVIL", "FILE_INFECTED"),
        ("false", PDF + b"0" * 5_000_000, "FILE_INFECTED"),
        ("/no/such/scanner", PDF, "FILE_NOT_CHECKED"),
        ("'unbalanced", PDF, "FILE_NOT_CHECKED"),
    ],
    indirect=["scanning"],
)
async def test_the_installations_command_decides(
    scanning: Settings, content: bytes, code: str | None
) -> None:
    if code is None:
        assert (await check_file(content, settings=scanning)).content == content
        return
    with pytest.raises(FileRefused) as refused:
        await check_file(content, settings=scanning)
    assert refused.value.code == code


async def test_a_file_is_kept_fetched_and_removed(storage: Storage, plain: Settings) -> None:
    checked = await check_file(PDF, settings=plain)
    key = key_of("scans", 77, checked)
    await storage.keep(key, checked.content, checked.media)
    await storage.keep(key, checked.content, checked.media)
    assert await storage.fetch(key) == PDF
    other = key_of("scans", 78, checked)
    assert other != key
    with pytest.raises(FileLost):
        await storage.fetch(other)
    await storage.remove(key)
    await storage.remove(key)
    with pytest.raises(FileLost):
        await storage.fetch(key)


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "scans/aa/../../x", "", "Scans/a"])
async def test_a_key_cannot_lead_elsewhere(storage: Storage, key: str) -> None:
    with pytest.raises(ValueError, match="not the key"):
        await storage.fetch(key)


async def test_a_file_in_the_folder_is_for_its_owner_alone(tmp_path: Path, plain: Settings) -> None:
    checked = await check_file(PNG, settings=plain)
    await FolderStorage(tmp_path).keep(key_of("scans", 1, checked), PNG, checked.media)
    assert await asyncio.to_thread(_modes, tmp_path) == [0o600]


def _modes(folder: Path) -> list[int]:
    return [path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()]


async def test_a_storage_that_is_away_is_said_so(tmp_path: Path, plain: Settings) -> None:
    checked = await check_file(PDF, settings=plain)
    key = key_of("scans", 1, checked)
    away = S3Storage("s3+http://key:secret@127.0.0.1:1/papers")
    with pytest.raises(FilesUnreachable):
        await away.keep(key, PDF, checked.media)
    (tmp_path / "files").write_text("a file in the folder's place")
    with pytest.raises(FilesUnreachable):
        await FolderStorage(tmp_path / "files").keep(key, PDF, checked.media)


def test_the_setting_chooses_the_storage(tmp_path: Path) -> None:
    assert isinstance(storage_of(Settings(home=tmp_path)), FolderStorage)
    bucket = Settings(home=tmp_path, files_url=SecretStr("s3://key:hush@host/bucket"))
    assert isinstance(storage_of(bucket), S3Storage)
    assert "hush" not in repr(bucket)


@pytest.mark.parametrize("url", ["http://key:hush@host/bucket", "s3://key:hush@host", "s3:///b"])
def test_a_wrong_address_stops_the_start_and_keeps_the_secret(url: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        load_settings({"ABONENT_FILES_URL": url})
    assert "ABONENT_FILES_URL" in str(wrong.value)
    assert "hush" not in str(wrong.value)
