"""The register of campaigns: what was sent to how many, what is being prepared."""

from __future__ import annotations

from abonent.crm.queries.messages import CHANNELS, PURPOSES
from abonent.crm.rules.campaigns import CAMPAIGN, GOALS, VIEW
from abonent.kernel.i18n import N_
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row

STATES = {state.code: (state.label, state.tone) for state in CAMPAIGN.states}


def _tone(row: Row) -> str:
    return "warn" if row["state_is"] == "paused" else ""


CAMPAIGNS = Register(
    code="campaigns",
    label=N_("Campaigns"),
    about=N_(
        "Messages to many subscribers at once. One begins in the register of subscribers: filter"
        " it, then “Message to these”."
    ),
    path="/campaigns",
    right=VIEW,
    source="crm_campaign c",
    key="c.id",
    key_type="bigint",
    columns=(
        Column(
            name="name",
            label=N_("Campaign"),
            sql="c.name",
            head=True,
            order="c.name",
            link="/campaigns/{key}",
            wide=True,
        ),
        Column(name="state", label=N_("State"), sql="c.state", kind=Kind.STATE, words=STATES),
        Column(
            name="channel",
            label=N_("Way of writing"),
            sql="c.channel",
            kind=Kind.STATE,
            words={code: (word, "") for code, word in CHANNELS.items()},
        ),
        Column(
            name="purpose",
            label=N_("Purpose of writing"),
            sql="c.purpose",
            kind=Kind.STATE,
            words={code: (word, "") for code, word in PURPOSES.items()},
        ),
        Column(
            name="people",
            label=N_("Addressees"),
            sql="(c.counted->>'people')::integer",
            kind=Kind.NUMBER,
        ),
        Column(name="handled", label=N_("Done"), sql="c.handled", kind=Kind.NUMBER),
        Column(
            name="cost",
            label=N_("Reckoned cost"),
            sql="(c.counted->>'cost')::bigint",
            kind=Kind.MONEY,
        ),
        Column(
            name="goal",
            label=N_("Goal"),
            sql="c.goal",
            kind=Kind.STATE,
            words={code: (word, "") for code, word in GOALS.items()},
        ),
        Column(
            name="launched",
            label=N_("Launched"),
            sql="c.launched_at",
            kind=Kind.INSTANT,
            shown=False,
        ),
        Column(
            name="ended", label=N_("Over since"), sql="c.ended_at", kind=Kind.INSTANT, shown=False
        ),
        Column(
            name="created",
            label=N_("Drafted"),
            sql="c.created_at",
            kind=Kind.INSTANT,
            order="c.created_at",
            order_type="timestamptz",
        ),
        Column(
            name="author",
            label=N_("Who"),
            sql="actor_name(c.created_by)",
            kind=Kind.STAFF,
            shown=False,
        ),
    ),
    extras={"state_is": "c.state"},
    sort="-created",
    filters=(
        Filter(
            name="state",
            label=N_("State"),
            ask=Ask.CHOICE,
            sql="c.state = ANY($1::text[])",
            choices=tuple((code, word) for code, (word, _its) in STATES.items()),
        ),
        Filter(
            name="channel",
            label=N_("Way of writing"),
            ask=Ask.CHOICE,
            sql="c.channel = ANY($1::text[])",
            choices=tuple((code, CHANNELS[code]) for code in ("sms", "email")),
        ),
        Filter(
            name="created",
            label=N_("Drafted"),
            ask=Ask.DAYS,
            least="c.created_at >= $1",
            most="c.created_at < $1::timestamptz + interval '1 day'",
            instants=True,
        ),
    ),
    search=Filter(
        name="name", label=N_("Campaign"), ask=Ask.TEXT, sql="c.name ILIKE '%' || $1 || '%'"
    ),
    search_label=N_("Part of the name"),
    tone=_tone,
    scope="c.districts <@ $1::text[]",
    icon="message",
    empty=(
        N_("No campaigns yet"),
        N_("Filter the register of subscribers, then choose “Message to these”."),
    ),
)
