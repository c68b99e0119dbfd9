"""The rails that the settings name."""

from kit.clock import Clock
from kit.config import Settings
from servicing.rails import wallet
from servicing.rails.base import Rails
from servicing.rails.iso20022.orders import Account, Payer
from servicing.rails.iso20022.rail import Iso20022Rail


def rails(settings: Settings, clock: Clock) -> Rails:
    if settings.rail == "wallet":
        return Rails((wallet.of(settings),))
    payer = Payer(
        settings.lender_name,
        Account(settings.rail_account.replace(" ", ""), settings.rail_bic or None),
    )
    assert settings.rail_folder is not None, "checked before the start"
    return Rails((Iso20022Rail(settings.rail_folder, payer, zone=settings.timezone, clock=clock),))
