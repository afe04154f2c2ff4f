"""One entry of a camt.053 statement: what it brings, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from abonent.billing.rules.outside.camt_tree import Node
from abonent.billing.rules.outside.days import read_day
from abonent.billing.rules.outside.incoming import (
    Incoming,
    Other,
    OtherKind,
    Piece,
    Trouble,
    Wrong,
    known_by,
)
from abonent.kernel.money import installed_currency, parse_amount

_REFERENCES = ("Refs/AcctSvcrRef", "Refs/TxId", "Refs/InstrId", "Refs/EndToEndId", "Refs/PmtInfId")
_NOT_PROVIDED = "NOTPROVIDED"


class _WrongError(Exception):
    """A part that cannot be read, as the trouble to tell."""

    def __init__(self, wrong: Wrong, **params: object) -> None:
        super().__init__(wrong)
        self.wrong, self.params = wrong, params


def text_at(node: Node, *paths: str) -> str:
    """The text of the first of these elements that says something."""
    for path in paths:
        for found in node.all(path):
            if found.text:
                return found.text
    return ""


def money_of(node: Node) -> int | None:
    """The amount of a balance with its sign; None when it cannot be read."""
    try:
        amount = _amount(node.first("Amt"))
    except _WrongError:
        return None
    return -amount if text_at(node, "CdtDbtInd") == "DBIT" else amount


def entry_pieces(entry: Node) -> Iterator[Piece]:
    """What an entry (`Ntry`) brings: each transaction of a batch by itself."""
    try:
        yield from _pieces(entry)
    except _WrongError as error:
        yield Trouble(entry.line, error.wrong, dict(error.params))


def _pieces(entry: Node) -> Iterator[Piece]:
    status = text_at(entry, "Sts/Cd") or text_at(entry, "Sts")
    amount, day = _amount(entry.first("Amt")), _day(entry)
    if status not in {"BOOK", ""}:
        reference = text_at(entry, "AcctSvcrRef", "NtryRef") or status
        yield Trouble(entry.line, Wrong.NOT_BOOKED, {"value": reference})
        return
    reversal = text_at(entry, "RvslInd") in {"true", "1"}
    came = text_at(entry, "CdtDbtInd") == "CRDT"
    details = list(entry.all("NtryDtls/TxDtls"))
    if not came or reversal:
        kind = OtherKind.OUTGOING
        if reversal:
            kind = OtherKind.GIVEN_BACK_TO_US if came else OtherKind.TAKEN_BACK
        yield Other(
            entry.line, kind, amount, day, _reference(entry, details), _purpose(entry, details)
        )
        return
    if len(details) <= 1:
        only = details[0] if details else entry
        yield _incoming(entry, only, amount, day, _key(entry, only, amount, day))
        return
    yield from _parts(entry, details, amount, day)


def _parts(entry: Node, details: list[Node], amount: int, day: date) -> Iterator[Piece]:
    """The payments of a batch; without the amount of each nobody can tell whose they are."""
    shares = [detail.first("Amt") or detail.first("AmtDtls/TxAmt/Amt") for detail in details]
    if any(share is None for share in shares):
        yield Trouble(entry.line, Wrong.BATCH_WITHOUT_PARTS, {"amount": amount})
        return
    amounts = [_amount(share) for share in shares]
    if sum(amounts) != amount:
        params = {"value": amount, "counted": sum(amounts)}
        yield Trouble(entry.line, Wrong.TOTALS_DIFFER, params)
        return
    whole = text_at(entry, "AcctSvcrRef")
    for at, (detail, share) in enumerate(zip(details, amounts, strict=True), 1):
        own = _own_reference(detail) or str(at)
        key = known_by(whole, own) if whole else known_by(day, _payer_account(detail), share, own)
        yield _incoming(entry, detail, share, day, key)


def _incoming(entry: Node, detail: Node, amount: int, day: date, key: str) -> Incoming:
    return Incoming(
        place=detail.line,
        external_id=key,
        amount=amount,
        paid_on=day,
        payer=text_at(detail, "RltdPties/Dbtr/Pty/Nm", "RltdPties/Dbtr/Nm"),
        payer_account=_payer_account(detail),
        payer_tax_id=text_at(
            detail,
            "RltdPties/Dbtr/Pty/Id/OrgId/Othr/Id",
            "RltdPties/Dbtr/Id/OrgId/Othr/Id",
            "RltdPties/Dbtr/Pty/Id/PrvtId/Othr/Id",
            "RltdPties/Dbtr/Id/PrvtId/Othr/Id",
        ),
        purpose=_purpose(entry, [detail]),
        account=text_at(detail, "RmtInf/Strd/CdtrRefInf/Ref"),
    )


def _key(entry: Node, detail: Node, amount: int, day: date) -> str:
    """The bank's own reference; else what tells this payment from others."""
    own = text_at(entry, "AcctSvcrRef") or text_at(detail, "Refs/AcctSvcrRef")
    if own:
        return known_by(own)
    return known_by(_own_reference(detail), day, _payer_account(detail), amount)


def _own_reference(detail: Node) -> str:
    found = (text_at(detail, path) for path in _REFERENCES)
    return next((text for text in found if text and text != _NOT_PROVIDED), "")


def _reference(entry: Node, details: list[Node]) -> str:
    own = next((text for detail in details if (text := _own_reference(detail))), "")
    return text_at(entry, "AcctSvcrRef") or own


def _payer_account(detail: Node) -> str:
    return text_at(detail, "RltdPties/DbtrAcct/Id/IBAN", "RltdPties/DbtrAcct/Id/Othr/Id")


def _purpose(entry: Node, details: list[Node]) -> str:
    told = [found.text for detail in details for found in detail.all("RmtInf/Ustrd")]
    return " ".join(told) or text_at(entry, "AddtlNtryInf")


def _amount(node: Node | None) -> int:
    if node is None:
        raise _WrongError(Wrong.FIELD_MISSING, name="Amt")
    currency, expected = node.attributes.get("Ccy", ""), installed_currency()
    if currency != expected.code:
        raise _WrongError(Wrong.FOREIGN_CURRENCY, value=currency or "—", expected=expected.code)
    try:
        amount = parse_amount(node.text, expected.digits)
    except ValueError:
        raise _WrongError(Wrong.BAD_AMOUNT, value=node.text) from None
    if amount < 0:
        raise _WrongError(Wrong.BAD_AMOUNT, value=node.text)
    return amount


def _day(entry: Node) -> date:
    told = text_at(entry, "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
    if not told:
        raise _WrongError(Wrong.FIELD_MISSING, name="BookgDt")
    day = read_day(told[:10], "%Y-%m-%d")
    if day is None:
        raise _WrongError(Wrong.BAD_DATE, value=told)
    return day
