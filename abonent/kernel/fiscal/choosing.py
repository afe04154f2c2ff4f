"""Which cash register the installation has, by its settings."""

from __future__ import annotations

from abonent.kernel.fiscal.atol import AtolOnline
from abonent.kernel.fiscal.files import FileRegister
from abonent.kernel.fiscal.receipts import CashRegister
from abonent.kernel.settings import Settings


def cash_register(settings: Settings) -> CashRegister:
    """Answer the cash register of ABONENT_FISCAL.

    With "none" no new receipts are owed; those owed before are written into files, so that nothing
    is lost without a trace.
    """
    if settings.fiscal == "atol" and settings.fiscal_url is not None:
        return AtolOnline(settings.fiscal_url.get_secret_value())
    return FileRegister(settings.home / "fiscal")
