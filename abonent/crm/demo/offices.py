"""The demo's companies with their requisites, and an office with two cash desks."""

from __future__ import annotations

from abonent.billing.service.cash.offices import set_desk, set_office
from abonent.billing.service.entities import set_requisites
from abonent.crm.demo.acts import DEMO
from abonent.kernel.requisites import Requisites

OFFICE = "lenina"
_BANK = {
    "bank_name": "АО «Северный расчётный банк»",
    "bic": "041117999",
    "corr_account": "30101810100000000999",
}
_SHARED = {
    "address": "163000, г. Северный, ул. Ленина, д. 4",
    "phone": "8 800 100-00-00",
    "email": "office@sever.example",
    "head_post": "Генеральный директор",
}


async def make_offices() -> int:
    """Give both companies their requisites, and make the office on Lenina street; answers its id."""
    main = Requisites(
        name="ООО «Северная сеть»",
        full_name="Общество с ограниченной ответственностью «Северная сеть»",
        inn="2901000120",
        kpp="290101001",
        ogrn="1022900500127",
        account="40702810804000012345",
        head_name="Морозов И. С.",
        **_BANK,
        **_SHARED,
    )
    business = Requisites(
        name="ООО «Северная сеть — Бизнес»",
        full_name="Общество с ограниченной ответственностью «Северная сеть — Бизнес»",
        inn="2901000345",
        kpp="290101001",
        ogrn="1022900500347",
        account="40702810304000067890",
        head_name="Морозова Е. А.",
        **_BANK,
        **_SHARED,
    )
    await set_requisites("main", by=DEMO, requisites=main)
    await set_requisites("business", by=DEMO, requisites=business)
    office = await set_office(
        OFFICE,
        by=DEMO,
        name="Офис на Ленина",
        address="ул. Ленина, д. 4",
        phone="8 800 100-00-00",
        hours="Пн–Пт 9–19, Сб 10–16",
    )
    await set_desk("К1", by=DEMO, office=OFFICE, name="Касса 1")
    await set_desk("К2", by=DEMO, office=OFFICE, name="Касса 2")
    return office
