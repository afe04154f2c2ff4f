"""The register of payments, with whose they are."""

from __future__ import annotations

from abonent.billing.registers import (
    ACCOUNT_IS,
    AMOUNT,
    AMOUNTS,
    BY,
    DAY,
    DAYS,
    DISTRICT,
    DISTRICTS_ARE,
    ENTITIES_ARE,
    ENTITY,
    ENTRY_SOURCE,
    KEY,
    KIND,
    MONEY,
    NUMBER,
    SCOPE,
    SOURCE,
    TAKEN,
    source_choices,
)
from abonent.billing.rules.explanation import KIND_NAMES
from abonent.kernel.i18n import N_
from abonent.kernel.registers.declaration import Ask, Column, Filter, Register, Row

_OWNERS = """
LEFT JOIN crm_account f ON f.account_id = e.account_id
LEFT JOIN crm_contract c ON c.id = f.contract_id
LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id"""
_NAME = Column(name="name", label=N_("Subscriber"), sql="s.name")


def _payment_tone(row: Row) -> str:
    return "" if row["amount"] > 0 else "bad"


PAYMENTS = Register(
    code="payments",
    label=N_("Payments"),
    about=N_("Money that came in and went back, the latest first."),
    path="/payments",
    right="billing.payment.view",
    source=ENTRY_SOURCE + _OWNERS,
    where="e.kind IN ('payment', 'reversal', 'refund', 'return')",
    key=KEY,
    key_type="text",
    columns=(NUMBER, _NAME, TAKEN, KIND, AMOUNT, SOURCE, DAY, BY, DISTRICT, ENTITY),
    extras={"no": "e.no"},
    sort="-at",
    filters=(
        DAYS,
        Filter(
            name="source",
            label=N_("Source"),
            ask=Ask.CHOICE,
            sql="e.source = ANY($1::text[])",
            options=source_choices,
        ),
        Filter(
            name="kind",
            label=N_("What"),
            ask=Ask.CHOICE,
            sql="e.kind = ANY($1::text[])",
            choices=tuple((kind.value, KIND_NAMES[kind]) for kind in MONEY),
        ),
        AMOUNTS,
        ACCOUNT_IS,
        DISTRICTS_ARE,
        ENTITIES_ARE,
    ),
    tone=_payment_tone,
    scope=SCOPE,
    icon="cash",
    empty=(N_("No payments yet"), N_("They stand here as soon as the first one is taken.")),
)
