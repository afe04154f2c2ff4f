"""One row of the audit: who did what, when and from where, before and after side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from abonent.kernel.actor import Actor
from abonent.kernel.db import reading
from abonent.kernel.errors import NotFound
from abonent.kernel.i18n import N_
from abonent.kernel.jsontext import from_json
from abonent.web.coded import names_for
from abonent.web.deeds import changes, told, who_did
from abonent.web.render import page, signed_in
from abonent.web.rights import PERSONAL
from abonent.web.rules import device_name

_ROW = """
SELECT a.id, a.at, a.actor_kind, a.actor_id, a.action, a.subject, a.before, a.after,
       actor_name(a.actor_kind || ':' || a.actor_id) AS name, b.number, p.district,
       v.personal, s.ip, s.agent
  FROM audit a
  LEFT JOIN billing_account b ON b.account_id = a.account_id
  LEFT JOIN billing_place p ON p.id = b.place_id
  LEFT JOIN audit_personal v ON v.audit_id = a.id
  LEFT JOIN web_session s ON s.id = a.session_id
 WHERE a.id = $1
"""
_LEADS = {"user": "/staff/", "role": "/roles/"}


@dataclass(frozen=True, slots=True)
class Deed:
    """A row of the audit; `personal` is None where there is nothing personal, any more or ever."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: str
    action: str
    subject: str
    before: Any
    after: Any
    name: str | None
    number: str | None
    personal: Any
    ip: str | None
    agent: str | None

    @property
    def leads_to(self) -> str:
        """The page of what it was done to, where there is one."""
        kind, _colon, code = self.subject.partition(":")
        return f"{_LEADS[kind]}{code}" if kind in _LEADS and code else ""


async def deed_of(row_id: int, *, by: Actor) -> Deed:
    """Return one row. Raises NotFound, also for an account outside the actor's districts."""
    by.require("kernel.audit.view")
    async with reading() as connection:
        row = await connection.fetchrow(_ROW, row_id)
    if row is None or (by.districts is not None and not by.sees(row["district"] or "")):
        raise NotFound("NO_SUCH_ROW", N_("There is no such row of the audit."), value=row_id)
    found = {name: value for name, value in row.items() if name != "district"}
    for part in ("before", "after", "personal"):
        found[part] = from_json(found[part]) if found[part] else None
    if not by.may(PERSONAL):
        found["personal"] = None
    return Deed(**found)


async def show_row(request: Request) -> Response:
    """Show one row with what stood before and after."""
    by = signed_in(request).actor
    deed = await deed_of(request.path_params["row"], by=by)
    personal = deed.personal if isinstance(deed.personal, dict) else {"value": deed.personal}
    sides = {"before", "after"} & personal.keys()
    names = await names_for(deed.before, deed.after)
    context = {
        "deed": deed,
        "who": who_did(deed.actor_kind, deed.actor_id, deed.name),
        "what": told(deed.action, deed.after),
        "changes": changes(deed.before, deed.after, names),
        "personal": changes(personal.get("before"), personal.get("after"))
        if sides
        else changes(None, personal),
        "device": device_name(deed.agent or ""),
    }
    return page(request, "staff/deed.html", context)
