"""The register of what was done without making sure of who asks."""

from __future__ import annotations

from abonent.billing.registers import DISTRICT, DISTRICTS_ARE, SCOPE
from abonent.crm.identity_levels import identity_levels
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
)

LEVELS = {"0": (N_("none"), "bad"), "1": (N_("level 1"), "warn"), "2": (N_("level 2"), "")}


async def _action_choices() -> list[tuple[str, str]]:
    levels = await identity_levels()
    return [(one.code, one.label) for one in levels.action if one.level]


async def _name_actions(rows: list[Row], _by: Actor) -> None:
    levels = await identity_levels()
    for row in rows:
        if "action" in row and (known := levels.action_of(row["action"])):
            row["action"] = known.label


LAPSES = Register(
    code="identity",
    label=N_("Done below the level"),
    about=N_("What was done for somebody of whom one was less sure than the rules ask for."),
    path="/identity",
    right="crm.identity.view",
    source="""crm_identity_lapse l JOIN billing_account b ON b.account_id = l.account_id
        JOIN billing_place p ON p.id = b.place_id
        LEFT JOIN crm_account f ON f.account_id = l.account_id
        LEFT JOIN crm_contract c ON c.id = f.contract_id
        LEFT JOIN crm_subscriber s ON s.id = c.subscriber_id""",
    key="l.id",
    key_type="bigint",
    columns=(
        Column(
            name="at",
            label=N_("When"),
            sql="l.at",
            kind=Kind.INSTANT,
            order="l.at",
            order_type="timestamptz",
        ),
        Column(name="action", label=N_("What was done"), sql="l.action", head=True),
        Column(
            name="needed",
            label=N_("Needed"),
            sql="l.needed::text",
            kind=Kind.STATE,
            words={code: (words, "") for code, (words, _tone) in LEVELS.items()},
        ),
        Column(name="had", label=N_("Confirmed"), sql="l.had::text", kind=Kind.STATE, words=LEVELS),
        Column(name="who", label=N_("By"), sql="actor_name(l.actor)", kind=Kind.STAFF),
        Column(name="number", label=N_("Account"), sql="b.number", link="/accounts/{number}"),
        Column(
            name="name",
            label=N_("Subscriber"),
            sql="s.name",
            right="crm.subscriber.view",
        ),
        DISTRICT,
    ),
    sort="-at",
    filters=(
        Filter(
            name="day",
            label=N_("Day"),
            ask=Ask.DAYS,
            least="l.at >= $1",
            most="l.at < $1::timestamptz + interval '1 day'",
            instants=True,
        ),
        Filter(
            name="action",
            label=N_("What was done"),
            ask=Ask.CHOICE,
            sql="l.action = ANY($1::text[])",
            options=_action_choices,
        ),
        DISTRICTS_ARE,
    ),
    refine=_name_actions,
    scope=SCOPE,
    ways=(
        Way(
            label=N_("How strictly"),
            path="/identity/rule",
            right="crm.identity.edit",
            icon="settings",
            key="KeyE",
        ),
    ),
    icon="shield-lock",
    empty=(
        N_("Nothing was done below its level"),
        N_("Each action names the level it needs; what is done below it stands here."),
    ),
    done={"rule": N_("The rule is kept")},
)
