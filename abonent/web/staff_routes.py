"""The addresses of staff, roles, the second factor and single rows of the audit."""

from __future__ import annotations

from abonent.web.access import PUBLIC, SIGNED_IN, PageRoute
from abonent.web.pages import auditing, profile, second_factor, signing
from abonent.web.pages.staff import absences, people, roles
from abonent.web.rights import USER_EDIT, USER_VIEW

_ONE = "/staff/{user:int}"
_POST = ("POST",)

STAFF_ROUTES = (
    *people.ADD.routes,
    PageRoute(_ONE, people.show_person, right=USER_VIEW),
    *people.CHANGE.routes,
    *people.PASSWORD.routes,
    *people.LOCK.routes,
    *people.UNLOCK.routes,
    *people.RESET.routes,
    *absences.OF_OTHERS.routes,
    PageRoute(
        f"{_ONE}/absences/{{absence:int}}/end", absences.call_off, right=USER_EDIT, methods=_POST
    ),
    *absences.OWN.routes,
    PageRoute(
        "/profile/absences/{absence:int}/end",
        absences.call_own_off,
        right=SIGNED_IN,
        methods=_POST,
    ),
    PageRoute(f"{_ONE}/sessions/end", people.end_sessions, right=USER_EDIT, methods=_POST),
    PageRoute(
        f"{_ONE}/sessions/{{session:int}}/end", people.end_session, right=USER_EDIT, methods=_POST
    ),
    *roles.MAKE.routes,
    PageRoute("/roles/{code:str}", roles.show_role, right=USER_VIEW),
    *roles.CHANGE.routes,
    *roles.DELETE.routes,
    PageRoute("/sign-in/code", signing.show_code, right=PUBLIC),
    PageRoute("/sign-in/code", signing.send_code, right=PUBLIC, methods=_POST),
    PageRoute("/sign-in/setup", signing.show_setup, right=PUBLIC),
    PageRoute("/sign-in/setup", signing.send_setup, right=PUBLIC, methods=_POST),
    PageRoute("/profile/second-factor", second_factor.show_setup, right=SIGNED_IN),
    PageRoute("/profile/second-factor", second_factor.set_up, right=SIGNED_IN, methods=_POST),
    PageRoute("/profile/recovery", second_factor.show_renewing, right=SIGNED_IN),
    PageRoute("/profile/recovery", second_factor.renew, right=SIGNED_IN, methods=_POST),
    *second_factor.OFF.routes,
    PageRoute("/profile/sessions/end", profile.end_others, right=SIGNED_IN, methods=_POST),
    PageRoute("/audit/{row:int}", auditing.show_row, right="kernel.audit.view"),
)
