"""Passwords: argon2id in a thread, two at a time, the same work whether or not the login exists."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
# One check takes 64 MiB and a fifth of a second of one core: more at once would starve the pages.
_GATE = asyncio.Semaphore(2)


@cache
def _nobody() -> str:
    """Checked instead of a stored hash when the login is unknown, so that timing tells nothing."""
    return _HASHER.hash("nobody has this password")


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


async def hash_password(password: str) -> str:
    """Return the argon2id hash to store."""
    async with _GATE:
        return await asyncio.to_thread(_HASHER.hash, password)


async def password_matches(stored: str | None, password: str) -> bool:
    """Tell whether the password is right; ``None`` stands for an unknown login and costs as much."""
    async with _GATE:
        right = await asyncio.to_thread(lambda: _verify(stored or _nobody(), password))
    return right and stored is not None
