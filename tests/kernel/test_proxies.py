"""Which proxies are believed and which hosts are answered: settings that refuse what they cannot mean."""

from __future__ import annotations

import pytest

from abonent.cli.serve import is_loopback
from abonent.kernel.settings import SettingsError, load_settings


def test_nobody_is_believed_and_any_host_answered_unless_told() -> None:
    settings = load_settings({})
    assert settings.trusted_proxies == ""
    assert settings.allowed_hosts == []


def test_proxies_are_addresses_and_networks() -> None:
    given = {"ABONENT_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8, fd00::/8"}
    assert load_settings(given).trusted_proxies == "127.0.0.1,10.0.0.0/8,fd00::/8"


def test_hosts_are_names_without_scheme_and_port() -> None:
    given = {"ABONENT_HOSTS": "Desk.isp.example, *.isp.example, 10.0.0.5"}
    assert load_settings(given).allowed_hosts == ["desk.isp.example", "*.isp.example", "10.0.0.5"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRUSTED_PROXIES", "proxy.example"),
        ("TRUSTED_PROXIES", "*"),
        ("HOSTS", "https://desk.example"),
        ("HOSTS", "desk.example:8000"),
        ("HOSTS", "*"),
    ],
)
def test_what_they_cannot_mean_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"ABONENT_{name} is '{value.replace('*', '.')}'"):
        load_settings({f"ABONENT_{name}": value})


@pytest.mark.parametrize(
    ("host", "near"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("desk", False)],  # noqa: S104
)
def test_what_only_this_machine_reaches_is_known(host: str, near: bool) -> None:  # noqa: FBT001
    assert is_loopback(host) is near
