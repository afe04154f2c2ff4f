"""Words that people write themselves: bare known names in braces, a subject of one line, no longer than fits."""

from __future__ import annotations

from typing import Any

import pytest

from abonent.crm.queries.templates import stale_wordings, templates_in_force
from abonent.crm.service.campaigns.drafting import Draft, check_draft
from abonent.crm.service.contact_rules import reword_template
from abonent.kernel.actor import SYSTEM
from abonent.kernel.errors import Malformed

PIECES = [
    "{name.__class__}", "{name[0]}", "{name!r}", "{name:>9}", "{name:}", "{0}", "{}", "{nobody}", "{name",
    "name}", "{{name}}", "{name:{phone}}", "{ name }",
]  # fmt: skip


async def _worded(**words: str) -> None:
    await reword_template("request-taken", "ru", by=SYSTEM, **words)


@pytest.mark.parametrize("piece", PIECES)
async def test_only_bare_names_are_filled_in(db: Any, piece: str) -> None:
    for field in ("text", "subject", "body"):
        words = {"text": "Обращение {request}"} | {field: f"Обращение {piece}"}
        with pytest.raises(Malformed) as told:
            await _worded(**words)
        (error,) = told.value.errors
        assert error.field == field
        assert str(error.params["piece"]) in piece
    with pytest.raises(Malformed) as told:
        await check_draft(Draft(name="x", channel="sms", text=f"Обращение {piece}"))
    assert told.value.errors[0].field == "text"
    assert await db.fetchval("SELECT count(*) FROM crm_message_wording") == 0


@pytest.mark.parametrize(
    ("field", "subject", "body"),
    [
        ("subject", "Обращение\r\nBcc: x@x.ru", "Здравствуйте"),
        ("subject", "{name}" * 11, "Здравствуйте"),
        ("body", "Обращение", "{name} " * 1_000),
    ],
)
async def test_a_letter_is_one_line_above_and_fits_at_its_longest(
    db: Any, field: str, subject: str, body: str
) -> None:
    with pytest.raises(Malformed) as told:
        await _worded(text="Обращение {request}", subject=subject, body=body)
    assert told.value.errors[0].field == field
    draft = Draft(name="x", channel="email", subject=subject, text=body)
    with pytest.raises(Malformed) as told:
        await check_draft(draft)
    assert told.value.errors[0].field == ("text" if field == "body" else field)
    assert await db.fetchval("SELECT count(*) FROM crm_message_wording") == 0


async def test_own_words_that_name_what_is_gone_give_way_to_the_programs(db: Any) -> None:
    shipped = (await templates_in_force("ru"))["debt"].text
    await reword_template("debt", "ru", by=SYSTEM, text=f"{shipped} Спасибо!")
    assert (await templates_in_force("ru"))["debt"].text == f"{shipped} Спасибо!"
    assert await stale_wordings("ru") == {}
    # As after an upgrade that fills in one name less.
    await db.execute("UPDATE crm_message_wording SET text = text || ' {penalty}'")
    assert (await templates_in_force("ru"))["debt"].text == shipped
    assert await stale_wordings("ru") == {"debt": "{penalty}"}
