"""Claims on the portal: written with files, followed, the answer read and printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from abonent.crm.claim_errors import ClaimNotFound
from abonent.crm.claim_papers import stored_paper
from abonent.crm.queries.claims import Whole, claims_of, whole_claim
from abonent.crm.registers.claims import STATES
from abonent.crm.rules.claims import DECISIONS, SUBJECTS
from abonent.crm.service.claims.taking import NewClaim, take_claim
from abonent.crm.service.claims.working import add_claim_file, keep_claim_file
from abonent.kernel.documents.printing import print_document
from abonent.kernel.errors import DomainError, Malformed
from abonent.kernel.i18n import N_
from abonent.kernel.idempotency import LONGEST_KEY
from abonent.kernel.money import LARGEST, installed_currency, parse_amount
from abonent.kernel.site import site_language
from abonent.kernel.storage import MOST_BYTES, Checked, check_file, storage_of
from abonent.web.fields import texts_of
from abonent.web.files import pdf_answer
from abonent.web.pages.acting import ANSWERED_IN_PLACE, once
from abonent.web.portal.access import here, own
from abonent.web.portal.doing import act_page
from abonent.web.render import desk_of

FILES = ("file", "file2", "file3")
BODY_LIMIT = len(FILES) * MOST_BYTES + 100_000
_DONE = {"taken": N_("We have your claim. Its number and the term of the answer come here")}
_WORDS = {"subjects": SUBJECTS, "states": STATES, "decisions": DECISIONS}
_REPLIES = {"portal", "paper", "email"}


async def show_claims(request: Request) -> Response:
    """Show the account's claims and the form of a new one."""
    return await _list(request, {}, None)


async def _list(request: Request, given: Mapping[str, str], error: DomainError | None) -> Response:
    number, by = own(request)
    context: dict[str, Any] = {"found": await claims_of(number, by=by), "given": given}
    return act_page(request, "claims.html", context | _WORDS | {"here": here(request)}, error)


async def write(request: Request) -> Response:
    """Take a claim in with its files; the office registers it by the next working day."""
    async with request.form() as form:
        texts = texts_of(form)
        try:
            path = await _written(request, form, texts)
        except ANSWERED_IN_PLACE as error:
            return await _list(request, texts, error)
    return RedirectResponse(path, 303)


async def _written(request: Request, form: FormData, texts: Mapping[str, str]) -> str:
    number, by = own(request)
    key = texts.get("key", "")
    if not key or len(key) > LONGEST_KEY:
        raise Malformed.of("form", "", N_("Open the form again: it has lost its key."))
    new = NewClaim(
        account=number,
        subject=texts.get("subject", ""),
        asked=texts.get("asked", ""),
        text=texts.get("text", ""),
        demand=_demand(texts.get("demand", "")),
        channel="portal",
        reply_by=way if (way := texts.get("reply_by", "")) in _REPLIES else "portal",
        reply_to=texts.get("reply_to", "")[:200],
    )
    files = await _kept(request, form)

    async def work() -> str:
        claim = await take_claim(new, by=by, register=False)
        for name, checked in files:
            await add_claim_file(claim, checked, by=by, name=name)
        return f"{here(request)}/claims/{claim}?done=taken"

    asked = "\n".join(f"{name}={text}" for name, text in sorted(texts.items()))
    return await once(key, by=by, request=f"{request.url.path}\n{asked}", work=work)


def _demand(text: str) -> int:
    if not text.strip():
        return 0
    try:
        amount = parse_amount(text, installed_currency().digits)
    except ValueError:
        wrong = N_("An amount is written in digits, such as 560 or 560,50.")
        raise Malformed.of("demand", text, wrong) from None
    if not 0 < amount <= LARGEST:
        slip = N_("So large an amount is a slip of the hand.")
        small = N_("An amount is larger than zero.")
        raise Malformed.of("demand", text, small if amount <= 0 else slip)
    return amount


async def _kept(request: Request, form: FormData) -> list[tuple[str, Checked]]:
    """The files of the form, checked and in the storage; nothing names them yet."""
    number, by = own(request)
    settings = desk_of(request).settings
    found = []
    for name in FILES:
        upload = form.get(name)
        if isinstance(upload, UploadFile) and upload.filename:
            checked = await check_file(await upload.read(MOST_BYTES + 1), settings=settings)
            await keep_claim_file(number, checked, by=by, storage=storage_of(settings))
            found.append((upload.filename, checked))
    return found


async def show_one(request: Request) -> Response:
    """Show one of the account's claims: where it stands, and its answer."""
    whole = await _own_claim(request)
    context = {
        "found": whole.claim,
        "answers": whole.answers,
        "files": whole.files,
        "done": _DONE.get(request.query_params.get("done", "")),
        "here": here(request),
    }
    return act_page(request, "claim.html", context | _WORDS, None)


async def print_answer(request: Request) -> Response:
    """Print an answer as it went out."""
    whole = await _own_claim(request)
    for one in whole.answers:
        if one.id == request.path_params["answer"]:
            paper = stored_paper(one.paper)
            made = await print_document(
                "claim_answer",
                paper,
                content=desk_of(request).settings.content,
                language=site_language(),
            )
            return pdf_answer(f"claim-{whole.claim.number}.pdf", made.pdf)
    raise ClaimNotFound(whole.claim.id)


async def _own_claim(request: Request) -> Whole:
    number, by = own(request)
    whole = await whole_claim(request.path_params["claim"], by=by)
    if whole.claim.account != number:
        raise ClaimNotFound(whole.claim.id)
    return whole
