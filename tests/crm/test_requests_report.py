"""The report on requests against the same figures counted one request after another."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from abonent.crm.queries.requests_report import Figures, report_on_requests
from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import transaction
from abonent.kernel.ids import new_id
from abonent.web.service import add_user

FIRST, LAST = date(2026, 4, 1), date(2026, 4, 20)
NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
STATES = ("new", "in_work", "resolved", "rated", "closed", "dropped")
COLUMNS = (
    "id", "token", "channel", "topic", "priority", "title", "text", "reply_by", "state", "team",
    "owner", "received_at", "received_by", "norm_amount", "norm_unit", "due_at", "answered_at",
    "answered_by", "late", "contacts", "reopened", "rating", "first_said_at", "first_soon",
)  # fmt: skip


def some_request(luck: random.Random, owners: list[int | None]) -> dict[str, Any]:
    # Three days more on either side: they must not be counted.
    received = datetime(2026, 3, 29, tzinfo=UTC) + timedelta(minutes=luck.randrange(26 * 1440))
    state, channel = luck.choice(STATES), luck.choice(["call", "email", "chat"])
    first = luck.choice([None, False, True]) if channel == "chat" else None
    done = state in {"resolved", "rated", "closed"}
    values = {
        "id": new_id(), "channel": channel, "topic": luck.choice(["outage", "slow", "gone-topic"]),
        "priority": 2, "title": "Запрос", "text": "", "reply_by": "none", "state": state,
        "team": "office", "owner": luck.choice(owners), "received_at": received,
        "received_by": "system:system", "norm_amount": 4, "norm_unit": "working_minutes",
        "due_at": None if luck.random() < 0.2 else received + timedelta(days=1),
        "answered_at": received + timedelta(seconds=luck.randrange(90_000)) if done else None,
        "answered_by": luck.choice(owners) if done else None, "late": done and luck.random() < 0.3, "contacts": luck.choice([1, 1, 2]),
        "reopened": luck.choice([0, 0, 1]), "rating": luck.randint(1, 5) if state == "rated" else None,
        "first_said_at": received + timedelta(seconds=5) if first is not None else None,
        "first_soon": first,
    }  # fmt: skip
    return values | {"token": str(values["id"])}


def counted(rows: list[dict[str, Any]], what: str | None, name: str | None) -> Figures:
    answered = [row for row in rows if row["answered_at"]]
    minutes = [(row["answered_at"] - row["received_at"]) / timedelta(minutes=1) for row in answered]
    chats = [row for row in rows if row["first_said_at"]]
    return Figures(
        what=what,
        name=name,
        taken=sum(row["state"] != "dropped" for row in rows),
        answered=len(answered),
        on_time=sum(not row["late"] for row in answered),
        first=sum(row["contacts"] == 1 and not row["reopened"] for row in answered),
        reopened=sum(row["reopened"] > 0 for row in rows),
        rated=sum(row["rating"] is not None for row in rows),
        points=sum(row["rating"] or 0 for row in rows),
        chats=len(chats),
        chats_soon=sum(row["first_soon"] for row in chats),
        minutes=int(statistics.median(minutes) + 0.5) if minutes else None,
    )


async def test_the_figures_are_those_of_a_plain_count(db: Any) -> None:
    luck = random.Random(7)
    names = {await add_user(name.lower(), name=name, role="office", password="correct horse battery"): name
             for name in ("Анна", "Олег")}  # fmt: skip
    rows = [some_request(luck, [None, *names]) for _ in range(400)]
    places = ", ".join(f"${n + 1}" for n in range(len(COLUMNS)))
    async with transaction() as connection:
        await connection.executemany(
            f"INSERT INTO crm_request ({', '.join(COLUMNS)}) VALUES ({places})",  # noqa: S608
            [[row[name] for name in COLUMNS] for row in rows],
        )
    found = await report_on_requests(FIRST, LAST, by=SYSTEM, now=NOW)

    moscow = ZoneInfo("Europe/Moscow")

    def on(row: dict[str, Any]) -> date:
        came: datetime = row["received_at"]
        return came.astimezone(moscow).date()

    within = [row for row in rows if FIRST <= on(row) <= LAST]
    assert len(within) < len(rows)
    assert found.total == counted(within, None, None)
    whose: dict[str, Callable[[dict[str, Any]], Any]] = {
        "topic": itemgetter("topic"),
        "channel": itemgetter("channel"),
        "owner": lambda row: row["answered_by"] or row["owner"],
    }
    for by, what_of in whose.items():
        expected = {
            counted(
                [row for row in within if what_of(row) == what], what and str(what), names.get(what)
            )
            for what in map(what_of, within)
        }
        assert set(found.by[by]) == expected
        taken = [one.taken for one in found.by[by]]
        assert taken == sorted(taken, reverse=True)
    days = {FIRST + timedelta(n): 0 for n in range((LAST - FIRST).days + 1)}
    late = dict(days)
    for row in within:
        days[on(row)] += row["state"] != "dropped"
        still = row["answered_at"] is None and row["state"] in {"new", "in_work"}
        late[on(row)] += row["late"] or bool(still and row["due_at"] and row["due_at"] < NOW)
    assert list(found.days) == [(day, days[day], late[day]) for day in sorted(days)]


async def test_nothing_came_in(db: Any) -> None:
    found = await report_on_requests(FIRST, LAST, by=SYSTEM, now=clock.now())
    assert (found.total.taken, found.total.minutes, found.by["topic"]) == (0, None, [])
    assert [taken for _day, taken, _late in found.days] == [0] * 20
