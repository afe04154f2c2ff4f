"""The embedded PostgreSQL, for real: made, killed, found again, refused where it must be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from abonent.kernel.embedded.binaries import packaged_folder, system_folders
from abonent.kernel.embedded.errors import ServerStartError
from abonent.kernel.embedded.home import exclusive, open_home, socket_folder, temporary_home
from abonent.kernel.embedded.postgres import EmbeddedPostgres, running_postgres, start_postgres
from abonent.kernel.embedded.process import processes_in, wait_until
from abonent.kernel.embedded.tuning import server_settings, settings_file

FAST = {"fsync": "off", "full_page_writes": "off"}
GIGABYTE = 1024**3

needs_postgres15 = pytest.mark.skipif(
    not any(folder.parent.name == "15" for folder in system_folders()),
    reason="the distribution's PostgreSQL 15 is not installed",
)
needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root runs servers as another account"
)


def rows(server: EmbeddedPostgres) -> str:
    return server.run_sql("SELECT count(*) FROM kept", database="abonent")


def keep_a_row(server: EmbeddedPostgres) -> None:
    server.run_sql("CREATE TABLE kept AS SELECT 1 AS one", database="abonent")


def test_a_killed_server_comes_back_with_what_was_committed(home: Path) -> None:
    server = start_postgres(home)
    keep_a_row(server)
    busy = subprocess.Popen(
        [server.binaries.program("psql"), server.dsn(), "-c", "SELECT pg_sleep(600)"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    asking = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(600)'"
    assert wait_until(lambda: server.run_sql(asking) != "0", seconds=10)

    server.kill()
    assert not server.alive()
    again = start_postgres(home)

    assert busy.wait(30) != 0
    assert again.pid != server.pid
    assert rows(again) == "1"


def test_an_orderly_stop_and_a_second_start_keep_the_data(home: Path) -> None:
    server = start_postgres(home, settings=FAST)
    keep_a_row(server)
    server.stop()
    assert not server.alive()
    assert list(processes_in(server.data)) == []
    assert rows(start_postgres(home, settings=FAST)) == "1"


def test_starting_twice_at_once_makes_one_server(empty_home: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: start_postgres(empty_home, settings=FAST), range(2))
    assert first.pid == second.pid
    assert first.started_here != second.started_here


def test_a_stale_file_that_names_a_stranger_does_not_hinder(home: Path) -> None:
    (home / "postgres/postmaster.pid").write_text(f"{os.getpid()}\n{home}/postgres\n")
    assert running_postgres(home) is None
    assert start_postgres(home, settings=FAST).alive()


def test_data_of_a_version_that_is_not_here_is_told_plainly(home: Path) -> None:
    (home / "postgres/PG_VERSION").write_text("12\n")
    with pytest.raises(ServerStartError, match=r"made by PostgreSQL 12.*postgresql-12"):
        start_postgres(home)


def test_data_stays_readable_when_the_package_it_came_with_is_gone(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_postgres(empty_home, settings=FAST)
    keep_a_row(server)
    server.stop()
    recorded = json.loads((empty_home / "postgres.json").read_text())
    assert recorded["folder"].startswith(str(empty_home))
    monkeypatch.setattr("abonent.kernel.embedded.binaries._PACKAGE", "a-package-that-is-not-there")
    assert rows(start_postgres(empty_home, settings=FAST)) == "1"


def test_a_make_killed_half_way_leaves_nothing_in_the_way(empty_home: Path) -> None:
    half = open_home(empty_home) / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    assert start_postgres(empty_home, settings=FAST).alive()
    assert not half.exists()


def test_russian_letters_have_case_whatever_the_callers_locale(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    server = start_postgres(empty_home, settings=FAST)
    assert server.run_sql("SELECT lower('ЁЖ')", database="abonent") == "ёж"
    assert server.run_sql("SHOW server_encoding") == "UTF8"


@needs_postgres15
@pytest.mark.postgres15
def test_the_distributions_postgresql_15_serves_as_well(empty_home: Path) -> None:
    server = start_postgres(empty_home, kind="debian", settings=FAST)
    keep_a_row(server)
    server.stop()
    again = start_postgres(empty_home)
    assert again.binaries.major == 15
    assert again.run_sql("SELECT lower('ЁЖ')") == "ёж"
    assert rows(again) == "1"


def test_durability_is_never_traded_for_speed(home: Path) -> None:
    server = start_postgres(home)
    for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert server.run_sql(f"SHOW {name}") == "on"
    assert server.run_sql("SHOW listen_addresses") == ""


def test_an_operators_own_settings_win(home: Path) -> None:
    local = home / "postgres/local.conf"
    local.write_text("work_mem = '77MB'\n")
    local.chmod(0o644)
    assert start_postgres(home, settings=FAST).run_sql("SHOW work_mem") == "77MB"


def test_a_setting_it_cannot_take_is_told_in_its_own_words(home: Path) -> None:
    with pytest.raises(ServerStartError, match="no_such_setting"):
        start_postgres(home, settings={"no_such_setting": "1"})


@needs_root
def test_a_home_that_the_servers_account_cannot_enter_is_refused() -> None:
    with temporary_home() as outer:
        outer.chmod(0o700)
        with pytest.raises(ServerStartError, match=f"may not enter {outer}"):
            start_postgres(outer / "inner")
        assert outer.stat().st_mode & 0o777 == 0o700


@needs_root
def test_as_root_the_server_runs_as_an_unprivileged_account_from_a_copy(empty_home: Path) -> None:
    server = start_postgres(empty_home, settings=FAST)
    assert server.data.stat().st_uid != 0
    assert Path(f"/proc/{server.pid}").stat().st_uid == server.data.stat().st_uid
    assert server.binaries.folder.is_relative_to(empty_home)
    assert server.binaries.folder != packaged_folder()


def test_a_long_home_gets_its_sockets_elsewhere(home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    folder = socket_folder(open_home(deep), None)
    try:
        assert folder.parent == Path("/tmp")  # noqa: S108
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(folder)


def test_a_lock_is_free_again_when_its_block_ends(tmp_path: Path) -> None:
    with exclusive(tmp_path / "lock") as first, exclusive(tmp_path / "lock", wait=False) as second:
        assert (first, second) == (True, False)
    with exclusive(tmp_path / "lock", wait=False) as third:
        assert third


@pytest.mark.parametrize(
    ("gigabytes", "buffers"), [(1, "256MB"), (8, "2048MB"), (64, "16384MB"), (512, "16384MB")]
)
def test_memory_settings_follow_the_machine(tmp_path: Path, gigabytes: int, buffers: str) -> None:
    settings = server_settings(tmp_path, tmp_path, memory=gigabytes * GIGABYTE)
    assert settings["shared_buffers"] == buffers
    assert settings["jit"] == "off"
    assert "synchronous_commit" not in settings


def test_a_quote_in_a_setting_is_doubled() -> None:
    assert "log_line_prefix = 'it''s '" in settings_file({"log_line_prefix": "it's "})
