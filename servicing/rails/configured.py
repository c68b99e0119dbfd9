"""The rails that the settings name."""

from collections.abc import Callable

from kit.clock import Clock
from kit.config import Settings
from servicing.rails import telegram, wallet
from servicing.rails.base import Rail, Rails
from servicing.rails.gsma import rail as gsma
from servicing.rails.iso20022.orders import Account, Payer
from servicing.rails.iso20022.rail import Iso20022Rail
from servicing.rails.mpesa import rail as mpesa


def rails(settings: Settings, clock: Clock) -> Rails:
    return Rails(tuple(_MADE_BY[name](settings, clock) for name in names(settings)))


def names(settings: Settings) -> list[str]:
    """The main one first, then every other one that the settings speak of."""
    return [settings.rail, *(name for name in spoken_of(settings) if name != settings.rail)]


def spoken_of(settings: Settings) -> list[str]:
    """Rails of which at least the first setting is there."""
    first = {
        "wallet": settings.rail_base_url,
        "iso20022": settings.rail_folder,
        "gsma": settings.gsma_base_url,
        "mpesa": settings.mpesa_consumer_key.get_secret_value(),
        telegram.NAME: settings.telegram_payment_provider_token.get_secret_value(),
    }
    return [name for name, is_set in first.items() if is_set]


def _wallet(settings: Settings, clock: Clock) -> Rail:
    return wallet.of(settings)


def _bank(settings: Settings, clock: Clock) -> Rail:
    payer = Payer(
        settings.lender_name,
        Account(settings.rail_account.replace(" ", ""), settings.rail_bic or None),
    )
    assert settings.rail_folder is not None, "checked before the start"
    return Iso20022Rail(settings.rail_folder, payer, zone=settings.timezone, clock=clock)


_MADE_BY: dict[str, Callable[[Settings, Clock], Rail]] = {
    "wallet": _wallet,
    "iso20022": _bank,
    "gsma": gsma.of,
    "mpesa": mpesa.of,
    telegram.NAME: telegram.of,
}
