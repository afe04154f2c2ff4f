"""Every declared register by its code; routes, the menu and the worker read this table."""

from __future__ import annotations

from abonent.billing.cash_registers import FISCAL, RECEIPTS, SHIFTS
from abonent.billing.queries.imports import IMPORTS
from abonent.billing.queries.outside.registers import AGREEMENTS, UNMATCHED
from abonent.billing.registers import ENTRIES
from abonent.billing.setting_registers import OFFERS, TARIFFS
from abonent.crm.registers.campaigns import CAMPAIGNS
from abonent.crm.registers.chats import ALL_CHATS
from abonent.crm.registers.claims import ALL_CLAIMS, CLAIMS
from abonent.crm.registers.conversations import CARDS, CONVERSATIONS, EXAMPLES_REGISTER
from abonent.crm.registers.documents import DOCUMENTS
from abonent.crm.registers.identity import LAPSES
from abonent.crm.registers.letters import LETTERS
from abonent.crm.registers.messages import MESSAGES
from abonent.crm.registers.payments import PAYMENTS
from abonent.crm.registers.queue import TICKETS
from abonent.crm.registers.requests import ALL_REQUESTS
from abonent.crm.registers.scripts import SCRIPT_RUNS
from abonent.crm.registers.subscribers import SUBSCRIBERS
from abonent.crm.registers.surveys import SURVEYS
from abonent.kernel.registers.declaration import Register
from abonent.web.registers.audit import AUDIT
from abonent.web.registers.knowledge import KNOWLEDGE
from abonent.web.registers.legal import LEGAL
from abonent.web.registers.requests import REQUESTS
from abonent.web.registers.staff import ROLES, STAFF

_ALL: tuple[Register, ...] = (
    SUBSCRIBERS,
    REQUESTS,
    ALL_REQUESTS,
    ALL_CHATS,
    CLAIMS,
    ALL_CLAIMS,
    TICKETS,
    PAYMENTS,
    ENTRIES,
    DOCUMENTS,
    MESSAGES,
    LETTERS,
    CAMPAIGNS,
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
    KNOWLEDGE,
    LAPSES,
    SCRIPT_RUNS,
    SURVEYS,
    CONVERSATIONS,
    EXAMPLES_REGISTER,
    CARDS,
)

REGISTERS: dict[str, Register] = {register.code: register for register in _ALL}
