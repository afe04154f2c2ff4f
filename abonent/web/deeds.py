"""What rows of the audit say, in words: one table of sentences for every page that shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from abonent.billing.rules.book import Kind
from abonent.billing.rules.explanation import kind_name
from abonent.kernel.i18n import N_, _, current_language
from abonent.kernel.money import format_money
from abonent.web.rights import name_of_right

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_POSTED = re.compile(r"billing:([a-z_]+):posted")

SENTENCES = {
    "billing:account:opened": N_("The account was opened"),
    "billing:billing_day:changed": N_("Billing day: {day} of the month"),
    "billing:credit:set": N_("Credit limit: {limit:money}"),
    "billing:discount:granted": N_("A discount was given"),
    "billing:freeze:set": N_("A freeze was set"),
    "billing:freeze:ended": N_("The freeze was ended earlier"),
    "billing:parked:settled": N_("A disputed payment was settled"),
    "billing:payment:remarked": N_("A remark on a payment"),
    "billing:period:recalculated": N_("A past period was recalculated"),
    "billing:promise:given": N_("A promised payment was given"),
    "billing:service:added": N_("A service was added"),
    "billing:service:ended": N_("A service ends on {ends_on}"),
    "billing:service:resumed": N_("A service was resumed by hand"),
    "billing:service:suspended": N_("A service was suspended by hand"),
    "billing:tariff:changed": N_("Tariff “{tariff}” from {on}"),
    "crm:address:corrected": N_("The flat or entrance was corrected"),
    "crm:campaign:asked": N_("A dry run of a campaign was asked for"),
    "crm:campaign:change": N_("A counted campaign is a draft again"),
    "crm:campaign:changed": N_("A campaign was changed"),
    "crm:campaign:count": N_("A campaign was counted"),
    "crm:campaign:drafted": N_("A campaign was drafted"),
    "crm:campaign:finish": N_("A campaign ended"),
    "crm:campaign:halt": N_("A campaign was paused by the program"),
    "crm:campaign:launch": N_("A campaign was launched"),
    "crm:campaign:pause": N_("A campaign was paused"),
    "crm:campaign:resume": N_("A campaign goes on"),
    "crm:campaign:stop": N_("A campaign was stopped for good"),
    "crm:consent:given": N_("A consent was given"),
    "crm:consent:withdrawn": N_("A consent was withdrawn"),
    "crm:contact:added": N_("A contact was added"),
    "crm:contact:changed": N_("A contact was changed"),
    "crm:contact:removed": N_("A contact was taken off"),
    "crm:contact:revealed": N_("A contact was looked at"),
    "crm:contract:signed": N_("The contract was signed"),
    "crm:contract:corrected": N_("The contract was corrected"),
    "crm:contract:active": N_("The contract is active"),
    "crm:contract:notice": N_("Notice was given: the contract ends on {ends_on}"),
    "crm:contract:terminated": N_("The contract was terminated on {ends_on}"),
    "crm:contract:archive": N_("The contract went into the archive"),
    "crm:conversation:begun": N_("A conversation is recorded; the subscriber was told of it"),
    "crm:conversation:empty": N_("A recording without any sound ended"),
    "crm:conversation:erased": N_("A recording was deleted: its term was over"),
    "crm:conversation:example": N_("A conversation was marked as an example"),
    "crm:conversation:notice": N_("A notice was set that is played before recordings"),
    "crm:conversation:notice_off": N_("The notice before recordings was taken off"),
    "crm:conversation:heard": N_("A conversation was listened to"),
    "crm:conversation:kept": N_("A conversation was recorded"),
    "crm:conversation:placed": N_("A conversation was put on account {account}"),
    "crm:conversation:registered": N_("A recorded conversation was registered"),
    "crm:conversation:rule": N_("Conversations are kept for {days} days"),
    "crm:conversation:tied": N_("It was set what a conversation is tied to"),
    "crm:quality:agree": N_("The card of quality was agreed to"),
    "crm:quality:appeal": N_("The card of quality was appealed"),
    "crm:quality:change": N_("After the appeal the card was judged anew"),
    "crm:quality:drawn": N_("A sample of {conversations} conversations was drawn"),
    "crm:quality:judged": N_("A conversation was judged: {score} points"),
    "crm:quality:rescored": N_("The card has {score} points now"),
    "crm:quality:uphold": N_("After the appeal the card stays as it is"),
    "crm:equipment:given": N_("A device was given out"),
    "crm:equipment:changed": N_("A device was corrected"),
    "crm:equipment:returned": N_("A device came back on {on}"),
    "crm:identity:confirmed": N_("Who asks was made sure of: level {level}"),
    "crm:identity:ended": N_("The conversation was over: no level is confirmed any more"),
    "crm:identity:lapsed": N_("Done at level {had} though level {needed} is needed"),
    "crm:identity:rule": N_("It was set how strictly identity is asked for"),
    "crm:identity:written": N_("The identity document was written down"),
    "crm:identity:revealed": N_("The identity document was looked at"),
    "crm:note:added": N_("A note"),
    "crm:message:written": N_("A message was written"),
    "crm:hold:set": N_("It was noted why a subscriber is not to be turned to"),
    "crm:hold:lifted": N_("A subscriber may be turned to again"),
    "crm:template:worded": N_("The words of a message template were set"),
    "crm:measure:set": N_("Hours and measure of messages were set"),
    "crm:survey:sent": N_("A survey was sent"),
    "crm:survey:given": N_("A survey was given"),
    "crm:survey:ended": N_("Surveys were finished: {surveys}"),
    "crm:survey:set": N_("It was set whom the survey asks"),
    "crm:request:taken": N_("Request {number} was registered"),
    "crm:request:repeated": N_("The client turned to us about the same again"),
    "crm:request:filed": N_("Files of a letter were kept: {files}"),
    "crm:request:file_opened": N_("A file of a request was opened"),
    "crm:request:escalated": N_("The head was told that nobody deals with a request"),
    "crm:request:passed": N_("A request was passed on"),
    "crm:request:classified": N_("The topic of a request was set"),
    "crm:request:noted": N_("A note on a request"),
    "crm:request:planned": N_("What is next on a request was set"),
    "crm:request:linked": N_("A request was linked"),
    "crm:request:named": N_("It was named whose a request is"),
    "crm:request:rated": N_("An answer was rated: {rating} of 5"),
    "crm:request:classify": N_("A request was put into the queue"),
    "crm:request:take": N_("A request was taken to work"),
    "crm:request:wait_client": N_("A request waits for the client"),
    "crm:request:wait_tech": N_("A request waits for colleagues"),
    "crm:request:resume": N_("Work on a request goes on"),
    "crm:request:resolve": N_("A request was answered"),
    "crm:request:reopen": N_("A request was taken up again"),
    "crm:request:join": N_("A request was joined to another"),
    "crm:request:drop": N_("A request was dropped"),
    "crm:request:rate": N_("The client rated an answer"),
    "crm:request:closed": N_("Answered requests were closed: {requests}"),
    "crm:request:warned": N_("Requests nearly late were marked: {requests}"),
    "crm:request_alarms:set": N_("It was set who is told of requests nobody deals with"),
    "crm:morning:set": N_("It was set who gets the morning report"),
    "crm:hours:set": N_("Working hours were set"),
    "crm:note:changed": N_("A note was changed"),
    "crm:note:removed": N_("A note was taken off"),
    "crm:owner:changed": N_("Another owner by act {act}: contract {contract}"),
    "crm:scan:added": N_("A scan was added"),
    "crm:scan:opened": N_("A scan was looked at"),
    "crm:scan:removed": N_("A scan was deleted"),
    "crm:subscriber:added": N_("The subscriber was written down"),
    "crm:subscriber:corrected": N_("The subscriber's particulars were corrected"),
    "billing:agreement:made": N_("An agreement about payments from outside was made"),
    "billing:agreement:changed": N_("An agreement about payments from outside was changed"),
    "billing:agreement:key_set": N_("The key of an agreement was set"),
    "billing:agreement:password_set": N_("The password of an agreement was set"),
    "billing:cash:moved": N_("Cash was put in or handed over"),
    "billing:cash_desk:set": N_("A cash desk was set up"),
    "billing:cash_shift:opened": N_("Shift {no} was opened"),
    "billing:cash_shift:counted": N_("The drawer was counted"),
    "billing:cash_shift:resumed": N_("The shift went on after the count"),
    "billing:cash_shift:closed": N_("The shift was closed"),
    "billing:closing:set": N_("Who closes days was set"),
    "billing:day:closed": N_("The business day was closed"),
    "billing:day:closing_asked": N_("The closing of the day was asked for"),
    "billing:debts:imported": N_("Debts were imported: {rows}"),
    "billing:calendar:set": N_("The days off of a year were set"),
    "billing:calendar:day_set": N_("A day off was set"),
    "billing:documents:asked": N_("The issue of documents of companies was asked for"),
    "billing:document:issued": N_("Document {no} was issued"),
    "billing:document:sent": N_("A document was sent"),
    "billing:fiscal:retried": N_("A fiscal receipt was sent again"),
    "billing:import:begun": N_("A file was being taken in by the command line"),
    "billing:import:ended": N_("A file was taken in by the command line"),
    "billing:installation:begun": N_("The books were begun"),
    "billing:legal_entity:changed": N_("The requisites of a company of ours were changed"),
    "billing:legal_entity:named": N_("A company of ours was named"),
    "billing:office:set": N_("An office was set up"),
    "billing:outage:compensated": N_("An outage was compensated"),
    "billing:outside_file:received": N_("A file of payments came in"),
    "billing:outside_file:asked": N_("The taking of a file of payments was asked for"),
    "billing:outside_file:taken": N_("A file of payments was taken"),
    "billing:outside_file:dropped": N_("A file of payments was dropped"),
    "billing:payer_rule:made": N_("A payer was tied to an account"),
    "billing:payer_rule:forgotten": N_("A payer was untied from an account"),
    "billing:payers:erased": N_("Names of payers were erased"),
    "billing:policy:changed": N_("The policy was changed"),
    "billing:tax:set": N_("A tax rate was set"),
    "billing:tariff:described": N_("A tariff was described anew"),
    "billing:tariff:reopened": N_("A tariff came back from the archive"),
    "billing:payments:imported": N_("Payments were imported: {rows}"),
    "billing:tariff:created": N_("A tariff was made: {fee:money}"),
    "billing:tariff:priced": N_("A tariff costs {fee:money} from {from}"),
    "billing:tariff:archived": N_("A tariff went into the archive"),
    "billing:terminal:contradicted": N_("A terminal contradicted itself about a payment"),
    "crm:article:confirmed": N_("An article was found still true until {until}"),
    "crm:article:draft_dropped": N_("A draft of an article was thrown away"),
    "crm:article:drafted": N_("A draft of an article was written"),
    "crm:article:made": N_("A new article was begun: {title}"),
    "crm:article:published": N_("An article was published, version {no}"),
    "crm:article:read": N_("An article was read"),
    "crm:article:voted": N_("It was said whether an article helped"),
    "crm:article:withdrawn": N_("An article went into the archive: {why}"),
    "crm:building:described": N_("A building was described"),
    "crm:contact:confirmed": N_("A contact was confirmed"),
    "crm:document_contact:set": N_("The contact for documents was set"),
    "crm:entrance:described": N_("An entrance was described"),
    "crm:number_plan:set": N_("The numbering of contracts was set"),
    "crm:script:begun": N_("A conversation by a script was begun"),
    "crm:script:changed": N_("A draft of a script was changed"),
    "crm:script:draft_dropped": N_("A draft of a script was thrown away"),
    "crm:script:drafted": N_("A draft of a script was begun"),
    "crm:script:ended": N_("A conversation by a script ended"),
    "crm:script:made": N_("A new script was begun: {title}"),
    "crm:script:published": N_("A script was published, version {no}"),
    "crm:script:restored": N_("A script that was withdrawn is begun again"),
    "crm:script:withdrawn": N_("A script was withdrawn: {why}"),
    "crm:subscribers:imported": N_("Subscribers were imported: {rows}"),
    "desk:bulk:asked": N_("A change of many rows was asked for"),
    "desk:export:asked": N_("A file of a register was asked for"),
    "desk:task:stopped": N_("A task was stopped"),
    "desk:view:saved": N_("A view of a register was saved"),
    "desk:view:deleted": N_("A view of a register was deleted"),
    "kernel:audit_personal:erased": N_("Personal values of the audit were erased: {rows}"),
    "kernel:legal_rule:added": N_("A rule of law was added"),
    "kernel:legal_rule:checked": N_("A rule of law was checked"),
    "portal:contract:password": N_("The portal's password was set"),
    "portal:contract:sign_in": N_("Signed in on the portal"),
    "portal:contract:sign_out": N_("Signed out of the portal"),
    "portal:contract:sign_out_everywhere": N_("Signed out of the portal everywhere"),
    "portal:payment:begun": N_("A payment on the portal was begun"),
    "web:absence:set": N_("It was set when a person is away"),
    "web:absence:off": N_("An absence was called off"),
    "web:recovery_code:renew": N_("Fresh recovery codes were made"),
    "web:recovery_code:use": N_("A recovery code was used"),
    "web:role:add": N_("The role “{name}” was made"),
    "web:role:change": N_("The role “{name}” was changed"),
    "web:role:delete": N_("A role was deleted"),
    "web:second_factor:on": N_("The second factor was turned on"),
    "web:second_factor:off": N_("The second factor was taken away"),
    "web:session:revoke": N_("A session was ended"),
    "web:session:revoke_all": N_("Sessions were ended: {sessions}"),
    "web:token:create": N_("An API token was made"),
    "web:token:revoke": N_("An API token was revoked"),
    "web:user:add": N_("A person was added to the staff"),
    "web:user:change": N_("A person of the staff was changed"),
    "web:user:activate": N_("A person of the staff was unlocked"),
    "web:user:deactivate": N_("A person of the staff was locked"),
    "web:user:password": N_("The password was changed"),
    "web:user:sign_in": N_("Signed in"),
    "web:user:sign_out": N_("Signed out"),
}
"""What was done, by the action of the audit; a new use case adds its sentence here."""

_WHO = {
    "system": N_("the automaton"),
    "demo": N_("the demonstration"),
    "cli": N_("the command line"),
}
_KINDS = {"token": N_("a program"), "import": N_("an import"), "subscriber": N_("a subscriber")}
_FIELDS = {
    "account": N_("account"),
    "act": N_("act"),
    "active": N_("active"),
    "agreement": N_("agreement on payments"),
    "amount": N_("amount"),
    "balance": N_("balance"),
    "bic": N_("BIC"),
    "channel": N_("channel"),
    "code": N_("code"),
    "comment": N_("comment"),
    "confirmed": N_("confirmed"),
    "contact": N_("contact"),
    "contract": N_("contract"),
    "counted": N_("counted"),
    "day": N_("day"),
    "deposit": N_("deposit"),
    "difference": N_("difference"),
    "districts": N_("districts"),
    "ends_on": N_("ends on"),
    "expected": N_("should be in the drawer"),
    "external_id": N_("number of the payment outside"),
    "fee": N_("fee"),
    "fields": N_("corrected"),
    "from": N_("from"),
    "handed_in": N_("handed in"),
    "inn": N_("INN"),
    "kind": N_("kind"),
    "left": N_("left in the drawer"),
    "limit": N_("limit"),
    "login": N_("login"),
    "main": N_("main"),
    "matched": N_("account found"),
    "mode": N_("mode"),
    "moved_to": N_("people moved to the role"),
    "name": N_("name"),
    "no": N_("number"),
    "number": N_("number"),
    "offer": N_("offer"),
    "office": N_("office"),
    "office_id": N_("office"),
    "on": N_("as of"),
    "outcome": N_("outcome"),
    "people": N_("people"),
    "pinned": N_("pinned"),
    "purpose": N_("purpose"),
    "reason": N_("reason"),
    "refunded": N_("paid back"),
    "rejected": N_("Not taken"),
    "rights": N_("rights"),
    "role": N_("role"),
    "rows": N_("rows"),
    "script": N_("script"),
    "second_factor": N_("second factor"),
    "session": N_("session"),
    "sessions": N_("sessions"),
    "sha256": N_("digest of the file"),
    "since": N_("since"),
    "size": N_("size, bytes"),
    "source": N_("source"),
    "starts_on": N_("starts on"),
    "state": N_("state"),
    "subscriber": N_("subscriber"),
    "taken": N_("Taken rows"),
    "tariff": N_("tariff"),
    "text": N_("text (its hash)"),
    "title": N_("title"),
    "to": N_("up to but not including"),
    "unchanged": N_("Known before"),
    "unmatched": N_("account not found"),
    "until": N_("up to but not including"),
    "version": N_("version"),
    "what": N_("what"),
    "why": N_("why"),
    "year": N_("year"),
}
_MONEY = frozenset(
    {"amount", "balance", "counted", "deposit", "difference", "expected", "fee", "handed_in"}
    | {"left", "limit", "refunded"}
)

Names: TypeAlias = Mapping[str, Mapping[str, str]]
"""By field, the names (English message ids where they are ours) of its codes."""
NOTHING_NAMED: Names = {}


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after, in words; empty where it had no value."""

    field: str
    was: str
    is_: str

    def __str__(self) -> str:
        if self.was and self.is_:
            return f"{self.field}: {self.was} → {self.is_}"
        return f"{self.field}: {self.is_ or self.was}"


def told(action: str, after: Any) -> str:
    """Return what was done in a sentence of the reader's language; the code where none is known."""
    posted = _POSTED.fullmatch(action)
    if posted and posted[1] in set(Kind):
        return _("Posted: {what}", what=kind_name(Kind(posted[1])))
    sentence = SENTENCES.get(action)
    if sentence is None:
        return action
    values = after if isinstance(after, Mapping) else {}
    return _(sentence, **{name: read_value(value) for name, value in values.items()})


def read_value(value: Any) -> Any:
    """A day stands in the audit as a text; the reader's language writes it its own way."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def who_did(kind: str, actor_id: str, name: str | None) -> str:
    """Return an actor in words: a person by name, the automaton and the like by what they are."""
    if name:
        return name
    if actor_id in _WHO:
        return _(_WHO[actor_id])
    return f"{_(_KINDS[kind])} {actor_id}" if kind in _KINDS else actor_id


def changes(before: Any, after: Any, names: Names = NOTHING_NAMED) -> list[Change]:
    """Return every field that a row of the audit names, before and after; equal values are left out.

    `names` gives, by field, the names of codes.
    """
    was = before if isinstance(before, Mapping) else {"value": before}
    became = after if isinstance(after, Mapping) else {"value": after}
    found = []
    for name in {**was, **became}:
        old, new = was.get(name), became.get(name)
        if old == new:
            continue
        label = _(_FIELDS[name]) if name in _FIELDS else name
        known = names.get(name, {})
        was_, is_ = (_(known[str(v)]) if str(v) in known else _written(name, v) for v in (old, new))
        found.append(Change(label, was_, is_))
    return [change for change in found if change.was or change.is_]


def _written(name: str, value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return format_money(value, current_language()) if name in _MONEY else str(value)
    if isinstance(value, list):
        return ", ".join(name_of_right(one) if name == "rights" else str(one) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_written(key, one)}" for key, one in value.items())
    read = read_value(value)
    return _("{day}", day=read) if isinstance(read, date) else str(value)
