"""Staff, roles, the second factor and the audit as people see them, in every appearance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from playwright.async_api import Page, expect

from abonent.kernel import clock
from abonent.kernel.actor import SYSTEM
from abonent.kernel.i18n import time_zone
from abonent.web.service import add_user, set_absence

Looked = Callable[..., Awaitable[None]]
PASSWORD = "correct horse battery"


async def _somebody() -> int:
    return await add_user(
        "belova",
        name="Вера Константиновна Белова",
        role="cash",
        password=PASSWORD,
    )


async def test_the_register_of_staff(looked: Looked) -> None:
    await _somebody()
    await looked("/staff", "staff")


async def test_a_person(looked: Looked) -> None:
    await looked(f"/staff/{await _somebody()}", "staff-person")


async def test_who_is_away(looked: Looked) -> None:
    away, stand_in = (
        await _somebody(),
        await add_user("olga", name="Ольга Петровна Лебедева", role="cash", password=PASSWORD),
    )
    today = clock.now().astimezone(time_zone()).date()
    for first, substitute in ((today, stand_in), (today + timedelta(30), None)):
        await set_absence(
            away, first=first, last=first + timedelta(9), reason="holiday",
            substitute=substitute, by=SYSTEM,
        )  # fmt: skip
    await looked(f"/staff/{away}", "staff-away")
    await looked(f"/staff/{away}/absence", "staff-absence")
    await looked("/profile/absence", "profile-absence")
    await looked("/profile", "profile")


async def test_a_person_is_added(looked: Looked) -> None:
    await looked("/staff/new", "staff-new")


async def test_roles(looked: Looked) -> None:
    await looked("/roles", "roles")


async def test_a_role(looked: Looked) -> None:
    await looked("/roles/cash", "role")


async def test_a_role_is_changed(looked: Looked) -> None:
    await _somebody()
    await looked("/roles/cash/change", "role-change")


async def test_the_second_factor_is_set_up(looked: Looked) -> None:
    await looked("/profile/second-factor", "second-factor")


async def test_the_audit(looked: Looked) -> None:
    await _somebody()
    await looked("/audit", "audit")


async def test_a_key_pressed_while_the_page_still_loads_opens_the_dialog(seat: Page) -> None:
    """Keys and what they press begin together: none of them follows a link as if nobody listened."""
    await seat.context.add_init_script(
        """document.addEventListener("DOMContentLoaded", () => {
          const key = { code: "KeyE", key: "e", bubbles: true, cancelable: true };
          document.body?.dispatchEvent(new KeyboardEvent("keydown", key));
        });"""
    )
    address = f"{seat.url}roles/tech"
    await seat.goto(address)
    await seat.wait_for_selector("dialog[open]")
    assert seat.url == address


async def test_a_right_is_taken_from_a_role_by_the_keyboard(seat: Page) -> None:
    address = seat.url
    await seat.goto(f"{address}roles/tech")
    await seat.keyboard.press("e")
    await seat.wait_for_selector("dialog[open]")
    async with seat.expect_response("**/roles/tech/change"):
        await seat.uncheck("[name='right.crm.scan.add']")
    await expect(seat.locator("dialog[open]")).to_contain_text("потеряют")
    await seat.keyboard.press("Control+Enter")
    await seat.wait_for_url("**/roles/tech?done=changed")
    await expect(seat.get_by_role("status").first).to_contain_text("Роль изменена")
