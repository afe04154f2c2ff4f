"""The register of conversations by scripts: who spoke about what, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from abonent.billing.registers import DISTRICT, DISTRICTS_ARE
from abonent.crm.queries.scripts import playable_scripts
from abonent.crm.rules.scripts import OWN_ENDS
from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.i18n import N_, _
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row

KINDS = {
    "good": (N_("success"), "good"),
    "neutral": (N_("not decided"), "warn"),
    "bad": (N_("refusal"), "bad"),
    "open": (N_("not ended"), "info"),
}
_PLAYERS = """
SELECT u.id, u.name FROM web_user u
WHERE EXISTS (SELECT FROM crm_script_run r WHERE r.played_by = 'user:' || u.id) ORDER BY u.name
"""


async def _script_choices() -> Sequence[tuple[str, str]]:
    return [(slug, one.script.title) for slug, one in (await playable_scripts()).items()]


async def _player_choices() -> Sequence[tuple[str, str]]:
    async with reading() as connection:
        rows = await connection.fetch(_PLAYERS)
    return [(f"user:{row['id']}", row["name"]) for row in rows]


async def _refine(rows: list[Row], _by: Actor) -> None:
    scripts = await playable_scripts()
    for row in rows:
        known = scripts.get(row["slug_of"])
        if known and "script" in row:
            row["script"] = known.script.title
        if known and row.get("outcome") in known.script.outcomes:
            row["outcome"] = known.script.outcomes[row["outcome"]].label
        elif row.get("outcome") in OWN_ENDS:
            row["outcome"] = _(OWN_ENDS[row["outcome"]].label)


SCRIPT_RUNS = Register(
    code="script-runs",
    label=N_("Conversations by scripts"),
    about=N_("Every conversation led by a script, with each answer and how it ended."),
    path="/script-runs",
    right="crm.script.view",
    source="""crm_script_run r LEFT JOIN billing_account b ON b.account_id = r.account_id
        LEFT JOIN billing_place p ON p.id = b.place_id
        LEFT JOIN crm_account f ON f.account_id = r.account_id
        LEFT JOIN crm_contract c ON c.id = f.contract_id
        LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id""",
    key="r.id",
    key_type="bigint",
    columns=(
        Column(
            name="at",
            label=N_("Begun"),
            sql="r.began_at",
            kind=Kind.INSTANT,
            order="r.began_at",
            order_type="timestamptz",
            head=True,
            link="/script-runs/{run_of}",
        ),
        Column(name="script", label=N_("Script"), sql="r.slug"),
        Column(
            name="kind",
            label=N_("Came of it"),
            sql="coalesce(r.kind, 'open')",
            kind=Kind.STATE,
            words=KINDS,
        ),
        Column(name="outcome", label=N_("How it ended"), sql="coalesce(r.outcome, '')"),
        Column(
            name="who",
            label=N_("By"),
            sql="coalesce(actor_name(r.played_by), r.played_by)",
            kind=Kind.STAFF,
        ),
        Column(name="number", label=N_("Account"), sql="b.number", link="/accounts/{number}"),
        Column(name="name", label=N_("Subscriber"), sql="s.name", right="crm.subscriber.view"),
        DISTRICT,
    ),
    sort="-at",
    filters=(
        Filter(
            name="day",
            label=N_("Day"),
            ask=Ask.DAYS,
            least="r.began_at >= $1",
            most="r.began_at < $1::timestamptz + interval '1 day'",
            instants=True,
        ),
        Filter(
            name="script",
            label=N_("Script"),
            ask=Ask.CHOICE,
            sql="r.slug = ANY($1::text[])",
            options=_script_choices,
        ),
        Filter(
            name="kind",
            label=N_("Came of it"),
            ask=Ask.CHOICE,
            sql="coalesce(r.kind, 'open') = ANY($1::text[])",
            choices=tuple((code, words) for code, (words, _tone) in KINDS.items()),
        ),
        Filter(
            name="who",
            label=N_("By"),
            ask=Ask.CHOICE,
            sql="r.played_by = ANY($1::text[])",
            options=_player_choices,
        ),
        DISTRICTS_ARE,
    ),
    extras={"run_of": "r.id", "slug_of": "r.slug"},
    refine=_refine,
    scope="(r.account_id IS NULL OR p.district = ANY($1::text[]))",
    icon="message",
    empty=(
        N_("No conversations by scripts yet"),
        N_("They are begun on the card of an account (S) or on the page of scripts."),
    ),
)
