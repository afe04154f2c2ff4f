"""Help at the desk: the keys, and the first hour of a newcomer."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from abonent.kernel.i18n import current_language
from abonent.web.lessons import done_today, is_demo, lessons, let_learn, progress_of
from abonent.web.render import desk_of, page, signed_in


async def show_help(request: Request) -> Response:
    """Show what there is to read."""
    return page(request, "help/index.html")


async def show_keys(request: Request) -> Response:
    """Show the keys on a page of their own, to be printed and put beside the screen."""
    return page(request, "help/keys.html")


async def show_first_hour(request: Request) -> Response:
    """Show the steps of the user's role; on the demonstration each is ticked when it is done."""
    identity, settings = signed_in(request), desk_of(request).settings
    known = await asyncio.to_thread(lessons, current_language(), settings.content)
    demo = await is_demo()
    done: frozenset[str] = frozenset()
    if demo:
        done = await done_today(identity.user_id, by=identity.actor, zone=settings.timezone)
    shown = progress_of(known, role=identity.role, by=identity.actor, done=done)
    context = {
        "lessons": shown,
        "demo": demo,
        "steps": sum(len(one.steps) for one in shown),
        "done": sum(one.done for one in shown),
    }
    answer = page(request, "help/first_hour.html", context)
    if demo:
        let_learn(answer, secure=request.url.scheme == "https")
    return answer
