"""`kopa gsma address`: where a mobile money provider is to announce payments to us."""

import click

from cli import preflight
from kit.config import Settings
from servicing.rails.gsma import rail


@click.group()
def gsma() -> None:
    """The rail of mobile money."""


@gsma.command()
def address() -> None:
    """Give it to the provider, and to nobody else. It changes with the callback secret."""
    settings = Settings()
    preflight.check_rail(settings, rail.NAME)
    click.echo(rail.incoming_address(settings))
