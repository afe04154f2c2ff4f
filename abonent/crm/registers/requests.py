"""The registers of requests: what is to be done, the most urgent first, and all there ever were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from abonent.billing.registers import DISTRICTS_ARE
from abonent.crm.queries.requests import number_of_request, tone_of
from abonent.crm.queries.requests_found import found_requests
from abonent.crm.rules.requests import CHANNELS, OPEN, REPLIES, REQUEST, TEAMS, VIEW, WORK
from abonent.crm.service.requests.working import take_to_work
from abonent.crm.topics import classifier
from abonent.kernel import clock
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import N_, _
from abonent.kernel.registers.declaration import (
    Ask,
    Bulk,
    Change,
    Column,
    Filter,
    Kind,
    Register,
    Row,
    Way,
)

STATES = {state.code: (state.label, state.tone) for state in REQUEST.states}
PRIORITIES = {
    "1": (N_("urgent"), "bad"),
    "2": (N_("high"), "warn"),
    "3": (N_("usual"), ""),
    "4": (N_("may wait"), ""),
}


async def topic_choices() -> Sequence[tuple[str, str]]:
    """Every topic in the reader's language."""
    return [(one.code, one.name) for one in (await classifier()).topic]


async def owner_choices() -> Sequence[tuple[str, str]]:
    """Everybody who may own a request, by name."""
    async with reading() as connection:
        rows = await connection.fetch(_OWNERS, sorted(TEAMS))
    return [("0", _("nobody yet")), *((str(row["id"]), row["name"]) for row in rows)]


_OWNERS = """
SELECT DISTINCT s.id, s.name FROM unnest($1::text[]) AS t (team), staff_of(t.team) AS s ORDER BY s.name
"""


async def _refine(rows: list[Row], _by: Actor) -> None:
    topics = await classifier()
    for row in rows:
        if "topic" in row:
            row["topic"] = topics.of(row["topic"]).name


def _tone(row: Row) -> str:
    return tone_of(open=row["is_open"], due_at=row["due_is"], warn_at=row["warn_is"])


async def _to_take(keys: Sequence[Any], _values: Mapping[str, Any], _by: Actor) -> list[Change]:
    return [Change(_("Taken to work"), len(keys))]


async def _take(key: Any, _values: Mapping[str, Any], by: Actor, _note: str) -> None:
    await take_to_work(await number_of_request(int(key)), by=by)


_NUMBER_COLUMN = Column(
    name="number",
    label=N_("Number"),
    sql="r.number",
    kind=Kind.NUMBER,
    head=True,
    link="/requests/{number}",
)
_DUE = Column(
    name="due",
    label=N_("Answer until"),
    sql="r.due_at",
    kind=Kind.TERM,
    order="coalesce(r.due_at, 'infinity')",
    order_type="timestamptz",
)
_RECEIVED = Column(
    name="received",
    label=N_("Came"),
    sql="r.received_at",
    kind=Kind.INSTANT,
    order="r.received_at",
    order_type="timestamptz",
)
_TITLE = Column(
    name="title", label=N_("What is asked"), sql="r.title", link="/requests/{number}", wide=True
)
_TOPIC = Column(name="topic", label=N_("Topic"), sql="r.topic")
_PRIORITY = Column(
    name="priority",
    label=N_("Urgency"),
    sql="r.priority::text",
    kind=Kind.STATE,
    words=PRIORITIES,
)
_CHANNEL = Column(
    name="channel",
    label=N_("Channel"),
    sql="r.channel",
    kind=Kind.STATE,
    words={code: (word, "") for code, word in CHANNELS.items()},
)
_STATE = Column(name="state", label=N_("State"), sql="r.state", kind=Kind.STATE, words=STATES)
_OWNER = Column(
    name="owner", label=N_("Works on it"), sql="actor_name('user:' || r.owner)", kind=Kind.STAFF
)
_STAND_IN = Column(
    name="stand_in",
    label=N_("Stands in"),
    sql="""(SELECT coalesce(w.stand_in_name, '—') FROM staff_away(now()) w
        WHERE w.user_id = r.owner)""",
    shown=False,
)
_NEXT = Column(name="next", label=N_("Next"), sql="r.next_action", soft=True)
_MORE = (
    Column(
        name="name",
        label=N_("Client"),
        sql="coalesce(s.name, nullif(r.who, ''))",
        link="/accounts/{of}/requests",
    ),
    Column(name="account", label=N_("Account"), sql="b.number", shown=False),
    _NEXT,
    Column(
        name="next_at",
        label=N_("Next, when"),
        sql="r.next_action_at",
        kind=Kind.INSTANT,
        shown=False,
    ),
    _OWNER,
    _STAND_IN,
    Column(
        name="team",
        label=N_("Team"),
        sql="r.team",
        kind=Kind.STATE,
        words={code: (word, "") for code, word in TEAMS.items()},
        shown=False,
    ),
    Column(
        name="contact",
        label=N_("Contact person"),
        sql="actor_name('user:' || r.contact_person)",
        kind=Kind.STAFF,
        shown=False,
    ),
    Column(
        name="reply",
        label=N_("How to answer"),
        sql="r.reply_by",
        kind=Kind.STATE,
        words={code: (word, "") for code, word in REPLIES.items()},
        shown=False,
    ),
    Column(name="contacts", label=N_("Contacts"), sql="r.contacts", kind=Kind.NUMBER, shown=False),
)
# Who left long ago owns none of the latest ones: theirs are looked up, not walked to.
_OWNED = """
SELECT id AS key FROM crm_request WHERE owner = ANY(ARRAY(
    SELECT u.id FROM web_user u WHERE u.id::text = ANY($1::text[])
    UNION SELECT w.user_id FROM staff_away(now()) w
        WHERE coalesce(w.stand_in, 0)::text = ANY($1::text[])))
UNION ALL
SELECT id FROM crm_request WHERE '0' = ANY($1::text[]) AND owner IS NULL
"""
_OWNER_IS = Filter(
    name="owner",
    label=N_("Works on it"),
    ask=Ask.CHOICE,
    sql="""(coalesce(r.owner, 0)::text = ANY($1::text[]) OR EXISTS (SELECT FROM staff_away(now()) w
        WHERE w.user_id = r.owner AND coalesce(w.stand_in, 0)::text = ANY($1::text[])))""",
    options=owner_choices,
)
_FILTERS = (
    _OWNER_IS,
    Filter(
        name="team",
        label=N_("Team"),
        ask=Ask.CHOICE,
        sql="r.team = ANY($1::text[])",
        choices=tuple(TEAMS.items()),
    ),
    Filter(
        name="topic",
        label=N_("Topic"),
        ask=Ask.CHOICE,
        sql="r.topic = ANY($1::text[])",
        options=topic_choices,
    ),
    Filter(
        name="channel",
        label=N_("Channel"),
        ask=Ask.CHOICE,
        sql="r.channel = ANY($1::text[])",
        choices=tuple(CHANNELS.items()),
    ),
    Filter(
        name="priority",
        label=N_("Urgency"),
        ask=Ask.CHOICE,
        sql="r.priority::text = ANY($1::text[])",
        choices=tuple((code, word) for code, (word, _tone_) in PRIORITIES.items()),
    ),
    Filter(
        name="received",
        label=N_("Came"),
        ask=Ask.DAYS,
        least="r.received_at >= $1",
        most="r.received_at < $1::timestamptz + interval '1 day'",
        instants=True,
    ),
    DISTRICTS_ARE,
)


def _states(codes: Sequence[str]) -> Filter:
    return Filter(
        name="state",
        label=N_("State"),
        ask=Ask.CHOICE,
        sql="r.state = ANY($1::text[])",
        choices=tuple((code, STATES[code][0]) for code in codes),
    )


REQUESTS = Register(
    code="requests",
    label=N_("Requests"),
    about=N_("What is still to be answered, the most urgent first. Red is late, yellow nearly so."),
    path="/requests",
    right=VIEW,
    source="""crm_request r LEFT JOIN billing_account b ON b.account_id = r.account_id
        LEFT JOIN billing_place p ON p.id = b.place_id
        LEFT JOIN crm_account f ON f.account_id = r.account_id
        LEFT JOIN crm_contract c ON c.id = f.contract_id
        LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id""",
    where="r.open",
    key="r.id",
    key_type="bigint",
    columns=(
        _NUMBER_COLUMN,
        _DUE,
        _TITLE,
        _TOPIC,
        _PRIORITY,
        _STATE,
        *_MORE,
        replace(_CHANNEL, shown=False),
        replace(_RECEIVED, shown=False),
    ),
    extras={"of": "b.number", "is_open": "r.open", "due_is": "r.due_at", "warn_is": "r.warn_at"},
    sort="due",
    finds=found_requests,
    search_label=N_("Number, account or words"),
    filters=(
        Filter(
            name="late",
            label=N_("Late"),
            ask=Ask.FLAG,
            sql="r.due_at < $1::timestamptz",
            given=clock.now,
        ),
        Filter(
            name="unheeded",
            label=N_("Nobody deals with it"),
            ask=Ask.FLAG,
            sql="request_unheeded(r.id, r.escalated_at)",
        ),
        Filter(
            name="near",
            label=N_("The term is near"),
            ask=Ask.FLAG,
            sql="r.warn_at <= $1::timestamptz AND r.due_at >= $1",
            given=clock.now,
        ),
        _states(OPEN),
        *_FILTERS,
    ),
    tone=_tone,
    refine=_refine,
    actions=(
        Bulk(
            code="take",
            label=N_("Take to work"),
            right=WORK,
            commit=N_("Take to work"),
            preview=_to_take,
            act=_take,
            icon="user",
        ),
    ),
    ways=(
        Way(label=N_("New request"), path="/requests/new", right="crm.request.take", icon="plus"),
    ),
    scope="(r.account_id IS NULL OR p.district = ANY($1::text[]))",
    icon="message",
    empty=(
        N_("Everything is answered"),
        N_("Requests from calls, visits, letters, SMS and the portal stand here."),
    ),
)
ALL_REQUESTS = replace(
    REQUESTS,
    code="all_requests",
    label=N_("All requests"),
    about=N_("Answered ones too, the latest first."),
    path="/all-requests",
    where="true",
    columns=(
        _NUMBER_COLUMN,
        _RECEIVED,
        _TITLE,
        _TOPIC,
        _CHANNEL,
        _STATE,
        *(replace(one, shown=one.shown and one is not _NEXT) for one in _MORE),
        replace(_PRIORITY, shown=False),
        Column(
            name="answered",
            label=N_("Answered"),
            sql="r.answered_at",
            kind=Kind.INSTANT,
            shown=False,
        ),
        Column(name="late", label=N_("Late"), sql="r.late", kind=Kind.FLAG, shown=False),
        Column(name="rating", label=N_("Rating"), sql="r.rating", kind=Kind.NUMBER),
    ),
    sort="-received",
    filters=(
        _states(list(STATES)),
        Filter(name="late", label=N_("Late"), ask=Ask.FLAG, sql="r.late"),
        Filter(
            name="rating",
            label=N_("Rating"),
            ask=Ask.CHOICE,
            sql="r.rating::text = ANY($1::text[])",
            choices=tuple((str(n), str(n)) for n in range(1, 6)),
        ),
        Filter(
            name="answered",
            label=N_("Answered"),
            ask=Ask.DAYS,
            least="r.answered_at >= $1",
            most="r.answered_at < $1::timestamptz + interval '1 day'",
            instants=True,
        ),
        replace(_OWNER_IS, among=_OWNED),
        *_FILTERS[1:],
    ),
    actions=(),
    ways=(),
    empty=(N_("No requests yet"), N_("They stand here as soon as somebody turns to us.")),
)
