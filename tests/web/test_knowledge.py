"""The knowledge base at the desk and on the portal: asked, read, voted on, looked through."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from starlette.routing import Match

from abonent.crm.articles import Article
from abonent.kernel import clock
from abonent.kernel import scripts as kernel_scripts
from abonent.kernel.content import CONTENT_FOLDER, FALLBACK, load_content
from abonent.web.marked import marked_up
from abonent.web.routes import ROUTES
from tests.web.seed import small_provider
from tests.web.seen import HX, plain

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
ARTICLES = load_content("articles", Article, language=FALLBACK)


def listed(text: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/knowledge/([\w-]+)"', text)


def version_of(text: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', text)
    assert found
    return found[1]


@pytest.fixture
async def office(db: Any, enter: Enter) -> httpx.AsyncClient:
    await small_provider(db)
    return await enter("office")


async def test_an_answer_is_two_steps_away(office: httpx.AsyncClient) -> None:
    every = await office.get("/knowledge")
    assert set(listed(every.text)) == set(ARTICLES)
    typed = await office.get("/knowledge?q=до+какого+числа+хва", headers=HX)
    assert "<html" not in typed.text
    assert listed(typed.text)[0] == "money-until"
    opened = await office.get("/knowledge?q=отсрочка+до+зарплаты&open=1")
    assert opened.headers["location"] == "/knowledge/promise"


async def test_kinds_narrow_and_nothing_found_is_told(office: httpx.AsyncClient) -> None:
    some = listed((await office.get("/knowledge?kind=tariffs")).text)
    assert set(some) == {slug for slug, one in ARTICLES.items() if one.value.type == "tariffs"}
    none = plain((await office.get("/knowledge?q=фывапролдж")).text)
    assert "По запросу «фывапролдж» ничего не найдено" in none


async def test_reading_is_noted_once_and_for_the_text_as_it_stands(
    office: httpx.AsyncClient, db: Any
) -> None:
    must = {slug for slug, one in ARTICLES.items() if "office" in one.value.roles}
    assert set(listed((await office.get("/knowledge?unread=1")).text)) == must
    article = await office.get("/knowledge/promise")
    seen = version_of(article.text)
    for _time in range(2):
        answer = await office.post("/knowledge/promise/read", data={"seen": seen})
        assert answer.headers["location"] == "/knowledge/promise?done=read"
    assert set(listed((await office.get("/knowledge?unread=1")).text)) == must - {"promise"}
    noted = "SELECT count(*) FROM audit WHERE action = 'crm:article:read'"
    assert await db.fetchval(noted) == 1
    stale = await office.post("/knowledge/promise/read", data={"seen": "0" * 16})
    assert stale.status_code == 409
    assert "изменилась" in plain(stale.text)


async def test_a_vote_may_be_changed_and_counts_once(office: httpx.AsyncClient) -> None:
    seen = version_of((await office.get("/knowledge/freeze")).text)
    for useful, note in (("yes", ""), ("no", "Нет цены за день")):
        data = {"seen": seen, "useful": useful, "note": note}
        assert (await office.post("/knowledge/freeze/vote", data=data)).status_code == 303
    page = (await office.get("/knowledge/freeze")).text
    assert "да 0, нет 1" in plain(page)
    assert "Нет цены за день" in page
    too_long = {"seen": seen, "useful": "no", "note": "x" * 1001}
    refused = await office.post("/knowledge/freeze/vote", data=too_long)
    assert refused.status_code == 422
    assert "x" * 1001 in refused.text


async def test_the_page_where_it_is_done_is_that_of_the_card_open_last(
    office: httpx.AsyncClient,
) -> None:
    bare = (await office.get("/knowledge/promise")).text
    assert "/accounts/" not in bare
    await office.get("/accounts/20417")
    assert 'href="/accounts/20417/promise"' in (await office.get("/knowledge/promise")).text
    # Money is paid back by others: no link leads to a refusal.
    assert "/accounts/20417/refund" not in (await office.get("/knowledge/refund")).text


async def test_a_head_sees_what_is_old_unread_and_useless_and_looks_it_through(
    office: httpx.AsyncClient, enter: Enter, db: Any
) -> None:
    seen = version_of((await office.get("/knowledge/freeze")).text)
    data = {"seen": seen, "useful": "no", "note": "Непонятно"}
    await office.post("/knowledge/freeze/vote", data=data)
    await db.execute("UPDATE crm_article SET review_on = '2020-01-01' WHERE slug = 'freeze'")
    head = await enter("head")
    old = (await head.get("/knowledge-use?age=stale")).text
    assert "Добровольная блокировка" in old
    assert "Смена тарифа" not in old
    assert old.count('<tr class="norm-warn">') == 1
    page = plain((await head.get("/knowledge/freeze")).text)
    assert "Непонятно" in page
    assert "ещё нет" in page
    assert (await office.get("/knowledge-use")).status_code == 403
    assert (await office.post("/knowledge/freeze/confirm", data={"seen": seen})).status_code == 403
    assert (await head.post("/knowledge/freeze/confirm", data={"seen": seen})).status_code == 303
    assert "Добровольная" not in (await head.get("/knowledge-use?age=stale")).text


async def test_an_old_answer_says_so_until_a_head_confirms_it(db: Any, enter: Enter) -> None:
    await small_provider(db)
    with clock.moved(datetime(2027, 7, 1, 9, tzinfo=UTC)):
        head = await enter("head")
        page = await head.get("/knowledge/tv-no-picture")
        assert "Эту статью давно не проверяли" in plain(page.text)
        assert "пора проверить" in plain((await head.get("/knowledge")).text)
        data = {"seen": version_of(page.text)}
        await head.post("/knowledge/tv-no-picture/confirm", data=data)
        page = await head.get("/knowledge/tv-no-picture")
        assert "давно не проверяли" not in plain(page.text)
        assert "28 декабря 2027" in plain(page.text)


async def test_the_search_line_answers_questions_but_people_first(
    office: httpx.AsyncClient,
) -> None:
    asked = (await office.get("/find?q=обещанный+платёж", headers=HX)).text
    assert "/knowledge/promise" in asked
    assert "/knowledge/" not in (await office.get("/find?q=20417", headers=HX)).text


async def test_the_memo_is_one_page_of_a5_and_says_what_the_article_says(
    office: httpx.AsyncClient,
) -> None:
    answer = await office.get("/knowledge/memo.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    pages = re.findall(rb"/MediaBox\[0 0 ([\d.]+) ([\d.]+)\]", answer.content)
    assert [tuple(round(float(side)) for side in page) for page in pages] == [(420, 595)]
    text = (CONTENT_FOLDER / FALLBACK / "documents" / "memo" / "document.typ").read_text("utf-8")
    steps = re.findall(r"^\d\. \*\*(.+?)\*\*", ARTICLES["memo"].value.body, re.MULTILINE)
    musts = re.findall(r"^- \*\*(.+?)\*\*", ARTICLES["memo"].value.body, re.MULTILINE)
    assert (len(steps), len(musts)) == (7, 3)
    assert [part for part in (*steps, *musts) if part not in text] == []


async def test_the_portal_answers_everybody_but_keeps_what_is_for_staff(
    guest: httpx.AsyncClient, db: Any
) -> None:
    await small_provider(db)
    shown = (await guest.get("/my/help")).text
    public = {slug for slug, one in ARTICLES.items() if one.value.public}
    assert set(re.findall(r'href="/my/help/([\w-]+)', shown)) == public
    assert set(ARTICLES) > public
    found = re.findall(r'href="/my/help/([\w-]+)', (await guest.get("/my/help?q=клиент+орёт")).text)
    assert "aggressive-visitor" not in found
    answer = (await guest.get("/my/help/refund")).text
    assert ARTICLES["refund"].value.staff[:30] not in answer
    assert (await guest.get("/my/help/cash-shift")).status_code == 404
    assert (await guest.get("/my/help/nothing")).status_code == 404


def test_links_between_articles_lead_somewhere_for_whoever_reads_them() -> None:
    for slug, one in ARTICLES.items():
        for target in re.findall(r"\]\(([^)]+)\)", one.value.body):
            assert target in ARTICLES, (slug, target)
            assert ARTICLES[target].value.public or not one.value.public, (slug, target)


def test_forms_and_scripts_of_articles_are_there() -> None:
    scripts = {"", *load_content("scripts", kernel_scripts.Script, language=FALLBACK)}
    for slug, one in ARTICLES.items():
        assert one.value.script in scripts, slug
        path = one.value.form.replace("{number}", "1")
        scope = {"type": "http", "method": "GET", "path": path, "root_path": ""}
        fits = [route for route in ROUTES if route.matches(scope)[0] is Match.FULL]
        assert fits or not path, (slug, path)


def test_every_article_is_read_again_in_half_a_year() -> None:
    written = date(2026, 11, 22)
    lengths: Mapping[str, int] = {
        s: (o.value.review_on - written).days for s, o in ARTICLES.items()
    }
    assert {slug: days for slug, days in lengths.items() if not 0 < days <= 181} == {}


def test_markup_in_a_text_is_shown_and_not_obeyed() -> None:
    written = marked_up("<script>x</script> [a](javascript:alert(1)) ![b](/c.png) **d**")
    assert "<script" not in written
    assert "javascript:" not in re.findall(r'href="([^"]*)"', written)
    assert "<img" not in written
    assert "<strong>d</strong>" in written
