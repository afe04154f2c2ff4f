"""Pure rules of the portal's sign-in: codes, how long they and sessions hold, how guesses are slowed."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from abonent.web.rules import Limit, network_key, throttle_key

CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=10)
MOST_TRIES = 5
"""Of one code; then another must be asked for."""

SESSION_IDLE = timedelta(days=14)
SESSION_LIFE = timedelta(days=60)
SEEN_STEP = timedelta(minutes=10)

# A family shares one address; so do the subscribers of an operator who are not given one of their own.
PER_ADDRESS = Limit(
    free=60,
    window=timedelta(minutes=30),
    first=timedelta(minutes=1),
    longest=timedelta(minutes=30),
)
# Every code costs a message: five in half an hour are enough for anybody.
PER_ASKED = Limit(
    free=5,
    window=timedelta(minutes=30),
    first=timedelta(minutes=5),
    longest=timedelta(minutes=30),
)

# What anybody may write to us without a sign-in: a clerk reads each.
PER_WRITER = Limit(
    free=10,
    window=timedelta(minutes=30),
    first=timedelta(minutes=5),
    longest=timedelta(minutes=30),
)

# A survey is three forms, a request a few lines; who opens one has its link, which nobody guesses.
PER_SURVEY = Limit(
    free=30,
    window=timedelta(minutes=30),
    first=timedelta(minutes=1),
    longest=timedelta(minutes=30),
)

# A talk is many short lines; a machine would write them faster.
PER_CHAT = Limit(
    free=120,
    window=timedelta(minutes=30),
    first=timedelta(minutes=1),
    longest=timedelta(minutes=30),
)


def asking_keys(address: str) -> dict[bytes, Limit]:
    """What is counted when somebody writes to us without a sign-in."""
    return {network_key("ask", address): PER_WRITER}


def chatting_keys(token: str) -> dict[bytes, Limit]:
    """What is counted when somebody goes on in a chat: by its link, for many share one address."""
    return {throttle_key("chat", token): PER_CHAT}


def linked_keys(token: str) -> dict[bytes, Limit]:
    """What is counted when a request is gone on with or rated by its link."""
    return {throttle_key("request", token): PER_SURVEY}


def answering_keys(token: str) -> dict[bytes, Limit]:
    """What is counted when a survey is answered: by its link, for many share one address."""
    return {throttle_key("survey", token): PER_SURVEY}


def normal_number(text: str) -> str:
    """The number of an account or contract as it is looked up: without blanks around and inside.

    >>> normal_number(" 2024 / 100001 ")
    '2024/100001'
    """
    return "".join(text.split())


def code_digest(challenge: str, code: str) -> bytes:
    """The digest under which a code is kept.

    `challenge` has 256 random bits and stays with the browser that asked, so the six digits cannot
    be guessed from the digest.
    """
    return hashlib.sha256(f"{challenge}:{code}".encode()).digest()


def typed_code(text: str) -> str:
    """A code as it was typed, digits only: people type "123 456"."""
    return "".join(sign for sign in text if sign in "0123456789")


def idle_since(now: datetime) -> datetime:
    """The instant before which a session last seen has ended by itself."""
    return now - SESSION_IDLE
