"""The exchange of bank clients with accounting programs, 1CClientBankExchange 1.03.

Lines of `Key=Value` in sections; the header names the bank accounts and the days, a section per
account its balances, a section per document one transfer. Money came in where the payee's account
is ours and the document has a day of arrival.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

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

NAME = "1CClientBankExchange"
VERSIONS = ("1.01", "1.02", "1.03")
_HEAD = 4096
_SHOWN = 40
_ENCODINGS = ("utf-8", "cp1251", "cp866")
_MARK = "Кодировка="
UTF_16 = frozenset({b"\xff\xfe", b"\xfe\xff"})
"""The marks with which a text in UTF-16 begins."""


class _BadValueError(Exception):
    """A field that cannot be read, as the trouble to tell."""

    def __init__(self, wrong: Wrong, **params: object) -> None:
        super().__init__(wrong)
        self.wrong, self.params = wrong, params


@dataclass(slots=True)
class _Section:
    """The fields of a section with the line it began at."""

    line: int
    fields: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, line: int, lines: Sequence[str]) -> _Section:
        """Read the lines of a section; one without a key goes on with the field before it."""
        fields: dict[str, str] = {}
        last = ""
        for key, mark, value in [text.partition("=") for text in lines]:
            if mark and key.isalnum():
                fields[key] = value.strip()
                last = key
            elif last:
                fields[last] = f"{fields[last]} {(key + mark + value).strip()}".strip()
        return cls(line, fields)

    def first(self, *keys: str) -> str:
        """The first of these fields that says something."""
        return next((self.fields[key] for key in keys if self.fields.get(key)), "")

    def day(self, key: str) -> date:
        """A field as a day; raises for none."""
        value = self.fields.get(key, "")
        if not value:
            raise _BadValueError(Wrong.FIELD_MISSING, name=key)
        day = read_day(value[:10], "%d.%m.%Y")
        if day is None:
            raise _BadValueError(Wrong.BAD_DATE, value=value)
        return day

    def money(self, key: str) -> int:
        """A field as an amount; raises for none."""
        value = self.fields.get(key, "")
        if not value:
            raise _BadValueError(Wrong.FIELD_MISSING, name=key)
        try:
            return parse_amount(value, installed_currency().digits)
        except ValueError:
            raise _BadValueError(Wrong.BAD_AMOUNT, value=value) from None

    def paid(self, key: str) -> int:
        """A field as an amount above zero; raises for any other."""
        amount = self.money(key)
        if amount <= 0:
            raise _BadValueError(Wrong.BAD_AMOUNT, value=self.fields[key])
        return amount


@dataclass(slots=True)
class _Counted:
    """What the sections of our account say came in, and what the documents come to."""

    own: set[str] = field(default_factory=set)
    said: int | None = None
    came: int = 0
    first: date | None = None
    last: date | None = None
    unread: bool = False


def read_client_bank(file: BinaryIO, *, bank_account: str) -> Iterator[Piece]:
    """Read such a file piece by piece; balances and totals are checked where they stand.

    Encodings: cp1251 ("Windows"), cp866 ("DOS"), UTF-8 and UTF-16 as editors save it; what the
    bytes are decides, since some banks declare another.
    """
    head = file.read(_HEAD)
    file.seek(0)
    encoding = encoding_of(head)
    if encoding is None:
        begins = head[:_SHOWN].decode("utf-8", "replace").strip().split("\n")[0]
        problem = "".join(sign if sign.isprintable() else " " for sign in begins)
        yield Trouble(0, Wrong.NOT_THIS_FORMAT, {"format": NAME, "problem": f"“{problem}…”"})
        return
    lines = io.TextIOWrapper(file, encoding, errors="replace", newline=None)
    try:
        yield from _pieces(lines, bank_account)
    finally:
        lines.detach()


def encoding_of(head: bytes) -> str | None:
    """The encoding in which the beginning of a file reads as this format; None when in none."""
    if head[:2] in UTF_16:
        text = head.decode("utf-16", "ignore").lstrip()
        return "utf-16" if text.startswith(NAME) else None
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(NAME.encode()):
        return None
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    return next((name for name in _ENCODINGS if _MARK.encode(name) in head), None)


def _pieces(lines: io.TextIOWrapper, bank_account: str) -> Iterator[Piece]:
    counted, ended, begun = _Counted(), False, False
    header: list[str] = []
    section: list[str] = []
    first = 0
    for number, line in enumerate(lines, 1):
        # Nearly every line is a field of a section: it is looked at once.
        if first and not line.startswith("Конец"):
            section.append(line)
            continue
        key = line.partition("=")[0].strip()
        if first and key in _READ:
            yield from _READ[key](_Section.of(first, section), counted, bank_account)
            section, first = [], 0
        elif first:
            section.append(line)
        elif key in {"СекцияРасчСчет", "СекцияДокумент"}:
            if not begun and (wrong := _begin(header, counted, bank_account)):
                yield wrong
                return
            first, begun = number, True
        elif key == "КонецФайла":
            ended = True
        else:
            header.append(line)
    if first or not ended:
        expected = "КонецДокумента" if first else "КонецФайла"
        yield Trouble(first, Wrong.CUT_OFF, {"expected": expected})
    elif not begun and (wrong := _begin(header, counted, bank_account)):
        yield wrong
    elif counted.said is not None and counted.said != counted.came and not counted.unread:
        params = {"value": counted.said, "counted": counted.came}
        yield Trouble(0, Wrong.TOTALS_DIFFER, params)


def _begin(lines: Sequence[str], counted: _Counted, bank_account: str) -> Trouble | None:
    """Check the header, when the first section begins."""
    header = _Section.of(1, lines)
    version = header.first("ВерсияФормата")
    if version not in VERSIONS:
        problem = f"ВерсияФормата={version}"
        return Trouble(1, Wrong.NOT_THIS_FORMAT, {"format": NAME, "problem": problem})
    told_lines = (line.partition("=") for line in lines)
    counted.own = {value.strip() for key, _, value in told_lines if key.strip() == "РасчСчет"}
    if bank_account not in counted.own:
        told = ", ".join(sorted(counted.own)) or "—"
        counted.own.add(bank_account)
        params = {"value": told, "expected": bank_account}
        return Trouble(1, Wrong.ANOTHER_BANK_ACCOUNT, params)
    try:
        counted.first, counted.last = header.day("ДатаНачала"), header.day("ДатаКонца")
    except _BadValueError as error:
        return Trouble(1, Wrong.NOT_THIS_FORMAT, {"format": NAME, "problem": _problem(error)})
    return None


def _problem(error: _BadValueError) -> str:
    return str(error.params.get("value") or error.params.get("name") or "")


def _balances(section: _Section, counted: _Counted, bank_account: str) -> Iterator[Piece]:
    """НачальныйОстаток + ВсегоПоступило − ВсегоСписано = КонечныйОстаток, where all are told."""
    if section.fields.get("РасчСчет") != bank_account:
        return
    told = ("НачальныйОстаток", "ВсегоПоступило", "ВсегоСписано", "КонечныйОстаток")
    try:
        if section.fields.get("ВсегоПоступило"):
            counted.said = (counted.said or 0) + section.money("ВсегоПоступило")
        if not all(section.fields.get(key) for key in told):
            return
        opening, came, went, closing = (section.money(key) for key in told)
    except _BadValueError as error:
        yield Trouble(section.line, error.wrong, dict(error.params))
        return
    if opening + came - went != closing:
        params = {"opening": opening, "came": came, "went": went, "closing": closing}
        yield Trouble(section.line, Wrong.BALANCES_DIFFER, params)


def _document(section: _Section, counted: _Counted, bank_account: str) -> Iterator[Piece]:
    payer = section.first("ПлательщикСчет", "ПлательщикРасчСчет")
    payee = section.first("ПолучательСчет", "ПолучательРасчСчет")
    try:
        amount = section.paid("Сумма")
        if payee == bank_account:
            yield _received(section, counted, amount, payer)
        else:
            kind = OtherKind.OUTGOING if payer == bank_account else OtherKind.NOT_OURS
            yield Other(section.line, kind, amount, section.day("Дата"), purpose=_purpose(section))
    except _BadValueError as error:
        # What cannot be read is not in our sum: the totals would be blamed for it.
        counted.unread = True
        yield Trouble(section.line, error.wrong, dict(error.params))


def _received(section: _Section, counted: _Counted, amount: int, payer: str) -> Piece:
    written = section.day("Дата")
    number = section.fields.get("Номер", "")
    if not section.fields.get("ДатаПоступило"):
        return Trouble(section.line, Wrong.NOT_BOOKED, {"value": number})
    paid_on = section.day("ДатаПоступило")
    counted.came += amount
    if not (counted.first or paid_on) <= paid_on <= (counted.last or paid_on):
        params = {"value": paid_on, "first": counted.first, "last": counted.last}
        return Trouble(section.line, Wrong.OUTSIDE_PERIOD, params)
    if payer in counted.own:
        return Other(
            section.line, OtherKind.OWN_TRANSFER, amount, paid_on, purpose=_purpose(section)
        )
    return Incoming(
        place=section.line,
        external_id=known_by(number, written, payer, amount),
        amount=amount,
        paid_on=paid_on,
        payer=section.first("Плательщик1", "Плательщик"),
        payer_account=payer,
        payer_tax_id=section.first("ПлательщикИНН"),
        purpose=_purpose(section),
    )


_READ = {"КонецРасчСчет": _balances, "КонецДокумента": _document}
"""What reads a section, by the line that ends it."""


def _purpose(section: _Section) -> str:
    whole = section.first("НазначениеПлатежа")
    if whole:
        return whole
    parts = (section.fields.get(f"НазначениеПлатежа{n}", "") for n in range(1, 7))
    return " ".join(part for part in parts if part)
