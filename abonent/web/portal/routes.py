"""The addresses of the portal. Each is a subscriber's own, unless it is open to everybody."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from abonent.web.portal import (
    acts,
    chatting,
    claims,
    documents,
    helping,
    home,
    paying,
    profile,
    requests,
    signing,
    surveys,
    visits,
)
from abonent.web.portal.access import PortalRoute

_POST = ("POST",)
_N = "/{number:str}"


async def _nothing(request: Request) -> Response:
    del request
    raise HTTPException(404)


PORTAL_ROUTES = (
    PortalRoute("/sign-in", signing.show_sign_in, open=True),
    PortalRoute("/sign-in", signing.ask_code, methods=_POST, open=True),
    PortalRoute("/sign-in/code", signing.show_code, open=True),
    PortalRoute("/sign-in/code", signing.check_code, methods=_POST, open=True),
    PortalRoute("/sign-in/password", signing.show_password, open=True),
    PortalRoute("/sign-in/password", signing.check_password, methods=_POST, open=True),
    PortalRoute("/language", signing.change_language, methods=_POST, open=True),
    PortalRoute("/sign-out", signing.sign_out, methods=_POST),
    PortalRoute("/sign-out-everywhere", signing.sign_out_everywhere, methods=_POST),
    PortalRoute("/r/{token:str}", requests.show_by_link, open=True),
    PortalRoute("/r/{token:str}", requests.send_by_link, methods=_POST, open=True),
    PortalRoute("/s/{token:str}", surveys.show_survey, open=True),
    PortalRoute("/s/{token:str}", surveys.answer_step, methods=_POST, open=True),
    PortalRoute("/chat", chatting.show_chat, open=True),
    PortalRoute("/chat", chatting.begin, methods=_POST, open=True),
    PortalRoute("/chat/{token:str}", chatting.show_conversation, open=True),
    PortalRoute("/chat/{token:str}", chatting.say, methods=_POST, open=True),
    PortalRoute("/chat/{token:str}/lines", chatting.show_lines, open=True),
    PortalRoute("/help", helping.show_help, open=True),
    PortalRoute("/help/{slug:str}", helping.show_answer, open=True),
    PortalRoute("/ask", requests.show_ask, open=True),
    PortalRoute("/ask", requests.ask, methods=_POST, open=True),
    PortalRoute("", home.show_accounts),
    PortalRoute(_N, home.show_home),
    PortalRoute(f"{_N}/history", home.show_history),
    PortalRoute(f"{_N}/entries/{{no:int}}", home.show_entry),
    PortalRoute(f"{_N}/entries/{{no:int}}/receipt.pdf", home.print_receipt),
    PortalRoute(f"{_N}/documents", documents.show_documents),
    PortalRoute(f"{_N}/documents/{{document:int}}.pdf", documents.print_document),
    PortalRoute(f"{_N}/pay", paying.show_pay),
    PortalRoute(f"{_N}/pay", paying.begin, methods=_POST),
    PortalRoute(f"{_N}/pay/code.png", paying.show_code),
    PortalRoute(f"{_N}/pay/{{intent:int}}", paying.show_intent),
    PortalRoute(f"{_N}/pay/{{intent:int}}", paying.ask_again, methods=_POST),
    PortalRoute(f"{_N}/promise", acts.show_promise),
    PortalRoute(f"{_N}/promise", acts.promise, methods=_POST),
    PortalRoute(f"{_N}/tariff", acts.show_tariff),
    PortalRoute(f"{_N}/tariff", acts.tariff, methods=_POST),
    PortalRoute(f"{_N}/freeze", acts.show_freeze),
    PortalRoute(f"{_N}/freeze", acts.freeze, methods=_POST),
    PortalRoute(f"{_N}/freezes/{{no:int}}/end", acts.show_freeze_end),
    PortalRoute(f"{_N}/freezes/{{no:int}}/end", acts.freeze_end, methods=_POST),
    PortalRoute(f"{_N}/requests", requests.show_requests),
    PortalRoute(f"{_N}/requests", requests.write, methods=_POST),
    PortalRoute(f"{_N}/requests/{{request:int}}", requests.show_one),
    PortalRoute(f"{_N}/requests/{{request:int}}", requests.send, methods=_POST),
    PortalRoute(f"{_N}/visit", visits.show_visit),
    PortalRoute(f"{_N}/visit", visits.book, methods=_POST),
    PortalRoute(f"{_N}/visit/cancel", visits.cancel, methods=_POST),
    PortalRoute(f"{_N}/claims", claims.show_claims),
    PortalRoute(f"{_N}/claims", claims.write, methods=_POST, body_limit=claims.BODY_LIMIT),
    PortalRoute(f"{_N}/claims/{{claim:int}}", claims.show_one),
    PortalRoute(f"{_N}/claims/{{claim:int}}/answers/{{answer:int}}.pdf", claims.print_answer),
    PortalRoute(f"{_N}/profile", profile.show_profile),
    PortalRoute(f"{_N}/contacts", profile.add, methods=_POST),
    PortalRoute(f"{_N}/contacts/{{contact:int}}/remove", profile.remove, methods=_POST),
    PortalRoute(f"{_N}/contacts/{{contact:int}}/main", profile.make_main, methods=_POST),
    PortalRoute(f"{_N}/contacts/{{contact:int}}/code", profile.ask_confirmation, methods=_POST),
    PortalRoute(f"{_N}/contacts/{{contact:int}}/confirm", profile.show_confirmation),
    PortalRoute(f"{_N}/contacts/{{contact:int}}/confirm", profile.confirm, methods=_POST),
    PortalRoute(f"{_N}/consents", profile.consent, methods=_POST),
    PortalRoute(f"{_N}/consents/{{consent:int}}/withdraw", profile.withdraw, methods=_POST),
    PortalRoute(f"{_N}/password", profile.password, methods=_POST),
    PortalRoute("/{rest:path}", _nothing, open=True),
)
