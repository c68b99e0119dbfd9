"""`kopa person`: what the lender does for somebody who wants to be forgotten."""

import asyncio
from datetime import date

import click
from sqlalchemy import select

import api.staff
from api import roles
from cli import documents
from cli.in_one_line import sentence
from kit import migrate
from kit.clock import SystemClock
from kit.config import Settings
from kit.crypto import open_vault
from kit.db import create_engine, sessions_of, unit_of_work
from kit.errors import DomainError
from kit.four_eyes import Proposal
from kyc import custody
from migrations.tables import load_models
from onboarding import erasure
from onboarding.models import Borrower

_SENTENCES = {
    "erasure_loan_owed": "a loan is still owed or on its way",
    "erasure_application_open": "an application is still open",
    "erasure_case_open": "a case is still open",
    "erasure_guarantee_stands": "they answer for somebody else's loan",
    "personal_data_erased": "they were erased before",
    "second_staff_needed": "another member of staff has to agree",
    "staff_not_found": "there is no staff account of this name",
}


@click.group()
def person() -> None:
    """What is known of one person."""


@person.command()
@click.argument("reference")
@click.option("--staff", "name", required=True, help="Who asks for it: two have to, one by one.")
@click.option("--reason", required=True, help="Kept in the audit trail, so name no person.")
def erase(reference: str, name: str, reason: str) -> None:
    """Destroy the key with which all that is known of borrower REFERENCE is sealed.

    Refused while a loan is owed, something is open, or the law keeps the records.
    """
    try:
        proposal = asyncio.run(_ask(Settings(), reference, name, reason))
    except DomainError as refused:
        if isinstance(refused, erasure.LawKeeps):
            until, law = refused.params["until"], refused.params["law"]
            assert isinstance(until, date)
            documents.refuse(f"the law keeps the records until {until.isoformat()}: {law}")
        documents.refuse(_SENTENCES.get(refused.code) or sentence(refused))
    if proposal.is_confirmed:
        click.echo(f"{reference} is forgotten. Backups made before still hold the key.")
    else:
        click.echo("Asked for. It is done when a second member of staff says the same.")


async def _ask(settings: Settings, reference: str, name: str, reason: str) -> Proposal:
    load_models()
    settings.var.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(migrate.upgrade, settings.url)
    engine = create_engine(settings.url)
    try:
        async with unit_of_work(sessions_of(engine, open_vault(settings))) as session:
            member = await api.staff.get(session, name)
            if member.disabled_at is not None or not roles.allows("erase_borrower", member.role):
                documents.refuse(f"{name} may not erase persons")
            borrower = await session.scalar(select(Borrower).where(Borrower.reference == reference))
            if borrower is None:
                documents.refuse(f"there is no borrower {reference}")
            return await erasure.ask(
                session,
                borrower.id,
                keeping=custody.retention(settings.country),
                staff_id=member.id,
                reason=reason,
                now=SystemClock().now(),
            )
    finally:
        await engine.dispose()
