"""The addresses of identity, recorded conversations and their quality."""

from __future__ import annotations

from starlette.routing import BaseRoute

from abonent.web.access import PageRoute
from abonent.web.pages.conversations import listening, notice, recording
from abonent.web.pages.conversations.keeping import KEEPING
from abonent.web.pages.identity import confirming
from abonent.web.pages.quality import cards, judging

_RECORD = "crm.conversation.record"
_VIEW = "crm.conversation.view"
_JUDGE = "crm.quality.judge"
_OF = "/accounts/{number:str}/conversations"
_MADE = f"{_OF}/{{conversation:int}}"
_ONE = "/conversations/{conversation:int}"
_CARD = "/quality/cards/{card:int}"
_POST = ("POST",)

CONVERSATION_ROUTES: tuple[BaseRoute, ...] = (
    *confirming.CONFIRM.routes,
    *confirming.RULE.routes,
    *(route for dialog in KEEPING for route in dialog.routes),
    PageRoute(_OF, listening.show_conversations, right=_VIEW),
    PageRoute(_OF, recording.begin, right=_RECORD, methods=_POST),
    PageRoute(f"{_OF}/record", recording.show_recorder, right=_RECORD),
    PageRoute(
        f"{_MADE}/parts/{{part:int}}",
        recording.take_part,
        right=_RECORD,
        methods=_POST,
        body_limit=recording.PART_LIMIT,
    ),
    PageRoute(f"{_MADE}/end", recording.end, right=_RECORD, methods=_POST),
    PageRoute("/conversations/notices/{notice:int}/sound", notice.send_notice, right=_RECORD),
    PageRoute(_ONE, listening.show_conversation, right=_VIEW),
    PageRoute(f"{_ONE}/sound", listening.send_sound, right=_VIEW),
    PageRoute(f"{_ONE}/judge", judging.show_judging, right=_JUDGE),
    PageRoute(f"{_ONE}/judge", judging.send_judging, right=_JUDGE, methods=_POST),
    PageRoute("/quality", cards.show_quality, right=_VIEW),
    *cards.DRAW.routes,
    PageRoute(_CARD, cards.show_card, right=_VIEW),
    *cards.MOVE.routes,
    PageRoute(f"{_CARD}/anew", judging.show_anew, right="crm.quality.decide"),
    PageRoute(f"{_CARD}/anew", judging.send_anew, right="crm.quality.decide", methods=_POST),
)
