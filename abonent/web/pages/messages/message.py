"""One message: its words, its parts, what became of it and why."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from abonent.crm.queries.messages import CHANNELS, PURPOSES, STATES, message_of
from abonent.crm.queries.templates import templates_in_force
from abonent.kernel.i18n import current_language
from abonent.web.render import page, signed_in


async def show_message(request: Request) -> Response:
    """Show a message whole."""
    given = request.path_params
    by = signed_in(request).actor
    message, parts = await message_of(given["account"], given["message"], by=by)
    templates = await templates_in_force(current_language())
    template = templates.get(message.template)
    context = {
        "message": message,
        "parts": parts,
        "states": STATES,
        "channels": CHANNELS,
        "purposes": PURPOSES,
        "template": template.title if template else message.template,
    }
    return page(request, "messages/message.html", context)
