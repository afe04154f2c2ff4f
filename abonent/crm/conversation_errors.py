"""What recorded conversations refuse."""

from __future__ import annotations

from abonent.kernel.errors import Conflict, NotFound, Refused
from abonent.kernel.i18n import N_


class NoConversation(NotFound):
    """There is no such conversation for the actor."""

    def __init__(self, conversation: int) -> None:
        super().__init__(
            "NOT_FOUND", N_("There is no such conversation."), field="id", value=conversation
        )


class NoSound(Refused):
    """The conversation has no sound to work with: it still goes on, or it was deleted by its term."""

    def __init__(self, state: str) -> None:
        words = {
            "recording": N_("The conversation is still being recorded."),
            "awaited": N_("The telephone exchange has not sent the sound yet."),
            "erased": N_("The recording was deleted when its term ended."),
        }
        super().__init__("NO_SOUND", words[state], field="state", value=state)


class NotRecording(Conflict):
    """Something was sent for a conversation that is not being recorded by who sends it."""

    def __init__(self, conversation: int) -> None:
        super().__init__(
            "NOT_RECORDING",
            N_("This conversation is not being recorded by you any more."),
            field="id",
            value=conversation,
        )


class CallKnown(Conflict):
    """A call with this id was registered before with other data."""

    def __init__(self, call: str) -> None:
        super().__init__(
            "CONFLICT",
            N_("Call {value} is registered already with other data."),
            field="call_id",
            value=call,
        )


class JudgedAlready(Conflict):
    """The conversation has a card of quality."""

    def __init__(self, conversation: int) -> None:
        super().__init__(
            "JUDGED_ALREADY",
            N_("This conversation has been judged already."),
            field="id",
            value=conversation,
        )


class NotOwnWork(Refused):
    """Nobody judges their own conversation, and nobody decides an appeal against their own card."""

    def __init__(self) -> None:
        super().__init__("OWN_WORK", N_("Your own work is judged by somebody else."))


class OwnCard(Refused):
    """Who gave a card does not decide the appeal against it while somebody else may."""

    def __init__(self) -> None:
        super().__init__("OWN_CARD", N_("You gave this card: somebody else decides the appeal."))
