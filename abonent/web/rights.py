"""Every right of the product by name, with what it lets one do: roles are made of these."""

from __future__ import annotations

from abonent.kernel.i18n import N_

RIGHTS: dict[str, str] = {
    "desk.open": N_("Work at the desk"),
    "crm.subscriber.view": N_("See subscribers"),
    "crm.subscriber.edit": N_("Change subscribers"),
    "billing.account.view": N_("See accounts and their money"),
    "billing.account.edit": N_("Open and change accounts"),
    "billing.payment.take": N_("Take payments"),
    "billing.payment.reverse": N_("Void payments"),
    "billing.refund.give": N_("Pay money back"),
    "billing.promise.give": N_("Give promised payments"),
    "billing.promise.override": N_("Give promised payments against the rules"),
    "billing.tariff.view": N_("See tariffs"),
    "billing.tariff.change": N_("Change an account's tariff"),
    "billing.tariff.edit": N_("Make and change tariffs"),
    "billing.service.edit": N_("Add and end services"),
    "billing.freeze.set": N_("Set freezes"),
    "billing.freeze.override": N_("Set freezes against the rules"),
    "billing.discount.grant": N_("Grant discounts"),
    "billing.bonus.give": N_("Give bonuses"),
    "billing.credit.set": N_("Set credit limits"),
    "billing.fee.charge": N_("Charge fees"),
    "billing.correct": N_("Recalculate"),
    "billing.compensate": N_("Compensate for outages"),
    "billing.entity.edit": N_("Change the provider's own companies"),
    "billing.day.view": N_("See the operating day"),
    "billing.day.close": N_("Close the operating day"),
    "billing.report.view": N_("See reports"),
    "billing.verify": N_("Prove the books"),
    "kernel.audit.view": N_("See the audit"),
}
