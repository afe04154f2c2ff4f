"""The register of articles for heads: how useful each was, who has read it, how old its answer is."""

from __future__ import annotations

from abonent.crm.rules.knowledge import KINDS, SOON_DAYS
from abonent.kernel.actor import Actor
from abonent.kernel.i18n import N_, _
from abonent.kernel.registers.declaration import Ask, Column, Filter, Kind, Register, Row, Words

_AGES: Words = {
    "fresh": (N_("looked through lately"), "good"),
    "soon": (N_("soon to be looked through"), "info"),
    "stale": (N_("time to look it through"), "warn"),
}
_UNTIL = "greatest(a.review_on, relied.until)"
_AGE = f"""CASE WHEN {_UNTIL} < current_date THEN 'stale'
    WHEN {_UNTIL} < current_date + {SOON_DAYS} THEN 'soon' ELSE 'fresh' END"""
_UNREAD = "readers.must - readers.read"


def _tone(row: Row) -> str:
    return "warn" if row["age_is"] == "stale" else ""


async def _in_words(rows: list[Row], by: Actor) -> None:
    del by
    for row in rows:
        if "kind" in row:
            row["kind"] = _(KINDS.get(str(row["kind"]), str(row["kind"])))


KNOWLEDGE = Register(
    code="knowledge",
    label=N_("Use of the knowledge base"),
    about=N_("Which articles help, which nobody has read, which are old."),
    path="/knowledge-use",
    right="crm.knowledge.report",
    source="""crm_article a
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE v.useful) AS yes, count(*) FILTER (WHERE NOT v.useful) AS no,
        count(*) FILTER (WHERE v.note <> '') AS notes
    FROM crm_article_vote v WHERE (v.slug, v.hash) = (a.slug, a.hash)
) votes ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS must, count(d.user_id) AS read
    FROM web_user u
    LEFT JOIN crm_article_reading d ON (d.slug, d.hash, d.user_id) = (a.slug, a.hash, u.id)
    WHERE u.active AND u.role = ANY (a.roles)
) readers ON true
LEFT JOIN LATERAL (
    SELECT max(w.until) AS until FROM crm_article_review w WHERE (w.slug, w.hash) = (a.slug, a.hash)
) relied ON true""",
    where="a.shown",
    key="(a.language || '/' || a.slug)",
    key_type="text",
    columns=(
        Column(
            name="title",
            label=N_("Article"),
            sql="a.title",
            head=True,
            order="lower(a.title)",
            link="/knowledge/{slug_is}",
        ),
        Column(name="kind", label=N_("Its subject"), sql="a.kind", order="a.kind", soft=True),
        Column(
            name="yes",
            label=N_("Helped"),
            sql="votes.yes",
            kind=Kind.NUMBER,
            order="votes.yes",
            order_type="bigint",
            total=True,
        ),
        Column(
            name="no",
            label=N_("Did not help"),
            sql="votes.no",
            kind=Kind.NUMBER,
            order="votes.no",
            order_type="bigint",
            total=True,
        ),
        Column(
            name="notes",
            label=N_("Remarks"),
            sql="votes.notes",
            kind=Kind.NUMBER,
            shown=False,
        ),
        Column(
            name="must",
            label=N_("Must read"),
            sql="readers.must",
            kind=Kind.NUMBER,
        ),
        Column(
            name="unread",
            label=N_("Have not read"),
            sql=_UNREAD,
            kind=Kind.NUMBER,
            order=_UNREAD,
            order_type="bigint",
        ),
        Column(
            name="until",
            label=N_("To be looked through by"),
            sql=_UNTIL,
            kind=Kind.DAY,
            order=_UNTIL,
            order_type="date",
        ),
        Column(name="age", label=N_("State"), sql=_AGE, kind=Kind.STATE, words=_AGES),
        Column(
            name="public", label=N_("On the portal"), sql="a.public", kind=Kind.FLAG, shown=False
        ),
    ),
    sort="-no",
    extras={"slug_is": "a.slug", "age_is": _AGE},
    search=Filter(
        name="q", label=N_("Title"), ask=Ask.TEXT, sql="lower(a.title) LIKE '%' || lower($1) || '%'"
    ),
    search_label=N_("Title"),
    filters=(
        Filter(
            name="kind",
            label=N_("Its subject"),
            ask=Ask.CHOICE,
            sql="a.kind = ANY($1::text[])",
            choices=tuple(KINDS.items()),
        ),
        Filter(
            name="age",
            label=N_("State"),
            ask=Ask.CHOICE,
            sql=f"{_AGE} = ANY($1::text[])",
            choices=tuple((code, word) for code, (word, _tone_) in _AGES.items()),
        ),
        Filter(name="unread", label=N_("Not read by all"), ask=Ask.FLAG, sql=f"{_UNREAD} > 0"),
    ),
    tone=_tone,
    refine=_in_words,
    icon="school",
    empty=(N_("No articles yet"), ""),
)
