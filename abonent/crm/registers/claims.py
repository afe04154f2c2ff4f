"""The registers of claims: what is still to be answered, the nearest term first, and all there were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from abonent.billing.registers import DISTRICTS_ARE
from abonent.crm.queries.claims import claim_people, local_today
from abonent.crm.rules.claims import (
    CAUSES,
    CHANNELS,
    CLAIM,
    DECISIONS,
    OPEN,
    REPLIES,
    SUBJECTS,
    VIEW,
    tone_on,
)
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import N_, _
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row

FOUND = 50
STATES = {state.code: (state.label, state.tone) for state in CLAIM.states}
_BY_NUMBER = "SELECT id FROM crm_claim WHERE number = $1 OR number = $2 LIMIT $3"
_OF_ACCOUNT = """
SELECT k.id FROM crm_claim k JOIN billing_account_number n ON n.account_id = k.account_id
WHERE n.number = $1 ORDER BY k.received_on DESC LIMIT $2
"""


async def _finds(text: str, _by: Actor) -> Mapping[Any, str]:
    """By its number, with or without the year, then by an account's number."""
    asked = text.strip().removeprefix("№").strip()
    found: dict[int, str] = {}
    async with reading() as connection:
        year = f"{local_today():%Y}-{asked}"
        for row in await connection.fetch(_BY_NUMBER, asked, year, FOUND):
            found[row["id"]] = _("number")
        for row in await connection.fetch(_OF_ACCOUNT, asked, FOUND):
            found.setdefault(row["id"], _("account"))
    return found


async def _owners() -> Sequence[tuple[str, str]]:
    return [("0", _("nobody yet")), *(await claim_people())]


def _tone(row: Row) -> str:
    return tone_on(
        local_today(), open=row["is_open"], due_by=row["due_is"], alarm_on=row["alarm_is"]
    )


def _states(codes: Sequence[str]) -> Filter:
    return Filter(
        name="state",
        label=N_("State"),
        ask=Ask.CHOICE,
        sql="k.state = ANY($1::text[])",
        choices=tuple((code, STATES[code][0]) for code in codes),
    )


_NUMBER = Column(
    name="number",
    label=N_("Number"),
    sql="coalesce(k.number, '—')",
    head=True,
    link="/claims/{key}",
)
_RECEIVED = Column(
    name="received",
    label=N_("Came on"),
    sql="k.received_on",
    kind=Kind.DAY,
    order="k.received_on",
    order_type="date",
)
_DUE = Column(
    name="due",
    label=N_("Answer by"),
    sql="coalesce(k.answer_by, k.register_by)",
    kind=Kind.DAY,
    order="coalesce(k.answer_by, k.register_by)",
    order_type="date",
)
_ACCOUNT = Column(
    name="account", label=N_("Account"), sql="b.number", link="/accounts/{account}/claims"
)
_SUBSCRIBER = Column(name="name", label=N_("Subscriber"), sql="s.name")
_SUBJECT = Column(
    name="subject",
    label=N_("Subject"),
    sql="k.subject",
    kind=Kind.STATE,
    words={code: (word, "") for code, word in SUBJECTS.items()},
)
_DEMAND = Column(
    name="demand",
    label=N_("Demand"),
    sql="nullif(k.demand, 0)",
    kind=Kind.MONEY,
    order="k.demand",
    order_type="bigint",
    total=True,
)
_FILES = Column(
    name="files",
    label=N_("Documents"),
    sql="""(SELECT nullif(count(*), 0) FROM crm_claim_file x
        WHERE x.account_id = k.account_id AND x.claim_id = k.id)""",
    kind=Kind.NUMBER,
)
_STATE = Column(name="state", label=N_("State"), sql="k.state", kind=Kind.STATE, words=STATES)
_OWNER = Column(
    name="owner", label=N_("Owner"), sql="actor_name('user:' || k.owner)", kind=Kind.STAFF
)
_DECISION = Column(
    name="decision",
    label=N_("Decision"),
    sql="nullif(k.decision, '')",
    kind=Kind.STATE,
    words=DECISIONS,
)
_COMPENSATION = Column(
    name="compensation",
    label=N_("Compensation"),
    sql="nullif(k.compensation, 0)",
    kind=Kind.MONEY,
    order="k.compensation",
    order_type="bigint",
    total=True,
)
_CAUSE = Column(
    name="cause",
    label=N_("Cause"),
    sql="nullif(k.cause, '')",
    kind=Kind.STATE,
    words={code: (word, "") for code, word in CAUSES.items()},
)
_ANSWERED = Column(name="answered", label=N_("Answer sent"), sql="k.answered_at", kind=Kind.INSTANT)
_HIDDEN = (
    Column(
        name="substitute",
        label=N_("Substitute"),
        sql="""coalesce(actor_name('user:' || k.substitute),
            (SELECT w.stand_in_name FROM staff_away(now()) w WHERE w.user_id = k.owner))""",
        kind=Kind.STAFF,
        shown=False,
    ),
    Column(
        name="channel",
        label=N_("How it came"),
        sql="k.channel",
        kind=Kind.STATE,
        words={code: (word, "") for code, word in CHANNELS.items()},
        shown=False,
    ),
    Column(
        name="reply",
        label=N_("How to answer"),
        sql="k.reply_by",
        kind=Kind.STATE,
        words={code: (word, "") for code, word in REPLIES.items()},
        shown=False,
    ),
    Column(name="target", label=N_("Aim"), sql="k.target_by", kind=Kind.DAY, shown=False),
    Column(name="posted", label=N_("Given back"), sql="k.posted", kind=Kind.MONEY, shown=False),
    Column(name="court", label=N_("Court"), sql="nullif(k.court, '')", shown=False),
    Column(name="court_case", label=N_("Case"), sql="nullif(k.court_case, '')", shown=False),
)
_FILTERS = (
    Filter(
        name="subject",
        label=N_("Subject"),
        ask=Ask.CHOICE,
        sql="k.subject = ANY($1::text[])",
        choices=tuple(SUBJECTS.items()),
    ),
    Filter(
        name="owner",
        label=N_("Owner"),
        ask=Ask.CHOICE,
        sql="""(coalesce(k.owner, 0)::text = ANY($1::text[]) OR k.substitute::text = ANY($1::text[])
            OR EXISTS (SELECT FROM staff_away(now()) w
                WHERE w.user_id = k.owner AND coalesce(w.stand_in, 0)::text = ANY($1::text[])))""",
        options=_owners,
    ),
    Filter(
        name="received",
        label=N_("Came on"),
        ask=Ask.DAYS,
        least="k.received_on >= $1",
        most="k.received_on <= $1",
    ),
    DISTRICTS_ARE,
)
CLAIMS = Register(
    code="claims",
    label=N_("Claims"),
    about=N_(
        "What is still to be answered, the nearest term first. Red is late, yellow nearly so."
    ),
    path="/claims",
    right=VIEW,
    source="""crm_claim k LEFT JOIN billing_account b ON b.account_id = k.account_id
        LEFT JOIN billing_place p ON p.id = b.place_id
        LEFT JOIN crm_account f ON f.account_id = k.account_id
        LEFT JOIN crm_contract c ON c.id = f.contract_id
        LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id""",
    where="k.open",
    key="k.id",
    keys_first=True,
    key_type="bigint",
    columns=(
        _NUMBER,
        _DUE,
        _SUBSCRIBER,
        _ACCOUNT,
        _SUBJECT,
        _DEMAND,
        _FILES,
        _STATE,
        _OWNER,
        _RECEIVED,
        replace(_DECISION, shown=False),
        replace(_COMPENSATION, shown=False, total=False),
        *_HIDDEN,
    ),
    extras={
        "is_open": "k.open",
        "due_is": "coalesce(k.answer_by, k.register_by)",
        "alarm_is": "k.alarm_on",
    },
    sort="due",
    finds=_finds,
    search_label=N_("Number or account"),
    filters=(
        Filter(
            name="late",
            label=N_("Late"),
            ask=Ask.FLAG,
            sql="coalesce(k.answer_by, k.register_by) < $1::date",
            given=local_today,
        ),
        Filter(
            name="slow",
            label=N_("Past our own target"),
            ask=Ask.FLAG,
            sql="k.target_by < $1::date",
            given=local_today,
        ),
        _states(OPEN),
        *_FILTERS,
    ),
    tone=_tone,
    scope="p.district = ANY($1::text[])",
    icon="file-text",
    empty=(
        N_("Every claim is answered"),
        N_("Claims are taken in on the subscriber's card and on the portal."),
    ),
)
ALL_CLAIMS = replace(
    CLAIMS,
    code="all_claims",
    label=N_("All claims"),
    about=N_("Answered ones too, the latest first."),
    path="/all-claims",
    where="true",
    columns=(
        _NUMBER,
        _RECEIVED,
        _SUBSCRIBER,
        replace(_ACCOUNT, shown=False),
        _SUBJECT,
        _DEMAND,
        replace(_FILES, shown=False),
        _OWNER,
        replace(_DUE, shown=False),
        _STATE,
        _DECISION,
        _COMPENSATION,
        replace(_CAUSE, shown=False),
        replace(_ANSWERED, shown=False),
        Column(name="late", label=N_("Late"), sql="k.late", kind=Kind.FLAG, shown=False),
        *_HIDDEN,
    ),
    sort="-received",
    filters=(
        _states(list(STATES)),
        Filter(
            name="decision",
            label=N_("Decision"),
            ask=Ask.CHOICE,
            sql="k.decision = ANY($1::text[])",
            choices=tuple((code, word) for code, (word, _tone_) in DECISIONS.items()),
        ),
        Filter(
            name="cause",
            label=N_("Cause"),
            ask=Ask.CHOICE,
            sql="k.cause = ANY($1::text[])",
            choices=tuple(CAUSES.items()),
        ),
        Filter(name="late", label=N_("Late"), ask=Ask.FLAG, sql="k.late"),
        *_FILTERS,
    ),
    empty=(N_("No claims yet"), N_("They stand here as soon as the first one is taken in.")),
)
