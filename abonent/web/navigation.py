"""The sections of the desk: one table, from which the side menu, keys and search line are made."""

from __future__ import annotations

from dataclasses import dataclass

from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_


@dataclass(frozen=True, kw_only=True)
class Item:
    """A page one can go to: its name, address, icon, right and the letter after G.

    `under` are other addresses below which the page's records lie, `apart` those below its own
    that another item leads to.
    """

    label: str
    path: str
    icon: str
    right: str
    go: str = ""
    under: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()

    def leads_to(self, path: str) -> bool:
        """Tell whether the page at ``path`` lies under this item."""
        below = [f"{own}/" for own in (self.path, *self.under) if own != "/"]
        if path in self.apart:
            return False
        return path == self.path or path.startswith(tuple(below))


@dataclass(frozen=True)
class Section:
    """A group of the side menu."""

    label: str
    items: tuple[Item, ...]


SECTIONS: tuple[Section, ...] = (
    Section(
        N_("Office"),
        (
            Item(label=N_("Start"), path="/", icon="home", right="desk.open", go="D"),
            Item(
                label=N_("Subscribers"),
                path="/subscribers",
                icon="users",
                right="crm.subscriber.view",
                go="P",
                under=("/accounts",),
            ),
            Item(
                label=N_("Requests"),
                path="/requests",
                icon="message",
                right="crm.request.view",
                go="Q",
                apart=("/requests/report",),
            ),
            Item(
                label=N_("Chats"),
                path="/chats",
                icon="message",
                right="crm.request.work",
            ),
            Item(
                label=N_("All chats"),
                path="/all-chats",
                icon="table",
                right="crm.request.view",
            ),
            Item(
                label=N_("All requests"),
                path="/all-requests",
                icon="table",
                right="crm.request.view",
            ),
            Item(
                label=N_("Morning report"),
                path="/morning",
                icon="sun",
                right="crm.morning.view",
            ),
            Item(
                label=N_("Requests in figures"),
                path="/requests/report",
                icon="chart-bar",
                right="crm.request.report",
            ),
            Item(
                label=N_("Claims"),
                path="/claims",
                icon="file-text",
                right="crm.claim.view",
                apart=("/claims/report",),
            ),
            Item(
                label=N_("All claims"),
                path="/all-claims",
                icon="table",
                right="crm.claim.view",
            ),
            Item(
                label=N_("Claims in figures"),
                path="/claims/report",
                icon="chart-bar",
                right="crm.claim.report",
            ),
            Item(
                label=N_("Messages"),
                path="/messages",
                icon="message",
                right="crm.message.view",
            ),
            Item(
                label=N_("Campaigns"),
                path="/campaigns",
                icon="users",
                right="crm.campaign.view",
            ),
            Item(
                label=N_("Knowledge base"),
                path="/knowledge",
                icon="school",
                right="crm.knowledge.view",
                go="H",
                under=("/knowledge-use",),
            ),
            Item(
                label=N_("My window"),
                path="/window",
                icon="ticket",
                right="crm.queue.work",
                go="W",
            ),
            Item(
                label=N_("Queue of the day"),
                path="/queue/day",
                icon="chart-bar",
                right="crm.queue.view",
                under=("/queue",),
            ),
        ),
    ),
    Section(
        N_("Conversations"),
        (
            Item(
                label=N_("Scripts"),
                path="/scripts",
                icon="player-play",
                right="crm.script.play",
                go="S",
            ),
            Item(
                label=N_("Objections"),
                path="/objections",
                icon="message",
                right="crm.script.play",
            ),
            Item(
                label=N_("Conversations by scripts"),
                path="/script-runs",
                icon="table",
                right="crm.script.view",
            ),
        ),
    ),
    Section(
        N_("Money"),
        (
            Item(
                label=N_("Cash desk"),
                path="/cash",
                icon="cash",
                right="billing.shift.work",
                go="K",
            ),
            Item(
                label=N_("Cash shifts"),
                path="/cash-shifts",
                icon="calculator",
                right="billing.shift.view",
            ),
            Item(
                label=N_("Receipts"),
                path="/receipts",
                icon="receipt",
                right="billing.shift.view",
            ),
            Item(
                label=N_("Fiscal receipts"),
                path="/fiscal",
                icon="report-money",
                right="billing.fiscal.view",
            ),
            Item(
                label=N_("The day"),
                path="/day",
                icon="calendar-event",
                right="billing.day.view",
                go="O",
            ),
            Item(
                label=N_("Payments"),
                path="/payments",
                icon="cash",
                right="billing.payment.view",
                go="M",
            ),
            Item(
                label=N_("Entries"),
                path="/entries",
                icon="file-text",
                right="billing.report.view",
            ),
            Item(
                label=N_("Invoices and acts"),
                path="/documents",
                icon="file-invoice",
                right="billing.invoice.view",
                go="I",
            ),
            Item(
                label=N_("Turnover"),
                path="/turnover",
                icon="sum",
                right="billing.report.view",
                go="R",
            ),
            Item(
                label=N_("Payments from outside"),
                path="/outside",
                icon="download",
                right="billing.payment.settle",
                go="B",
            ),
            Item(
                label=N_("Unmatched payments"),
                path="/parked",
                icon="alert-triangle",
                right="billing.payment.settle",
                go="N",
            ),
            Item(
                label=N_("Files taken in"),
                path="/imports",
                icon="file-text",
                right="billing.payment.settle",
            ),
        ),
    ),
    Section(
        N_("Quality of service"),
        (
            Item(
                label=N_("Surveys"),
                path="/surveys",
                icon="heart-handshake",
                right="crm.survey.view",
                apart=("/surveys/report",),
            ),
            Item(
                label=N_("Loyalty in figures"),
                path="/surveys/report",
                icon="chart-bar",
                right="crm.survey.view",
            ),
            Item(
                label=N_("Quality of conversations"),
                path="/quality",
                icon="checklist",
                right="crm.conversation.view",
                under=("/quality-cards",),
            ),
            Item(
                label=N_("Conversations"),
                path="/conversations",
                icon="phone-call",
                right="crm.conversation.listen",
            ),
            Item(
                label=N_("Examples of conversations"),
                path="/conversation-examples",
                icon="school",
                right="crm.conversation.listen",
            ),
            Item(
                label=N_("Done below the level"),
                path="/identity",
                icon="shield-lock",
                right="crm.identity.view",
            ),
        ),
    ),
    Section(
        N_("Settings"),
        (
            Item(
                label=N_("Tariffs"),
                path="/tariffs",
                icon="tags",
                right="billing.tariff.view",
                apart=("/tariffs/analysis",),
            ),
            Item(
                label=N_("Analysis of tariffs"),
                path="/tariffs/analysis",
                icon="chart-bar",
                right="billing.report.view",
                go="T",
            ),
            Item(
                label=N_("Promise offers"),
                path="/offers",
                icon="heart-handshake",
                right="billing.tariff.view",
            ),
            Item(
                label=N_("Policy and taxes"),
                path="/policy",
                icon="settings",
                right="billing.tariff.view",
            ),
            Item(
                label=N_("Days off"),
                path="/calendar",
                icon="calendar",
                right="billing.tariff.view",
            ),
            Item(
                label=N_("Working hours"),
                path="/hours",
                icon="clock",
                right="crm.hours.edit",
            ),
            Item(
                label=N_("Rules of law"),
                path="/legal",
                icon="checklist",
                right="kernel.legal.view",
            ),
        ),
    ),
    Section(
        N_("Administration"),
        (
            Item(
                label=N_("Companies and offices"),
                path="/provider",
                icon="building-community",
                right="billing.desk.edit",
            ),
            Item(
                label=N_("Staff"),
                path="/staff",
                icon="user-cog",
                right="web.user.view",
                go="U",
            ),
            Item(
                label=N_("Roles"),
                path="/roles",
                icon="shield-lock",
                right="web.user.view",
            ),
            Item(
                label=N_("Audit"),
                path="/audit",
                icon="history",
                right="kernel.audit.view",
                go="A",
            ),
        ),
    ),
)


def sections_for(actor: Actor | None) -> tuple[Section, ...]:
    """Return the sections and items that the actor may open; none for nobody."""
    if actor is None:
        return ()
    allowed = (
        Section(section.label, tuple(item for item in section.items if actor.may(item.right)))
        for section in SECTIONS
    )
    return tuple(section for section in allowed if section.items)


def keys_of(sections: tuple[Section, ...]) -> list[Item]:
    """Return the items that a letter after G opens."""
    return [item for section in sections for item in section.items if item.go]
