"""The register of the rules of law: what each demands, from where, and who checked it."""

from __future__ import annotations

from abonent.kernel.i18n import N_
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row, Words

RULES: Words = {
    "ru.rules.edition": (N_("Rules of communication services in force"), ""),
    "ru.rules.edition.tv": (N_("Rules of cable television in force"), ""),
    "ru.suspend": (N_("A service is suspended for a debt only after a notice"), ""),
    "ru.terminate": (N_("A contract may be ended for a debt so long after the notice"), ""),
    "ru.claim.register": (N_("A claim is registered within"), ""),
    "ru.claim.answer": (N_("A claim is answered within"), ""),
    "ru.claim.file": (N_("A claim may be made within"), ""),
    "ru.claim.file.internet": (N_("A claim about the Internet may be made within"), ""),
    "ru.tariff.notice": (N_("A change of price is announced before"), ""),
    "ru.advance.refund": (N_("An unused advance is paid back"), ""),
    "ru.advance.refund.days": (N_("An advance is paid back within"), ""),
    "ru.repair": (N_("Deadlines of repairs are announced and kept"), ""),
    "ru.feasibility": (N_("Whether one can be connected is told within"), ""),
    "ru.leave": (N_("A consumer may leave at any time for actual costs"), ""),
    "ru.230.calls.day": (N_("Calls about a debt a day, at most"), ""),
    "ru.230.calls.week": (N_("Calls about a debt a week, at most"), ""),
    "ru.230.calls.month": (N_("Calls about a debt a month, at most"), ""),
    "ru.230.meetings.week": (N_("Meetings about a debt a week, at most"), ""),
    "ru.230.messages.day": (N_("Messages about a debt a day, at most"), ""),
    "ru.230.messages.week": (N_("Messages about a debt a week, at most"), ""),
    "ru.230.messages.month": (N_("Messages about a debt a month, at most"), ""),
    "ru.230.hours.working": (N_("Hours of contact on working days, the debtor's time"), ""),
    "ru.230.hours.rest": (N_("Hours of contact on days off, the debtor's time"), ""),
    "ru.230.stop": (N_("Who is not contacted directly once papers have come"), ""),
    "ru.230.text": (N_("What a message about a debt must and may say"), ""),
    "ru.230.refusal": (N_("A debtor may refuse contact from this month of delay"), ""),
    "ru.230.scope": (N_("Whose debts the limits of contact hold for"), ""),
    "ru.230.records": (N_("Recordings of talks are kept for"), ""),
    "ru.152.consent": (N_("A consent is a paper of its own, each purpose apart"), ""),
    "ru.152.answer": (N_("A question about personal data is answered within"), ""),
    "ru.152.answer.longer": (N_("That answer may take longer, with reasons, by"), ""),
    "ru.152.stop": (N_("After a withdrawal personal data are no longer used within"), ""),
    "ru.38.art18": (N_("Advertising goes only to who agreed to it before"), ""),
    "ru.38.art18.fine": (N_("Fine of a company for advertising without consent"), ""),
    "ru.label": (N_("The name shown with outgoing calls, at most"), ""),
    "ru.limitation": (N_("Limitation of a charge"), ""),
    "ru.limitation.restart": (N_("What restarts the limitation"), ""),
    "ru.limitation.partial": (N_("A part payment and the limitation of the rest"), ""),
    "ru.court.duty": (N_("Court duty of a small claim"), ""),
    "ru.court.duty.to": (N_("The claim up to which that duty holds"), ""),
    "ru.court.least": (N_("To court goes a debt of at least so many duties"), ""),
    "ru.court.order.duty": (N_("Share of the duty for a court order"), ""),
    "ru.court.order.to": (N_("A court order is given up to"), ""),
    "ru.54.receipt": (N_("The receipt of a remote payment is made within"), ""),
    "ru.54.offset": (N_("The receipt that offsets an advance is made within"), ""),
    "ru.allocation": (N_("In what order a payment settles debts"), ""),
    "kz.restore": (N_("After full payment a telephone works again within"), ""),
    "kz.restore.failure": (N_("The same where something has failed"), ""),
    "kz.tariff.notice": (N_("A change of price is announced before"), ""),
    "eu.cut_off": (N_("Cutting off is warned of and in proportion"), ""),
    "eu.contract.longest": (N_("A contract binds at most"), ""),
    "eu.be.reminder.first": (N_("The first reminder costs"), ""),
    "eu.be.reminder.next": (N_("Each further reminder costs at most"), ""),
    "eu.be.floor": (N_("Before cutting off there is at least"), ""),
    "eu.be.reconnection": (N_("Connecting again costs at most"), ""),
    "eu.gdpr.reply": (N_("A question about personal data is answered within"), ""),
    "eu.marketing": (N_("Advertising goes only to who agreed to it before"), ""),
    "us.regf.calls": (N_("Calls about a debt in 7 days, at most"), ""),
    "us.regf.after_talk": (N_("After a talk no call for"), ""),
    "us.hours": (N_("Hours of contact, the debtor's time"), ""),
    "us.tcpa": (N_("Robot calls only with consent"), ""),
}
UNITS: Words = {
    "": ("—", ""),
    "act": (N_("act"), ""),
    "days": (N_("days"), ""),
    "working_days": (N_("working days"), ""),
    "months": (N_("months"), ""),
    "years": (N_("years"), ""),
    "hours": (N_("hours"), ""),
    "times": (N_("times"), ""),
    "characters": (N_("characters"), ""),
    "money": (N_("units of currency"), ""),
    "duties": (N_("duties"), ""),
    "percent": (N_("%"), ""),
    "kbit": (N_("kbit/s"), ""),
}
_CHECKS: Words = {"checked": (N_("checked"), "good"), "unchecked": (N_("not checked"), "warn")}
_PLACES: Words = {
    "ru": (N_("Russia"), ""),
    "kz": (N_("Kazakhstan"), ""),
    "eu": (N_("European Union"), ""),
    "be": (N_("Belgium"), ""),
    "us": (N_("USA"), ""),
}
_CHECKED = "CASE WHEN r.checked_at IS NULL THEN 'unchecked' ELSE 'checked' END"


def _tone(row: Row) -> str:
    return "" if row["checked"] else "warn"


LEGAL = Register(
    code="legal",
    label=N_("Rules of law"),
    about=N_(
        "What the program keeps to by law. A rule that nobody has compared with the law is not relied"
        " on where a mistake would break it. This is no legal advice."
    ),
    path="/legal",
    right="kernel.legal.view",
    source="legal_rule r",
    key="(r.key || '/' || r.valid_from)",
    key_type="text",
    columns=(
        Column(
            name="rule",
            label=N_("Rule"),
            sql="r.key",
            kind=Kind.STATE,
            words=RULES,
            head=True,
            order="r.jurisdiction || ' ' || r.key || ' ' || r.valid_from",
            link="/legal/rules/{key}",
        ),
        Column(name="value", label=N_("Value"), sql="r.value"),
        Column(name="unit", label=N_("Unit"), sql="r.unit", kind=Kind.STATE, words=UNITS),
        Column(name="since", label=N_("From"), sql="r.valid_from", kind=Kind.DAY),
        Column(name="source", label=N_("Basis"), sql="r.source", soft=True),
        Column(name="state", label=N_("State"), sql=_CHECKED, kind=Kind.STATE, words=_CHECKS),
        Column(
            name="by",
            label=N_("Checked by"),
            sql="CASE WHEN r.checked_by = 'source' THEN r.source ELSE r.checked_by END",
            shown=False,
        ),
        Column(name="at", label=N_("Checked"), sql="r.checked_at", kind=Kind.INSTANT, shown=False),
        Column(name="note", label=N_("Note"), sql="r.note", shown=False),
        Column(
            name="place",
            label=N_("Where"),
            sql="r.jurisdiction",
            kind=Kind.STATE,
            words=_PLACES,
        ),
        Column(name="code", label=N_("Code"), sql="r.key", soft=True, order="r.key"),
    ),
    extras={"checked": "r.checked_at IS NOT NULL"},
    sort="code",
    filters=(
        Filter(
            name="state",
            label=N_("State"),
            ask=Ask.CHOICE,
            sql=_CHECKED + " = ANY($1::text[])",
            choices=tuple((code, name) for code, (name, _its) in _CHECKS.items()),
        ),
        Filter(
            name="place",
            label=N_("Where"),
            ask=Ask.CHOICE,
            sql="r.jurisdiction = ANY($1::text[])",
            choices=tuple((code, name) for code, (name, _its) in _PLACES.items()),
        ),
        Filter(name="code", label=N_("Code"), ask=Ask.TEXT, sql="r.key ILIKE $1 || '%'"),
    ),
    tone=_tone,
    icon="shield-lock",
    empty=(N_("No rules"), ""),
)
