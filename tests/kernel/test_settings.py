from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from abonent.kernel.settings import SettingsError, load_settings, mask_password, secret_key


def test_settings_come_from_the_environment_and_overrides_win():
    settings = load_settings({"ABONENT_PORT": "8080", "ABONENT_DAY": "manual"}, port=9000)
    assert (settings.port, settings.day, settings.host) == (9000, "manual", "127.0.0.1")


def test_an_empty_variable_means_the_default():
    assert load_settings({"ABONENT_TIMEZONE": ""}).timezone == "Europe/Moscow"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "eighty"),
        ("TIMEZONE", "Mars/Olympus"),
        ("TIMEZONE", "../etc/passwd"),
        ("CURRENCY", "rub"),
        ("DAY", "sometimes"),
        ("LANGUAGE", "de"),
        ("REDIS_URL", "http://host"),
        ("DATABASE_URL", "mysql://host/db"),
        ("PROCESSES", "0"),
        ("CHAT_SITES", "https://isp.example; script-src *"),
        ("CHAT_SITES", "isp.example"),
    ],
)
def test_a_wrong_setting_stops_the_start_naming_it_and_its_value(name, value):
    with pytest.raises(SettingsError) as caught:
        load_settings({f"ABONENT_{name}": value})
    assert f"ABONENT_{name} is {value!r}; expected: " in str(caught.value)


def test_every_wrong_setting_is_named_at_once():
    with pytest.raises(SettingsError) as caught:
        load_settings({"ABONENT_PORT": "x", "ABONENT_DAY": "y"})
    assert len(str(caught.value).splitlines()) == 2


def test_a_secret_is_not_told_when_it_is_wrong():
    wrong = {"ABONENT_SECRET_KEY": "geheim", "ABONENT_DATABASE_URL": "mysql://u:geheim@h/d"}
    with pytest.raises(SettingsError) as caught:
        load_settings(wrong | {"ABONENT_SMTP_URL": "http://u:geheim@h"})
    assert "geheim" not in str(caught.value)
    assert mask_password("postgresql://u:geheim@h:5432/d") == "postgresql://u:***@h:5432/d"


def test_settings_are_frozen_and_changed_copies_are_checked(tmp_path):
    settings = load_settings({"ABONENT_HOME": str(tmp_path)})
    assert settings.having(port=1).port == 1
    with pytest.raises(ValidationError):
        settings.having(port=0)
    with pytest.raises(ValidationError):
        settings.port = 5  # type: ignore[misc]


def test_the_secret_is_made_once_and_kept_private(tmp_path):
    settings = load_settings({"ABONENT_HOME": str(tmp_path / "new")})
    key = secret_key(settings)
    assert len(key) == 64
    assert secret_key(settings) == key
    path: Path = settings.home / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secret_key(settings.having(secret_key="k" * 32)) == b"k" * 32
