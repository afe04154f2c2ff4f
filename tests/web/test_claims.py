"""The pages of claims: taken in on the card, decided with the sum shown, answered, given back."""

from __future__ import annotations

import re
from typing import Any

import pytest

from abonent.billing.service.payments import charge_fee
from abonent.crm.service.claims.taking import NewClaim, take_claim
from abonent.crm.service.requests.taking import NewRequest, take_request
from abonent.kernel.actor import SYSTEM
from tests.crm.test_claims import taken
from tests.web.conftest import Enter
from tests.web.seed import small_provider
from tests.web.seen import key_of, plain
from tests.web.test_requests import sent

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
FORM = {
    "subject": "quality",
    "asked": "Перерасчёт за три дня",
    "text": "Не было связи со второго по четвёртое.",
    "demand": "58,06",
    "received_on": "2026-11-20",
    "channel": "visit",
    "reply_by": "paper",
}
DAYS = {"remedy": "outage", "from": "2026-11-02", "to": "2026-11-04"}


@pytest.fixture
async def provider(db: Any) -> None:
    await small_provider(db)


async def test_a_claim_goes_from_the_counter_to_the_ledger(provider: None, enter: Enter) -> None:
    office = await enter("office")
    answer = await sent(office, "/accounts/20417/claims/new", **FORM)
    assert answer.status_code == 303, answer.text
    one = answer.headers["location"].split("?")[0]
    seen = plain((await office.get(answer.headers["location"])).text)
    for told in ("Претензия зарегистрирована", "Претензия 2026-1", "58,06", "Орлова"):
        assert told in seen
    assert (await office.post(f"{one}/investigate")).status_code == 303
    note = await sent(office, f"{one}/note", text="Обрыв кабеля.", kind="finding")
    assert note.status_code == 303
    opened = await office.get(f"{one}/decide")
    shown = await office.post(
        f"{one}/decide",
        data={"key": key_of(opened.text), "decision": "full", "cause": "network", **DAYS},
    )
    assert "53,00" in plain(shown.text)
    done = await sent(
        office, f"{one}/decide", decision="full", cause="network", grounds="Авария была.", **DAYS
    )
    assert done.status_code == 303, done.text
    form = (await office.get(f"{one}/answer")).text
    for told in ("Обрыв кабеля", "Авария была", "53,00"):
        assert told in form
    done = await sent(office, f"{one}/answer", text="Возвращаем 53 рубля.", way="paper")
    assert done.status_code == 303, done.text
    seen = (await office.get(one)).text
    pdf = seen.split(f"{one}/answers/")[1].split(".pdf")[0]
    printed = await office.get(f"{one}/answers/{pdf}.pdf")
    assert printed.content.startswith(b"%PDF")
    assert "обещано и ещё не возвращено" in plain(seen)
    done = await sent(office, f"{one}/execute")
    assert done.status_code == 303, done.text
    assert "исполнена" in plain((await office.get(one)).text)
    money = plain((await office.get("/accounts/20417/money")).text)
    assert "Компенсация" in money
    assert "46,00" in money
    done = await sent(office, f"{one}/close", note="")
    assert done.status_code == 303
    tab = plain((await office.get("/accounts/20417/claims")).text)
    assert "2026-1" in tab
    assert "закрыта" in tab
    whole = await office.get(f"{one}/file.pdf")
    assert whole.content.startswith(b"%PDF")


async def test_a_document_is_kept_and_handed_out_harmless(provider: None, enter: Enter) -> None:
    office = await enter("office")
    claim = await take_claim(
        NewClaim(account="20417", subject="other", asked="Ответ", text="Текст", channel="letter"),
        by=SYSTEM,
    )
    one = f"/claims/{claim}"
    key = key_of((await office.get(f"{one}/file")).text)
    for content, code in ((b"MZ nothing", 409), (PNG, 303)):
        answer = await office.post(
            f"{one}/file",
            data={"step": "do", "key": key, "name": "Акт"},
            files={"file": ("акт.png", content, "image/png")},
        )
        assert answer.status_code in {code, 422}, answer.text
    seen = (await office.get(one)).text
    file = seen.split(f"{one}/files/")[1].split('"')[0]
    kept = await office.get(f"{one}/files/{file}")
    assert kept.content == PNG
    assert "sandbox" in kept.headers["content-security-policy"]


async def test_a_request_becomes_a_claim_with_its_words(provider: None, enter: Enter) -> None:
    office = await enter("office")
    new = NewRequest(channel="email", text="Требую вернуть деньги", account="20417",
        reply_by="email", reply_to="i@example.org")  # fmt: skip
    number = (await take_request(new, by=SYSTEM)).number
    page = (await office.get(f"/requests/{number}")).text
    assert f"/accounts/20417/claims/new?request={number}" in page
    form = (await office.get(f"/accounts/20417/claims/new?request={number}")).text
    assert "Требую вернуть деньги" in form
    assert "i@example.org" in form
    answer = await sent(office, f"/accounts/20417/claims/new?request={number}", **FORM)
    assert answer.status_code == 303
    assert "2026-1" in plain((await office.get(f"/requests/{number}")).text)


async def test_registers_and_figures_name_it(provider: None, enter: Enter) -> None:
    head = await enter("head")
    assert "figure" not in (await head.get("/claims/report")).text
    await sent(head, "/accounts/20417/claims/new", **FORM)
    for path in ("/claims", "/all-claims", "/claims?q=1", "/all-claims?q=20417"):
        assert "2026-1" in plain((await head.get(path)).text), path
    report = plain((await head.get("/claims/report")).text)
    assert "Нет связи" in report
    assert "200" in report
    wrong = await head.get("/claims/report?since=2020-01-01&until=2026-01-01")
    assert wrong.status_code == 200
    assert "800" in plain(wrong.text)
    kept = await sent(head, "/claims/settings", limit="500", email="head@example.org")
    assert kept.status_code == 303
    assert "Правила сохранены" in plain((await head.get(kept.headers["location"])).text)
    assert "Ваши претензии" in plain((await head.get("/")).text)


async def test_the_office_has_no_say_over_the_head_s_limit(provider: None, enter: Enter) -> None:
    head, office = await enter("head"), await enter("office")
    await sent(head, "/claims/settings", limit="10", email="")
    assert (await office.get("/claims/settings")).status_code == 403
    answer = await sent(office, "/accounts/20417/claims/new", **FORM)
    one = answer.headers["location"].split("?")[0]
    await office.post(f"{one}/investigate")
    done = await sent(
        office, f"{one}/decide", decision="full", cause="network", grounds="Да.", **DAYS
    )
    assert done.status_code in {409, 422}
    assert "обратитесь к руководителю" in plain(done.text)


async def test_an_answer_to_another_decision_is_not_sent(provider: None, enter: Enter) -> None:
    office, head = await enter("office"), await enter("head")
    made = await sent(office, "/accounts/20417/claims/new", **FORM)
    one = made.headers["location"].split("?")[0]
    await office.post(f"{one}/investigate")
    bonus = {"decision": "partial", "cause": "network", "grounds": "Была.", "remedy": "bonus"}
    done = await sent(head, f"{one}/decide", **bonus, amount="100")
    assert done.status_code == 303, done.text
    (address,) = set(re.findall(rf'href="({one}/answer\?seen=\d+)"', (await office.get(one)).text))
    form = key_of((await office.get(address)).text)
    done = await sent(head, f"{one}/decide", **bonus, amount="7")
    assert done.status_code == 303, done.text
    given = {"key": form, "step": "do", "text": "Возвращаем 100 рублей.", "way": "paper"}
    late = await office.post(address, data=given)
    assert late.status_code == 409
    assert "Возвращаем 100 рублей." in late.text
    (address,) = set(re.findall(rf'href="({one}/answer\?seen=\d+)"', (await office.get(one)).text))
    done = await sent(office, address, text="Возвращаем 7 рублей.", way="paper")
    assert done.status_code == 303, done.text


async def test_what_a_colleague_did_meanwhile_is_told_before_more_is_done(
    provider: None, enter: Enter
) -> None:
    office, head = await enter("office"), await enter("head")
    made = await sent(office, "/accounts/20417/claims/new", **FORM)
    one = made.headers["location"].split("?")[0]
    await office.post(f"{one}/investigate")
    bonus = {"decision": "partial", "cause": "network", "grounds": "Была.", "remedy": "bonus"}

    async def addresses() -> dict[str, str]:
        page = (await head.get(one)).text
        return {found[1]: found[0] for found in re.findall(rf'"({one}/(\w+)\?seen=\d+)"', page)}

    async def late(address: str, **given: str) -> None:
        answer = await sent(head, address, **given)
        assert answer.status_code == 409, answer.text
        assert "Претензию тем временем изменил коллега" in plain(answer.text)
        for typed in given.values():
            assert typed in answer.text

    begun = await addresses()
    done = await sent(office, f"{one}/note", text="Порт выгорел.", kind="finding")
    assert done.status_code == 303
    await late(begun["decide"], **bonus, amount="100")
    assert (await sent(head, (await addresses())["decide"], **bonus, amount="100")).is_redirect
    begun = await addresses()
    assert (await sent(office, begun["answer"], text="Вернём 100 рублей.", way="paper")).is_redirect
    for name, given in (
        ("court", {"court": "Мировой суд"}),
        ("answer", {"text": "Вернём", "way": "paper"}),
    ):
        await late(begun[name], **given)
    begun = await addresses()
    assert (await sent(office, f"{one}/note", text="Акт составлен.", kind="finding")).is_redirect
    await late(begun["execute"])
    await late(begun["reconsider"], note="Новое письмо")
    done = await sent(head, (await addresses())["execute"])
    assert done.status_code == 303, done.text


async def test_charges_made_by_mistake_are_ticked_shown_and_given_back(
    provider: None, enter: Enter
) -> None:
    fees = [
        await charge_fee(
            "20417", by=SYSTEM, amount=30_000, kind="visit", reason="Выезд", into_debt=True
        )
        for _again in range(2)
    ]
    ticks = {f"charge.{fee.entry_no}": "on" for fee in fees}
    one = f"/claims/{await taken(subject='charge')}"
    head = await enter("head")
    assert (await head.post(f"{one}/investigate")).status_code == 303
    opened = (await head.get(f"{one}/decide")).text
    assert (
        len(re.findall(r"Разовая плата: выезд мастера \d\d\.\d\d\.\d{4} 300,00", plain(opened)))
        == 2
    )
    wrong = {"decision": "full", "cause": "billing", "grounds": "Выезд был наш."}
    wrong |= {"remedy": "charges"}
    assert 'id="act-charges-error"' in (await sent(head, f"{one}/decide", **wrong)).text
    refused = await sent(head, f"{one}/decide", **wrong, **{"charge.999999999999999": "on"})
    assert 'id="act-charges-error"' in refused.text
    form = wrong | ticks | {"key": key_of(opened), "step": "preview"}
    shown = await head.post(f"{one}/decide", data=form)
    assert "Будет возвращено 600,00" in plain(shown.text)
    assert len(re.findall(r'name="charge\.\d+" checked', shown.text)) == 2
    done = await sent(head, f"{one}/decide", **wrong, **ticks)
    assert done.status_code == 303, done.text
    page = plain((await head.get(f"{one}/answer")).text)
    assert "Ошибочное начисление от" in page
    assert "600,00" in page
    assert "бонус" not in page.lower()
    assert (await sent(head, f"{one}/answer", text="Вернём.", way="paper")).status_code == 303
    assert (await sent(head, f"{one}/execute")).status_code == 303
    other = f"/claims/{await taken(subject='charge')}"
    assert (await head.post(f"{other}/investigate")).status_code == 303
    assert "выезд мастера" not in plain((await head.get(f"{other}/decide")).text)
