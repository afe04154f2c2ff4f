"""Rules of law as data: editions with the day they hold from, and who compared them with the law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading, unit_of_work
from abonent.kernel.errors import Conflict, Malformed, NotFound, Refused
from abonent.kernel.i18n import N_

BY_SOURCE = "source"
"""Stands for who checked a rule that came with the product as a published source has it."""

_IN_FORCE = """
SELECT * FROM legal_rule WHERE key = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1
"""
_ALL_IN_FORCE = """
SELECT DISTINCT ON (key) * FROM legal_rule WHERE key = ANY($1) AND valid_from <= $2
ORDER BY key, valid_from DESC
"""
_ONE = "SELECT * FROM legal_rule WHERE key = $1 AND valid_from = $2"
_LOCK = _ONE + " FOR UPDATE"
_CHECK = """
UPDATE legal_rule SET checked_by = $3, checked_at = $4, note = $5 WHERE key = $1 AND valid_from = $2
"""
_ADD = """
INSERT INTO legal_rule (key, valid_from, jurisdiction, value, unit, source)
SELECT key, $2, jurisdiction, $3, unit, $4 FROM legal_rule WHERE key = $1 ORDER BY valid_from LIMIT 1
ON CONFLICT (key, valid_from) DO NOTHING RETURNING key
"""


@dataclass(frozen=True, slots=True)
class LegalRule:
    """One edition of a rule; `value` is a number, hours "08:00-22:00", or words joined by "; "."""

    key: str
    valid_from: date
    jurisdiction: str
    value: str
    unit: str
    source: str
    checked_by: str | None
    checked_at: datetime | None
    note: str

    @property
    def checked(self) -> bool:
        """Tell whether somebody compared it with the law."""
        return self.checked_at is not None

    @property
    def number(self) -> int:
        """The value as a whole number. Raises ValueError where it is words."""
        return int(self.value)

    @property
    def words(self) -> frozenset[str]:
        """The value as words."""
        return frozenset(self.value.split("; "))


class LegalRuleNotFound(NotFound):
    """No such rule holds on the day."""

    def __init__(self, key: str) -> None:
        super().__init__(
            "LEGAL_RULE_NOT_FOUND",
            N_("No rule of law {value} is in force on this day."),
            field="key",
            value=key,
        )


class LegalRuleUnchecked(Refused):
    """Nobody has compared the rule with the law, and what is asked relies on it."""

    def __init__(self, rule: LegalRule) -> None:
        super().__init__(
            "LEGAL_RULE_UNCHECKED",
            N_("The rule of law {value} is not checked: a lawyer must confirm it first."),
            field="key",
            value=rule.key,
        )


async def legal_rule(key: str, day: date, *, checked: bool = True) -> LegalRule:
    """The edition of a rule that holds on a day.

    Raises LegalRuleNotFound, and LegalRuleUnchecked unless `checked` is False: what could break the
    law asks for a checked rule, a page that only shows it does not.
    """
    async with reading() as connection:
        row = await connection.fetchrow(_IN_FORCE, key, day)
    if row is None:
        raise LegalRuleNotFound(key)
    rule = _rule(row)
    if checked and not rule.checked:
        raise LegalRuleUnchecked(rule)
    return rule


async def legal_rules(keys: Sequence[str], day: date) -> Mapping[str, LegalRule]:
    """Several checked rules at once, by key. Raises LegalRuleNotFound, LegalRuleUnchecked."""
    async with reading() as connection:
        rows = await connection.fetch(_ALL_IN_FORCE, list(keys), day)
    found = {row["key"]: _rule(row) for row in rows}
    for key in keys:
        if key not in found:
            raise LegalRuleNotFound(key)
        if not found[key].checked:
            raise LegalRuleUnchecked(found[key])
    return found


async def legal_edition(key: str, valid_from: date, *, by: Actor) -> LegalRule:
    """One edition of a rule. Raises LegalRuleNotFound."""
    by.require("kernel.legal.view")
    async with reading() as connection:
        row = await connection.fetchrow(_ONE, key, valid_from)
    if row is None:
        raise LegalRuleNotFound(key)
    return _rule(row)


async def check_legal_rule(
    key: str, valid_from: date, *, by: Actor, checked_by: str, note: str = ""
) -> LegalRule:
    """Note that somebody compared an edition with the law: a person by name, today."""
    by.require("kernel.legal.check")
    name = checked_by.strip()
    if name in {"", BY_SOURCE}:
        raise Malformed.of("checked_by", checked_by, N_("Give the name of who compared it."))
    async with unit_of_work(by) as work:
        row = await work.connection.fetchrow(_LOCK, key, valid_from)
        if row is None:
            raise LegalRuleNotFound(key)
        await work.connection.execute(_CHECK, key, valid_from, name, clock.now(), note)
        await work.audit(
            "kernel:legal_rule:checked",
            f"{key}/{valid_from}",
            before={"checked": row["checked_at"] is not None},
            after={"checked": True},
            personal={"checked_by": name},
        )
        row = await work.connection.fetchrow(_ONE, key, valid_from)
    return _rule(row)


async def add_legal_edition(
    key: str, *, by: Actor, valid_from: date, value: str, source: str
) -> LegalRule:
    """Record what a rule says from a day on; it is not checked yet.

    A number stays a number and hours stay hours: what reads the rule relies on it.
    """
    by.require("kernel.legal.check")
    async with unit_of_work(by) as work:
        before = await work.connection.fetchrow(_IN_FORCE, key, date.max)
        if before is None:
            raise LegalRuleNotFound(key)
        if before["value"].isdecimal() and not value.isdecimal():
            raise Malformed.of(
                "value", value, N_("“{given}” is not a whole number such as {like}."),
                given=value, like=before["value"],
            )  # fmt: skip
        if await work.connection.fetchval(_ADD, key, valid_from, value, source) is None:
            raise Conflict(
                "CONFLICT",
                N_("This rule has an edition from {value} already."),
                field="valid_from",
                value=valid_from,
            )
        await work.audit(
            "kernel:legal_rule:added",
            f"{key}/{valid_from}",
            before={"value": before["value"]},
            after={"value": value},
        )
        row = await work.connection.fetchrow(_ONE, key, valid_from)
    return _rule(row)


def _rule(row: Any) -> LegalRule:
    return LegalRule(**dict(row))
