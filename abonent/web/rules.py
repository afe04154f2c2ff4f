"""Pure rules of sign-in: how guesses are slowed down and how long a session lives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address

from abonent.kernel.i18n import N_

SESSION_IDLE = timedelta(hours=12)
SESSION_LIFE = timedelta(days=14)
PENDING_LIFE = timedelta(minutes=10)
"""How long a right password waits for its code."""
SEEN_STEP = timedelta(minutes=1)
PASSWORD_LENGTH = 8


class Stage(StrEnum):
    """How far a sign-in has come: all of it, a code is asked for, a code is to be set up."""

    OPEN = "open"
    CODE = "code"
    SETUP = "setup"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """After ``free`` failures within ``window`` each further one blocks for a doubling time."""

    free: int
    window: timedelta
    first: timedelta
    longest: timedelta

    def block(self, failures: int) -> timedelta | None:
        """Return for how long to refuse after this many failures, or None.

        With 5 free failures and a first block of one minute: the 5th blocks for 1 minute, the 6th
        for 2, the 7th for 4, up to the longest.
        """
        over = failures - self.free
        if over < 0:
            return None
        # 2**20 minutes is far beyond any longest block; the bound keeps the number small.
        times: int = 2 ** min(over, 20)
        return min(self.first * times, self.longest)


# A person mistypes a few times; an office of many people shares one address.
PER_LOGIN = Limit(
    free=5,
    window=timedelta(minutes=30),
    first=timedelta(minutes=1),
    longest=timedelta(minutes=15),
)
PER_ADDRESS = Limit(
    free=30,
    window=timedelta(minutes=30),
    first=timedelta(minutes=1),
    longest=timedelta(minutes=30),
)


def normal_login(login: str) -> str:
    """Return the login as it is stored and compared: trimmed, lower case."""
    return login.strip().lower()


def secret_hash(secret: str) -> bytes:
    """Return the digest under which a random secret is stored.

    A plain SHA-256 is enough: the secrets have 256 random bits and cannot be guessed from it.
    """
    return hashlib.sha256(secret.encode()).digest()


def throttle_key(kind: str, value: str) -> bytes:
    """Return the key under which failures are counted for a login or an address."""
    return hashlib.sha256(f"{kind}:{value}".encode()).digest()


def network_key(kind: str, address: str) -> bytes:
    """Return the key under which attempts from one network address are counted.

    Who is given IPv6 is given a whole network: all its addresses count as one.
    """
    return throttle_key(kind, counted_address(address))


def counted_address(address: str) -> str:
    """Return an address as attempts from it are counted: of IPv6 the network of one line.

    >>> counted_address("2001:db8:1:2:aaaa::1"), counted_address("::ffff:192.0.2.7")
    ('2001:db8:1:2::/64', '192.0.2.7')
    >>> counted_address("192.0.2.7"), counted_address("")
    ('192.0.2.7', '')
    """
    try:
        here = ip_address(address)
    except ValueError:
        return address
    if not isinstance(here, IPv6Address):
        return str(here)
    return str(here.ipv4_mapped or f"{IPv6Address(int(here) >> 64 << 64)}/64")


def idle_since(now: datetime) -> datetime:
    """Return the instant before which a session last seen has ended by itself."""
    return now - SESSION_IDLE


ABSENCES = {
    "holiday": N_("Holiday"),
    "illness": N_("Illness"),
    "trip": N_("Business trip"),
    "training": N_("Training"),
    "other": N_("Another reason"),
}
"""Why somebody of the staff is away."""

# In this order: most browsers also claim to be the ones below them.
_BROWSERS = (
    ("YaBrowser", "Yandex Browser"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_name(agent: str) -> str:
    """Return a browser's signature as people would say it, such as ``Firefox, Windows``."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return ", ".join(part for part in (browser, system) if part) or agent
