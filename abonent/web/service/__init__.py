"""Use cases of sign-in and of staff: users, roles, sessions, the second factor, API tokens."""

from __future__ import annotations

from abonent.web.service.absences import call_absence_off, set_absence
from abonent.web.service.factors import (
    Setup,
    confirm_setup,
    forget_second_factor,
    renew_recovery_codes,
    start_setup,
    turn_off_second_factor,
    turn_on_second_factor,
)
from abonent.web.service.roles import change_role, create_role, delete_role
from abonent.web.service.sessions import (
    SignedIn,
    end_other_sessions,
    pass_code,
    pass_setup,
    revoke_session,
    sign_in,
    sign_out,
    touch_session,
)
from abonent.web.service.staff import (
    change_user,
    end_user_session,
    end_user_sessions,
    lock_user,
    reset_second_factor,
    set_staff_password,
    unlock_user,
)
from abonent.web.service.tokens import authenticate_token, create_token, revoke_token
from abonent.web.service.users import (
    add_user,
    change_display,
    change_password,
    check_role,
    deactivate_user,
    set_password,
    user_of,
)

__all__ = [
    "Setup",
    "SignedIn",
    "add_user",
    "authenticate_token",
    "call_absence_off",
    "change_display",
    "change_password",
    "change_role",
    "change_user",
    "check_role",
    "confirm_setup",
    "create_role",
    "create_token",
    "deactivate_user",
    "delete_role",
    "end_other_sessions",
    "end_user_session",
    "end_user_sessions",
    "forget_second_factor",
    "lock_user",
    "pass_code",
    "pass_setup",
    "renew_recovery_codes",
    "reset_second_factor",
    "revoke_session",
    "revoke_token",
    "set_absence",
    "set_password",
    "set_staff_password",
    "sign_in",
    "sign_out",
    "start_setup",
    "touch_session",
    "turn_off_second_factor",
    "turn_on_second_factor",
    "unlock_user",
    "user_of",
]
