"""A claim on the portal: sent with a document, registered by the office, its answer read."""

from __future__ import annotations

from typing import Any

from abonent.crm.queries.claims import whole_claim
from abonent.crm.service.claims.answering import answer_claim
from abonent.crm.service.claims.deciding import decide_claim
from abonent.crm.service.claims.remedies import Remedy
from abonent.crm.service.claims.taking import register_claim
from abonent.crm.service.claims.working import investigate_claim
from abonent.kernel.actor import SYSTEM
from tests.web.portal.conftest import NUMBER, OTHER, Entered
from tests.web.seen import key_of, plain

PATH = f"/my/{NUMBER}/claims"
FORM = {
    "subject": "quality",
    "asked": "Вернуть за три дня",
    "text": "Не было связи.",
    "demand": "100,50",
    "reply_by": "portal",
}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


async def test_it_is_sent_with_its_document_and_its_answer_is_read(enter: Entered) -> None:
    mine = await enter()
    key = key_of((await mine.get(PATH)).text)
    form = FORM | {"key": key}
    wrong = await mine.post(PATH, data=form, files={"file": ("акт.png", b"MZ", "image/png")})
    assert wrong.status_code == 422
    assert "Не было связи." in wrong.text
    files = {"file": ("акт.png", PNG, "image/png")}
    sent = [await mine.post(PATH, data=form, files=files) for _ in range(2)]
    assert {answer.status_code for answer in sent} == {303}
    assert len({answer.headers["location"] for answer in sent}) == 1, "the same form again"
    one = sent[0].headers["location"].split("?")[0]
    seen = plain((await mine.get(sent[0].headers["location"])).text)
    for told in ("Претензия у нас", "получена", "Зарегистрируем не позже", "100,50", "акт.png"):
        assert told in seen
    claim = int(one.rsplit("/", 1)[1])
    await register_claim(claim, by=SYSTEM)
    await investigate_claim(claim, by=SYSTEM)
    await decide_claim(
        claim, by=SYSTEM, decision="deny", grounds="Связь была.", cause="none", remedy=Remedy()
    )
    await answer_claim(claim, by=SYSTEM, text="Связь в эти дни была.")
    seen = plain((await mine.get(one)).text)
    assert "Связь в эти дни была." in seen
    whole = await whole_claim(claim, by=SYSTEM)
    printed = await mine.get(f"{one}/answers/{whole.answers[0].id}.pdf")
    assert printed.content.startswith(b"%PDF")
    other = await enter(OTHER)
    for path in (one, f"/my/{OTHER}/claims/{claim}", f"/my/{OTHER}/claims/{claim}/answers/1.pdf"):
        assert (await other.get(path)).status_code == 404


async def test_what_was_typed_is_kept_where_something_is_missing(enter: Entered, db: Any) -> None:
    mine = await enter()
    key = key_of((await mine.get(PATH)).text)
    for field, value in (("subject", ""), ("asked", " "), ("demand", "много"), ("demand", "0")):
        answer = await mine.post(PATH, data=FORM | {"key": key, field: value})
        assert answer.status_code == 400, (field, answer.text)
        assert "Не было связи." in answer.text
    assert await db.fetchval("SELECT count(*) FROM crm_claim") == 0


async def test_its_answer_goes_to_one_address(enter: Entered, db: Any) -> None:
    mine = await enter()
    form = FORM | {"key": key_of((await mine.get(PATH)).text), "reply_by": "email"}
    for several in ("a@b.ru, c@d.ru", "a@b.ru\r\nBcc: x@x.ru", "Мира, 8"):
        wrong = await mine.post(PATH, data=form | {"reply_to": several})
        assert wrong.status_code == 400, several
    assert (await mine.post(PATH, data=form | {"reply_to": "a@b.ru"})).status_code == 303
    assert await db.fetchval("SELECT array_agg(reply_to) FROM crm_claim") == ["a@b.ru"]
