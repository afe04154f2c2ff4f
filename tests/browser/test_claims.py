"""Claims as people see and use them: from intake to the compensation in the ledger, by the keyboard."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect

from abonent.crm.service.claims.answering import answer_claim
from abonent.crm.service.claims.deciding import decide_claim, execute_claim
from abonent.crm.service.claims.remedies import Remedy
from abonent.crm.service.claims.taking import NewClaim, take_claim
from abonent.crm.service.claims.working import hand_to_court, investigate_claim, note_claim
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from tests.web.seed import small_provider

Looked = Callable[..., Awaitable[None]]
OUTAGE = Remedy(kind="outage", first=date(2026, 11, 2), last=date(2026, 11, 4))


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)


async def _claim(number: str, subject: str, asked: str, days: int, **more: Any) -> int:
    with clock.moved(clock.now() - timedelta(days=days)):
        claim = NewClaim(
            account=number, subject=subject, asked=asked,
            text="Звонили дважды, обещали в тот же день. Мастер пришёл на четвёртый.",
            channel=more.pop("channel", "visit"), told=False, **more,
        )  # fmt: skip
        return await take_claim(claim, by=SYSTEM, register=more.get("reply_by") != "portal")


@pytest.fixture
async def claims(provider: None) -> dict[str, int]:
    """Claims in every state a clerk meets; the ids that pages are opened by."""
    done = await _claim("20417", "quality", "Перерасчёт за три дня без связи", 40, demand=8000)
    await investigate_claim(done, by=SYSTEM)
    await note_claim(done, by=SYSTEM, kind="finding", text="Обрыв кабеля, три дня простоя.")
    await note_claim(done, by=SYSTEM, text="Спросить у бригады про визит.")
    await decide_claim(
        done, by=SYSTEM, decision="partial", grounds="Связи не было по нашей вине.",
        cause="network", remedy=OUTAGE,
    )  # fmt: skip
    late = await _claim("20418", "charge", "Вернуть списанное", 35, demand=3000)
    await _claim("20419", "speed", "Снизить плату", 22)
    await _claim("20421", "payment", "Зачислить платёж", 1, channel="portal", reply_by="portal")
    await answer_claim(done, by=SYSTEM, text="Возвращаем деньги за три дня.", way="paper")
    await execute_claim(done, by=SYSTEM)
    await hand_to_court(done, by=SYSTEM, court="Мировой суд, участок 5", case="2-14", amount=800000)
    return {"done": done, "late": late}


async def test_the_pages(claims: dict[str, int], looked: Looked) -> None:
    await looked("/claims", "claims-register")
    await looked("/all-claims", "claims-all")
    await looked(f"/claims/{claims['done']}", "claim-in-court")
    await looked(f"/claims/{claims['late']}", "claim-late")
    await looked(f"/claims/{claims['done']}/court", "claim-court")
    await looked("/accounts/20417/claims", "claims-tab")
    await looked("/accounts/20420/claims", "claims-none")
    await looked("/accounts/20417/claims/new", "claim-new")
    await looked("/claims/report", "claims-report")
    await looked("/claims/settings", "claims-settings")
    await investigate_claim(claims["late"], by=SYSTEM)
    await looked(f"/claims/{claims['late']}/decide", "claim-decide")


async def test_a_claim_goes_from_intake_to_the_ledger_by_the_keyboard(
    provider: None, seat: Page
) -> None:
    home = seat.url.rstrip("/")

    async def ready(path: re.Pattern[str]) -> None:
        await seat.wait_for_url(path)
        await seat.wait_for_selector("html[data-keys=bound]")

    await seat.goto(f"{home}/accounts/20417/claims")
    await seat.wait_for_selector("html[data-keys=bound]")
    await seat.keyboard.press("c")
    dialog = seat.locator("dialog[open]")
    await dialog.locator("[name=subject]").select_option("quality")
    await dialog.locator("[name=asked]").fill("Перерасчёт за три дня")
    await dialog.locator("[name=text]").fill("Не было связи.")
    await dialog.locator("[name=demand]").fill("58,06")
    await seat.keyboard.press("Control+Enter")
    await ready(re.compile(r"/claims/\d+\?done=taken$"))
    await expect(seat.locator("main")).to_contain_text("Претензия 2026-1")
    await seat.keyboard.press("i")
    await ready(re.compile(r"/claims/\d+$"))
    await seat.keyboard.press("d")
    await dialog.locator("[name=cause]").select_option("network")
    await dialog.locator("[name=grounds]").fill("Авария подтверждена.")
    # Of what each remedy asks, only that of the chosen one stands there.
    for remedy, there, away in (
        ("tariff", "tariff", "amount"),
        ("bonus", "amount", "to"),
    ):
        await dialog.locator("[name=remedy]").select_option(remedy)
        await expect(dialog.locator(f"[name={there}]")).to_be_visible()
        await expect(dialog.locator(f"[name={away}]")).to_be_hidden()
    await expect(dialog.locator("#act-charges")).to_be_hidden()
    await dialog.locator("[name=remedy]").select_option("charges")
    await dialog.locator("#act-charges input").first.check()
    await expect(dialog.locator(".outcome")).to_contain_text("Будет возвращено")
    await expect(dialog.locator("#act-charges input").first).to_be_checked()
    await dialog.locator("[name=remedy]").select_option("outage")
    await dialog.locator("[name=from]").fill("2026-11-02")
    await dialog.locator("[name=to]").fill("2026-11-04")
    await expect(dialog.locator(".outcome")).to_contain_text("53,00")
    await seat.keyboard.press("Control+Enter")
    await ready(re.compile("done=decided"))
    await seat.keyboard.press("a")
    await expect(dialog.locator("[name=text]")).to_have_value(re.compile("53,00"))
    await seat.keyboard.press("Control+Enter")
    await ready(re.compile("done=answered"))
    await seat.keyboard.press("x")
    await expect(dialog).to_contain_text("53,00")
    await seat.keyboard.press("Control+Enter")
    await ready(re.compile("done=executed"))
    await seat.locator("main dl.outcome a").click()
    await seat.wait_for_url(re.compile("/entries/"))
    await expect(seat.locator("main")).to_contain_text("46,00")
    async with transaction() as connection:
        posted = await connection.fetchrow(
            "SELECT count(*) AS entries, sum(amount) AS amount FROM billing_entry"
            " WHERE kind = 'compensation'"
        )
    assert tuple(posted.values()) == (2, 5300)
    assert await seat.evaluate("window.__violations") == []
