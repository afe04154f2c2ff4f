"""Every right of the product by name, with what it lets one do: roles are made of these."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from abonent.kernel.actor import EVERYTHING
from abonent.kernel.i18n import N_, gettext

PORTAL_ROLE = "sub"
"""What subscribers may do on the portal; nobody of the staff has it."""
USER_VIEW = "web.user.view"
USER_EDIT = "web.user.edit"
ROLE_EDIT = "web.role.edit"
METRICS = "web.metrics.view"
PERSONAL = "crm.personal.view"

AREAS: dict[str, str] = {
    "desk": N_("The desk"),
    "crm": N_("Subscribers"),
    "billing": N_("Money"),
    "web": N_("Staff"),
    "kernel": N_("The program"),
}
"""What rights are grouped by: the first part of their names."""

RIGHTS: dict[str, str] = {
    "desk.open": N_("Work at the desk"),
    "crm.subscriber.view": N_("See subscribers"),
    "crm.subscriber.edit": N_("Change subscribers"),
    "crm.contact.view": N_("See whole phones and e-mail addresses"),
    "crm.personal.view": N_("See personal values in the audit"),
    "crm.document.view": N_("See identity documents and scans"),
    "crm.note.write": N_("Write notes on accounts"),
    "crm.contract.edit": N_("Change contracts"),
    "crm.owner.change": N_("Give accounts to another owner"),
    "crm.equipment.edit": N_("Give out and take back equipment"),
    "crm.scan.add": N_("Add scans"),
    "crm.scan.remove": N_("Delete scans"),
    "crm.place.edit": N_("Change buildings and entrances"),
    "crm.plan.edit": N_("Set how contracts are numbered"),
    "crm.identity.confirm": N_("Make sure of who asks"),
    "crm.identity.view": N_("See what was done without making sure of who asks"),
    "crm.identity.edit": N_("Set how strictly identity is asked for"),
    "crm.conversation.record": N_("Record conversations"),
    "crm.conversation.view": N_("See the list of conversations"),
    "crm.conversation.listen": N_("Listen to conversations of others"),
    "crm.conversation.attach": N_("Attach recordings from files and the telephone exchange"),
    "crm.conversation.edit": N_("Set how long conversations are kept"),
    "crm.quality.view": N_("See quality results of everybody"),
    "crm.quality.judge": N_("Judge conversations by the quality card"),
    "crm.quality.decide": N_("Decide appeals against quality cards"),
    "crm.message.view": N_("See messages and what became of them"),
    "crm.message.write": N_("Write to subscribers"),
    "crm.message.hold": N_("Note who is not to be turned to"),
    "crm.message.template": N_("Change templates of messages and their measure"),
    "crm.campaign.view": N_("See campaigns of messages and what came of them"),
    "crm.campaign.edit": N_("Draft and count campaigns of messages"),
    "crm.campaign.launch": N_("Launch, pause and stop campaigns of messages"),
    "crm.script.play": N_("Lead conversations by scripts"),
    "crm.script.view": N_("See how scripts are played by everybody and what comes of it"),
    "crm.script.edit": N_("Change and publish scripts"),
    "crm.claim.view": N_("See claims"),
    "crm.claim.take": N_("Take claims in"),
    "crm.claim.work": N_("Work on claims and answer them"),
    "crm.claim.decide": N_("Decide claims within the set sum"),
    "crm.claim.approve": N_("Decide claims of any sum and set the rules of claims"),
    "crm.claim.report": N_("See claims in figures"),
    "crm.request.view": N_("See requests"),
    "crm.request.take": N_("Register requests"),
    "crm.request.work": N_("Work on requests and answer them"),
    "crm.request.report": N_("See reports on requests"),
    "crm.knowledge.view": N_("Read the knowledge base"),
    "crm.knowledge.edit": N_("Write, publish and withdraw articles"),
    "crm.knowledge.report": N_("See how the knowledge base is used"),
    "crm.knowledge.review": N_("Confirm that articles are still true"),
    "crm.hours.edit": N_("Set working hours"),
    "crm.morning.view": N_("See the morning report and name who gets it"),
    "crm.survey.view": N_("See the loyalty of subscribers"),
    "crm.survey.edit": N_("Set whom the survey asks"),
    "crm.queue.take": N_("Give tickets of the queue"),
    "crm.queue.work": N_("Work at a window of the queue"),
    "crm.queue.view": N_("See how the queue goes"),
    "crm.queue.edit": N_("Set up offices, windows and services of the queue"),
    "crm.queue.book": N_("Book a time at an office"),
    "billing.account.view": N_("See accounts and their money"),
    "billing.account.edit": N_("Open and change accounts"),
    "billing.payment.view": N_("See the register of payments"),
    "billing.payment.take": N_("Take payments"),
    "billing.payment.settle": N_("Match payments from outside"),
    "billing.outside.take": N_("Take files of payments"),
    "billing.agreement.edit": N_("Make and change agreements on taking payments"),
    "billing.payment.reverse": N_("Void payments"),
    "billing.payment.reverse_closed": N_("Void payments of others and of closed shifts"),
    "billing.shift.work": N_("Work at a cash desk"),
    "billing.shift.view": N_("See every cash desk and its reports"),
    "billing.shift.supervise": N_("Count and close the shifts of others"),
    "billing.desk.edit": N_("Set up offices and cash desks"),
    "billing.fiscal.view": N_("See fiscal receipts"),
    "billing.fiscal.retry": N_("Send failed fiscal receipts again"),
    "billing.refund.give": N_("Pay money back"),
    "billing.promise.give": N_("Give promised payments"),
    "billing.promise.override": N_("Give promised payments against the rules"),
    "billing.tariff.view": N_("See tariffs"),
    "billing.tariff.change": N_("Change an account's tariff"),
    "billing.tariff.edit": N_("Make and change tariffs"),
    "billing.offer.edit": N_("Set the offers of promised payments"),
    "billing.policy.edit": N_("Set the policy and tax rates"),
    "billing.calendar.edit": N_("Set days off"),
    "billing.service.edit": N_("Add and end services"),
    "billing.freeze.set": N_("Set freezes"),
    "billing.freeze.override": N_("Set freezes against the rules"),
    "billing.discount.grant": N_("Grant discounts"),
    "billing.bonus.give": N_("Give bonuses"),
    "billing.credit.set": N_("Set credit limits"),
    "billing.fee.charge": N_("Charge fees"),
    "billing.correct": N_("Recalculate"),
    "billing.compensate": N_("Compensate for outages"),
    "billing.invoice.view": N_("See invoices and acts"),
    "billing.invoice.issue": N_("Issue and send invoices and acts"),
    "billing.entity.edit": N_("Change the provider's own companies"),
    "billing.day.view": N_("See the operating day"),
    "billing.day.close": N_("Close the operating day"),
    "billing.report.view": N_("See reports"),
    "billing.verify": N_("Prove the books"),
    "web.view.share": N_("Show one's views of registers to everybody"),
    "web.user.view": N_("See staff and roles"),
    "web.user.edit": N_("Add and change staff"),
    "web.role.edit": N_("Make and change roles"),
    "web.metrics.view": N_("Read the program's measurements"),
    "kernel.audit.view": N_("See the audit"),
    "kernel.legal.view": N_("See the rules of law"),
    "kernel.legal.check": N_("Check the rules of law"),
}

WHOLE = frozenset(
    {
        "billing.agreement.edit",
        "billing.day.close",
        "billing.outside.take",
        "billing.payment.settle",
        "crm.message.template",
        "crm.morning.view",
        "crm.survey.edit",
    }
)
"""What is done for the whole provider at once: nobody who is confined to districts may do it. A payment
that nobody is named for lies in no district, and a day is closed for all accounts."""


def right_groups() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return every area with its label and its rights, each with what it lets one do."""
    return [
        (area, label, [(r, words) for r, words in RIGHTS.items() if r.startswith(f"{area}.")])
        for area, label in AREAS.items()
    ]


def unknown_rights(rights: Iterable[str]) -> list[str]:
    """Return those that are no rights; "billing.*" stands for all below it, "*" for all there are."""
    return [right for right in rights if right != EVERYTHING and not _is_known(right)]


def _is_known(right: str) -> bool:
    below = right.removesuffix("*")
    if below == right:
        return right in RIGHTS
    return below.endswith(".") and any(known.startswith(below) for known in RIGHTS)


def normal_rights(rights: Collection[str]) -> list[str]:
    """Return the rights without those that another of them covers, in order."""
    return sorted(right for right in set(rights) if not any(_covers(o, right) for o in rights))


def spelled_out(rights: Iterable[str]) -> list[str]:
    """Return the rights as the desk ticks them: single ones, whole areas, or everything."""
    whole = {EVERYTHING, *(f"{area}.*" for area in AREAS)}
    found = set()
    for right in rights:
        if right.endswith("*") and right not in whole:
            found |= {known for known in RIGHTS if known.startswith(right.removesuffix("*"))}
        else:
            found.add(right)
    return normal_rights(found)


def _covers(wide: str, right: str) -> bool:
    if wide == right or not wide.endswith("*"):
        return False
    return right.startswith(wide.removesuffix("*"))


def name_of_right(right: str, language: str | None = None) -> str:
    """Return a right in words of a language (default: the current one)."""
    if right == EVERYTHING:
        return gettext(N_("everything"), language)
    area = right.partition(".")[0]
    if right == f"{area}.*" and area in AREAS:
        return gettext(N_("everything of “{area}”"), language, area=gettext(AREAS[area], language))
    return gettext(RIGHTS[right], language) if right in RIGHTS else right
