"""Persons and companies: correcting what is known of them, and the identity document of a person."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from abonent.crm.rules.people import name_key
from abonent.crm.service.holders import changed_fields, holder_of, locked
from abonent.kernel.actor import Actor
from abonent.kernel.db import unit_of_work
from abonent.kernel.errors import FieldError, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.requisites import check_account, check_bic, check_inn, check_kpp, check_ogrn

LONGEST = 300
_EARLIEST = date(1900, 1, 1)
_SERIES, _NUMBER = re.compile(r"\d{4}"), re.compile(r"\d{6}")
_ISSUER = re.compile(r"\d{3}-\d{3}")

_OF = """
SELECT kind, name, tax_id, kpp, ogrn, bank_bic, bank_account, legal_address, signatory, signs_by,
    born_on, version
FROM crm_subscriber WHERE id = $1 FOR UPDATE
"""
_CORRECT = """
UPDATE crm_subscriber SET kind = $2, name = $3, name_key = $4, tax_id = $5, kpp = $6, ogrn = $7,
    bank_bic = $8, bank_account = $9, legal_address = $10, signatory = $11, signs_by = $12,
    born_on = $13, version = version + 1
WHERE id = $1
"""
_IDENTITY = """
SELECT kind, series, number, issued_by, issued_on, issuer_code, registered_at, version
FROM crm_identity WHERE subscriber_id = $1
"""
_IDENTITY_LOCKED = """
SELECT kind, series, number, issued_by, issued_on, issuer_code, registered_at, version
FROM crm_identity WHERE subscriber_id = $1 FOR UPDATE
"""
_WRITE_IDENTITY = """
INSERT INTO crm_identity (subscriber_id, kind, series, number, issued_by, issued_on, issuer_code,
    registered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (subscriber_id) DO UPDATE SET kind = excluded.kind, series = excluded.series,
    number = excluded.number, issued_by = excluded.issued_by, issued_on = excluded.issued_on,
    issuer_code = excluded.issuer_code, registered_at = excluded.registered_at,
    version = crm_identity.version + 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """Who a subscriber is: of a person the name and birth date, of a company its requisites too."""

    kind: str
    name: str
    tax_id: str = ""
    kpp: str = ""
    ogrn: str = ""
    bank_bic: str = ""
    bank_account: str = ""
    legal_address: str = ""
    signatory: str = ""
    signs_by: str = ""
    born_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPaper:
    """An identity document: `kind` is passport, foreign, residence or other."""

    kind: str
    number: str
    series: str = ""
    issued_by: str = ""
    issued_on: date | None = None
    issuer_code: str = ""
    registered_at: str = ""


def check_particulars(given: Particulars, *, today: date) -> Particulars:
    """Check who a subscriber is said to be; raises Malformed naming every field that is wrong."""
    wrong: list[FieldError] = []
    name = " ".join(given.name.split())
    if not name:
        wrong.append(FieldError("name", given.name, N_("Fill this in.")))
    if len(name) > LONGEST:
        too_long = N_("{length} characters; at most {longest} fit here.")
        params = {"length": len(name), "longest": LONGEST}
        wrong.append(FieldError("name", given.name, too_long, params))
    if given.born_on and not _EARLIEST <= given.born_on <= today:
        message = N_("A date of birth lies between 1900 and today.")
        wrong.append(FieldError("born_on", given.born_on, message))
    checked: dict[str, Any] = {"name": name}
    for field, check in _checks(given):
        try:
            checked[field] = check()
        except Malformed as error:
            wrong += error.errors
    if given.bank_account.strip() and not given.bank_bic.strip():
        missing = N_("Give the bank's BIC: an account needs it.")
        wrong.append(FieldError("bank_bic", "", missing))
    if wrong:
        raise Malformed(*wrong)
    if given.kind == "person":
        checked |= dict.fromkeys(("kpp", "ogrn", "signatory", "signs_by"), "")
    else:
        checked["born_on"] = None
    texts = {n: getattr(given, n).strip() for n in ("legal_address", "signatory", "signs_by")}
    return replace(given, **(texts | checked))


def _checks(given: Particulars) -> list[tuple[str, Callable[[], str]]]:
    """The checks of what is given; those of a company are not asked of a person."""
    found: list[tuple[str, Callable[[], str]]] = []
    if given.tax_id.strip():
        found.append(("tax_id", lambda: check_inn(given.tax_id, field="tax_id")))
    if given.kind == "company" and given.kpp.strip():
        found.append(("kpp", lambda: check_kpp(given.kpp)))
    if given.kind == "company" and given.ogrn.strip():
        found.append(("ogrn", lambda: check_ogrn(given.ogrn)))
    if bic := given.bank_bic.strip():
        found.append(("bank_bic", lambda: check_bic(given.bank_bic, field="bank_bic")))
        if given.bank_account.strip():
            account = given.bank_account
            check = lambda: check_account(account, bic=bic, field="bank_account")  # noqa: E731
            found.append(("bank_account", check))
    return found


async def correct_subscriber(
    number: str, *, by: Actor, seen: int | None, given: Particulars, today: date
) -> None:
    """Correct who the account's subscriber is; `seen` is the version that was read.

    Raises Malformed, ChangedMeanwhile. What it was before is kept beside the audit row.
    """
    by.require("crm.subscriber.edit")
    new = check_particulars(given, today=today)
    async with unit_of_work(by) as work:
        holder = await holder_of(work.connection, number)
        subject = f"subscriber:{holder.subscriber_id}"
        key = (holder.subscriber_id,)
        row = await locked(work.connection, _OF, key, subject=subject, seen=seen)
        values = asdict(new)
        fields = changed_fields(row, values)
        if not fields:
            return
        await work.connection.execute(
            _CORRECT, holder.subscriber_id, new.kind, new.name, name_key(new.name), new.tax_id,
            new.kpp, new.ogrn, new.bank_bic, new.bank_account, new.legal_address, new.signatory,
            new.signs_by, new.born_on,
        )  # fmt: skip
        was = {field: row[field] for field in fields}
        await work.audit(
            "crm:subscriber:corrected",
            subject,
            account_id=holder.account_id,
            after={"fields": fields},
            personal={"was": was, "became": {field: values[field] for field in fields}},
        )


def check_identity(given: IdentityPaper, *, today: date) -> IdentityPaper:
    """Check an identity document; a Russian passport has four, six and six digits."""
    wrong: list[FieldError] = []
    number = re.sub(r"\s+", "", given.number)
    series = re.sub(r"\s+", "", given.series)
    if given.kind == "passport":
        if not _SERIES.fullmatch(series):
            message = N_("A passport's series has four digits.")
            wrong.append(FieldError("series", given.series, message))
        if not _NUMBER.fullmatch(number):
            message = N_("A passport's number has six digits.")
            wrong.append(FieldError("number", given.number, message))
        if given.issuer_code.strip() and not _ISSUER.fullmatch(given.issuer_code.strip()):
            message = N_("The code of the issuer is written 770-001.")
            wrong.append(FieldError("issuer_code", given.issuer_code, message))
    if not number and not wrong:
        wrong.append(FieldError("number", given.number, N_("Fill this in.")))
    if given.issued_on and not _EARLIEST <= given.issued_on <= today:
        message = N_("A day of issue lies between 1900 and today.")
        wrong.append(FieldError("issued_on", given.issued_on, message))
    if wrong:
        raise Malformed(*wrong)
    texts = {n: getattr(given, n).strip() for n in ("issued_by", "issuer_code", "registered_at")}
    return replace(given, number=number, series=series, **texts)


async def write_identity(
    number: str, *, by: Actor, seen: int | None, given: IdentityPaper, today: date
) -> None:
    """Record the identity document of the account's subscriber, in place of the one before."""
    by.require("crm.subscriber.edit")
    by.require("crm.document.view")
    new = check_identity(given, today=today)
    async with unit_of_work(by) as work:
        holder = await holder_of(work.connection, number)
        subject = f"identity:{holder.subscriber_id}"
        before = await work.connection.fetchrow(_IDENTITY, holder.subscriber_id)
        if before is not None:
            key = (holder.subscriber_id,)
            await locked(work.connection, _IDENTITY_LOCKED, key, subject=subject, seen=seen)
        values = asdict(new)
        await work.connection.execute(_WRITE_IDENTITY, holder.subscriber_id, *_in_order(values))
        await work.audit(
            "crm:identity:written",
            subject,
            account_id=holder.account_id,
            after={"fields": changed_fields(dict(before or {}), values)},
        )


def _in_order(values: dict[str, Any]) -> tuple[Any, ...]:
    names = ("kind", "series", "number", "issued_by", "issued_on", "issuer_code", "registered_at")
    return tuple(values[name] for name in names)


async def reveal_identity(number: str, *, by: Actor) -> IdentityPaper | None:
    """Answer the identity document, None where there is none; who looked is kept in the audit."""
    by.require("crm.document.view")
    async with unit_of_work(by) as work:
        holder = await holder_of(work.connection, number)
        row = await work.connection.fetchrow(_IDENTITY, holder.subscriber_id)
        if row is None:
            return None
        await work.audit(
            "crm:identity:revealed",
            f"identity:{holder.subscriber_id}",
            account_id=holder.account_id,
        )
    return IdentityPaper(**{name: value for name, value in row.items() if name != "version"})
