"""The page of the business day: what it shows, closing by hand, the run while somebody watches."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import httpx
import pytest

from abonent.billing.jobs import close_past_days, close_through
from abonent.billing.queries.closing import CLOSE_THROUGH, asked_closing
from abonent.billing.queries.day import day_state
from abonent.billing.service import accounts, days, payments, services, tariffs
from abonent.kernel.actor import SYSTEM
from abonent.kernel.jobs import JobContext, due_runs, run_job
from abonent.kernel.settings import Settings

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
FIRST = date(2026, 3, 1)
PART = {"HX-Request": "true"}


@pytest.fixture
async def provider(db: Any) -> Any:
    """Two accounts with a month's service each, paid for; the open day is 1 March 2026."""
    await days.begin(FIRST, by=SYSTEM)
    await tariffs.create_tariff(
        by=SYSTEM, code="opt", name="Оптима", kind="internet", mode="advance", fee=46000
    )
    for number in ("1", "2"):
        await accounts.open_new_account(number, by=SYSTEM, billing_day=2)
        await payments.take_payment(
            number, by=SYSTEM, amount=100000, source="cash", external_id=number
        )
        await services.add_service(number, by=SYSTEM, tariff="opt")
    return db


async def _dialog(browser: httpx.AsyncClient) -> dict[str, str]:
    text = (await browser.get("/day/close", headers=PART)).text
    return dict(re.findall(r'name="(\w+)"[^>]*? value="([^"]*)"', text))


async def _opened() -> date:
    state = await day_state(by=SYSTEM)
    assert state is not None
    return state.day


async def test_the_page_says_which_day_is_open_and_what_its_closing_reaches(
    provider: Any, enter: Enter
) -> None:
    text = (await (await enter("head")).get("/day")).text
    assert "1 марта 2026" in text
    assert "вручную" in text
    assert re.search(r"figure\">2</dd>", text)
    assert "Закрыть день" in text


async def test_who_may_not_close_days_sees_no_button(provider: Any, enter: Enter) -> None:
    browser = await enter("cash")
    assert "/day/close" not in (await browser.get("/day")).text
    assert (await browser.get("/day/close")).status_code == 403
    assert (await browser.post("/day/close", data={"through": "2026-03-01"})).status_code == 403


async def test_before_the_first_day_the_page_says_what_to_do(db: Any, enter: Enter) -> None:
    answer = await (await enter("head")).get("/day")
    assert answer.status_code == 409
    assert "abonent init" in answer.text


async def test_closing_is_asked_for_and_carried_out_by_the_worker(
    provider: Any, enter: Enter, database: Settings
) -> None:
    browser = await enter("head")
    form = await _dialog(browser) | {"through": "2026-03-03", "confirm": "2"}
    answer = await browser.post("/day/close", data=form, headers=PART)
    assert (answer.status_code, answer.headers.get("HX-Redirect")) == (204, "/day")
    assert await _opened() == FIRST
    text = (await browser.get("/day")).text
    assert "день 1 из 3" in text
    assert "Мария Петрова" in text
    ((run_id, _attempts),) = await due_runs()
    await run_job(run_id, database.having(processes=1))
    assert await _opened() == date(2026, 3, 4)
    assert await asked_closing(by=SYSTEM) is None
    text = (await browser.get("/day")).text
    assert "4 марта 2026" in text
    assert text.count(">завершён<") == 3


async def test_the_same_form_twice_asks_once_and_another_is_told_who_was_first(
    provider: Any, enter: Enter
) -> None:
    browser = await enter("head")
    form = await _dialog(browser) | {"confirm": "2"}
    for _again in range(2):
        answer = await browser.post("/day/close", data=form, headers=PART)
        assert answer.status_code == 204, answer.text
    assert len(await due_runs()) == 1
    other = form | {"key": "another"}
    answer = await browser.post("/day/close", data=other, headers=PART)
    assert answer.status_code == 409
    assert "01.03.2026 уже закрываются" in answer.text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("confirm", "3", "Это не число лицевых счетов"),
        ("confirm", "", "Это не число лицевых счетов"),
        ("through", "2026-02-28", "28.02.2026"),
        ("through", "2028-03-01", "366"),
        ("through", "soon", "Укажите день"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(
    provider: Any, enter: Enter, field: str, value: str, said: str
) -> None:
    browser = await enter("head")
    form = await _dialog(browser) | {"confirm": "2", field: value}
    answer = await browser.post("/day/close", data=form, headers=PART)
    assert answer.status_code == 422
    wrong = re.search(rf'id="close-{field}-error">(.*?)</p>', answer.text, re.DOTALL)
    assert wrong is not None
    assert said in wrong[1]
    assert f'value="{value}"' in answer.text
    assert f'value="{form["key"]}"' in answer.text
    assert await due_runs() == []


async def test_another_last_day_shows_what_follows_from_it(provider: Any, enter: Enter) -> None:
    browser = await enter("head")
    answer = await browser.get("/day/close/outcome?through=2026-03-05", headers=PART)
    assert re.search(r"<dd>5</dd>", answer.text)
    assert "06.03.2026" in answer.text


async def test_a_run_that_a_kill_interrupted_goes_on_within_a_minute(
    provider: Any, enter: Enter, database: Settings
) -> None:
    browser = await enter("head")
    form = await _dialog(browser) | {"through": "2026-03-02", "confirm": "2"}
    await browser.post("/day/close", data=form, headers=PART)
    # The worker moved the day, then died: its job stays RUNNING until its lease is over.
    await provider.execute(
        "UPDATE job_run SET state = 'RUNNING', attempts = 1, due_at = due_at + interval '7 hours'"
    )
    await days.move_day(FIRST, by=SYSTEM)
    text = (await browser.get("/day")).text
    assert "Открывается 02.03.2026" in text
    assert re.search(r'<progress max="2" value="0"', text)
    context = JobContext(database.having(processes=1), 1, 1)
    await close_past_days(context)
    assert await _opened() == date(2026, 3, 3)
    await close_through(context, first="2026-03-01", through="2026-03-02", by="user:1")
    assert await _opened() == date(2026, 3, 3)
    jobs = await provider.fetch("SELECT job FROM job_run")
    assert [row["job"] for row in jobs] == [CLOSE_THROUGH]


async def test_the_moving_parts_are_answered_alone(provider: Any, enter: Enter) -> None:
    await days.move_day(FIRST, by=SYSTEM)
    text = (await (await enter("office")).get("/day/live", headers=PART)).text
    assert text.count("<hx-partial") == 4
    assert "<!doctype" not in text
    assert 'hx-get="/day/live"' in text
