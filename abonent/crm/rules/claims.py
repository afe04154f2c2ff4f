"""What becomes of a claim (претензия): its states and terms, who moves it, what it may give back.

The law gives a claim two terms: it is registered no later than the next working day, and answered
within thirty days of its registration. What the company sets itself, a target and an alarm, lies
well before the second. No clock of a claim ever stands still.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from abonent.kernel.i18n import N_
from abonent.kernel.norms import Hours, Norm, Unit, due
from abonent.kernel.workflow import Move, State, Ticking, Workflow

VIEW, TAKE, WORK = "crm.claim.view", "crm.claim.take", "crm.claim.work"
DECIDE, APPROVE, REPORT = "crm.claim.decide", "crm.claim.approve", "crm.claim.report"
RULES = ("ru.claim.register", "ru.claim.answer", "ru.claim.target", "ru.claim.alarm")
"""The rules of law and of the company that a claim's terms are reckoned by."""
ON_TIME_NORM = 9_800
"""The share answered on time that is aimed at, in hundredths of a percent."""
LONGEST_DAYS = 1_100
TEAMS = ("office", "shift", "retain", "head")
"""Roles whose people may own a claim."""
SUBJECTS = {
    "quality": N_("No connection"),
    "speed": N_("Low speed, breaks"),
    "charge": N_("A charge is disputed"),
    "payment": N_("A payment is missing"),
    "refund": N_("Return of the balance"),
    "tariff": N_("A tariff was changed without consent"),
    "imposed": N_("A service that was not ordered"),
    "term": N_("Connection or repair is late"),
    "visit": N_("A visit did not take place"),
    "equipment": N_("Equipment"),
    "damage": N_("Damage to property"),
    "contract": N_("Terms or end of the contract"),
    "staff": N_("Conduct of staff"),
    "personal": N_("Personal data"),
    "ads": N_("Advertising without consent"),
    "other": N_("Something else"),
}
CAUSES = {
    "network": N_("A fault of the network"),
    "house": N_("Works or cable in the house"),
    "equipment_ours": N_("Our equipment"),
    "equipment_theirs": N_("The subscriber's equipment"),
    "billing": N_("A mistake in charging"),
    "payments": N_("A payment agent or bank"),
    "told_wrong": N_("Staff told it wrong"),
    "not_done": N_("A promise was not kept"),
    "process": N_("Our own order of work"),
    "contractor": N_("A contractor"),
    "subscriber": N_("The subscriber's own act"),
    "none": N_("Nothing was wrong"),
}
CHANNELS = {
    "visit": N_("At the office"),
    "letter": N_("By post"),
    "email": N_("By electronic mail"),
    "portal": N_("Portal"),
}
REPLIES = {
    "paper": N_("On paper"),
    "email": N_("By electronic mail"),
    "portal": N_("On the portal"),
}
DECISIONS = {
    "full": (N_("satisfied"), "good"),
    "partial": (N_("satisfied in part"), "warn"),
    "deny": (N_("declined"), "bad"),
}
REMEDIES = {
    "": N_("No money"),
    "outage": N_("Days without connection, all services"),
    "unserved": N_("Days a service was not there or was not ordered"),
    "tariff": N_("Days reckoned anew by another tariff"),
    "discount": N_("A discount for past days"),
    "charges": N_("Charges made by mistake"),
    "bonus": N_("A bonus of one's own will"),
}
"""How money goes back: each is an act of the engine's own."""
DISMISSED = {
    "request": N_("It is a request: it was registered as one"),
    "repeat": N_("The same claim is registered already"),
    "mistake": N_("Sent by mistake"),
}


class ClaimState(StrEnum):
    """Where a claim stands."""

    RECEIVED = "received"
    REGISTERED = "registered"
    INVESTIGATION = "investigation"
    DECIDED = "decided"
    ANSWERED = "answered"
    EXECUTED = "executed"
    COURT = "court"
    CLOSED = "closed"


_S = ClaimState
OPEN = (_S.RECEIVED, _S.REGISTERED, _S.INVESTIGATION, _S.DECIDED)
"""States in which the answer is still owed; the table's column `open` says the same."""

CLAIM = Workflow(
    room="crm",
    code="claim",
    label=N_("Claim"),
    begin=_S.RECEIVED,
    states=(
        State(code=_S.RECEIVED, label=N_("received"), tone="warn"),
        State(code=_S.REGISTERED, label=N_("registered"), tone="info"),
        State(code=_S.INVESTIGATION, label=N_("looked into")),
        State(code=_S.DECIDED, label=N_("decided"), tone="info"),
        State(code=_S.ANSWERED, label=N_("answered"), tone="good", ticking=Ticking.ENDED),
        State(code=_S.EXECUTED, label=N_("carried out"), tone="good", ticking=Ticking.ENDED),
        State(code=_S.COURT, label=N_("in court"), tone="bad", ticking=Ticking.ENDED),
        State(code=_S.CLOSED, label=N_("closed"), ticking=Ticking.ENDED),
    ),
    moves=(
        Move(
            name="register",
            label=N_("Register"),
            sources=(_S.RECEIVED,),
            target=_S.REGISTERED,
            right=TAKE,
        ),
        Move(
            name="dismiss",
            label=N_("It is no claim"),
            sources=(_S.RECEIVED,),
            target=_S.CLOSED,
            right=WORK,
            reasons=DISMISSED,
            ends_as=N_("It is no claim"),
        ),
        Move(
            name="investigate",
            label=N_("Look into it"),
            sources=(_S.REGISTERED,),
            target=_S.INVESTIGATION,
            right=WORK,
        ),
        Move(
            name="decide",
            label=N_("Decide"),
            sources=(_S.INVESTIGATION, _S.DECIDED),
            target=_S.DECIDED,
            right=DECIDE,
        ),
        Move(
            name="answer",
            label=N_("Answer"),
            sources=(_S.DECIDED,),
            target=_S.ANSWERED,
            right=WORK,
        ),
        Move(
            name="execute",
            label=N_("Carry out"),
            sources=(_S.ANSWERED, _S.COURT),
            target=_S.EXECUTED,
            right=DECIDE,
        ),
        Move(
            name="reconsider",
            label=N_("Decide anew"),
            sources=(_S.ANSWERED, _S.COURT),
            target=_S.INVESTIGATION,
            right=DECIDE,
            note=True,
        ),
        Move(
            name="withdraw",
            label=N_("Taken back by the subscriber"),
            sources=(_S.REGISTERED, _S.INVESTIGATION, _S.DECIDED),
            target=_S.CLOSED,
            right=WORK,
            note=True,
            ends_as=N_("Taken back by the subscriber"),
        ),
        Move(
            name="court",
            label=N_("Hand over to court"),
            sources=(_S.INVESTIGATION, _S.DECIDED, _S.ANSWERED, _S.EXECUTED, _S.CLOSED),
            target=_S.COURT,
            right=DECIDE,
        ),
        Move(
            name="close",
            label=N_("Close"),
            sources=(_S.ANSWERED, _S.EXECUTED, _S.COURT),
            target=_S.CLOSED,
            right=WORK,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Terms:
    """The numbers of the rules: working days to register, days to answer, target, alarm."""

    register: int
    answer: int
    target: int
    alarm: int


@dataclass(frozen=True, slots=True)
class Dates:
    """The last days by which a registered claim must be answered, should be, and is told of."""

    answer_by: date
    target_by: date
    alarm_on: date


def register_by(received_on: date, terms: Terms, hours: Hours) -> date:
    """The last day on which what came on a day must be registered."""
    begin = hours.at(received_on, time(12))
    return _last_day(begin, Norm(terms.register, Unit.WORKING_DAYS_END), hours)


def dates_of(registered_at: datetime, terms: Terms, hours: Hours) -> Dates:
    """The terms of a claim that was registered at an instant."""
    return Dates(
        _last_day(registered_at, Norm(terms.answer, Unit.DAYS_END), hours),
        _last_day(registered_at, Norm(terms.target, Unit.WORKING_DAYS_END), hours),
        _last_day(registered_at, Norm(terms.alarm, Unit.DAYS_END), hours),
    )


def _last_day(begin: datetime, norm: Norm, hours: Hours) -> date:
    """The local day whose end, or end of work, a norm runs to."""
    return hours.local(due(begin, norm, hours) - timedelta(microseconds=1)).date()


def tone_on(day: date, *, open: bool, due_by: date, alarm_on: date) -> str:  # noqa: A002
    """Red past the term of law, yellow from the alarm on."""
    if not open:
        return ""
    if day > due_by:
        return "bad"
    return "warn" if day >= alarm_on else ""
