"""`kopa sandbox`: the stand-ins as a program of its own, for a product that runs elsewhere."""

import click
from pydantic import SecretStr

from cli import sandboxed
from kit import log
from kit.clock import ShiftedClock
from kit.config import Settings
from sandbox.app import create_app
from sandbox.clock import ShiftedControl
from sandbox.server import LoopbackServer

_LEADING = {
    "TELEGRAM_BOT_TOKEN": "telegram_bot_token",
    "TELEGRAM_API_URL": "telegram_api_url",
    "TWILIO_ACCOUNT_SID": "twilio_account_sid",
    "TWILIO_AUTH_TOKEN": "twilio_auth_token",
    "TWILIO_FROM": "twilio_from",
    "TWILIO_API_URL": "twilio_api_url",
    "RAIL_BASE_URL": "rail_base_url",
    "RAIL_API_KEY": "rail_api_key",
    "RAIL_WEBHOOK_SECRET": "rail_webhook_secret",
    "RAIL": "rail",
    "GSMA_BASE_URL": "gsma_base_url",
    "GSMA_ACCOUNT": "gsma_account",
    "GSMA_API_KEY": "gsma_api_key",
    "GSMA_CALLBACK_SECRET": "gsma_callback_secret",
}


@click.command()
@click.option("--port", type=int, default=8100, show_default=True, help="Port to listen on.")
def sandbox(port: int) -> None:
    """Only the stand-ins for the outside world, on 127.0.0.1.

    The product is another program: KOPA_PUBLIC_URL says where the stand-ins reach it, and the
    printed variables lead it here.
    """
    settings = Settings()
    log.configure(settings.log_level)
    base = f"http://127.0.0.1:{port}/sandbox"
    # Time that moves here would not move in the product, so this clock stays true.
    clock = ShiftedClock()
    leading = sandboxed.settings_for(settings, base)
    app = create_app(sandboxed.config_for(leading), clock, ShiftedControl(clock))
    server = LoopbackServer(app, port=port)
    click.echo(f"\n  The phone   {base}/\n  The product {settings.base_url}\n")
    click.echo("\n".join(_variables(leading)))
    server.run()


def _variables(leading: Settings) -> list[str]:
    """What the product's programs need in their environment."""
    shown = []
    for name, field in _LEADING.items():
        value = getattr(leading, field)
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        if plain:
            shown.append(f"{name}={plain}")
    return shown
