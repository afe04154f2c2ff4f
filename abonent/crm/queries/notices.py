"""Reads about the messages that the program writes by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from abonent.crm.rules.notices import NOTICES
from abonent.kernel.db import reading
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_

_ALL = """
SELECT s.template, s.active_since, s.way, s.days,
    (SELECT count(*) FROM crm_notice n WHERE n.template = s.template AND n.done_at IS NULL) AS waiting
FROM crm_notice_setting s
"""


@dataclass(frozen=True, slots=True)
class NoticeSetting:
    """Whether (since when) a message is written by itself, which way first, how many days ahead."""

    template: str
    active_since: datetime | None
    way: str
    days: int | None
    waiting: int


async def notice_settings() -> dict[str, NoticeSetting]:
    """Every message that the program can write by itself, by its template."""
    async with reading() as connection:
        rows = await connection.fetch(_ALL)
    found = {row["template"]: NoticeSetting(**dict(row)) for row in rows}
    return {code: found[code] for code in NOTICES}


async def notice_setting(template: str) -> NoticeSetting:
    """One of them. Raises NotFound."""
    found = (await notice_settings()).get(template)
    if found is None:
        message = N_("The program does not write {value} by itself.")
        raise NotFound("NO_SUCH_NOTICE", message, field="template", value=template)
    return found
