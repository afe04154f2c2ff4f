"""Which messages the program writes by itself, after what (document 3.4.16)."""

from __future__ import annotations

from dataclasses import dataclass

from abonent.kernel.i18n import N_

PAID, PROMISED, SUSPENDED, PRE_DUE = "paid", "promise-on", "suspend", "pre-due"
FRESH_DAYS = 2
"""What happened so many business days ago is no news."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message by its template; `ahead` where it comes some days before what it tells of."""

    template: str
    after: str
    ahead: bool = False


NOTICES = {
    one.template: one
    for one in (
        Notice(PAID, N_("After a payment that did not come over a cash desk")),
        Notice(PROMISED, N_("After a promised payment given by an employee")),
        Notice(PRE_DUE, N_("Some days before the money runs out"), ahead=True),
        Notice(SUSPENDED, N_("After services were cut off for want of money")),
    )
}
