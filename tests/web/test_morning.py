"""The morning report leads to just what it counts."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from abonent.billing.service import payments
from abonent.crm.queries.morning import morning_report
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.client import CLIENT
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.i18n import speaking
from tests.crm.test_claims import taken
from tests.web.conftest import Enter
from tests.web.seed import small_provider
from tests.web.test_absences import away, staff

DAY = timedelta(days=1)


async def asked(text: str, *, channel: str = "call", topic: str = "payment-ways") -> int:
    new = NewRequest(channel=channel, text=text, topic=topic, who="Пётр", reply_by="none")
    return (await take_request(new, by=CLIENT if channel == "chat" else SYSTEM)).number


async def gone() -> None:
    """Two of the staff are away, one of them with nobody instead."""
    anna, olga, vera = await staff("Анна"), await staff("Ольга"), await staff("Вера")
    await away(anna, substitute=olga)
    await away(vera)


@pytest.fixture
async def yesterday(db: Any) -> None:
    """Something of all there is: late, near its term, answered late, not dealt with, come in."""
    await small_provider(db)
    now = clock.now()
    with clock.moved(now - 20 * DAY):
        first, _late = await asked("Старое"), await asked("Забытое")
        await taken()
    with clock.moved(now - DAY):
        await asked("Вчерашнее", topic="refund")
        await answer_request(first, by=SYSTEM, text="Ответили", reply_by="none")
        await payments.take_payment(
            "20417", by=SYSTEM, amount=50000, source="cash", external_id="m"
        )
    await asked("Кто-нибудь тут?", channel="chat")
    await asked("Два балла", topic="low-score")
    await gone()
    near = await asked("Скоро срок", topic="refund")
    await db.execute("UPDATE crm_request SET warn_at = $1 WHERE number = $2", now - DAY, near)


def rows_of(page: str) -> int:
    bodies = re.findall(r"<tbody[^>]*>(.*?)</tbody>", page, re.DOTALL)
    return max((len(re.findall(r"<tr\b", body)) for body in bodies), default=0)


async def test_each_line_leads_to_as_many_as_it_counts(yesterday: None, enter: Enter) -> None:
    head = await enter("head")
    with speaking("en"):
        report = await morning_report(by=SYSTEM)
    lines = [line for section in report.sections for line in section.lines if line.path]
    told = {line.label: line.value for line in lines}
    for label in (
        "Came yesterday", "Answered yesterday", "of them after their norm", "Overdue now",
        "Nearly overdue", "Low scores not dealt with yet", "Chats nobody has answered yet",
        "Away today", "of them with nobody instead",
    ):  # fmt: skip
        assert int(told[label]) > 0, label
    registers = (
        "/requests",
        "/all-requests",
        "/claims",
        "/messages",
        "/queue/tickets",
        "/quality-cards",
        "/staff",
        "/all-chats",
        "/letters-not-taken",
    )
    for line in lines:
        address = urlsplit(line.path)
        answer = await head.get(line.path)
        assert answer.status_code == 200, line.path
        if address.path in registers:
            assert rows_of(answer.text) == int(line.value), (line.label, line.path)
