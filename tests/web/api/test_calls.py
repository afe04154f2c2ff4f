"""The calls one by one: what they answer, beyond the engine's examples."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.web.api.conftest import Caller

JUNE = {"from_": date(2026, 6, 1), "to": date(2026, 7, 1)}


@pytest.fixture
async def begun(api: Caller) -> Caller:
    await api.begin(date(2026, 6, 1))
    await api.tariff("t", "advance", 60000)
    await api.account("1")
    return api


async def test_who_asks_and_which_day_is_open(begun: Caller) -> None:
    assert (await begun.get("me"))["rights"] == ["*"]
    assert await begun.get("day") == {"day": "2026-06-01", "state": "open", "lagging": 0}
    await begun.pay(60000)
    await begun.service("t")
    closed = await begun.post("day/close", through=date(2026, 6, 30))
    assert (closed["day"], closed["accounts"], closed["charges"]) == ("2026-07-01", 1, 0)


async def test_a_tariff_is_answered_with_its_version(begun: Caller) -> None:
    made = await begun.tariff(
        "tv", "arrears", 30000, due_days=15, kind="tv", tax_code="vat", attributes={"channels": 120}
    )
    assert made["version"] == {
        "id": made["version"]["id"],
        "tariff": "tv",
        "fee": 30000,
        "from": "2000-01-01",
        "existing": "move",
        "services": 0,
    }
    assert (made["due_days"], made["tax_code"], made["attributes"]) == (
        15,
        "vat",
        {"channels": 120},
    )


@pytest.mark.parametrize(("existing", "reached", "paid"), [("move", 1, 66000), ("keep", 0, 60000)])
async def test_a_new_price_reaches_existing_services_or_not(
    begun: Caller, existing: str, reached: int, paid: int
) -> None:
    await begun.pay(200000)
    await begun.service("t")
    made = await begun.post(
        "tariffs/t/versions", fee=66000, from_=date(2026, 7, 1), existing=existing
    )
    assert (made["services"], made["fee"], made["from"]) == (reached, 66000, "2026-07-01")
    await begun.open_on(date(2026, 7, 1))
    assert (await begun.look())[0] == 140000 - paid


async def test_an_account_is_opened_for_a_subscriber_at_an_address(begun: Caller, db: Any) -> None:
    person = {
        "name": "Пётр Семёнов",
        "kind": "person",
        "phone": "8 (912) 345-67-89",
        "email": "p@example.org",
        "address": {"district": "Центр", "street": "Мира", "house": "8", "flat": "12"},
    }
    made = await begun.account("20417", 5, credit_limit=1000, subscriber=person)
    assert (made["number"], made["funds"], made["billing_day"]) == ("20417", 1000, 5)
    kept = await db.fetchrow("SELECT * FROM crm_subscriber")
    assert (kept["name_key"], kept["phone"]) == ("петр семенов", "79123456789")
    await begun.account("20418", subscriber=person | {"address": "Центр, Мира, 8, кв. 13"})
    places = await db.fetch("SELECT DISTINCT place_id FROM crm_account")
    assert len(places) == 1


async def test_a_connection_fee_comes_with_the_first_charge(begun: Caller) -> None:
    await begun.tariff("new", "advance", 60000, connection_fee=5000)
    await begun.pay(64999)
    service = await begun.service("new")
    assert (service["id"], service["state"], service["paid_until"]) == (1, "suspended", None)
    await begun.pay(1)
    assert await begun.look() == (0, ["served"])
    assert [e["kind"] for e in await begun.entries()][-2:] == ["connection", "charge"]


async def test_a_change_that_is_not_covered_names_what_is_missing(begun: Caller) -> None:
    await begun.tariff("big", "advance", 90000)
    await begun.pay(60000)
    await begun.service("t")
    told = await begun.refused(422, "accounts/1/services/1/tariff", tariff="big", on="asap")
    assert (told["code"], told["missing"]) == ("NOT_ENOUGH_FUNDS", 29000)
    done = await begun.post("accounts/1/services/1/tariff", tariff="big", on="asap", anyway=True)
    assert done["effective_on"] == "2026-06-02"
    done = await begun.post("accounts/1/services/1/tariff", tariff="big", on="next-period")
    assert done["effective_on"] == "2026-07-01"


async def test_missing_is_what_services_lack_today_or_will_lack_next(begun: Caller) -> None:
    async def missing() -> Any:
        return (await begun.get("accounts/1"))["missing"]

    assert await missing() == 0
    await begun.pay(15000)
    await begun.service("t")
    assert await missing() == 45000
    await begun.pay(45000)
    assert await missing() == 60000
    await begun.tariff("cheap", "daily", 3000)
    await begun.service("cheap", priority=2)
    assert await missing() == 100
    await begun.post(
        "accounts/1/freezes", from_=date(2026, 6, 2), to=date(2026, 6, 12), override=True
    )
    await begun.open_on(date(2026, 6, 2))
    assert await missing() == 0


async def test_a_postpaid_service_is_suspended_by_hand(begun: Caller) -> None:
    await begun.tariff("tv", "arrears", 30000, kind="tv")
    await begun.service("tv")
    await begun.open_on(date(2026, 6, 10))
    seen = await begun.post("accounts/1/services/1/suspension", on=True, reason="debt")
    assert seen["services"][0]["state"] == "served"
    await begun.open_on(date(2026, 6, 21))
    assert (await begun.look())[1] == ["suspended"]
    await begun.post("accounts/1/services/1/suspension", on=False, reason="paid")
    assert (await begun.look())[1] == ["served"]
    await begun.open_on(date(2026, 7, 1))
    assert (await begun.look())[0] == -20000


async def test_a_credit_limit_serves_and_a_lower_one_cuts_off_tomorrow(begun: Caller) -> None:
    await begun.service("t")
    seen = await begun.post("accounts/1/credit", limit=60000, reason="a good payer")
    assert (seen["balance"], seen["services"][0]["state"]) == (-60000, "served")
    await begun.post("accounts/1/credit", limit=0, reason="no longer")
    assert await begun.look() == (-60000, ["served"])
    await begun.open_on(date(2026, 6, 2))
    assert await begun.look() == (-2000, ["suspended"])


async def test_a_billing_day_changes_at_a_periods_start(begun: Caller) -> None:
    await begun.pay(200000)
    await begun.service("t")
    seen = await begun.post("accounts/1/billing-day", day=11, from_=date(2026, 7, 1))
    assert seen["billing_day"] == 1
    await begun.open_on(date(2026, 7, 1))
    assert (await begun.get("accounts/1"))["billing_day"] == 11
    assert (await begun.look())[0] == 140000 - 20000
    await begun.open_on(date(2026, 7, 11))
    assert (await begun.look())[0] == 120000 - 60000


async def test_entries_come_in_pages_and_say_what_is_not_posted_yet(begun: Caller) -> None:
    await begun.tariff("d", "daily", 30000)
    await begun.pay(30000)
    await begun.service("d")
    await begun.pay(100)
    await begun.open_on(date(2026, 6, 4))
    whole = await begun.get("accounts/1/entries")
    assert [e["id"] for e in whole["items"]] == ["1-1", "1-2", "1-3", None]
    pending = whole["items"][-1]
    assert (pending["settled"], pending["amount"], pending["through"]) == (
        False,
        -3000,
        "2026-06-04",
    )
    assert pending["balance_after"] == (await begun.look())[0] == 30100 - 4000
    paged: list[Any] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = await begun.get("accounts/1/entries", **query)
        paged += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert paged == whole["items"]
    some = await begun.get("accounts/1/entries", from_=date(2026, 6, 2), to=date(2026, 6, 5))
    assert [e["id"] for e in some["items"]] == [None]


async def test_an_entry_explains_itself_in_the_language_asked_for(begun: Caller) -> None:
    await begun.pay(60000, external_id="receipt 7")
    await begun.service("t")
    payment, charge = await begun.entries()
    assert (payment["source"], payment["external_id"]) == ("cash", "receipt 7")
    assert charge["period"] == {"from": "2026-06-01", "to": "2026-07-01"}
    assert charge["explanation"]["total"] == charge["amount"] == -60000
    assert charge["explanation"]["steps"]
    assert any("a program" in step for step in payment["explanation"]["steps"])
    russian = await begun.client.get("accounts/1/entries", headers={"Accept-Language": "ru"})
    assert "тариф" in russian.text.lower()
    assert "тариф" not in str(charge).lower()


async def test_ageing_lists_unpaid_charges_and_honours_what_a_payment_names(
    begun: Caller,
) -> None:
    await begun.tariff("tv", "arrears", 30000, due_days=10, kind="tv")
    await begun.service("tv")
    await begun.open_on(date(2026, 8, 2))
    charges = [e["id"] for e in await begun.entries() if e["kind"] == "charge"]
    await begun.post(
        "accounts/1/payments", amount=10000, source="bank", external_id="b", settles=[charges[1]]
    )
    aged = await begun.get("accounts/1/ageing", on=date(2026, 8, 15))
    assert [(a["entry"], a["unpaid"], a["due"], a["days"], a["bucket"]) for a in aged] == [
        (charges[0], 30000, "2026-07-11", 35, "31-60"),
        (charges[1], 20000, "2026-08-11", 4, "1-30"),
    ]
    assert aged[0]["limitation"] == "2029-07-11"


async def test_the_turnover_sheet_has_one_sum_at_every_level(begun: Caller) -> None:
    await begun.account("2", subscriber={"name": "A", "kind": "person", "address": "Мира, 8, 1"})
    for number in ("1", "2"):
        await begun.pay(90000, number=number)
        await begun.service("t", number=number)
    await begun.post("accounts/2/refunds", amount=1000, method="cash")
    await begun.open_on(date(2026, 6, 20))
    sheets = {
        level: await begun.get("turnover", **JUNE, by=level)
        for level in ("legal_entity", "district", "building", "account")
    }
    total = sheets["account"]["total"]
    assert total["charges"] == {"internet": 120000}
    assert total["payments"] == {"cash": 180000, "refund": -2000 // 2}
    assert (total["opening"], total["corrections"], total["closing"]) == (0, 0, -59000)
    for sheet in sheets.values():
        assert sheet["total"] == total
        assert sum(row["closing"] for row in sheet["items"]) == total["closing"]
    assert [row["key"] for row in sheets["account"]["items"]] == ["1", "2"]
    building = next(row for row in sheets["building"]["items"] if row["label"])
    inside = await begun.get("turnover", **JUNE, by="account", place=building["key"])
    assert [row["key"] for row in inside["items"]] == ["2"]


async def test_a_correction_is_shown_before_it_is_posted_and_once(begun: Caller) -> None:
    await begun.pay(60000)
    await begun.service("t")
    await begun.open_on(date(2026, 6, 11))
    truth = {
        "service": 1,
        "from_": date(2026, 6, 1),
        "to": date(2026, 6, 6),
        "discount": 50,
        "reason": "a promise of sales",
    }
    shown = await begun.post("accounts/1/corrections", **truth, confirm=False)
    assert (shown["total"], shown["posted"], len(shown["days"])) == (-5000, False, 5)
    assert shown["days"][0] == {
        "day": "2026-06-01",
        "was": 2000,
        "should": 1000,
        "difference": -1000,
    }
    assert (await begun.look())[0] == 0
    posted = await begun.post("accounts/1/corrections", **truth, confirm=True)
    assert (posted["total"], posted["account"]["balance"]) == (-5000, 5000)
    again = await begun.post("accounts/1/corrections", **truth, confirm=True)
    assert (again["total"], again["account"]["balance"]) == (0, 5000)
    correction = next(e for e in await begun.entries() if e["kind"] == "correction")
    assert correction["corrects"] == "1-2"
    assert correction["explanation"]["total"] == 5000


async def test_a_late_discount_reaches_past_postpaid_days_by_correction_alone(
    begun: Caller,
) -> None:
    await begun.tariff("tv", "arrears", 30000, kind="tv")
    await begun.service("tv")
    await begun.open_on(date(2026, 6, 11))
    discount = {"percent": 50, **JUNE, "reason": "promised in May"}
    await begun.post("accounts/1/services/1/discounts", **discount)
    await begun.open_on(date(2026, 7, 1))
    assert (await begun.look())[0] == -(10 * 1000 + 20 * 500)
    whole = {"service": 1, **JUNE, "reason": "promised in May", "confirm": True}
    told = await begun.post("accounts/1/corrections", **whole)
    assert [row["difference"] for row in told["days"]] == [-500] * 10 + [0] * 20
    assert (await begun.look())[0] == -15000
    assert (await begun.post("accounts/1/corrections", **whole))["total"] == 0


async def test_an_outage_of_a_building_is_compensated(begun: Caller) -> None:
    home = {"name": "A", "kind": "person", "address": "Мира, 8, 1"}
    await begun.account("2", subscriber=home)
    await begun.pay(60000, number="2")
    await begun.service("t", number="2")
    await begun.open_on(date(2026, 6, 11))
    outage = {
        "incident": "I-7",
        "from_": "2026-06-05T10:00:00+03:00",
        "to": "2026-06-06T11:00:00+03:00",
        "reason": "a cut cable",
    }
    done = await begun.post("compensations", **outage, places=["Мира, 8"], confirm=True)
    assert done["items"] == [
        {
            "account": "2",
            "days": [
                {"day": "2026-06-05", "amount": 2000},
                {"day": "2026-06-06", "amount": 2000},
            ],
            "total": 4000,
        }
    ]
    assert (await begun.look("2"))[0] == 4000
    told = await begun.refused(400, "compensations", **outage, places=["Ленина, 1"])
    assert [error["field"] for error in told["errors"]] == ["places.0"]


async def test_a_service_stands_where_it_is_told(begun: Caller, db: Any) -> None:
    await begun.service("t", place={"street": "Мира", "house": "8"})
    await begun.service("t", place="Мира, 8")
    place = await db.fetchval("SELECT id FROM billing_place WHERE street = 'Мира'")
    await begun.service("t", place=place)
    assert await db.fetchval("SELECT count(DISTINCT place_id) FROM billing_service") == 1
    told = await begun.refused(400, "accounts/1/services", tariff="t", place=99999)
    assert [error["field"] for error in told["errors"]] == ["place"]
