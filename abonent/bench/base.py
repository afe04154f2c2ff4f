"""A subscriber base for measuring: plain accounts, made by the server itself in seconds."""

from __future__ import annotations

import os
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from abonent.billing.service import days, tariffs
from abonent.kernel.actor import SYSTEM
from abonent.kernel.db import Connection, open_database, parse_address, reading
from abonent.kernel.ids import new_id
from abonent.kernel.migrate import migrate
from abonent.kernel.settings import Settings

FIRST_DAY = date(2026, 2, 28)
"""The open day of a new base: the next one starts a period for billing day 1."""

FEES = (45_000, 56_000, 62_500, 75_000, 99_900)
STREETS = 200

STEMS = (
    "Ленин", "Садов", "Лесов", "Миров", "Завод", "Школьн", "Полев", "Речн", "Южн", "Северн",
    "Октябрь", "Комсомоль", "Горьков", "Пушкин", "Лермонтов", "Чехов", "Толстов", "Гоголев",
    "Киров", "Калинин", "Фрунзен", "Чапаев", "Гагарин", "Королёв", "Титов", "Терешков",
    "Вокзаль", "Рабоч", "Кузнечн", "Мельничн", "Озёрн", "Горн", "Луговь", "Степн", "Цветочн",
    "Вишнёв", "Яблонев", "Берёзов", "Сосновь", "Кедров",
)  # fmt: skip
ENDINGS = (
    "ская", "ский проезд", "ский переулок", "ский бульвар", "ский тупик", "ская аллея",
    "ское шоссе", "ская набережная", "ский проспект", "ская площадь",
)  # fmt: skip
_PLACES = """
INSERT INTO billing_place (district, street, house)
SELECT 'Район ' || s % 12,
    ($2::text[])[1 + s % cardinality($2::text[])] || ($3::text[])[1 + s / 40 % cardinality($3::text[])],
    h::text
FROM generate_series(1, $1::int) s, generate_series(1, 20) h
"""
_ACCOUNTS = """
INSERT INTO billing_account (account_id, number, legal_entity_id, place_id, billing_day, opened_on,
    since, credit_limit, balance, day, held_since, last_no, state, plain)
SELECT $2::bigint + n, lpad(n::text, 8, '0'), 1, 2 + n % $3::int,
    CASE WHEN $4 THEN 1 + n % 28 ELSE 1 END, $5, $5, 0, 150000, $5, NULL, 1, 'served', true
FROM generate_series(1, $1::int) n
"""
_NUMBERS = """
INSERT INTO billing_account_number (number, account_id) SELECT number, account_id FROM billing_account
"""
_SERVICES = """
INSERT INTO billing_service (account_id, no, tariff_id, priority, starts_on, served, settled_to,
    billed_to, place_id)
SELECT a.account_id, 1, t.ids[1 + a.account_id % cardinality(t.ids)], 1, $1, true, $1, $1, a.place_id
FROM billing_account a, (SELECT array_agg(id ORDER BY id) AS ids FROM billing_tariff) t
"""
_DUES = """
INSERT INTO billing_account_due (account_id, day)
SELECT account_id, CASE WHEN billing_day = 1 THEN date '2026-03-01'
    ELSE date '2026-03-01' + billing_day - 1 END FROM billing_account
"""
_OPENING = """
INSERT INTO billing_entry (account_id, day, no, kind, contra, amount, legal_entity_id, place_id,
    actor, created_at)
SELECT account_id, $1, 1, 'opening', 'opening', balance, legal_entity_id, place_id,
    'system:system', now() FROM billing_account
"""


@asynccontextmanager
async def own_database(settings: Settings, template: str | None = None) -> AsyncIterator[Settings]:
    """A database of the measurement's own on the same server, dropped afterwards."""
    name = f"abonent_bench_{new_id()}"
    await _administer(settings, f'CREATE DATABASE "{name}"' + _from(template))
    own = settings.having(database_url=_address(settings, name), day="manual", pool_size=8)
    try:
        if template is None:
            await migrate(own.database_url or "")
        yield own
    finally:
        await _administer(settings, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _from(template: str | None) -> str:
    # Copying files is quicker than writing a large base through the log.
    return f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""


def database_name(settings: Settings) -> str:
    """The name of the database the settings point at."""
    return str(parse_address(settings.database_url or "")["database"])


def _address(settings: Settings, name: str) -> str:
    return urlunsplit(urlsplit(settings.database_url or "")._replace(path=f"/{name}"))


async def _administer(settings: Settings, statement: str) -> None:
    address = parse_address(settings.database_url or "") | {"database": "postgres"}
    connection = await asyncpg.connect(**address)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def build(settings: Settings, accounts: int, *, spread: bool = False) -> None:
    """Fill an empty database with plain accounts of five tariffs; `spread` over 28 billing days."""
    async with open_database(settings):
        await days.begin(FIRST_DAY, by=SYSTEM)
        for number, fee in enumerate(FEES):
            await tariffs.create_tariff(
                by=SYSTEM, code=f"b{number}", name=f"Bench {number}", kind="internet",
                mode="advance", fee=fee, tax_code="vat",
            )  # fmt: skip
        async with reading() as connection:
            await _fill(connection, accounts, spread=spread)


async def _fill(connection: Connection, accounts: int, *, spread: bool) -> None:
    await connection.execute(_PLACES, STREETS, list(STEMS), list(ENDINGS))
    places = STREETS * 20
    await connection.execute(_ACCOUNTS, accounts, new_id(), places, spread, FIRST_DAY)
    for statement, *arguments in (
        (_NUMBERS,),
        (_SERVICES, FIRST_DAY),
        (_DUES,),
        (_OPENING, FIRST_DAY),
    ):
        await connection.execute(statement, *arguments)
    await connection.execute("VACUUM (ANALYZE)")


def machine() -> str:
    """What the figures were taken on, in one line."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return f"{cores} cores, {memory} GiB, {platform.system()} {platform.release()}, Python {platform.python_version()}"
