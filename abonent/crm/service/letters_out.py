"""A queued message as a letter: the same Message-ID at every attempt, and in its thread."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from abonent.kernel import clock
from abonent.kernel.i18n import N_, gettext
from abonent.kernel.sending import RefusedError
from abonent.kernel.site import site_language

NO_SUBJECT = N_("A message from your provider")


def letter_of(row: Mapping[str, Any], sender: str) -> EmailMessage:
    """Build the letter of a message's row. Raises RefusedError for an address that is none."""
    letter = EmailMessage()
    try:
        letter["From"] = sender
        letter["To"] = row["address"]
        letter["Subject"] = row["subject"] or gettext(NO_SUBJECT, site_language())
        if row["reply_to_id"]:
            answered = f"<{row['reply_to_id'].strip('<> ')}>"
            letter["In-Reply-To"] = answered
            letter["References"] = answered
    except (ValueError, IndexError) as error:
        raise RefusedError(f"not an address or a subject: {error}") from error
    letter["Date"] = format_datetime(clock.now())
    letter["Message-ID"] = f"<m{row['account_id']}.{row['id']}@{_domain(sender)}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(row["text"])
    return letter


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].strip("> ") or "localhost"
