"""What scripts and their runs refuse."""

from __future__ import annotations

from abonent.kernel.errors import Conflict, NotFound, Refused
from abonent.kernel.i18n import N_


class ScriptNotFound(NotFound):
    """There is no script of that name, or no such version or step of it."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            "NO_SUCH_SCRIPT", N_("There is no script “{value}”."), field="script", value=slug
        )


class ScriptWithdrawn(Refused):
    """Nobody begins this script any more."""

    def __init__(self, title: str) -> None:
        message = N_("The script “{value}” was withdrawn: choose another one.")
        super().__init__("SCRIPT_WITHDRAWN", message, field="script", value=title)


class StepNotFound(NotFound):
    """The draft has no such step."""

    def __init__(self, code: str) -> None:
        message = N_("The script has no step “{value}”.")
        super().__init__("NO_SUCH_STEP", message, field="step", value=code)


class EndNotFound(NotFound):
    """The draft has no such end."""

    def __init__(self, code: str) -> None:
        message = N_("The script has no end “{value}”.")
        super().__init__("NO_SUCH_END", message, field="end", value=code)


class RunNotFound(NotFound):
    """There is no such conversation, or not for this actor."""

    def __init__(self, run: int) -> None:
        message = N_("There is no conversation number {value}.")
        super().__init__("NO_SUCH_RUN", message, field="run", value=run)


class RunEnded(Conflict):
    """The conversation is over; nothing is added to it."""

    def __init__(self) -> None:
        super().__init__("RUN_ENDED", N_("This conversation is over already. Begin a new one."))


class DraftMissing(NotFound):
    """Nobody is changing the script: there is no draft."""

    def __init__(self, slug: str) -> None:
        message = N_("The script “{value}” has no draft. Begin one first.")
        super().__init__("NO_DRAFT", message, field="script", value=slug)


class DraftChanged(Conflict):
    """A colleague changed the draft meanwhile."""

    def __init__(self) -> None:
        message = N_("A colleague changed this draft meanwhile. Open it again and repeat.")
        super().__init__("DRAFT_CHANGED", message)


class NotPlayable(Refused):
    """A draft that leads nowhere is not published."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__(
            "NOT_PLAYABLE",
            N_("The script cannot be published yet: {mistakes}"),
            mistakes=" ".join(mistakes),
        )
