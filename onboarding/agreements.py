"""Accepting an offer: the key facts are signed with a one-time code and kept with their hash."""

import hashlib
import json
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.crypto import person_key, vault_of
from kit.errors import DomainError, Kind
from kyc.screening import hits
from onboarding import calculator, codes, dossiers, guarantees, merchants, offers
from onboarding.calculator import KeyFacts
from onboarding.dossiers import Dossier
from onboarding.models import Agreement, Application, Borrower
from onboarding.products import LoanProduct
from onboarding.states import APPLICATION, ApplicationEvent
from scoring import queries as decision_queries
from servicing import origination


class LoanLookedAt(DomainError):
    """A person has to look at something before the loan can start; the offer stays as it is."""

    kind = Kind.CONFLICT
    code = "loan_looked_at"


def sha256_of(key_facts: dict[str, Any]) -> str:
    canonical = json.dumps(key_facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


async def request_code(
    session: AsyncSession, dossier: Dossier, *, on: date, now: datetime
) -> KeyFacts:
    """Send the code that signs the key facts that are returned: a loan paid out on `on`."""
    facts = _facts(dossier, on, now)
    await guarantees.require(session, dossier)
    await _require_no_hit(session, dossier)
    await codes.issue(session, vault_of(session), dossier.borrower, _purpose(facts), now=now)
    return facts


async def accept(
    session: AsyncSession, dossier: Dossier, *, code: str, on: date, now: datetime
) -> Dossier:
    """Sign with the code, open the loan and order its payout. A wrong code is a `problem`."""
    facts = _facts(dossier, on, now)
    await guarantees.require(session, dossier)
    await _require_no_hit(session, dossier)
    checked = await codes.check(
        session, vault_of(session), dossier.borrower, _purpose(facts), code, now=now
    )
    if isinstance(checked, DomainError):
        return dossier.with_problem(checked)
    application, borrower = dossier.draft, dossier.borrower
    stored = facts.to_json()
    agreement = Agreement(
        application_id=application.id,
        key_facts=stored,
        sha256=sha256_of(stored),
        locale=borrower.locale,
        code_id=checked.id,
        accepted_at=now,
    )
    session.add(agreement)
    actor = f"borrower:{borrower.id}"
    audit.move(
        session, APPLICATION, application, ApplicationEvent.ACCEPT, actor=actor, now=now,
        agreement_sha256=agreement.sha256,
    )  # fmt: skip
    application.version += 1
    await _open_loan(session, dossier, facts, on, now)
    return await dossiers.of(session, borrower)


async def _open_loan(
    session: AsyncSession, dossier: Dossier, facts: KeyFacts, on: date, now: datetime
) -> None:
    product = dossier.product
    assert product is not None
    decision = await decision_queries.find_latest(session, dossier.draft.id)
    agreed = calculator.terms_of(product, facts.principal, facts.term, on)
    await origination.open_loan(
        session,
        vault_of(session),
        application_id=dossier.draft.id,
        borrower_id=dossier.borrower.id,
        terms=agreed,
        rules=calculator.rules_of(product, agreed),
        account=await _account(session, dossier, product, now),
        pd_ppm=round(decision.pd * 1_000_000) if decision is not None else None,
        on=on,
        now=now,
    )


async def _account(
    session: AsyncSession, dossier: Dossier, product: LoanProduct, now: datetime
) -> str:
    """Where the money goes: to the borrower, or to the shop that sells them something."""
    shop = product.merchant_of(dossier.draft.answers)
    if shop is None:
        return await _wallet(session, dossier.borrower, dossier.draft, now)
    merchant = await merchants.get_active(session, shop)
    return await merchants.account_of(session, merchant, now=now)


async def _wallet(
    session: AsyncSession, borrower: Borrower, application: Application, now: datetime
) -> str:
    key = await person_key(session, vault_of(session), borrower.id, now=now)
    assert application.wallet_sealed is not None
    return key.open_text(f"applications.wallet_sealed.{application.id}", application.wallet_sealed)


async def _require_no_hit(session: AsyncSession, dossier: Dossier) -> None:
    """A list may have come after the offer was made. The borrower is not told which."""
    if not await hits.are_cleared(session, dossier.borrower.id):
        raise LoanLookedAt()


def _facts(dossier: Dossier, on: date, now: datetime) -> KeyFacts:
    offer, product = offers.current(dossier, now=now)
    return offers.key_facts(offer, product, on)


def _purpose(facts: KeyFacts) -> str:
    """The code signs these facts: after a change of amount, term or day a new one is needed."""
    return f"accept:{sha256_of(facts.to_json())}"
