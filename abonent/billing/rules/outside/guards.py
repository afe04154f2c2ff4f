"""Who may speak for an agreement: networks, passwords and signed messages."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode
from binascii import Error
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

TOLERANCE = 300
"""Seconds by which the time of a signed message may differ from ours."""


def comes_from(address: str, networks: Sequence[str]) -> bool:
    """Tell whether an address lies in one of the networks; no networks allow every address."""
    if not networks:
        return True
    try:
        here = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(here, "ipv4_mapped", None)
    return any((mapped or here) in ip_network(network, strict=False) for network in networks)


def read_network(text: str) -> str:
    """A network as it is kept: "79.142.16.0/20"; raises ValueError for anything else."""
    return str(ip_network(text.strip(), strict=False))


def basic_credentials(header: str) -> tuple[str, str] | None:
    """The name and password of a Basic authorization; None for any other header."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, mark, password = b64decode(value, validate=True).decode().partition(":")
    except (Error, ValueError):
        return None
    return (name, password) if mark else None


def password_digest(password: str, *, salt: bytes) -> bytes:
    """What is kept of a password that another program sends: enough to compare, not to send."""
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << 12, r=8, p=1, dklen=32)


def same_secret(one: bytes, other: bytes) -> bool:
    """Compare without telling by the time it takes how much was right."""
    return hmac.compare_digest(one, other)


def signed_by(secret: str, *, header: str, body: bytes, now: int) -> bool:
    """Check a signature of Stripe's kind: `t=TIME,v1=HMAC-SHA256(secret, TIME.body)`.

    One older or newer than five minutes is refused: it may be an old message sent again.
    """
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdecimal():
        return False
    if len(times[0]) > 12 or abs(now - int(times[0])) > TOLERANCE:
        return False
    signed = f"{times[0]}.".encode() + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
    given = [value.encode() for name, _, value in pairs if name == "v1"]
    return any(hmac.compare_digest(expected, one) for one in given)
