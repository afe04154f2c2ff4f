"""New scripts and new articles in a real browser: made by the keyboard, then played and found."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.async_api import Page, expect

from abonent.crm.articles import ArticleDraft
from abonent.crm.queries.scripts import read_run
from abonent.crm.service.article_versions import make_article, withdraw_article
from abonent.crm.service.script_making import make_script
from abonent.kernel.actor import Actor
from abonent.kernel.db import transaction
from abonent.kernel.settings import Settings
from tests.browser.conftest import Desk, Hire, Looked
from tests.web.seed import small_provider

HEAD = Actor("user", "1", "Мария Петрова", frozenset({"*"}))
SLUG = "zvonok-posle-podkliucheniia"
BOUND = "html[data-keys=bound]"


@pytest.fixture
async def provider(fresh_database: Settings) -> None:
    async with transaction() as connection:
        await small_provider(connection)


async def _type(page: Page, *texts: str) -> None:
    """Type into the field that has the focus and into those after it."""
    for no, text in enumerate(texts):
        if no:
            await page.keyboard.press("Tab")
        await page.keyboard.type(text)


async def test_a_new_script_is_made_published_and_played_by_the_keyboard(
    provider: None, desk: Desk, hire: Hire
) -> None:
    page, _head = await hire("head", "Вера Орлова")
    keys = page.keyboard
    await page.goto(f"{desk.address}/scripts")
    await page.wait_for_selector(BOUND)
    await keys.press("KeyN")
    await expect(page.locator("#act-title")).to_be_focused()
    await _type(page, "Звонок после подключения", "Через три дня после мастера.")
    await page.locator("dialog input[name='role.office']").focus()
    await keys.press("Space")
    await keys.press("Control+Enter")
    await expect(page.locator("h1")).to_contain_text("ещё не опубликовано")
    await expect(page.get_by_text("до публикации первой версии по нему никто")).to_be_visible()
    # A second end, and an answer of the only step that leads to it.
    await keys.press("KeyN")
    await expect(page.locator("#act-label")).to_be_focused()
    await keys.type("Есть неполадка")
    await keys.press("Control+Enter")
    await expect(page.get_by_text("Итог добавлен")).to_be_visible()
    await expect(page.get_by_text("Ни один ответ не ведёт к итогу est_nepoladka.")).to_be_visible()
    await page.get_by_role("rowheader", name="begin").get_by_role("link").focus()
    await keys.press("Enter")
    await page.locator("#step-text2").focus()
    await keys.type("Не работает")
    await keys.press("Tab")
    await keys.press("End")
    await keys.press("Control+Enter")
    await expect(page.get_by_text("Шаг изменён")).to_be_visible()
    await page.goto(f"{desk.address}/scripts/{SLUG}/draft")
    await page.wait_for_selector(BOUND)
    await keys.press("KeyP")
    await expect(page.locator("#act-note")).to_have_value("Первая версия")
    await keys.press("Control+Enter")
    await expect(page.get_by_text("Версия опубликована")).to_be_visible()
    # Whoever leads conversations finds it on the card and plays it to the new end.
    clerk, actor = await hire("office", "Анна Зайцева")
    await clerk.goto(f"{desk.address}/accounts/20417/scripts")
    begin = clerk.get_by_role("button", name="Звонок после подключения")
    await begin.focus()
    await clerk.keyboard.press("Enter")
    await expect(clerk.locator(".script-said")).to_contain_text("Меня зовут Анна Зайцева")
    await clerk.wait_for_selector(BOUND)
    await clerk.keyboard.press("Digit2")
    await expect(clerk.locator(".script-ended .state")).to_have_text("Есть неполадка")
    told = await read_run(int(clerk.url.rsplit("/", 1)[1]), by=actor)
    assert (told.slug, told.outcome) == (SLUG, "est_nepoladka")


async def test_a_new_article_is_written_published_and_found_by_the_keyboard(
    provider: None, desk: Desk, hire: Hire
) -> None:
    page, _head = await hire("head", "Вера Орлова")
    keys = page.keyboard
    await page.goto(f"{desk.address}/knowledge")
    await page.wait_for_selector(BOUND)
    await keys.press("Escape")
    await keys.press("KeyN")
    await expect(page.locator("#article-title")).to_be_focused()
    question = "Как посмотреть запись с камеры?"
    await _type(page, "Камеры в подъезде", question, "видеонаблюдение, домофон")
    # It is sent before it is whole: what was typed stays, and each mistake leads to its field.
    await keys.press("Control+Enter")
    await expect(page.locator("#article-type-error")).to_be_visible()
    await expect(page.locator("#article-question")).to_have_value(question)
    await page.locator("#article-body").focus()
    await keys.type("Записи хранит **управляющая компания**.")
    await page.locator("#article-type").focus()
    await keys.press("End")
    await page.locator("#article-public").focus()
    await keys.press("Space")
    await page.locator("input[name='role.office']").focus()
    await keys.press("Space")
    await keys.press("Control+Enter")
    await expect(page.get_by_text("с этой минуты её находят")).to_be_visible()
    clerk, _actor = await hire("office", "Анна Зайцева")
    await clerk.goto(f"{desk.address}/knowledge")
    await clerk.locator("#question").focus()
    await clerk.keyboard.type("запись видеонаблюдения")
    await expect(clerk.locator("#answers tbody th a").first).to_have_text("Камеры в подъезде")
    await clerk.keyboard.press("Enter")
    await expect(clerk.locator(".marked strong")).to_have_text("управляющая компания")
    await clerk.goto(f"{desk.address}/my/help?q=видеонаблюдение")
    await expect(clerk.get_by_role("link", name="Камеры в подъезде")).to_be_visible()


async def test_pages_of_own_content_look_right(provider: None, looked: Looked) -> None:
    await make_script("Звонок после подключения", by=HEAD, about="Через три дня.", roles=["office"])
    article = ArticleDraft(
        title="Камеры в подъезде", type="office", public=True, roles=("office",),
        keywords=("видеонаблюдение",), question="Как посмотреть запись?", look=(), form="",
        script="", level=0, staff="", review_on=date(2027, 1, 1), body="Семь **дней**.",
    )  # fmt: skip
    today = date(2026, 11, 1)
    await make_article(article, by=HEAD, today=today)
    await make_article(article, by=HEAD, slug="cameras", publish=True, today=today)
    await make_article(article, by=HEAD, slug="gone", publish=True, today=today)
    await withdraw_article("gone", by=HEAD, why="Сняли")
    for path, name in (
        ("/scripts", "scripts-in-the-making"),
        ("/scripts/new", "script-new"),
        (f"/scripts/{SLUG}/draft", "script-new-draft"),
        (f"/scripts/{SLUG}/draft/ends/new", "script-new-end"),
        (f"/scripts/{SLUG}/draft/ends/DONE", "script-end"),
        (f"/scripts/{SLUG}/draft/roles", "script-roles"),
        ("/knowledge", "knowledge-of-who-writes"),
        ("/knowledge/new", "article-new"),
        ("/knowledge/own", "articles-own"),
        ("/knowledge/kamery-v-podezde/edit", "article-draft"),
        ("/knowledge/gone/edit", "article-archived"),
        ("/knowledge/cameras", "article-own"),
        ("/knowledge/cameras/withdraw", "article-withdraw"),
    ):
        await looked(path, name)
