"""Sending the report of the morning, once a day, to those who are named for it."""

from __future__ import annotations

import re
from datetime import date

from abonent.crm.queries.morning import VIEW, Morning, morning_report, morning_sending
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import Malformed
from abonent.kernel.i18n import N_, speaking, time_zone
from abonent.kernel.letters import write_letter
from abonent.kernel.mail import KIND, mail
from abonent.kernel.settings import Settings
from abonent.kernel.site import site_language, whole_link

MOST = 20
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")
_LOCK = "SELECT 1 FROM crm_morning FOR UPDATE"
_SENT = "UPDATE crm_morning SET sent_on = $1"
_SET = "UPDATE crm_morning SET receivers = $1, hour = $2"


async def name_receivers(*, by: Actor, text: str, hour: int) -> list[str]:
    """Set who gets the report, addresses apart by commas or lines, and at which hour."""
    by.require(VIEW)
    receivers = [one for one in re.split(r"[\s,;]+", text.strip()) if one]
    for one in receivers:
        if not _EMAIL.fullmatch(one):
            wrong = N_("“{given}” is not an e-mail address such as a@b.ru.")
            raise Malformed.of("receivers", one, wrong, given=one)
    if len(receivers) > MOST:
        raise Malformed.of("receivers", text, N_("At most {most} addresses."), most=MOST)
    if not 0 <= hour <= 23:
        raise Malformed.of("hour", str(hour), N_("Choose one of those offered."))
    async with unit_of_work(by) as work:
        await work.connection.execute(_SET, receivers, hour)
        after, personal = {"receivers": len(receivers), "hour": hour}, {"to": receivers}
        await work.audit("crm:morning:set", "morning:report", after=after, personal=personal)
    return receivers


async def send_morning(settings: Settings) -> bool:
    """Send the report, if its hour has come and it has not gone today; tells whether it went."""
    now = clock.now().astimezone(time_zone())
    async with unit_of_work(SYSTEM) as work:
        await work.connection.execute(_LOCK)
        asked = await morning_sending(work.connection)
        if not asked.receivers or now.hour < asked.hour or asked.sent_on == now.date():
            return False
        with speaking(site_language()):
            report = await morning_report(by=SYSTEM)
            letter = await write_letter(
                "morning", _values(report), language=site_language(), content=settings.content
            )
        payload = mail(asked.receivers, subject=letter.subject, text=letter.text, html=letter.html)
        await work.send(KIND, payload, key=f"morning:{now.date()}")
        await work.connection.execute(_SENT, now.date())
    return True


def _values(report: Morning) -> dict[str, object]:
    sections = [
        {
            "title": section.title,
            "lines": [
                {
                    "label": line.label,
                    "value": line.value,
                    "bad": line.bad,
                    "link": whole_link(line.path) if line.bad and line.path else "",
                }
                for line in section.lines
            ],
        }
        for section in report.sections
    ]
    day: date = report.day
    return {
        "day": f"{day:%d.%m.%Y}",
        "bad": len(report.bad),
        "sections": sections,
        "link": whole_link("/morning"),
    }
