"""Calls of a telephone exchange: a conversation is registered, then its sound is sent.

`POST /conversations` registers one under the exchange's own id; `PUT /conversations/{id}/sound` sends
the sound as the body, as often as need be: it is kept once.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from abonent.billing.queries.reach import check_reach, is_reached
from abonent.crm.queries.conversations import number_of_call
from abonent.crm.service.conversations import (
    MOST_SOUND,
    NewCall,
    check_sound,
    give_sound,
    register_call,
)
from abonent.kernel.errors import Malformed, NotFound
from abonent.kernel.i18n import N_, speaking
from abonent.kernel.storage import storage_of
from abonent.web.api.fields import Answer, Input, Instant, Line, Number
from abonent.web.api.operations import (
    ACTS,
    PREFIX,
    Asked,
    Operation,
    asked_language,
    caller,
    guarded,
    json_response,
)
from abonent.web.middleware.bodies import OWN_LIMIT
from abonent.web.queries import user_of_login
from abonent.web.render import desk_of

RIGHT = "crm.conversation.attach"
_LARGEST, _DIGITS = 2**63 - 1, 20


class NewConversation(Input):
    """A call that the exchange has recorded; `account` may be left out where the phone tells it."""

    call_id: Line = Field(description="The exchange's own id: the same one is the same call")
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9+()\- ]{5,20}$")]
    direction: Literal["in", "out"] = "in"
    began_at: Instant
    ended_at: Instant | None = None
    account: Number | None = None
    employee: Line | None = Field(default=None, description="The sign-in name of who talked")
    told: bool = Field(default=True, description="The notice of recording was played")


class ConversationAnswer(Answer):
    """The conversation; `account` is null while a person must say whose it is."""

    id: str
    account: str | None
    sound: str = Field(description="Where the sound is sent by PUT, as the body")


async def register(asked: Asked[NewConversation]) -> ConversationAnswer:
    """Register a call of the exchange."""
    given = asked.given
    if given.account is not None:
        await check_reach(given.account, by=asked.by)
    user = await user_of_login(given.employee) if given.employee else None
    if given.employee and user is None:
        wrong = N_("Nobody of the staff signs in as “{given}”.")
        raise Malformed.of("employee", given.employee, wrong, given=given.employee)
    call = NewCall(
        number=given.account or "", kind="call", direction=given.direction, source="exchange",
        call=given.call_id, actor=f"user:{user}" if user else "", phone=given.phone,
        told=given.told, began=given.began_at, ended=given.ended_at,
    )  # fmt: skip
    made = await register_call(call, by=asked.by)
    number = await number_of_call(made)
    if number is not None and not await is_reached(number, by=asked.by):
        number = None
    return ConversationAnswer(
        id=str(made), account=number, sound=f"{PREFIX}/conversations/{made}/sound"
    )


class SoundRoute(Route):
    """PUT /conversations/{conversation}/sound: the sound itself as the body."""

    def __init__(self) -> None:
        self.right = RIGHT
        path = f"{PREFIX}/conversations/{{conversation}}/sound"
        super().__init__(path, self._serve, methods=["PUT"], name="api:give_sound")

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; a sound is larger than other bodies may be."""
        scope[OWN_LIMIT] = MOST_SOUND + 1
        await super().handle(scope, receive, send)

    async def _serve(self, request: Request) -> Response:
        with speaking(asked_language(request)):
            return await guarded(request, self._answer)

    async def _answer(self, request: Request) -> Response:
        by = await caller(request)
        by.require(RIGHT)
        text = request.path_params["conversation"]
        if not (text.isascii() and text.isdigit() and len(text) < _DIGITS) or int(text) > _LARGEST:
            raise NotFound("NOT_FOUND", N_("There is no such conversation."), field="id")
        settings = desk_of(request).settings
        checked = await check_sound(await request.body(), settings=settings)
        await give_sound(int(text), checked, by=by, storage=storage_of(settings))
        return json_response({"id": text, "bytes": len(checked.content)})


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path="/conversations",
        name="register_conversation",
        summary="Register a recorded call; its sound is sent by PUT to the address in the answer",
        right=RIGHT,
        do=register,
        given=NewConversation,
        answer=ConversationAnswer,
        refusals=ACTS,
    ),
)
