"""A subscriber with an account to work on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from abonent.billing.service import days
from abonent.crm.rules.people import read_address
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.kernel.actor import SYSTEM, Actor
from tests.crm.queue_office import make_queue

TODAY = date(2026, 4, 1)
VIEWER = Actor("user", "5", "Viewer", frozenset({"crm.subscriber.view", "billing.account.view"}))


@pytest.fixture
async def card(db: Any) -> str:
    """The number of an account of Пётр Семёнов."""
    await days.begin(TODAY, by=SYSTEM)
    person = NewSubscriber("Семёнов Пётр Ильич", phone="8 912 345-67-89", email="p@example.org")
    await open_subscriber_account(
        "20417",
        by=SYSTEM,
        billing_day=1,
        subscriber=person,
        address=read_address("Центр, Мира, 8, кв. 12"),
    )
    return "20417"


@pytest.fixture
async def office(db: Any) -> int:
    """An office with a queue and two windows."""
    return await make_queue()
