"""The register of surveys: whom the program asked, what was answered, what came of a low score."""

from __future__ import annotations

from collections.abc import Sequence

from abonent.billing.registers import DISTRICTS_ARE
from abonent.crm.queries.messages import CHANNELS
from abonent.crm.rules.surveys import EDIT, STANDINGS, SURVEY, VIEW
from abonent.crm.surveys import After, survey
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_, _
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row, Way

STATES = {state.code: (state.label, state.tone) for state in SURVEY.states}


_SHORT = {
    After.CONNECTED: N_("connection"),
    After.REQUEST_ANSWERED: N_("request"),
    None: N_("by draw"),
}
"""What a kind follows, short enough for a column."""


async def _kinds() -> Sequence[tuple[str, str]]:
    return [(one.code, one.label) for one in (await survey()).value.kind]


async def _reasons() -> Sequence[tuple[str, str]]:
    return [(one.code, one.label) for one in (await survey()).value.reasons.options]


async def _refine(rows: list[Row], _by: Actor) -> None:
    questions = (await survey()).value
    kinds = {one.code: _(_SHORT[one.after]) for one in questions.kind}
    for row in rows:
        if "kind" in row:
            row["kind"] = kinds.get(row["kind"], row["kind"])
        if row.get("reasons"):
            labels = [questions.reasons.label(code) for code in row["reasons"].split(",")]
            row["reasons"] = "; ".join(labels)


def _tone(row: Row) -> str:
    return {"loop": "warn"}.get(row["state_is"], "")


SURVEYS = Register(
    code="surveys",
    label=N_("Surveys"),
    about=N_(
        "Whom the program asked how likely they are to recommend us. Yellow waits for the shift"
        " supervisor's call."
    ),
    path="/surveys",
    right=VIEW,
    source="""crm_survey_sent q JOIN billing_account b ON b.account_id = q.account_id
        JOIN billing_place p ON p.id = b.place_id
        LEFT JOIN crm_subscriber s ON s.id = q.subscriber_id
        LEFT JOIN crm_request r ON r.id = q.request_id""",
    key="q.id",
    key_type="bigint",
    columns=(
        Column(
            name="sent",
            label=N_("Sent"),
            sql="q.sent_at",
            kind=Kind.INSTANT,
            order="q.sent_at",
            order_type="timestamptz",
            head=True,
            link="/surveys/{survey_of}",
        ),
        Column(name="name", label=N_("Subscriber"), sql="s.name"),
        Column(
            name="account", label=N_("Account"), sql="b.number", link="/accounts/{account}/requests"
        ),
        Column(name="kind", label=N_("After what"), sql="q.kind"),
        Column(name="score", label=N_("Score"), sql="q.score", kind=Kind.NUMBER),
        Column(
            name="standing",
            label=N_("Would recommend"),
            sql="q.standing",
            kind=Kind.STATE,
            words=STANDINGS,
        ),
        Column(
            name="reasons",
            label=N_("What to improve"),
            sql="""(SELECT nullif(string_agg(array_to_string(x.codes, ','), ','), '')
                FROM crm_survey_answer x WHERE x.account_id = q.account_id AND x.survey_id = q.id
                AND x.question = 'improve')""",
        ),
        Column(name="state", label=N_("State"), sql="q.state", kind=Kind.STATE, words=STATES),
        Column(
            name="request",
            label=N_("Request"),
            sql="r.number",
            kind=Kind.NUMBER,
            link="/requests/{request}",
            link_right="crm.request.view",
        ),
        Column(
            name="channel",
            label=N_("Channel"),
            sql="q.channel",
            kind=Kind.STATE,
            words={code: (word, "") for code, word in CHANNELS.items()},
            shown=False,
        ),
        Column(
            name="answered",
            label=N_("Answered"),
            sql="q.answered_at",
            kind=Kind.INSTANT,
            shown=False,
        ),
        Column(
            name="closed", label=N_("Finished"), sql="q.closed_at", kind=Kind.INSTANT, shown=False
        ),
    ),
    extras={"survey_of": "q.id", "state_is": "q.state"},
    sort="-sent",
    filters=(
        Filter(
            name="standing",
            label=N_("Would recommend"),
            ask=Ask.CHOICE,
            sql="q.standing = ANY($1::text[])",
            choices=tuple((code, word) for code, (word, _tone_) in STANDINGS.items()),
        ),
        Filter(
            name="kind",
            label=N_("Kind"),
            ask=Ask.CHOICE,
            sql="q.kind = ANY($1::text[])",
            options=_kinds,
        ),
        Filter(
            name="state",
            label=N_("State"),
            ask=Ask.CHOICE,
            sql="q.state = ANY($1::text[])",
            choices=tuple((code, word) for code, (word, _tone_) in STATES.items()),
        ),
        Filter(
            name="reason",
            label=N_("What to improve"),
            ask=Ask.CHOICE,
            sql="""EXISTS (SELECT FROM crm_survey_answer x WHERE x.account_id = q.account_id
                AND x.survey_id = q.id AND x.question = 'improve' AND x.codes && $1::text[])""",
            options=_reasons,
        ),
        Filter(
            name="sent",
            label=N_("Sent"),
            ask=Ask.DAYS,
            least="q.sent_at >= $1",
            most="q.sent_at < $1::timestamptz + interval '1 day'",
            instants=True,
        ),
        DISTRICTS_ARE,
    ),
    refine=_refine,
    tone=_tone,
    scope="p.district = ANY($1::text[])",
    icon="heart-handshake",
    ways=(
        Way(
            label=N_("Whom we ask"),
            path="/surveys/settings",
            right=EDIT,
            icon="settings",
            key="KeyE",
        ),
        Way(
            label=N_("See the questionnaire"),
            path="/surveys/trial",
            right=VIEW,
            icon="eye",
            key="KeyT",
            dialog=False,
        ),
    ),
    done={"set": N_("The survey is set")},
    empty=(
        N_("Nobody was asked yet"),
        N_("The program asks by itself once the survey is switched on in its settings."),
    ),
)
