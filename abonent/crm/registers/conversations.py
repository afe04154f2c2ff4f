"""Registers of conversations, of examples for training and of cards of quality."""

from __future__ import annotations

from abonent.billing.registers import DISTRICT, DISTRICTS_ARE, SCOPE
from abonent.crm.masking import masked_phone, whole_phone
from abonent.crm.rules.quality import APPEAL
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_
from abonent.kernel.registers.declaration import (
    Ask,
    Column,
    Filter,
    Kind,
    Register,
    Row,
    Way,
    Words,
)

KINDS: Words = {"call": (N_("call"), ""), "visit": (N_("visit"), "")}
STATES: Words = {
    "recording": (N_("being recorded"), "info"),
    "awaited": (N_("sound awaited"), "warn"),
    "kept": (N_("stored"), "good"),
    "erased": (N_("deleted by its term"), ""),
}
TIES: Words = {
    "": (N_("nothing"), ""),
    "debt": (N_("a debt"), "warn"),
    "claim": (N_("a claim"), "warn"),
    "complaint": (N_("a complaint"), "bad"),
}
EXAMPLES: Words = {
    "good": (N_("good example"), "good"),
    "bad": (N_("bad example"), "bad"),
}
CARD_STATES: Words = {state.code: (state.label, state.tone) for state in APPEAL.states}

_SOURCE = """crm_conversation c LEFT JOIN billing_account b ON b.account_id = c.account_id
    LEFT JOIN billing_place p ON p.id = b.place_id
    LEFT JOIN crm_quality_card q ON q.conversation_id = c.id"""


async def _masked(rows: list[Row], by: Actor) -> None:
    whole = by.may("crm.contact.view")
    for row in rows:
        if row.get("phone"):
            row["phone"] = (whole_phone if whole else masked_phone)(row["phone"])


_AT = Column(
    name="at",
    label=N_("When"),
    sql="c.began_at",
    kind=Kind.INSTANT,
    order="c.began_at",
    order_type="timestamptz",
    head=True,
    link="/conversations/{key}",
)
_KIND = Column(name="kind", label=N_("What it was"), sql="c.kind", kind=Kind.STATE, words=KINDS)
_WHO = Column(name="who", label=N_("Who talked"), sql="actor_name(c.actor)", kind=Kind.STAFF)
_NUMBER = Column(
    name="number", label=N_("Account"), sql="b.number", link="/accounts/{number}/conversations"
)
_MINUTES = Column(
    name="minutes",
    label=N_("Minutes"),
    sql="(c.seconds + 30) / 60",
    kind=Kind.NUMBER,
    hint=N_("Rounded to whole minutes."),
)
_SCORE = Column(
    name="score",
    label=N_("Quality"),
    sql="q.score",
    kind=Kind.NUMBER,
    right="crm.quality.view",
)
_DAYS = Filter(
    name="day",
    label=N_("Day"),
    ask=Ask.DAYS,
    least="c.began_at >= $1",
    most="c.began_at < $1::timestamptz + interval '1 day'",
    instants=True,
)

CONVERSATIONS = Register(
    code="conversations",
    label=N_("Conversations"),
    about=N_("Recorded calls and visits, the latest first; those without an account wait for it."),
    path="/conversations",
    right="crm.conversation.listen",
    source=_SOURCE,
    key="c.id",
    key_type="bigint",
    columns=(
        _AT,
        _KIND,
        _WHO,
        _NUMBER,
        Column(name="phone", label=N_("Phone"), sql="c.phone", whole=True),
        _MINUTES,
        Column(name="state", label=N_("State"), sql="c.state", kind=Kind.STATE, words=STATES),
        Column(name="tie", label=N_("Tied to"), sql="c.tie", kind=Kind.STATE, words=TIES),
        _SCORE,
        Column(name="until", label=N_("Kept through"), sql="c.keep_until", kind=Kind.DAY),
        DISTRICT,
    ),
    sort="-at",
    filters=(
        _DAYS,
        Filter(
            name="kind",
            label=N_("What it was"),
            ask=Ask.CHOICE,
            sql="c.kind = ANY($1::text[])",
            choices=tuple((code, words) for code, (words, _tone) in KINDS.items()),
        ),
        Filter(
            name="tie",
            label=N_("Tied to"),
            ask=Ask.CHOICE,
            sql="c.tie = ANY($1::text[])",
            choices=tuple((code, words) for code, (words, _tone) in TIES.items() if code),
        ),
        Filter(
            name="lost", label=N_("Without an account"), ask=Ask.FLAG, sql="c.account_id IS NULL"
        ),
        DISTRICTS_ARE,
    ),
    refine=_masked,
    scope=SCOPE,
    ways=(
        Way(
            label=N_("How long they are kept"),
            path="/conversations/rule",
            right="crm.conversation.edit",
            icon="settings",
            key="KeyE",
        ),
        Way(
            label=N_("Notice before a recording"),
            path="/conversations/notice",
            right="crm.conversation.edit",
            icon="message",
        ),
    ),
    icon="phone-call",
    empty=(
        N_("No conversations yet"),
        N_("They are recorded on the card or come from the telephone exchange."),
    ),
    done={
        "rule": N_("The rule is kept"),
        "notice": N_("The notice is in use: it is played before each recording"),
        "notice-off": N_("The notice is taken off: employees say it themselves"),
    },
)
EXAMPLES_REGISTER = Register(
    code="examples",
    label=N_("Examples of conversations"),
    about=N_("Conversations marked as good or bad examples: material for training."),
    path="/conversation-examples",
    right="crm.conversation.listen",
    source=_SOURCE,
    where="c.example <> ''",
    key="c.id",
    key_type="bigint",
    columns=(
        _AT,
        Column(name="example", label=N_("Mark"), sql="c.example", kind=Kind.STATE, words=EXAMPLES),
        Column(name="what", label=N_("What it is an example of"), sql="c.example_of"),
        _KIND,
        _WHO,
        _MINUTES,
        _SCORE,
        DISTRICT,
    ),
    sort="-at",
    filters=(
        Filter(
            name="example",
            label=N_("Mark"),
            ask=Ask.CHOICE,
            sql="c.example = ANY($1::text[])",
            choices=tuple((code, words) for code, (words, _tone) in EXAMPLES.items()),
        ),
        _DAYS,
    ),
    scope=SCOPE,
    icon="school",
    empty=(
        N_("No examples yet"),
        N_("Whoever judges a conversation marks it as an example on its page."),
    ),
)
CARDS = Register(
    code="quality-cards",
    label=N_("Cards of quality"),
    about=N_("Conversations judged by the card of a hundred points, the latest first."),
    path="/quality-cards",
    right="crm.quality.view",
    source="""crm_quality_card q LEFT JOIN billing_account b ON b.account_id = q.account_id
        LEFT JOIN billing_place p ON p.id = b.place_id""",
    key="q.id",
    key_type="bigint",
    columns=(
        Column(
            name="at",
            label=N_("Judged"),
            sql="q.judged_at",
            kind=Kind.INSTANT,
            order="q.judged_at",
            order_type="timestamptz",
            head=True,
            link="/quality/cards/{key}",
        ),
        Column(name="who", label=N_("Employee"), sql="actor_name(q.actor)", kind=Kind.STAFF),
        Column(name="score", label=N_("Points"), sql="q.score::integer", kind=Kind.NUMBER),
        Column(
            name="critical",
            label=N_("Critical line failed"),
            sql="q.critical <> '{}'",
            kind=Kind.FLAG,
        ),
        Column(name="state", label=N_("State"), sql="q.state", kind=Kind.STATE, words=CARD_STATES),
        Column(name="judge", label=N_("Judged by"), sql="actor_name(q.judged_by)", kind=Kind.STAFF),
        Column(name="number", label=N_("Account"), sql="b.number", link="/accounts/{number}"),
        DISTRICT,
    ),
    sort="-at",
    filters=(
        Filter(
            name="day",
            label=N_("Day"),
            ask=Ask.DAYS,
            least="q.judged_at >= $1",
            most="q.judged_at < $1::timestamptz + interval '1 day'",
            instants=True,
        ),
        Filter(
            name="state",
            label=N_("State"),
            ask=Ask.CHOICE,
            sql="q.state = ANY($1::text[])",
            choices=tuple((code, words) for code, (words, _tone) in CARD_STATES.items()),
        ),
        Filter(
            name="critical",
            label=N_("Critical line failed"),
            ask=Ask.FLAG,
            sql="q.critical <> '{}'",
        ),
    ),
    scope=SCOPE,
    icon="checklist",
    empty=(N_("No cards yet"), N_("Conversations of a sample are judged on the page of quality.")),
)
