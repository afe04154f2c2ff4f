"""Bank files as banks write them, made from a list of payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

OURS = "40702810000000000005"
THEIRS = "40817810000000000042"


@dataclass(frozen=True)
class Transfer:
    """One document of a bank: money in unless `out`."""

    number: str
    amount: int
    purpose: str = "Оплата услуг связи"
    payer: str = "Иванов Иван Иванович"
    account: str = THEIRS
    day: date = date(2026, 11, 21)
    out: bool = False
    booked: bool = True
    tax_id: str = ""


def rubles(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02}"


def client_bank(
    transfers: Sequence[Transfer],
    *,
    ours: str = OURS,
    encoding: str = "cp1251",
    closing: int | None = None,
    came: int | None = None,
    last: str = "КонецФайла",
) -> bytes:
    """A 1CClientBankExchange 1.03 file."""
    first = min((t.day for t in transfers), default=date(2026, 11, 21))
    through = max((t.day for t in transfers), default=date(2026, 11, 21))
    credited = sum(t.amount for t in transfers if not t.out and t.booked)
    debited = sum(t.amount for t in transfers if t.out)
    came = credited if came is None else came
    closing = 10_000_000 + came - debited if closing is None else closing
    name = {"cp1251": "Windows", "cp866": "DOS"}.get(encoding, "UTF-8")
    lines = [
        "1CClientBankExchange", "ВерсияФормата=1.03", f"Кодировка={name}",
        "Отправитель=Сбербанк Бизнес Онлайн", "Получатель=", "ДатаСоздания=21.11.2026",
        "ВремяСоздания=22:00:00", f"ДатаНачала={first:%d.%m.%Y}", f"ДатаКонца={through:%d.%m.%Y}",
        f"РасчСчет={ours}", "СекцияРасчСчет", f"ДатаНачала={first:%d.%m.%Y}",
        f"ДатаКонца={through:%d.%m.%Y}", f"РасчСчет={ours}", "НачальныйОстаток=100000.00",
        f"ВсегоПоступило={rubles(came)}", f"ВсегоСписано={rubles(debited)}",
        f"КонечныйОстаток={rubles(closing)}", "КонецРасчСчет",
    ]  # fmt: skip
    for transfer in transfers:
        lines += _document(transfer, ours)
    lines += [last, ""]
    return "\r\n".join(lines).encode(encoding)


def _document(t: Transfer, ours: str) -> list[str]:
    payer, payee = (ours, t.account) if t.out else (t.account, ours)
    written = f"{t.day:%d.%m.%Y}"
    arrived = written if t.booked and not t.out else ""
    return [
        "СекцияДокумент=Платежное поручение", f"Номер={t.number}", f"Дата={written}",
        f"Сумма={rubles(t.amount)}", f"ПлательщикСчет={payer}",
        f"ДатаСписано={written if t.out else ''}", f"Плательщик={t.payer}",
        f"ПлательщикИНН={t.tax_id}", f"Плательщик1={t.payer}", f"ПлательщикРасчСчет={payer}",
        "ПлательщикБанк1=ПАО СБЕРБАНК", "ПлательщикБИК=044525225",
        "ПлательщикКорсчет=30101810400000000225", f"ПолучательСчет={payee}",
        f"ДатаПоступило={arrived}", "Получатель=ООО Провайдер", "ПолучательИНН=7701234567",
        f"ПолучательРасчСчет={payee}", "ПолучательБанк1=ПАО СБЕРБАНК", "ПолучательБИК=044525225",
        "ВидОплаты=01", "Очередность=5", "Код=0", f"НазначениеПлатежа={t.purpose}",
        "КонецДокумента",
    ]  # fmt: skip


def sber_registry(rows: Sequence[tuple[str, str, int]], *, total: int | None = None) -> bytes:
    """A registry: number of the payment, account, amount; the line of totals last."""
    lines = [
        f"21-11-2026;12-30-05;8047/0999;999999I;{number};{account};ИВАНОВ ИВАН ИВАНОВИЧ;;112026;"
        f"{_comma(amount)};{_comma(amount - amount // 100)};{_comma(amount // 100)};"
        for number, account, amount in rows
    ]
    whole = sum(amount for _, _, amount in rows) if total is None else total
    lines.append(f"={len(rows)};{_comma(whole)};0,00;0,00;123456;22-11-2026")
    return "\r\n".join([*lines, ""]).encode("cp1251")


def _comma(amount: int) -> str:
    return rubles(amount).replace(".", ",")


ISO = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."


def camt(entries: str, *, version: str = "08", closing: int, ours: str = OURS) -> bytes:
    """A camt.053 statement that opened with 1000.00."""
    sign = "CRDT" if closing >= 0 else "DBIT"
    day = "<Dt><Dt>2026-11-21</Dt></Dt>"
    made = "<CreDtTm>2026-11-21T22:00:00+03:00</CreDtTm>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="{ISO}{version}"><BkToCstmrStmt>
<GrpHdr><MsgId>STMT20261121</MsgId>{made}</GrpHdr>
<Stmt><Id>1</Id><ElctrncSeqNb>1</ElctrncSeqNb>{made}
<Acct><Id><Othr><Id>{ours}</Id></Othr></Id><Ccy>RUB</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="RUB">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>{day}</Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="RUB">{rubles(abs(closing))}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{day}</Bal>
{entries}
</Stmt></BkToCstmrStmt></Document>
""".encode()


def entry(
    amount: int,
    *,
    reference: str = "BANKREF-1",
    direction: str = "CRDT",
    status: str = "<Sts><Cd>BOOK</Cd></Sts>",
    reversal: bool = False,
    details: str = "",
    currency: str = "RUB",
) -> str:
    """One `Ntry`; `details` are its `TxDtls`."""
    turned = "<RvslInd>true</RvslInd>" if reversal else ""
    inside = f"<NtryDtls>{details}</NtryDtls>" if details else ""
    return (
        f'<Ntry><NtryRef>1</NtryRef><Amt Ccy="{currency}">{rubles(amount)}</Amt>'
        f"<CdtDbtInd>{direction}</CdtDbtInd>{turned}{status}"
        "<BookgDt><Dt>2026-11-21</Dt></BookgDt><ValDt><Dt>2026-11-21</Dt></ValDt>"
        f"<AcctSvcrRef>{reference}</AcctSvcrRef>"
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>DMCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"{inside}</Ntry>"
    )


def details(
    purpose: str, *, end_to_end: str = "104", amount: int | None = None, pty: bool = True
) -> str:
    """One `TxDtls`; before version 08 the name of the payer stood without `Pty`."""
    name = "<Nm>Иванов Иван</Nm>"
    sum_of_it = (
        f'<Amt Ccy="RUB">{rubles(amount)}</Amt><CdtDbtInd>CRDT</CdtDbtInd>' if amount else ""
    )
    return (
        f"<TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>{sum_of_it}"
        f"<RltdPties><Dbtr>{f'<Pty>{name}</Pty>' if pty else name}</Dbtr>"
        f"<DbtrAcct><Id><Othr><Id>{THEIRS}</Id></Othr></Id></DbtrAcct></RltdPties>"
        f"<RmtInf><Ustrd>{escape(purpose)}</Ustrd></RmtInf></TxDtls>"
    )
