"""Secrets sealed before they lie in the database: the tables alone, or a backup, tell none of them.

A secret that only has to be recognised is kept as a digest instead; sealed are those that must be
sent or computed with: keys of card processors, secrets of second factors. Each purpose has a key of
its own, derived from the installation's secret, and a sealed value opens only in the row it was
sealed for.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from Crypto.Cipher import AES
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF
from Crypto.Random import get_random_bytes

from abonent.kernel.errors import Refused
from abonent.kernel.i18n import N_
from abonent.kernel.settings import Settings, SettingsError, secret_key

MARK = "v1:"
"""What every sealed value begins with; the number is that of the way of sealing."""

_KEY_BYTES, _NONCE_BYTES, _TAG_BYTES = 32, 12, 16

_keys: dict[str, bytes] = {}


class Unsealable(Refused):
    """The secret was sealed with another key, or in another row, or was changed by hand."""

    def __init__(self, purpose: str) -> None:
        message = N_(
            "A stored secret ({purpose}) cannot be read: it was sealed with another secret key. Set"
            " ABONENT_SECRET_KEY to what it was, or put the file “secret” back into ABONENT_HOME."
        )
        super().__init__("SECRET_KEY", message, purpose=purpose)


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals and opens the secrets of one purpose."""

    purpose: str

    def close(self, secret: str, *, row: str) -> str:
        """Seal a secret for a row. Raises Unsealable where this installation has no secret."""
        nonce = get_random_bytes(_NONCE_BYTES)
        cipher = self._cipher("current", nonce, row)
        sealed, tag = cipher.encrypt_and_digest(secret.encode())
        return MARK + urlsafe_b64encode(nonce + sealed + tag).decode()

    def open(self, sealed: str, *, row: str) -> str:
        """Return what was sealed for this row. Raises Unsealable."""
        return self._opened(sealed, row, "current")

    def sealed_anew(self, value: str, *, row: str) -> str | None:
        """A value as it should be stored; None where it is. Raises Unsealable.

        A plain value is sealed, and one that only the former key opens is sealed with the present.
        """
        if not value.startswith(MARK):
            return self.close(value, row=row)
        try:
            self.open(value, row=row)
        except Unsealable:
            return self.close(self._opened(value, row, "former"), row=row)
        return None

    def _opened(self, sealed: str, row: str, key: str) -> str:
        if not sealed.startswith(MARK):
            raise Unsealable(self.purpose)
        try:
            raw = urlsafe_b64decode(sealed.removeprefix(MARK).encode())
            nonce, body = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:-_TAG_BYTES]
            cipher = self._cipher(key, nonce, row)
            return str(cipher.decrypt_and_verify(body, raw[-_TAG_BYTES:]).decode())
        except ValueError:
            raise Unsealable(self.purpose) from None

    def _cipher(self, key: str, nonce: bytes, row: str) -> Any:
        secret = _keys.get(key)
        if secret is None:
            raise Unsealable(self.purpose)
        label = f"abonent {MARK}{self.purpose}".encode()
        derived: Any = HKDF(secret, _KEY_BYTES, b"", SHA256, context=label)
        cipher = AES.new(derived, AES.MODE_GCM, nonce=nonce, mac_len=_TAG_BYTES)
        cipher.update(row.encode())
        return cipher


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """Where sealed values lie: `read` answers id and value, `keep` takes id, new and old value."""

    seal: Seal
    row: str
    read: str
    keep: str

    def place(self, row_id: object) -> str:
        """What a value of this row is sealed for."""
        return f"{self.row}:{row_id}"


@dataclass(frozen=True, slots=True)
class SealedAgain:
    """What came of it: how many were sealed now, and of which purposes some cannot be read."""

    sealed: int
    unreadable: tuple[str, ...]


def use_secrets_of(settings: Settings) -> None:
    """Seal with this installation's secret from now on. Reads a file.

    A secret that cannot be read stops nothing but what needs it.
    """
    AES.new(bytes(_KEY_BYTES), AES.MODE_GCM)  # loads its libraries now, not in the event loop later
    _keys.clear()
    with suppress(OSError, SettingsError):
        _keys["current"] = secret_key(settings)
    if settings.former_secret_key is not None:
        _keys["former"] = settings.former_secret_key.get_secret_value().encode()


async def seal_what_lies_open(connection: Any, columns: Sequence[SealedColumn]) -> SealedAgain:
    """Seal every value that is plain, or sealed with the former key."""
    sealed, unreadable = 0, []
    for column in columns:
        for row_id, value in await connection.fetch(column.read):
            try:
                new = column.seal.sealed_anew(value, row=column.place(row_id))
            except Unsealable:
                unreadable.append(column.seal.purpose)
                continue
            if new is not None:
                await connection.execute(column.keep, row_id, new, value)
                sealed += 1
    return SealedAgain(sealed, tuple(sorted(set(unreadable))))
