"""The demo's agreements on taking payments, and yesterday's statement of the bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from abonent.billing.rules.outside.agreement import AgreementKind, AgreementTerms
from abonent.billing.service.outside.agreements import make_agreement
from abonent.billing.service.outside.files import let_be_taken, receive_file, take_file
from abonent.crm.demo.acts import DEMO
from abonent.crm.demo.plan import FIRST_NUMBER, Household
from abonent.crm.service.proposals import accounts_of_contracts
from abonent.kernel.actor import Actor
from abonent.kernel.money import plain_amount

OURS = "40702810804000012345"
_THEIRS = "40817810904000"
_BIC = "041117999"
_AGREEMENTS = (
    AgreementTerms(
        code="bank",
        name="Северный расчётный банк, выписка",
        kind=AgreementKind.BANK_FILE,
        legal_entity="main",
        bank_account=OURS,
    ),
    AgreementTerms(
        code="terminal",
        name="Терминалы «Рубль»",
        kind=AgreementKind.TERMINAL,
        legal_entity="main",
        commission=120,
        networks=("192.0.2.0/24",),
    ),
    # Out of force: without a key of the processor the portal offers no card.
    AgreementTerms(
        code="card",
        name="Карты на сайте (ждём ключ)",
        kind=AgreementKind.CARD,
        legal_entity="main",
        processor="yookassa",
        address="https://cards.example/v3/payments",
        commission=210,
        active=False,
    ),
)


@dataclass(frozen=True, slots=True)
class _Transfer:
    payer: str
    purpose: str
    amount: int
    tax_id: str = ""


async def make_agreements() -> None:
    """Agree with the bank, the terminals and the card processor."""
    for terms in _AGREEMENTS:
        await make_agreement(terms, by=DEMO)


async def take_statement(
    households: Sequence[Household], *, by: Actor, seed: int, day: date
) -> None:
    """Take the bank's statement of a day: most payments name an account, some wait for a person."""
    chance = Random(f"{seed} statement {day}")
    people = [one for one in households if one.person.kind == "person"]
    companies = [one for one in households if one.person.kind == "company"]
    named = chance.sample(people, min(18, len(people)))
    unclear = [one for one in people if one not in named]
    transfers = [_named(one) for one in named]
    transfers += _unclear(chance.sample(unclear, min(6, len(unclear))))
    transfers += [_by_tax_id(one) for one in companies[:2]]
    content = _statement(transfers, day)
    name = f"kl_to_1c_{day:%Y-%m-%d}.txt"
    file = await receive_file(
        "bank", name=name, content=content, contracts=accounts_of_contracts, by=by
    )
    await let_be_taken(file, by=by)
    await take_file(file, contracts=accounts_of_contracts, by=by)


def _named(one: Household) -> _Transfer:
    text = f"Оплата услуг связи л/с {one.number}"
    if one.index % 3 == 0:
        text = f"За интернет, договор {one.since.year}/{one.number}"
    return _Transfer(one.person.name, text, one.fee)


def _unclear(people: Sequence[Household]) -> list[_Transfer]:
    """What a person has to decide: a slip of a digit, a name alone, a stranger, nothing at all."""
    found = []
    for place, one in enumerate(people):
        slip = f"7{one.number[1:]}"
        purpose = (f"л/с {slip} за интернет", "За интернет и телевидение", "Платёж")[place % 3]
        found.append(_Transfer(one.person.name, purpose, one.fee))
    if people:
        found.append(_Transfer("Неизвестных Пётр Ильич", "Абонентская плата", 50000))
        wrong = FIRST_NUMBER + 800_000
        found.append(_Transfer("ИП Сторонний А. А.", f"По счёту, лицевой счёт {wrong}", 120000))
    return found


def _by_tax_id(one: Household) -> _Transfer:
    return _Transfer(one.person.name, "Оплата по счёту за услуги связи", one.fee, one.person.tax_id)


def _statement(transfers: Sequence[_Transfer], day: date) -> bytes:
    came = sum(one.amount for one in transfers)
    lines = [
        "1CClientBankExchange", "ВерсияФормата=1.03", "Кодировка=Windows",
        f"ДатаНачала={day:%d.%m.%Y}", f"ДатаКонца={day:%d.%m.%Y}", f"РасчСчет={OURS}",
        "СекцияРасчСчет", f"ДатаНачала={day:%d.%m.%Y}", f"ДатаКонца={day:%d.%m.%Y}",
        f"РасчСчет={OURS}", "НачальныйОстаток=250000.00", f"ВсегоПоступило={_written(came)}",
        "ВсегоСписано=0.00", f"КонечныйОстаток={_written(25_000_000 + came)}", "КонецРасчСчет",
    ]  # fmt: skip
    for number, one in enumerate(transfers, 1):
        lines += _document(number, one, day)
    return "\r\n".join([*lines, "КонецФайла", ""]).encode("cp1251")


def _document(number: int, one: _Transfer, day: date) -> list[str]:
    account = f"{_THEIRS}{number:06d}"
    return [
        "СекцияДокумент=Платежное поручение", f"Номер={number}", f"Дата={day:%d.%m.%Y}",
        f"Сумма={_written(one.amount)}", f"ПлательщикСчет={account}", f"Плательщик={one.payer}",
        f"ПлательщикИНН={one.tax_id}", f"Плательщик1={one.payer}", f"ПлательщикРасчСчет={account}",
        f"ПлательщикБИК={_BIC}", f"ПолучательСчет={OURS}", f"ДатаПоступило={day:%d.%m.%Y}",
        f"ПолучательРасчСчет={OURS}", f"НазначениеПлатежа={one.purpose}", "КонецДокумента",
    ]  # fmt: skip


def _written(amount: int) -> str:
    return plain_amount(amount).replace(",", ".")
