"""What the company sets about claims: the sum decided without the head, the address of alarms."""

from __future__ import annotations

from starlette.requests import Request

from abonent.crm.queries.claims import claim_policy
from abonent.crm.rules.claims import APPROVE
from abonent.crm.service.claims.deciding import set_claim_policy
from abonent.kernel.i18n import N_
from abonent.kernel.money import plain_amount
from abonent.web.dialogs import Dialog, Opened
from abonent.web.fields import Field, Kind, Values
from abonent.web.render import signed_in


async def _setting(_request: Request) -> Opened:
    found = await claim_policy()
    given = {"limit": plain_amount(found.own_limit), "email": found.head_email}
    return Opened(back="/claims/report", given=given)


async def _set(request: Request, values: Values) -> str:
    by = signed_in(request).actor
    await set_claim_policy(by=by, own_limit=values["limit"], head_email=values["email"])
    return "/claims/report?done=set"


SETTINGS = Dialog(
    path="/claims/settings",
    right=APPROVE,
    title=N_("Rules of claims"),
    commit=N_("Save"),
    fields=(
        Field(
            name="limit",
            label=N_("Compensation decided without the head, up to"),
            kind=Kind.AMOUNT,
            least=0,
        ),
        Field(
            name="email",
            label=N_("E-mail of the head for alarms"),
            kind=Kind.EMAIL,
            required=False,
            hint=N_("Written to when a claim's term is near; empty: nobody is."),
        ),
    ),
    opened=_setting,
    do=_set,
)
