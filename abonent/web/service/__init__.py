"""Use cases of sign-in: users, sessions, API tokens."""

from __future__ import annotations

from abonent.web.service.sessions import revoke_session, sign_in, sign_out, touch_session
from abonent.web.service.tokens import authenticate_token, create_token, revoke_token
from abonent.web.service.users import (
    add_user,
    change_display,
    change_password,
    check_role,
    deactivate_user,
    set_password,
)

__all__ = [
    "add_user",
    "authenticate_token",
    "change_display",
    "change_password",
    "check_role",
    "create_token",
    "deactivate_user",
    "revoke_session",
    "revoke_token",
    "set_password",
    "sign_in",
    "sign_out",
    "touch_session",
]
