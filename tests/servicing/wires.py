"""The wallet rail of the product, pointed at whatever a test serves."""

from typing import Any

from servicing.rails.wallet import WalletRail
from tests.sandbox.serving import RAIL_KEY, RAIL_SECRET


def wallet_rail(base: str, callback_url: str = "", **changed: Any) -> WalletRail:
    given: dict[str, Any] = {
        "api_key": RAIL_KEY,
        "webhook_secret": RAIL_SECRET,
        "timeout_seconds": 1.0,
    }
    return WalletRail(base, callback_url=callback_url, **(given | changed))
