"""What becomes of a request (обращение): its states, who moves it, what its clock does.

From intake to a satisfied client: no request without an answer, and nobody is sent from door to
door. The task moves between teams; the client's contact person stays. The clock stands still only
while the client is waited for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from abonent.kernel.i18n import N_
from abonent.kernel.norms import Hours, Norm, Unit, due
from abonent.kernel.workflow import Move, State, Ticking, Workflow

REOPENED_WITHIN = timedelta(days=14)
"""How long after its answer a request may be taken up again; then it is closed by itself."""
CALLED_BACK_WITHIN = Norm(240, Unit.WORKING_MINUTES)
"""Who asked to be called is called within four working hours, whatever the topic allows."""
CHAT_FIRST_WITHIN = timedelta(minutes=1)
"""Who writes into the chat is answered within a minute (document 2.1.3)."""
CHAT_NEXT_WITHIN = timedelta(minutes=3)
"""And then again."""
WINDOW_GONE_AFTER = timedelta(minutes=2)
"""A window of the chat that asked for no news for so long is closed, or its telephone asleep."""
WARNED_AT = 80
"""Percent of its time after which a request is told of before its norm is broken."""
BAD_RATING = 2
"""A rating of so much or less is for the head to see."""
VIEW, TAKE, WORK = "crm.request.view", "crm.request.take", "crm.request.work"
REFUSALS = {
    "mistake": N_("Sent by mistake"),
    "spam": N_("Advertising or spam"),
    "withdrawn": N_("The client took it back"),
}
WAITED_FOR = {
    "word": N_("The client's word"),
    "document": N_("A document of the client's"),
    "access": N_("Access to the flat"),
    "payment": N_("A payment of the client's"),
}
WAITED_WITHIN = {
    "check": N_("A check of the line"),
    "repair": N_("A repair"),
    "money": N_("A check of payments"),
    "decision": N_("A decision of the head"),
}
CHANNELS = {
    "call": N_("Call"),
    "visit": N_("Visit"),
    "portal": N_("Portal"),
    "site": N_("Site"),
    "email": N_("E-mail"),
    "sms": N_("SMS"),
    "chat": N_("Chat"),
}
REPLIES = {
    "call": N_("By a call"),
    "sms": N_("By SMS"),
    "email": N_("By e-mail"),
    "portal": N_("On the portal"),
    "visit": N_("At the office"),
    "none": N_("No answer is asked for"),
}
"""How the client wants the answer."""
WRITTEN = frozenset({"sms", "email", "portal"})
"""Ways of answering on which the program itself sends the words."""
TEAMS = {
    "office": N_("Office"),
    "shift": N_("Shift supervisor"),
    "cash": N_("Cash desk"),
    "coord": N_("Coordinators"),
    "tech": N_("Installers"),
    "collect": N_("Debts"),
    "retain": N_("Retention"),
    "head": N_("Head"),
}
"""Who does the work: the role whose people it is routed to."""


class RequestState(StrEnum):
    """Where a request stands."""

    NEW = "new"
    CLASSIFIED = "classified"
    IN_WORK = "in_work"
    WAIT_CLIENT = "wait_client"
    WAIT_TECH = "wait_tech"
    REOPENED = "reopened"
    RESOLVED = "resolved"
    RATED = "rated"
    CLOSED = "closed"
    JOINED = "joined"
    DROPPED = "dropped"


_S = RequestState
_WAITING = (_S.NEW, _S.CLASSIFIED, _S.REOPENED)
_AT_WORK = (_S.IN_WORK, _S.WAIT_CLIENT, _S.WAIT_TECH)
OPEN = (*_WAITING, *_AT_WORK)
"""States in which something is still to be done; the table's column `open` says the same."""

REQUEST = Workflow(
    room="crm",
    code="request",
    label=N_("Request"),
    begin=_S.NEW,
    states=(
        State(code=_S.NEW, label=N_("new"), tone="info"),
        State(code=_S.CLASSIFIED, label=N_("in the queue"), tone="info"),
        State(code=_S.IN_WORK, label=N_("in work")),
        State(
            code=_S.WAIT_CLIENT,
            label=N_("waits for the client"),
            tone="warn",
            ticking=Ticking.WAITS,
        ),
        State(code=_S.WAIT_TECH, label=N_("waits for colleagues"), tone="warn"),
        State(code=_S.REOPENED, label=N_("taken up again"), tone="bad"),
        State(code=_S.RESOLVED, label=N_("answered"), tone="good", ticking=Ticking.ENDED),
        State(code=_S.RATED, label=N_("rated"), tone="good", ticking=Ticking.ENDED),
        State(code=_S.CLOSED, label=N_("finished"), ticking=Ticking.ENDED),
        State(code=_S.JOINED, label=N_("joined to another"), ticking=Ticking.ENDED),
        State(code=_S.DROPPED, label=N_("dropped"), ticking=Ticking.ENDED),
    ),
    moves=(
        Move(
            name="classify",
            label=N_("Say what it is about"),
            sources=(_S.NEW,),
            target=_S.CLASSIFIED,
            right=WORK,
        ),
        Move(
            name="take", label=N_("Take to work"), sources=_WAITING, target=_S.IN_WORK, right=WORK
        ),
        Move(
            name="wait_client",
            label=N_("Wait for the client"),
            sources=(_S.IN_WORK, _S.WAIT_TECH),
            target=_S.WAIT_CLIENT,
            right=WORK,
            reasons=WAITED_FOR,
        ),
        Move(
            name="wait_tech",
            label=N_("Wait for colleagues"),
            sources=(_S.IN_WORK, _S.WAIT_CLIENT),
            target=_S.WAIT_TECH,
            right=WORK,
            reasons=WAITED_WITHIN,
        ),
        Move(
            name="resume",
            label=N_("Go on"),
            sources=(_S.WAIT_CLIENT, _S.WAIT_TECH),
            target=_S.IN_WORK,
            right=WORK,
        ),
        Move(name="resolve", label=N_("Answer"), sources=OPEN, target=_S.RESOLVED, right=WORK),
        Move(
            name="reopen",
            label=N_("Reopen"),
            sources=(_S.RESOLVED, _S.RATED, _S.CLOSED),
            target=_S.REOPENED,
            right=TAKE,
            note=True,
        ),
        Move(
            name="join",
            label=N_("Join to another"),
            sources=OPEN,
            target=_S.JOINED,
            right=WORK,
        ),
        Move(
            name="drop",
            label=N_("Drop"),
            sources=_WAITING,
            target=_S.DROPPED,
            right=WORK,
            reasons=REFUSALS,
        ),
        Move(
            name="rate",
            label=N_("Rate the answer"),
            sources=(_S.RESOLVED, _S.CLOSED),
            target=_S.RATED,
            right=WORK,
            by_itself=True,
        ),
        Move(
            name="close",
            label=N_("Close"),
            sources=(_S.RESOLVED, _S.RATED),
            target=_S.CLOSED,
            right=WORK,
            by_itself=True,
        ),
    ),
)


def norm_of(topic: Norm, begin: datetime, hours: Hours, *, reply_by: str) -> Norm:
    """The norm of a request: its topic's, or that of calling back where that ends sooner."""
    if reply_by != "call":
        return topic
    return min(topic, CALLED_BACK_WITHIN, key=lambda norm: due(begin, norm, hours))


def warned_at(begin: datetime, due_at: datetime) -> datetime:
    """When somebody must be told that a norm is about to be broken."""
    return begin + (due_at - begin) * WARNED_AT / 100
