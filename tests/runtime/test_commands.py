"""The commands that need no business: overview, migrate, backup, restore."""

from __future__ import annotations

from pathlib import Path

import pytest

from abonent.cli.main import main
from abonent.kernel.embedded.home import temporary_home
from abonent.kernel.embedded.postgres import running_postgres
from abonent.kernel.embedded.sharing import shared_servers

INSERT = "INSERT INTO outbox_probe VALUES (1), (2), (3)"


@pytest.fixture
def installed(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home made by `abonent migrate`, named by the environment as an operator would."""
    for name in ("ABONENT_DATABASE_URL", "ABONENT_REDIS_URL", "ABONENT_PG_BIN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ABONENT_HOME", str(home))
    assert main(["migrate"]) == 0
    return home


def test_no_arguments_show_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main([])
    assert leaving.value.code == 0
    assert "migrate   bring the database up to this version" in capsys.readouterr().out


def test_an_unknown_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["migrte"])
    assert leaving.value.code == 2
    assert "'migrte'" in capsys.readouterr().err


def test_a_wrong_setting_stops_the_start_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ABONENT_PORT", "eighty")
    assert main(["migrate"]) == 2
    assert "ABONENT_PORT is 'eighty'" in capsys.readouterr().err


def test_the_last_command_to_leave_stops_the_server(installed: Path) -> None:
    assert running_postgres(installed) is None
    with shared_servers(installed) as outer:
        with shared_servers(installed) as inner:
            assert outer.postgres is not None
            assert inner.postgres is not None
            assert outer.postgres.pid == inner.postgres.pid
        assert outer.postgres.alive()
    assert running_postgres(installed) is None


def test_a_backup_is_restored_whole_into_an_empty_home(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shared_servers(installed) as servers:
        assert servers.postgres is not None
        servers.postgres.run_sql(
            f"CREATE TABLE outbox_probe (id int); {INSERT}", database="abonent"
        )
    file = tmp_path / "backup.dump"
    assert main(["backup", str(file)]) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert not file.with_name("backup.dump.part").exists()

    with temporary_home() as second:
        monkeypatch.setenv("ABONENT_HOME", str(second))
        assert main(["restore", str(file)]) == 0
        with shared_servers(second) as servers:
            assert servers.postgres is not None
            count = "SELECT count(*) FROM outbox_probe"
            assert servers.postgres.run_sql(count, database="abonent") == "3"


def test_a_backup_goes_only_into_an_empty_database(
    installed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "backup.dump"
    assert main(["backup", str(file)]) == 0
    assert main(["restore", str(file)]) == 1
    assert "not empty" in capsys.readouterr().err
    assert main(["backup", str(file)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert installed.exists()


@pytest.mark.parametrize("content", [b"", b"number;amount\n1;2\n"])
def test_a_file_that_is_no_backup_is_refused_before_anything_starts(
    empty_home: Path,
    content: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ABONENT_HOME", str(empty_home))
    file = tmp_path / "other"
    file.write_bytes(content)
    assert main(["restore", str(file)]) == 1
    assert "is not a file written by `abonent backup`" in capsys.readouterr().err
    assert not (empty_home / "postgres").exists()
