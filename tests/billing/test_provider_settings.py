"""What the provider sets: tariffs, offers, policy, tax rates, days off, rules of law."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from abonent.billing.errors import AlreadyExists, NoticeTooShort, OfferNotFound, TooEarly
from abonent.billing.queries.calendar import calendar_year
from abonent.billing.queries.offers import offer_of, offer_reach
from abonent.billing.queries.policies import policy_settings, tax_rates
from abonent.billing.queries.tariffs import catalogue_here, price_reach, services_on, tariff_view
from abonent.billing.rules.calendar import SpecialDay, read_days, year_of_days
from abonent.billing.rules.promises import Offer
from abonent.billing.service import accounts, days, payments, promises, services, tariffs
from abonent.billing.service.calendar import set_day, set_year
from abonent.billing.service.offers import change_offer, create_offer
from abonent.billing.service.policies import add_tax_rate, set_policy
from abonent.kernel.actor import SYSTEM
from abonent.kernel.errors import Conflict, Malformed
from abonent.kernel.legal import (
    LegalRuleNotFound,
    LegalRuleUnchecked,
    add_legal_edition,
    check_legal_rule,
    legal_rule,
)

FIRST = date(2026, 3, 1)


async def begun() -> None:
    await days.begin(FIRST, by=SYSTEM)
    for code, fee in (("a", 40000), ("b", 90000)):
        await tariffs.create_tariff(
            by=SYSTEM, code=code, name=code.upper(), kind="internet", mode="advance", fee=fee
        )


async def account(number: str, tariff: str = "a", paid: int = 0) -> None:
    await accounts.open_new_account(number, by=SYSTEM, billing_day=1)
    await services.add_service(number, by=SYSTEM, tariff=tariff)
    if paid:
        await payments.take_payment(
            number, by=SYSTEM, amount=paid, source="cash", external_id=number
        )


async def key_of(code: str) -> int:
    return (await catalogue_here()).catalogue.codes[code]


async def test_a_price_tells_whom_it_reaches_and_then_reaches_them(db: Any) -> None:
    await begun()
    for number in "12":
        await account(number)
    await account("3", "b")
    await services.add_service("1", by=SYSTEM, tariff="a")
    await services.change_tariff("3", 1, by=SYSTEM, tariff="a", on=date(2026, 3, 8), anyway=True)
    key, start = await key_of("a"), FIRST + timedelta(10)
    reach = await price_reach(key, by=SYSTEM, fee=45000, start=start, moves=True)
    assert (reach.services, reach.accounts, reach.monthly) == (4, 3, 4 * 5000)
    made = await tariffs.add_version("a", by=SYSTEM, fee=45000, start=start, moves=True)
    assert made.services == reach.services


async def test_a_price_that_moves_nobody_reaches_nobody_and_is_remembered(db: Any) -> None:
    await begun()
    await account("1")
    key = await key_of("a")
    reach = await price_reach(key, by=SYSTEM, fee=50000, start=FIRST, moves=False)
    assert (reach.services, reach.monthly, reach.per_service) == (0, 0, 10000)
    await tariffs.add_version("a", by=SYSTEM, fee=50000, start=date(2026, 3, 2), moves=False)
    await days.close_days(by=SYSTEM, through=date(2026, 3, 1))
    await account("2")
    reach = await price_reach(key, by=SYSTEM, fee=60000, start=date(2026, 3, 20), moves=True)
    assert (reach.services, reach.monthly) == (2, 20000 + 10000)


async def test_a_price_without_notice_is_refused_before_it_is_recorded(db: Any) -> None:
    await begun()
    with pytest.raises(NoticeTooShort) as refused:
        await price_reach(await key_of("a"), by=SYSTEM, fee=1, start=FIRST, moves=True)
    assert refused.value.allowed_from == date(2026, 3, 11)


async def test_a_tariff_is_described_archived_and_sold_again(db: Any) -> None:
    await begun()
    await account("1")
    await tariffs.describe_tariff(
        "a", by=SYSTEM, name="Новое имя", districts=["Север"], analogue="b"
    )
    await tariffs.archive_tariff("a", by=SYSTEM)
    seen = await tariff_view(await key_of("a"), by=SYSTEM)
    assert (seen.tariff.name, seen.districts, seen.analogue) == ("Новое имя", ("Север",), "b")
    assert (seen.archived_on, seen.services, seen.accounts) == (FIRST, 1, 1)
    assert await services_on([await key_of("a"), await key_of("b")]) == {await key_of("a"): 1}
    await tariffs.reopen_tariff("a", by=SYSTEM)
    here = await catalogue_here()
    assert here.catalogue.sold("a", district="Север")
    assert not here.catalogue.sold("a", district="Юг")
    with pytest.raises(Malformed):
        await tariffs.describe_tariff("a", by=SYSTEM, name="A", districts=None, analogue="a")


OFFER = Offer("quick", "На три дня", days=3, most_days=3, least_tenure_days=0, ceiling=50000)


async def test_an_offer_is_made_changed_and_switched_off(db: Any) -> None:
    await begun()
    await account("1")
    made = await create_offer(OFFER, by=SYSTEM)
    assert made == OFFER
    with pytest.raises(AlreadyExists):
        await create_offer(OFFER, by=SYSTEM)
    assert (await offer_reach(OFFER, by=SYSTEM)).reached == 1
    other = replace(OFFER, tariffs=frozenset({"b"}), channels=frozenset({"portal"}))
    assert (await offer_reach(other, by=SYSTEM)).reached == 0
    assert await change_offer(other, by=SYSTEM) == other
    off = await change_offer(replace(OFFER, active=False), by=SYSTEM)
    assert not (await offer_of("quick", by=SYSTEM)).active
    assert (await offer_reach(off, by=SYSTEM)).reached == 0
    with pytest.raises(OfferNotFound):
        await change_offer(replace(OFFER, code="none"), by=SYSTEM)


async def test_whom_an_offer_reaches_are_those_who_then_get_it(db: Any) -> None:
    await begun()
    for number in "123":
        await account(number, paid=1000 if number == "3" else 0)
    await create_offer(OFFER, by=SYSTEM)
    assert (await offer_reach(OFFER, by=SYSTEM)).reached == 3
    await promises.give_promise("1", by=SYSTEM, offer="quick")
    assert (await offer_reach(OFFER, by=SYSTEM)).reached == 2
    await days.close_days(by=SYSTEM, through=date(2026, 3, 5))
    assert (await offer_reach(OFFER, by=SYSTEM)).lacking == 3
    assert (await offer_reach(OFFER, by=SYSTEM)).reached == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"days": 9, "most_days": 5}, "most_days"),
        ({"amount": 100, "fee": 100}, "fee"),
        ({"fee": 50000}, "fee"),
        ({"channels": frozenset({"pigeon"})}, "channels"),
    ],
)
async def test_an_offer_that_contradicts_itself_is_refused(
    db: Any, change: dict[str, Any], field: str
) -> None:
    await begun()
    with pytest.raises(Malformed) as refused:
        await create_offer(replace(OFFER, **change), by=SYSTEM)
    assert refused.value.field == field
    assert "quick" not in (await catalogue_here()).catalogue.offers


async def test_the_policy_holds_from_the_next_use_case_on(db: Any) -> None:
    await begun()
    policy = await policy_settings(by=SYSTEM)
    await set_policy(replace(policy, grace_days=3, notice_days=20), by=SYSTEM)
    here = await catalogue_here()
    assert (here.catalogue.policy.grace_days, here.catalogue.notice_days) == (3, 20)
    with pytest.raises(Malformed):
        await set_policy(replace(policy, freeze_least_days=200), by=SYSTEM)


async def test_a_tax_rate_changes_in_the_future_only(db: Any) -> None:
    await begun()
    with pytest.raises(TooEarly):
        await add_tax_rate("vat", by=SYSTEM, since=FIRST, rate=2500)
    await add_tax_rate("vat", by=SYSTEM, since=date(2027, 1, 1), rate=2500)
    await add_tax_rate("new", by=SYSTEM, since=date(2026, 5, 1), rate=300)
    taxes = (await catalogue_here()).catalogue.taxes
    assert taxes["vat"].rate_on(date(2026, 12, 31)) == 2200
    assert taxes["vat"].rate_on(date(2027, 1, 1)) == 2500
    assert taxes["new"].rate_on(FIRST) == 300
    rates = [one for one in await tax_rates(by=SYSTEM) if one.code == "vat"]
    assert (rates[-2].until, rates[-1].until) == (date(2027, 1, 1), None)


def test_a_pasted_list_of_days_is_read_in_every_way_it_is_written() -> None:
    text = "01.01-08.01;;Каникулы\n2026-05-09; ; День Победы\n09.03.2026\n28.02; рабочий\n12.06\tРоссия"
    found = {one.day: one for one in read_days(text, 2026)}
    assert len(found) == 12
    assert found[date(2026, 1, 8)].note == "Каникулы"
    assert found[date(2026, 2, 28)].working
    assert found[date(2026, 6, 12)] == SpecialDay(date(2026, 6, 12), working=False, note="Россия")


@pytest.mark.parametrize(
    "line", ["31.02", "09.05.2025", "май", "08.01-01.01", "1.2.3.4", "2026-13-01"]
)
def test_a_line_that_is_no_day_of_the_year_is_named(line: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_days(f"01.01\n{line}", 2026)
    assert "2" in refused.value.errors[0].text("ru")


def test_a_year_has_its_weekends_and_what_is_decreed_instead() -> None:
    off = [one for one in year_of_days(2026, []) if not one.working]
    assert len(off) == 104
    moved = [
        SpecialDay(date(2026, 1, 3), working=True),
        SpecialDay(date(2026, 1, 1), working=False),
    ]
    found = {one.day: one for one in year_of_days(2026, moved)}
    assert found[date(2026, 1, 3)].working
    assert date(2026, 1, 1) in found


async def test_a_year_is_set_and_past_days_stay_as_they_were(db: Any) -> None:
    await begun()
    await set_year(2026, [SpecialDay(date(2026, 2, 23), working=False)], by=SYSTEM)
    await set_year(2026, [SpecialDay(date(2026, 5, 1), working=False)], by=SYSTEM)
    year = await calendar_year(2026, by=SYSTEM)
    assert date(2026, 2, 23) in year.days
    assert date(2026, 5, 1) in year.days
    assert year.missing == 2027
    off = (await catalogue_here()).catalogue.policy.days_off
    assert date(2026, 5, 1) in off
    await set_day(date(2026, 5, 1), by=SYSTEM, working=True, note="перенос")
    await set_day(date(2026, 5, 2), by=SYSTEM, working=None)
    off = (await catalogue_here()).catalogue.policy.days_off
    assert not {date(2026, 5, 1), date(2026, 5, 2)} & off
    with pytest.raises(TooEarly):
        await set_day(date(2026, 2, 1), by=SYSTEM, working=True)


async def test_a_quiet_day_cuts_nobody_off(db: Any) -> None:
    await begun()
    policy = await policy_settings(by=SYSTEM)
    await set_policy(replace(policy, quiet_days=True), by=SYSTEM)
    await account("1", paid=40000)
    await set_day(date(2026, 4, 1), by=SYSTEM, working=False)
    await days.close_days(by=SYSTEM, through=date(2026, 3, 31))
    assert await db.fetchval("SELECT served FROM billing_service") is True
    await days.close_days(by=SYSTEM, through=date(2026, 4, 1))
    assert await db.fetchval("SELECT served FROM billing_service") is False


async def test_a_rule_of_law_is_relied_on_only_when_it_is_checked(db: Any) -> None:
    day = date(2026, 11, 1)
    assert (await legal_rule("ru.230.calls.week", day)).number == 2
    with pytest.raises(LegalRuleUnchecked):
        await legal_rule("ru.limitation", day)
    assert (await legal_rule("ru.limitation", day, checked=False)).number == 3
    with pytest.raises(LegalRuleNotFound):
        await legal_rule("ru.label", date(2020, 1, 1))
    since = date(2000, 1, 1)
    checked = await check_legal_rule(
        "ru.limitation", since, by=SYSTEM, checked_by="Юрист Иванова", note="ГК, 196"
    )
    assert checked.checked_by == "Юрист Иванова"
    assert (await legal_rule("ru.limitation", day)).checked


async def test_a_new_edition_holds_from_its_day_and_waits_for_a_check(db: Any) -> None:
    key, start = "ru.230.calls.week", date(2027, 1, 1)
    await add_legal_edition(key, by=SYSTEM, valid_from=start, value="1", source="Закон")
    assert (await legal_rule(key, date(2026, 12, 31))).number == 2
    with pytest.raises(LegalRuleUnchecked):
        await legal_rule(key, start)
    with pytest.raises(Conflict):
        await add_legal_edition(key, by=SYSTEM, valid_from=start, value="3", source="Закон")
    with pytest.raises(Malformed):
        await add_legal_edition(
            key, by=SYSTEM, valid_from=date(2028, 1, 1), value="раз", source="Закон"
        )
