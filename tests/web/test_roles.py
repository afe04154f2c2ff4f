"""Roles against the whole program: every right is known, every page answers each role as it should."""

from __future__ import annotations

import ast
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

import abonent
from abonent.kernel.actor import SYSTEM, Actor
from abonent.kernel.errors import Conflict, Forbidden, Malformed, Refused
from abonent.web import service
from abonent.web.access import PUBLIC, SIGNED_IN, PageRoute
from abonent.web.api.operations import ANYONE
from abonent.web.api.routes import API_ROUTES
from abonent.web.errors import LastAdministrator, RightNotHeld
from abonent.web.navigation import SECTIONS, sections_for
from abonent.web.queries import identify
from abonent.web.registers.declared import REGISTERS
from abonent.web.rights import PORTAL_ROLE, RIGHTS, normal_rights, spelled_out, unknown_rights
from abonent.web.routes import ROUTES
from tests.web.seed import small_provider

Enter = Callable[..., Awaitable[httpx.AsyncClient]]
PASSWORD = "correct horse battery"
PACKAGE = Path(abonent.__file__).parent
SHIPPED = (
    "admin", "agent", "cash", "collect", "coord", "head", "hr", "office", "retain", "shift",
    "tech", "trainer",
)  # fmt: skip
NEVER_ENDS = {"/day/stream"}
WORDS = {PUBLIC, SIGNED_IN, ANYONE, "*", ""}


def _texts(tree: ast.Module) -> dict[str, str]:
    """The module's constants that are texts."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _asked(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        named = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if named in {"require", "may"} and node.args:
            yield node.args[0]
        yield from (word.value for word in node.keywords if word.arg == "right")


def _rights_in_code() -> set[str]:
    trees = {p: ast.parse(p.read_text(encoding="utf-8")) for p in PACKAGE.rglob("*.py")}
    shared = {name: text for tree in trees.values() for name, text in _texts(tree).items()}
    found = set()
    for tree in trees.values():
        known = shared | _texts(tree)
        for value in _asked(tree):
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.add(value.value)
            elif isinstance(value, ast.Name) and value.id in known and value.id.isupper():
                found.add(known[value.id])
    return found - WORDS


def test_every_right_that_the_code_asks_for_is_listed_with_its_words() -> None:
    found = _rights_in_code()
    assert len(found) > 40
    assert sorted(found - RIGHTS.keys()) == []


def test_every_right_that_a_template_asks_for_is_listed() -> None:
    texts = [p.read_text(encoding="utf-8") for p in (PACKAGE / "web/templates").rglob("*.html")]
    found = {right for text in texts for right in re.findall(r'may\("([a-z_.]+)"\)', text)}
    assert found
    assert sorted(found - RIGHTS.keys()) == []


def test_every_declared_right_is_listed() -> None:
    declared = {getattr(route, "right", "") for route in (*ROUTES, *API_ROUTES)}
    declared |= {register.right for register in REGISTERS.values()}
    declared |= {item.right for section in SECTIONS for item in section.items}
    assert sorted(declared - WORDS - RIGHTS.keys()) == []


async def test_every_right_of_every_shipped_role_exists(db: Any) -> None:
    rows = await db.fetch("SELECT code, rights FROM web_role WHERE shipped")
    unknown = {row["code"]: unknown_rights(row["rights"]) for row in rows}
    assert unknown == {code: [] for code in (*SHIPPED, PORTAL_ROLE)}


async def test_nobody_of_the_staff_has_the_role_of_subscribers(db: Any) -> None:
    with pytest.raises(Malformed):
        await service.add_user("eve", name="Ева", role=PORTAL_ROLE, password=PASSWORD)
    with pytest.raises(Refused):
        await service.delete_role(PORTAL_ROLE, move_to="hr", by=SYSTEM)


def test_no_route_is_without_a_declaration() -> None:
    bare = [r.path for r in (*ROUTES, *API_ROUTES) if isinstance(r, Route) and not _right(r)]
    assert bare == []


def _right(route: Route) -> str:
    return getattr(route, "right", "")


def _address(route: Route) -> str:
    path = route.path.replace("{number:str}", "20417").replace("{code:str}", "cash")
    return re.sub(r"\{[^}]+\}", "1", path)


async def _actor_of(browser: httpx.AsyncClient) -> Actor:
    identity = await identify(browser.cookies["abonent_session"])
    assert identity is not None
    return identity.actor


@pytest.mark.parametrize("role", SHIPPED)
async def test_pages_answer_a_role_by_its_rights(role: str, enter: Enter, db: Any) -> None:
    await small_provider(db)
    browser = await enter(role)
    actor = await _actor_of(browser)
    wrong = []
    for route in ROUTES:
        if not isinstance(route, PageRoute) or route.right == PUBLIC or route.path in NEVER_ENDS:
            continue
        allowed = route.right == SIGNED_IN or actor.may(route.right)
        posts = "POST" in (route.methods or ())
        if posts and allowed:
            continue
        method, address = "POST" if posts else "GET", _address(route)
        status = (await browser.request(method, address)).status_code
        fits = status != 403 and status < 500 if allowed else status == 403
        if not fits:
            wrong.append((method, address, route.right, status))
    assert wrong == []


@pytest.mark.parametrize("role", SHIPPED)
async def test_the_menu_shows_what_the_role_may_open_and_nothing_else(
    role: str, enter: Enter, db: Any
) -> None:
    await small_provider(db)
    browser = await enter(role)
    actor = await _actor_of(browser)
    page = (await browser.get("/")).text
    menu = page[page.index("<nav") : page.index("</nav>")]
    shown = set(re.findall(r'href="(/[a-z/-]*)"', menu))
    every = {item.path: item.right for section in SECTIONS for item in section.items}
    assert {path for path in every if actor.may(every[path])} == shown & every.keys()
    for section in sections_for(actor):
        for item in section.items:
            assert (await browser.get(item.path)).status_code == 200, item.path


def _clerk(*rights: str) -> Actor:
    return Actor("user", "1", "Анна", frozenset({"web.role.edit", "web.user.edit", *rights}))


async def test_nobody_gives_a_right_that_he_does_not_hold(db: Any) -> None:
    by = _clerk("billing.payment.take")
    for beyond in ({"billing.refund.give"}, {"billing.*"}, {"*"}):
        with pytest.raises(RightNotHeld):
            await service.create_role("Хитрец", rights=beyond, by=by)
    code = await service.create_role("Помощник", rights={"billing.payment.take"}, by=by)
    with pytest.raises(RightNotHeld):
        await service.change_role(
            code, name="Помощник", rights={"*"}, second_factor=False, version=1, by=by
        )
    with pytest.raises(RightNotHeld):
        await service.add_user("eve", name="Ева", role="admin", password=PASSWORD, by=by)


async def test_nobody_touches_a_role_or_a_person_that_holds_more(db: Any) -> None:
    root = await service.add_user("root", name="Root", role="admin", password=PASSWORD)
    by = _clerk("billing.payment.take")
    with pytest.raises(RightNotHeld):
        await service.change_role(
            "admin", name="Никто", rights=set(), second_factor=False, version=1, by=by
        )
    for act in (
        service.lock_user(root, by=by),
        service.set_staff_password(root, password="a longer phrase", by=by),
        service.reset_second_factor(root, by=by),
        service.end_user_sessions(root, by=by),
    ):
        with pytest.raises(RightNotHeld):
            await act


async def test_roles_and_people_want_their_rights(db: Any) -> None:
    by = Actor("user", "1", "Анна", frozenset({"desk.*"}))
    with pytest.raises(Forbidden):
        await service.create_role("Роль", rights=set(), by=by)
    with pytest.raises(Forbidden):
        await service.add_user("eve", name="Ева", role="hr", password=PASSWORD, by=by)


async def test_the_last_administrator_stays(db: Any) -> None:
    root = await service.add_user("root", name="Root", role="admin", password=PASSWORD)
    with pytest.raises(LastAdministrator):
        await service.lock_user(root, by=SYSTEM)
    with pytest.raises(LastAdministrator):
        await service.deactivate_user("root", by=SYSTEM)
    with pytest.raises(LastAdministrator):
        await service.change_role(
            "admin", name="Admin", rights={"desk.*"}, second_factor=False, version=1, by=SYSTEM
        )
    with pytest.raises(LastAdministrator):
        await service.change_user(
            root, login="root", name="Root", role="cash", office=None, districts=None,
            version=1, by=SYSTEM,
        )  # fmt: skip
    with pytest.raises(Refused):
        await service.delete_role("admin", move_to="cash", by=SYSTEM)
    await service.add_user("second", name="Второй", role="admin", password=PASSWORD)
    await service.lock_user(root, by=SYSTEM)


async def test_nobody_locks_himself_out_or_promotes_himself(db: Any) -> None:
    user = await service.add_user("root", name="Root", role="admin", password=PASSWORD)
    await service.add_user("second", name="Второй", role="admin", password=PASSWORD)
    by = Actor("user", str(user), "Root", frozenset({"*"}))
    with pytest.raises(Refused) as refusal:
        await service.lock_user(user, by=by)
    assert refusal.value.code == "OWN_USER"
    with pytest.raises(Refused):
        await service.change_user(
            user, login="root", name="Root", role="cash", office=None, districts=None,
            version=1, by=by,
        )  # fmt: skip


async def test_a_change_made_meanwhile_is_not_written_over(db: Any) -> None:
    code = await service.create_role("Помощник", rights={"desk.open"}, by=SYSTEM)
    change: dict[str, Any] = {
        "name": "Помощник",
        "second_factor": False,
        "version": 1,
        "by": SYSTEM,
    }
    await service.change_role(code, rights={"desk.*"}, **change)
    with pytest.raises(Conflict):
        await service.change_role(code, rights=set(), **change)


async def test_two_roles_never_have_one_name(db: Any) -> None:
    await service.create_role("Помощник", rights={"desk.open"}, by=SYSTEM)
    with pytest.raises(Conflict) as refusal:
        await service.create_role("помощник", rights={"desk.open"}, by=SYSTEM)
    assert refusal.value.field == "name"


def test_a_right_that_another_covers_is_not_kept_twice() -> None:
    assert normal_rights({"crm.*", "crm.note.write", "desk.open"}) == ["crm.*", "desk.open"]
    assert normal_rights({"*", "crm.*", "desk.open"}) == ["*"]
    assert normal_rights({"crm.subscriber.*", "crm.subscriber.view"}) == ["crm.subscriber.*"]


def test_a_wildcard_below_an_area_is_ticked_right_by_right() -> None:
    assert spelled_out({"crm.subscriber.*", "desk.*"}) == [
        "crm.subscriber.edit",
        "crm.subscriber.view",
        "desk.*",
    ]
    assert spelled_out({"*", "crm.subscriber.*"}) == ["*"]


async def test_what_the_dialog_ticks_is_what_a_shipped_role_holds(db: Any) -> None:
    rows = await db.fetch("SELECT code, rights FROM web_role WHERE shipped")
    assert {r["code"]: spelled_out(r["rights"]) for r in rows} == {
        r["code"]: normal_rights(r["rights"]) for r in rows
    }
