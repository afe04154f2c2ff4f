from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from abonent.billing.errors import LegalEntityNotFound
from abonent.billing.queries.entities import legal_entities, legal_entity
from abonent.billing.service.entities import set_requisites
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.audit import audit_trail
from abonent.kernel.errors import Forbidden, Malformed
from abonent.kernel.requisites import Requisites

OURS = Requisites(
    name="ООО «Сеть»",
    inn="7707083893",
    kpp="770101001",
    bank_name="ПАО Сбербанк",
    bic="044525225",
    account="40702810938000000001",
    corr_account="30101810400000000225",
    tax_system="usn_income",
    head_name="Громов П. С.",
)


async def test_requisites_are_kept_and_their_change_is_on_record(db: Any) -> None:
    await set_requisites("main", by=SYSTEM, requisites=OURS)
    assert (await legal_entity("main", by=SYSTEM)).requisites == OURS
    assert [e.code for e in await legal_entities(by=SYSTEM)] == ["main"]
    assert OURS.can_be_paid


async def test_wrong_requisites_change_nothing(db: Any) -> None:
    before = await legal_entity("main", by=SYSTEM)
    with pytest.raises(Malformed):
        await set_requisites("main", by=SYSTEM, requisites=replace(OURS, inn="7707083890"))
    assert await legal_entity("main", by=SYSTEM) == before


async def test_a_company_nobody_knows_has_no_requisites(db: Any) -> None:
    with pytest.raises(LegalEntityNotFound):
        await set_requisites("ghost", by=SYSTEM, requisites=OURS)


async def test_requisites_need_the_right(db: Any) -> None:
    clerk = Actor("user", "1", "Clerk", frozenset({"billing.account.*"}))
    with pytest.raises(Forbidden):
        await set_requisites("main", by=clerk, requisites=OURS)
    assert (await audit_trail(subject="main")) == []
