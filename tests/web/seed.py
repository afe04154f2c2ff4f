"""A small provider to look at: every state that an account can be in, made through the use cases."""

from __future__ import annotations

from datetime import date
from typing import Any

from abonent.billing.service import days, freezes, payments, services, tariffs
from abonent.crm.rules.people import read_address
from abonent.crm.service.subscribers import NewSubscriber, open_subscriber_account
from abonent.kernel.actor import SYSTEM
from tests.kept import once

FIRST_DAY = date(2026, 10, 25)
OPEN_DAY = date(2026, 11, 14)

_OFFER = """
INSERT INTO billing_offer (code, name, days, days_per_year, most_days, amount, ceiling, fee,
    once_per_days, least_tenure_days, highest_debt, ban_days, tariffs, channels, active)
VALUES ($1, $2, $3, 1, 10, NULL, 100000, $4, 30, $5, NULL, 90, NULL, NULL, true)
"""
_CATALOGUE = "UPDATE billing_installation SET catalogue = catalogue + 7"

PEOPLE = (
    ("20417", "Орлова Ирина Олеговна", "+7 916 345-67-42", "Центр, ул. Мира, 8, кв. 77"),
    ("20418", "Семёнов Пётр Ильич", "8 912 000-11-22", "Центр, Ленина, 12, кв. 45"),
    ("20419", "Орлов Иван Сергеевич", "+7 495 345-67-89", "Заречье, Лесная, 3, кв. 1"),
    ("20420", "ООО «Вектор Плюс»", "+7 495 100-20-30", "Промзона, Заводская, 1"),
    ("20421", "Кузнецова Анна Петровна", "", "Заречье, Садовая, 14, кв. 9"),
)
TARIFFS = (
    ("opt50", "Оптима 50", "internet", "advance", 39000),
    ("opt100", "Оптима 100", "internet", "advance", 46000),
    ("opt500", "Оптима 500", "internet", "advance", 89000),
    ("day", "Посуточный", "internet", "daily", 60000),
    ("tv", "Базовый, 120 каналов", "tv", "advance", 7000),
    ("biz", "Офис 100", "internet", "arrears", 250000),
)


@once
async def small_provider(connection: Any) -> None:
    """Fill an empty database; the open day becomes OPEN_DAY."""
    await days.begin(FIRST_DAY, by=SYSTEM)
    for code, name, kind, mode, fee in TARIFFS:
        await tariffs.create_tariff(
            by=SYSTEM, code=code, name=name, kind=kind, mode=mode, fee=fee, due_days=10
        )
    await connection.execute("DELETE FROM billing_offer")
    await connection.execute(_OFFER, "short", "На 5 дней", 5, 0, 0)
    await connection.execute(_OFFER, "paid", "На 10 дней, платный", 10, 3000, 0)
    await connection.execute(_OFFER, "loyal", "Для давних абонентов", 10, 0, 365)
    await connection.execute(_CATALOGUE)
    for number, name, phone, address in PEOPLE:
        person = NewSubscriber(name, phone=phone, email="post@mail.example")
        await open_subscriber_account(
            number, by=SYSTEM, billing_day=1, subscriber=person, address=read_address(address)
        )
    await _services()


async def _pay(number: str, amount: int, key: str) -> None:
    await payments.take_payment(
        number, by=SYSTEM, amount=amount, source="cash", external_id=f"{number}-{key}"
    )


async def _services() -> None:
    for number, tariff in (
        ("20417", "opt100"),
        ("20417", "tv"),
        ("20418", "opt100"),
        ("20419", "day"),
        ("20420", "biz"),
        ("20421", "opt50"),
    ):
        await services.add_service(number, by=SYSTEM, tariff=tariff)
    await _pay("20417", 96000, "a")
    await _pay("20418", 12000, "a")
    await _pay("20421", 90000, "a")
    await days.close_days(by=SYSTEM, through=date(2026, 11, 5))
    await _pay("20419", 30000, "a")
    await freezes.freeze_account(
        "20421", by=SYSTEM, start=date(2026, 11, 10), end=date(2026, 11, 30), reason="Отпуск"
    )
    await days.close_days(by=SYSTEM, through=date(2026, 11, 13))
