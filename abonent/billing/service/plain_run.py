"""The run's fast path: a batch of plain accounts opened in columns, in one transaction.

Rows are read without locks and written only where the account is still as it was read (its last
entry, limit and plainness unchanged); when one is not, the whole batch is undone and left to the
ordinary path, which locks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from abonent.billing.queries import plans
from abonent.billing.queries.books import installation
from abonent.billing.rules.columnar import Group, Plain, open_period
from abonent.billing.rules.periods import tax_in
from abonent.kernel import clock
from abonent.kernel.columns import (
    Array,
    Part,
    day_number,
    instant_number,
    read_columns,
    write_columns,
)

ACTOR = "system:system"
_READ = """
SELECT a.account_id, a.balance, a.credit_limit, a.billing_day, a.last_no, a.legal_entity_id,
    a.bonus_left, a.bonus_used, s.tariff_id, s.starts_on, s.place_id, s.no
FROM billing_account_due d
JOIN billing_account a ON a.account_id = d.account_id
JOIN billing_service s ON s.account_id = d.account_id
WHERE d.account_id >= $1 AND d.account_id <= $2 AND d.day = $3 AND a.plain
    AND a.account_id >= $1 AND a.account_id <= $2 AND s.account_id >= $1 AND s.account_id <= $2
ORDER BY d.account_id
"""
_LAYOUT = {
    "account_id": "bigint", "balance": "bigint", "credit_limit": "bigint",
    "billing_day": "smallint", "last_no": "integer", "legal_entity_id": "smallint",
    "bonus_left": "bigint", "bonus_used": "bigint", "tariff_id": "integer", "starts_on": "date",
    "place_id": "integer", "no": "integer",
}  # fmt: skip
_POSTED = """
CREATE TEMPORARY TABLE IF NOT EXISTS billing_posted (account_id bigint, balance bigint, last_no integer,
    old_no integer, credit_limit bigint, bonus_left bigint, bonus_used bigint, due date, served boolean
) ON COMMIT DROP;
DELETE FROM billing_posted
"""
"""A transaction may open several batches (days closed inside a larger act): each starts empty."""
_FEW = """
SELECT sum(size) * 8 < (SELECT reltuples FROM pg_class WHERE oid = 'billing_account'::regclass)
FROM billing_batch WHERE day = $1
"""
"""True when the day concerns few of all accounts; an estimate is enough, the rows are the same."""
_ACCOUNTS = """
UPDATE billing_account a SET balance = p.balance, last_no = p.last_no, day = $3::date, held_since =
    CASE WHEN p.served THEN $3::date END, bonus_left = p.bonus_left, bonus_used = p.bonus_used,
    state = CASE WHEN p.served THEN 'served' ELSE 'suspended' END, plain = p.served
FROM billing_posted p WHERE a.account_id = p.account_id AND a.account_id >= $1 AND a.account_id <= $2
    AND a.last_no = p.old_no AND a.credit_limit = p.credit_limit AND a.plain
"""
_DUES = """
UPDATE billing_account_due d SET day = p.due FROM billing_posted p
WHERE d.account_id = p.account_id AND d.account_id >= $1 AND d.account_id <= $2 AND d.day = $3
"""
_CUT = """
UPDATE billing_service s SET served = false FROM billing_posted p
WHERE s.account_id = p.account_id AND NOT p.served AND s.account_id >= $1 AND s.account_id <= $2
"""


class ChangedMeanwhileError(Exception):
    """Somebody changed an account of the batch while it was computed."""


@dataclass(slots=True)
class Done:
    """What the fast path did: accounts opened, charges posted and their sum, who was cut off."""

    accounts: int = 0
    charges: int = 0
    amount: int = 0
    cut: list[tuple[int, int]] = field(default_factory=list)


async def open_plain(connection: Any, first: int, last: int, day: date) -> Done:
    """Open `day` for the plain accounts of [first, last] that are due on it.

    Raises ChangedMeanwhileError; the caller's transaction is then to be undone.
    """
    here = await installation(connection)
    few = await connection.fetchval(_FEW, day)
    await connection.execute(plans.FEW if few else plans.MANY)
    rows = await read_columns(connection, _READ, first, last, day, layout=_LAYOUT)
    plain = Plain(
        rows["account_id"], rows["balance"], rows["credit_limit"], rows["tariff_id"],
        rows["starts_on"], rows["billing_day"],
    )  # fmt: skip
    known = here.catalogue
    groups = open_period(plain, day, known.tariffs, lends=known.policy.grants)
    done = Done()
    if not groups:
        return done
    await connection.execute(_POSTED)
    entries: list[Part] = []
    moved: list[Part] = []
    for group in groups:
        _post(group, rows, day, entries, moved)
        _count(done, group, rows)
    await write_columns(connection, "billing_posted", moved)
    # Accounts before entries: a use case that holds an account takes its entry's number and ends,
    # and is never made to wait for a number that this transaction has not yet committed.
    for statement, arguments, expected in (
        (_ACCOUNTS, (first, last, day), done.accounts),
        (_DUES, (first, last, day), done.accounts),
        (_CUT, (first, last), len(done.cut)),
    ):
        if expected:
            answer = await connection.execute(statement, *arguments)
            if int(answer.split()[-1]) != expected:
                raise ChangedMeanwhileError
    # Straight into the month's partition: the name is built from a date alone.
    await write_columns(connection, f"billing_entry_{day:%Y%m}", entries)
    return done


def _count(done: Done, group: Group, rows: dict[str, Array]) -> None:
    charged = int(group.charged.sum())
    done.accounts += charged + int(group.cut.sum())
    done.charges += charged
    done.amount += charged * group.version.fee
    done.cut += [
        (int(a), int(n))
        for a, n in zip(rows["account_id"][group.cut], rows["no"][group.cut], strict=True)
    ]


def _post(
    group: Group, rows: dict[str, Array], day: date, entries: list[Part], moved: list[Part]
) -> None:
    """Add a group's entries and, for the statement that moves accounts, what they come to."""
    fee, end = group.version.fee, day_number(group.period.end)
    own = {name: values[group.charged] for name, values in rows.items()}
    count = int(group.charged.sum())
    if count:
        entries.append((_entries(group, own, day), count))
        spent = np.minimum(own["bonus_left"], fee)
        after = {
            "balance": own["balance"] - fee,
            "last_no": own["last_no"] + 1,
            "bonus_left": own["bonus_left"] - spent,
            "bonus_used": own["bonus_used"] + spent,
        }
        moved.append(_moved({**own, "old_no": own["last_no"], **after}, end, served=True))
    if group.cut.any():
        own = {name: values[group.cut] for name, values in rows.items()}
        moved.append(_moved({**own, "old_no": own["last_no"]}, group.due, served=False))


def _entries(group: Group, own: dict[str, Array], day: date) -> dict[str, tuple[str, Any]]:
    fee, tariff = group.version.fee, group.tariff
    start, end = day_number(group.period.start), day_number(group.period.end)
    return {
        "account_id": ("bigint", own["account_id"]),
        "day": ("date", day_number(day)),
        "no": ("integer", own["last_no"] + 1),
        "kind": ("text", "charge"),
        "contra": ("text", f"revenue.{tariff.kind}"),
        "amount": ("bigint", -fee),
        "service_no": ("integer", own["no"]),
        "version_id": ("integer", group.version.id),
        "period_from": ("date", start),
        "period_to": ("date", end),
        "billing_from": ("date", start),
        "billing_to": ("date", end),
        "fee": ("bigint", fee),
        "tax_code": ("text", tariff.tax.code),
        "tax_rate": ("integer", group.rate),
        "tax": ("bigint", tax_in(-fee, group.rate)),
        "legal_entity_id": ("smallint", own["legal_entity_id"]),
        "place_id": ("integer", own["place_id"]),
        "actor": ("text", ACTOR),
        "created_at": ("instant", instant_number(clock.now())),
    }


def _moved(own: dict[str, Array], due: Any, *, served: bool) -> Part:
    names = (
        "account_id",
        "balance",
        "last_no",
        "old_no",
        "credit_limit",
        "bonus_left",
        "bonus_used",
    )
    kinds = {"last_no": "integer", "old_no": "integer"}
    columns: dict[str, tuple[str, Any]] = {n: (kinds.get(n, "bigint"), own[n]) for n in names}
    columns["due"] = ("date", due)
    columns["served"] = ("boolean", served)
    return columns, len(own["account_id"])
