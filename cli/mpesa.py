"""`kopa mpesa register`: tell M-Pesa where payments to our number are announced."""

import asyncio

import click

from cli import preflight
from kit.clock import SystemClock
from kit.config import Settings
from servicing.rails.mpesa import rail
from servicing.rails.mpesa.daraja import NoAnswer, NotSent


@click.group()
def mpesa() -> None:
    """The rail of M-Pesa."""


@mpesa.command()
def register() -> None:
    """Once for each number, and again when KOPA_PUBLIC_URL or the callback secret has changed."""
    settings = Settings()
    preflight.check_mpesa(settings)
    asyncio.run(_register(settings))
    click.echo(f"payments to {settings.mpesa_shortcode} are announced at {settings.base_url}")


async def _register(settings: Settings) -> None:
    ours = rail.of(settings, SystemClock())
    try:
        await ours.register()
    except (NotSent, NoAnswer) as why:
        raise click.ClickException(f"Daraja did not take it: {why}") from None
    finally:
        await ours.close()
