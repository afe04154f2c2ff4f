"""The morning report: what it tells, when it goes, to whom, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from abonent.billing.service import payments
from abonent.crm.queries.morning import Morning, morning_report
from abonent.crm.registers.letters import LETTERS
from abonent.crm.service.morning import name_receivers, send_morning
from abonent.crm.service.requests.answering import answer_request
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Forbidden, Malformed
from abonent.kernel.i18n import speaking
from abonent.kernel.jsontext import from_json
from abonent.kernel.settings import Settings

MORNING = datetime(2026, 4, 2, 4, 0, tzinfo=UTC)
"""Seven o'clock in Moscow, the day after the card was made."""


def told(report: Morning, label: str) -> tuple[str, bool]:
    return next(
        (line.value, line.bad)
        for section in report.sections
        for line in section.lines
        if line.label == label
    )


async def test_it_tells_yesterday_and_what_waits(card: str, db: Any) -> None:
    with clock.moved(MORNING - timedelta(hours=18)):
        await payments.take_payment(card, by=SYSTEM, amount=50000, source="cash", external_id="m1")
        first = await take_request(
            NewRequest(channel="call", text="Приостановили", topic="suspended"), by=SYSTEM
        )
        await take_request(
            NewRequest(channel="call", text="Приостановили", topic="suspended"), by=SYSTEM
        )
    with clock.moved(MORNING - timedelta(hours=10)):
        await answer_request(first.number, by=SYSTEM, text="Включили", reply_by="none")
    await db.execute(
        "INSERT INTO crm_mail_taken (message_id, kind, at) VALUES ('a@b', 'failed', $1),"
        " ('b@b', 'failed', $1 - interval '3 days'), ('c@b', 'letter', $1)",
        MORNING,
    )
    await db.execute(
        "INSERT INTO job_run (id, job, key, state, created_at, due_at, finished_at, error)"
        " VALUES (1, 'billing.close_days', 'x', 'FAILED', $1, $1, $1, 'no disk')",
        MORNING,
    )
    with clock.moved(MORNING + timedelta(hours=6)), speaking("en"):
        report = await morning_report(by=SYSTEM)
    assert told(report, "Came yesterday") == ("2", False)
    assert told(report, "Letters not taken, left in the mailbox") == ("1", True)
    assert any(line.path.startswith(LETTERS.path) for line in report.bad)
    assert told(report, "of them after their norm") == ("1", True)
    assert told(report, "Overdue now") == ("1", True)
    assert "500" in told(report, "Came in")[0]
    assert told(report, "billing.close_days") == ("no disk", True)
    assert told(report, "Open day") == ("01.04.2026", True)


async def test_it_goes_once_a_day_after_its_hour(card: str, db: Any, database: Settings) -> None:
    with clock.moved(MORNING):
        assert not await send_morning(database)
        await name_receivers(by=SYSTEM, text="head@p.example\nadmin@p.example", hour=8)
        assert not await send_morning(database)
    await db.execute(
        "INSERT INTO crm_mail_taken (message_id, kind, at) VALUES ('a@b', 'failed', $1)", MORNING
    )
    with clock.moved(MORNING + timedelta(hours=1)):
        assert await send_morning(database)
        assert not await send_morning(database)
    with clock.moved(MORNING + timedelta(days=1, hours=3)):
        assert await send_morning(database)
    rows = await db.fetch("SELECT payload FROM outbox WHERE kind = 'mail' ORDER BY id")
    first = from_json(rows[0]["payload"])
    assert len(rows) == 2
    assert first["to"] == ["head@p.example", "admin@p.example"]
    assert "Утренний отчёт" in first["subject"]
    assert "Обращения" in first["text"]
    for written in (first["text"], first["html"]):
        assert written.count(LETTERS.path) == 1


async def test_addresses_are_checked_and_the_right_is_asked_for(db: Any) -> None:
    with pytest.raises(Malformed) as wrong:
        await name_receivers(by=SYSTEM, text="head@p.example, nonsense", hour=8)
    assert "nonsense" in wrong.value.errors[0].text("ru")
    nobody = Actor("user", "1", "Кто-то", frozenset())
    with pytest.raises(Forbidden):
        await morning_report(by=nobody)
