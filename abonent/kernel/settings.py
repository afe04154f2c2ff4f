"""One frozen object of settings, read from ABONENT_* in one place."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from abonent.kernel import clock

PREFIX = "ABONENT_"
MINIMUM_SECRET = 32
SMS_SCHEMES = frozenset({"smpp", "smpps", "kannel+http", "kannel+https", "smsc+http", "smsc+https"})
SEALED = frozenset(
    {
        "secret_key", "former_secret_key", "smtp_url", "fiscal_url", "files_url", "sms_url",
        "mailbox_url",
    }
)  # fmt: skip
"""Settings whose value no message shows."""

_FISCAL = re.compile(r"https?://[^:@/]+:[^@/]+@[^/]+(/[^/]+)*/v[45]/[^/]+/?")
_SITE = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\]")
_PASSWORD = re.compile(r"(?<=:)[^:/@]*(?=@)")


class SettingsError(Exception):
    """A setting is wrong; the text names it, its value and what is expected."""


def default_home() -> Path:
    """Answer where the data lives unless told: /var/lib/abonent for root, else the user's folder."""
    if os.geteuid() == 0:
        return Path("/var/lib/abonent")
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "abonent"


class Settings(BaseModel):
    """Everything the operator may choose; each field is ABONENT_ and its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    home: Path = Field(default_factory=default_home)
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    database_url: str | None = None
    redis_url: str | None = None
    pool_size: int = Field(default=10, ge=1, le=500)
    lock_timeout_ms: int = Field(default=5000, ge=100, le=600_000)
    processes: int = Field(default=2, ge=1, le=64)
    day: Literal["auto", "manual"] = "auto"
    timezone: str = "Europe/Moscow"
    currency: str = Field(default="RUB", pattern=r"^[A-Z]{3}$")
    minor_digits: int = Field(default=2, ge=0, le=4)
    language: Literal["ru", "en"] = "ru"
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    secret_key: SecretStr | None = None
    former_secret_key: SecretStr | None = None
    content: Path | None = None
    smtp_url: SecretStr | None = None
    mail_from: str = "noreply@localhost"
    mailbox_url: SecretStr | None = None
    sms_url: SecretStr | None = None
    sms_sender: str = Field(default="", max_length=15)
    sms_rate: int = Field(default=10, ge=1, le=10_000)
    fiscal: Literal["none", "file", "atol"] = "none"
    fiscal_url: SecretStr | None = None
    public_url: str | None = None
    trusted_proxies: str = ""
    hosts: str = ""
    chat_sites: str = ""
    files_url: SecretStr | None = None
    files_check: str | None = None

    @field_validator("home", "content")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path else None

    @field_validator("timezone")
    @classmethod
    def _existing_zone(cls, zone: str) -> str:
        try:
            clock.zone(zone)
        except (ValueError, OSError, KeyError):
            raise ValueError("a time zone name such as Europe/Moscow") from None
        return zone

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in {"postgres", "postgresql"}:
            raise ValueError("an address such as postgresql://user:password@host:5432/abonent")
        return url

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("an address such as redis://host:6379/0 or unix:///run/valkey.sock")
        return url

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and urlsplit(url.get_secret_value()).scheme not in {"smtp", "smtps"}:
            raise ValueError("an address such as smtp://user:password@host:587")
        return url

    @field_validator("mailbox_url")
    @classmethod
    def _imap(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and urlsplit(url.get_secret_value()).scheme not in {"imap", "imaps"}:
            raise ValueError("an address such as imaps://user:password@host:993/INBOX")
        return url

    @field_validator("sms_url")
    @classmethod
    def _sms(cls, url: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(url.get_secret_value()) if url is not None else None
        if parts is not None and not (parts.scheme in SMS_SCHEMES and parts.hostname):
            raise ValueError(
                "an address such as smpp://user:password@host:2775,"
                " kannel+http://user:password@host:13013/cgi-bin/sendsms"
                " or smsc+https://login:password@host/sys/"
            )
        return url

    @field_validator("files_url")
    @classmethod
    def _bucket(cls, url: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(url.get_secret_value()) if url is not None else None
        if parts is not None and not (
            parts.scheme in {"s3", "s3+http"} and parts.hostname and parts.path.strip("/")
        ):
            raise ValueError("an address such as s3://key:secret@host:443/bucket")
        return url

    @field_validator("fiscal_url")
    @classmethod
    def _fiscal(cls, url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        needed = info.data.get("fiscal") == "atol"
        if (url is None and needed) or (url and not _FISCAL.fullmatch(url.get_secret_value())):
            raise ValueError("an address such as https://login:password@host/possystem/v4/GROUP")
        return url

    @field_validator("public_url")
    @classmethod
    def _public(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError("the address subscribers and banks see, such as https://isp.example")
        return url.rstrip("/") if url else url

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, text: str) -> str:
        """Comma-separated addresses and networks of our own proxies; kept without blanks."""
        parts = listed(text)
        try:
            for part in parts:
                ip_network(part)
        except ValueError:
            raise ValueError("addresses or networks such as 127.0.0.1, 10.0.0.0/8") from None
        return ",".join(parts)

    @field_validator("hosts")
    @classmethod
    def _names(cls, text: str) -> str:
        """Comma-separated names under which the desk is reached; "*.isp.example" for all below."""
        parts = [part.lower() for part in listed(text)]
        if not all(_HOST.fullmatch(part) for part in parts):
            raise ValueError("names such as desk.isp.example, 10.0.0.5 (no port, no https://)")
        return ",".join(parts)

    @field_validator("chat_sites")
    @classmethod
    def _sites(cls, text: str) -> str:
        """Comma-separated sites that may show the chat in a frame; kept without blanks."""
        parts = [part.lower().rstrip("/") for part in listed(text)]
        if not all(_SITE.fullmatch(part) for part in parts):
            raise ValueError("sites such as https://isp.example, https://*.isp.example (no path)")
        return ",".join(parts)

    @property
    def allowed_hosts(self) -> list[str]:
        """The names that a request may ask for; empty: any."""
        return listed(self.hosts)

    @field_validator("secret_key", "former_secret_key")
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < MINIMUM_SECRET:
            raise ValueError("at least 32 characters")
        return key

    def having(self, **changes: Any) -> Self:
        """Answer a copy with some fields changed, checked like the original."""
        return type(self).model_validate({**self.model_dump(), **changes})

    def safe_database_url(self) -> str:
        """Answer the database's address without its password, for messages and logs."""
        return mask_password(self.database_url or "")


def listed(text: str) -> list[str]:
    """Answer the parts of a comma-separated setting, without blanks."""
    return [part.strip() for part in text.split(",") if part.strip()]


def mask_password(url: str) -> str:
    """Replace the password inside an address by asterisks."""
    return _PASSWORD.sub("***", url)


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the settings; raises SettingsError naming each wrong one, its value and what is right.

    `environ` stands in for the process environment; `overrides` (fields by name, from the command
    line) win over it.
    """
    given = os.environ if environ is None else environ
    values = {
        name: given[PREFIX + name.upper()]
        for name in Settings.model_fields
        if given.get(PREFIX + name.upper())
    }
    try:
        return Settings.model_validate({**values, **overrides})
    except ValidationError as error:
        lines = [_explain(detail) for detail in error.errors(include_url=False)]
        raise SettingsError("\n".join(lines)) from None


def _explain(detail: ErrorDetails) -> str:
    name = str(detail["loc"][0]) if detail["loc"] else "?"
    value = "***" if name in SEALED else mask_password(str(detail["input"]))
    expected = detail["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{name.upper()} is {value!r}; expected: {expected}"


def secret_key(settings: Settings) -> bytes:
    """Answer the installation's secret: the one set, else one made once and kept under home.

    Raises SettingsError where the file that keeps it holds none.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path = settings.home / "secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_once(path, secrets.token_hex(MINIMUM_SECRET))
    key = path.read_bytes().strip()
    if len(key) < MINIMUM_SECRET:
        raise SettingsError(
            f"{path} holds {len(key)} characters; expected: the secret of this installation, at least "
            f"{MINIMUM_SECRET}. Put it back, or set {PREFIX}SECRET_KEY."
        )
    return key


def _write_once(path: Path, text: str) -> None:
    """Write a file that nobody may read, whole or not at all.

    Two processes may start together: the first one's secret holds, and none reads half of it.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
