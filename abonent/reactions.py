"""The one file that joins departments sideways: which event calls which function of another."""

from __future__ import annotations

from abonent.billing.events import (
    MoneyRefunded,
    PaymentReversed,
    PaymentTaken,
    PromiseGiven,
    ServiceSwitched,
)
from abonent.billing.service.fiscal.owing import (
    owe_receipts,
    owe_receipts_of_money_back,
    owe_refund_receipts,
)
from abonent.crm.events import SmsReceived
from abonent.crm.service.notices import note_cut_off, note_payments, note_promises
from abonent.crm.service.sms_answers import hear_sms
from abonent.kernel.events import Reactions, install_reactions

REACTIONS: Reactions = {
    PaymentTaken: (owe_receipts, note_payments),
    PaymentReversed: (owe_refund_receipts,),
    MoneyRefunded: (owe_receipts_of_money_back,),
    PromiseGiven: (note_promises,),
    ServiceSwitched: (note_cut_off,),
    SmsReceived: (hear_sms,),
}
"""Event type to the functions that follow it, called before commit with lists of events."""


def install() -> None:
    """Install the table; called once by each program (web, worker, command line)."""
    install_reactions(REACTIONS)
