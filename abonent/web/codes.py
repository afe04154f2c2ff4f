"""Pure rules of the second factor: codes by the clock (RFC 6238), codes for the day a phone is lost."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import pyotp
import segno

STEP = timedelta(seconds=30)
DIGITS = 6
NEAR = (0, -1, 1)
"""Steps that are taken: the present one, and its neighbours for clocks that differ a little."""

RECOVERY_CODES = 10
_RECOVERY_BYTES = 10
_EPOCH_STEP = 30
_ISSUER = "Abonent"


def new_secret() -> str:
    """Return a fresh secret of 160 random bits, as an app takes it typed by hand."""
    return pyotp.random_base32()


def step_of(now: datetime) -> int:
    """Return the number of the half-minute."""
    return int(now.timestamp()) // _EPOCH_STEP


def step_of_code(secret: str, code: str, *, now: datetime) -> int | None:
    """Return the half-minute whose code it is, None when it is no code of now."""
    asked, present = plain_code(code), step_of(now)
    codes = pyotp.HOTP(secret, digits=DIGITS)
    found = None
    for near in NEAR:
        # All are compared, whichever fits: the time taken tells nothing.
        if hmac.compare_digest(codes.at(present + near), asked):
            found = present + near
    return found


def plain_code(code: str) -> str:
    """Return a typed code without the blanks and dashes that people put in; only ASCII is kept."""
    return "".join(letter for letter in code.lower() if letter.isascii() and letter.isalnum())


def address_of_secret(secret: str, *, login: str) -> str:
    """Return the address that an app on a phone reads from a QR code."""
    return pyotp.TOTP(secret, digits=DIGITS).provisioning_uri(name=login, issuer_name=_ISSUER)


def picture_of(address: str) -> str:
    """Return a QR code as SVG, drawn in the colour of the text around it."""
    code = segno.make(address, error="m")
    svg: str = code.svg_inline(scale=4, border=4, svgclass=None, lineclass=None, omitsize=True)
    return svg


def in_fours(text: str, mark: str = " ") -> str:
    """Return a secret or code in groups of four, as people read it aloud."""
    return mark.join(text[start : start + 4] for start in range(0, len(text), 4))


def new_recovery_codes() -> Sequence[str]:
    """Return fresh codes of 80 random bits each, such as "k7dm-2xqa-…"; each is good for once."""
    raw = (secrets.token_bytes(_RECOVERY_BYTES) for _ in range(RECOVERY_CODES))
    return [in_fours(base64.b32encode(one).decode().lower(), "-") for one in raw]
