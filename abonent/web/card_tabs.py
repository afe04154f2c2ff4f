"""The tabs of an account's card: one table; departments add their own pages here."""

from __future__ import annotations

from dataclasses import dataclass

from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_


@dataclass(frozen=True, kw_only=True)
class CardTab:
    """A page of the card: `path` follows the account's own address, `right` opens it.

    Its template extends account_frame.html and gets `tab`, this tab's code.
    """

    code: str
    label: str
    path: str
    right: str

    def address(self, number: str) -> str:
        """The address of the tab for an account."""
        return f"/accounts/{number}{self.path}"


TABS: tuple[CardTab, ...] = (
    CardTab(code="overview", label=N_("Overview"), path="", right="billing.account.view"),
    CardTab(code="money", label=N_("Money"), path="/money", right="billing.account.view"),
    CardTab(
        code="past", label=N_("Promises and freezes"), path="/past", right="billing.account.view"
    ),
    CardTab(
        code="subscriber", label=N_("Subscriber"), path="/subscriber", right="crm.subscriber.view"
    ),
    CardTab(
        code="equipment", label=N_("Equipment"), path="/equipment", right="crm.subscriber.view"
    ),
    CardTab(
        code="documents", label=N_("Documents"), path="/documents", right="crm.subscriber.view"
    ),
    CardTab(
        code="invoices",
        label=N_("Invoices and acts"),
        path="/invoices",
        right="billing.invoice.view",
    ),
    CardTab(code="requests", label=N_("Requests"), path="/requests", right="crm.request.view"),
    CardTab(code="claims", label=N_("Claims"), path="/claims", right="crm.claim.view"),
    CardTab(
        code="conversations",
        label=N_("Conversations"),
        path="/conversations",
        right="crm.conversation.view",
    ),
    CardTab(code="messages", label=N_("Messages"), path="/messages", right="crm.message.view"),
    CardTab(code="history", label=N_("History"), path="/history", right="crm.subscriber.view"),
)


def tabs_for(actor: Actor) -> tuple[CardTab, ...]:
    """Return the tabs that the actor may open."""
    return tuple(tab for tab in TABS if actor.may(tab.right))
