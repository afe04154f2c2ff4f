"""Every declared register by its code; routes, the menu and the worker read this table."""

from __future__ import annotations

from abonent.billing.cash_registers import FISCAL, RECEIPTS, SHIFTS
from abonent.billing.queries.imports import IMPORTS
from abonent.billing.queries.outside.registers import AGREEMENTS, UNMATCHED
from abonent.billing.registers import ENTRIES
from abonent.billing.setting_registers import OFFERS, TARIFFS
from abonent.crm.registers.documents import DOCUMENTS
from abonent.crm.registers.payments import PAYMENTS
from abonent.crm.registers.subscribers import SUBSCRIBERS
from abonent.kernel.registers.declaration import Register
from abonent.web.registers.audit import AUDIT
from abonent.web.registers.legal import LEGAL
from abonent.web.registers.staff import ROLES, STAFF

_ALL: tuple[Register, ...] = (
    SUBSCRIBERS,
    PAYMENTS,
    ENTRIES,
    DOCUMENTS,
    AUDIT,
    STAFF,
    ROLES,
    SHIFTS,
    RECEIPTS,
    FISCAL,
    UNMATCHED,
    IMPORTS,
    AGREEMENTS,
    TARIFFS,
    OFFERS,
    LEGAL,
)

REGISTERS: dict[str, Register] = {register.code: register for register in _ALL}
