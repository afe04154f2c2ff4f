"""A claim on the desk: what is demanded, by when, what was found and decided; its papers."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.crm.claim_errors import ClaimNotFound
from abonent.crm.claim_papers import court_paper, given_for, heads_of, stored_paper
from abonent.crm.queries.absences import away_now
from abonent.crm.queries.claims import Claim, Whole, claims_of, facts_of, whole_claim
from abonent.crm.registers.claims import STATES
from abonent.crm.rules.claims import (
    CAUSES,
    CHANNELS,
    CLAIM,
    DECISIONS,
    DISMISSED,
    REPLIES,
    SUBJECTS,
)
from abonent.crm.service.claims.working import investigate_claim
from abonent.kernel.documents.printing import print_document, record_printed
from abonent.kernel.i18n import N_, _, current_language
from abonent.kernel.site import site_language
from abonent.kernel.workflow import Moved
from abonent.web.files import pdf_answer
from abonent.web.pages.claims.opened import id_of
from abonent.web.pages.people.frame import card_page, number_of
from abonent.web.render import desk_of, page, signed_in

_DONE = {
    "taken": N_("The claim is registered, the subscriber was told its number"),
    "registered": N_("The claim is registered, its term begins"),
    "dismissed": N_("It is put aside"),
    "owned": N_("The owner is set"),
    "noted": N_("It is written down"),
    "filed": N_("The document is kept"),
    "decided": N_("The claim is decided; now it is answered"),
    "answered": N_("The answer is kept: print it and hand it over"),
    "sent": N_("The answer is on its way"),
    "shown": N_("The answer stands on the portal"),
    "executed": N_("The decision is carried out"),
    "reconsidered": N_("The claim is looked into again"),
    "closed": N_("The claim is closed"),
    "withdrawn": N_("The claim is closed: it was taken back"),
    "court": N_("The case is written down"),
}


def words() -> dict[str, Any]:
    """The tables of words that the templates of claims use."""
    return {
        "subjects": SUBJECTS,
        "causes": CAUSES,
        "claim_channels": CHANNELS,
        "claim_replies": REPLIES,
        "claim_states": STATES,
        "decisions": DECISIONS,
    }


async def show_claim(request: Request) -> Response:
    """Show a claim; ``done`` in the address says what was just done."""
    by = signed_in(request).actor
    whole = await whole_claim(id_of(request), by=by)
    found = whole.claim
    context = {
        "whole": whole,
        "found": found,
        "facts": await facts_of(found) if by.may("billing.account.view") else None,
        "events": [(move, _told(move)) for move in whole.moves],
        "moves": {move.name for move in CLAIM.moves_from(found.state, by=by)},
        "given_for": given_for(found, current_language()),
        "away": await away_now(found.owner) if found.open else None,
        "done": _DONE.get(request.query_params.get("done", "")),
    }
    return page(request, "claims/claim.html", context | words())


def _told(move: Moved) -> str:
    label = _(CLAIM.told(move.name, move.became))
    label = label[:1].upper() + label[1:]
    reason = _(DISMISSED[move.reason]) if move.reason in DISMISSED else ""
    return f"{label}: {reason}" if reason else label


async def investigate(request: Request) -> Response:
    """Begin to look into a claim."""
    claim = id_of(request)
    await investigate_claim(claim, by=signed_in(request).actor)
    return RedirectResponse(f"/claims/{claim}", 303)


async def show_of_account(request: Request) -> Response:
    """Show the claims of an account on its card."""
    by, number = signed_in(request).actor, number_of(request)
    context = {"found": await claims_of(number, by=by)}
    return await card_page(request, "claims/account.html", "claims", context | words(), card=None)


async def print_answer(request: Request) -> Response:
    """Print an answer again as it went out."""
    whole = await whole_claim(id_of(request), by=signed_in(request).actor)
    wanted = request.path_params["answer"]
    answer = next((one for one in whole.answers if one.id == wanted), None)
    if answer is None:
        raise ClaimNotFound(whole.claim.id)
    return await _printed(request, "claim_answer", whole, stored_paper(answer.paper))


async def print_file(request: Request) -> Response:
    """Print the whole claim, to be handed over to court."""
    by = signed_in(request).actor
    whole = await whole_claim(id_of(request), by=by)
    heads = await heads_of(whole.claim.account, by=by)
    entries = _entries(whole.claim)
    paper = court_paper(heads, whole, language=site_language(), entries=entries)
    return await _printed(request, "claim_file", whole, paper)


def _entries(claim: Claim) -> list[dict[str, Any]]:
    """What went into the ledger by the decision, as one line of the paper."""
    if claim.posted is None or claim.executed_at is None:
        return []
    line = f"{claim.account}-{claim.entry_first}"
    what = given_for(claim, site_language())
    day = claim.executed_at.date()
    return [{"no": line, "day": day, "what": what, "amount": claim.posted}]


async def _printed(request: Request, slug: str, whole: Whole, paper: dict[str, Any]) -> Response:
    claim, by, language = whole.claim, signed_in(request).actor, site_language()
    made = await print_document(
        slug, paper, content=desk_of(request).settings.content, language=language
    )
    subject = f"claim:{claim.id}"
    await record_printed(
        slug,
        by=by,
        subject=subject,
        hash=made.hash,
        account_id=claim.account_id,
        language=language,
    )
    return pdf_answer(f"{slug}-{claim.number or claim.id}.pdf", made.pdf)
