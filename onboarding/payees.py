"""Whose account a loan is paid to, and what it is for: servicing knows neither by itself."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import person_key, vault_of
from onboarding import guarantees, merchants, products
from onboarding.models import Application, Borrower
from onboarding.saving import place
from servicing import rules as agreed_rules
from servicing.models import Loan
from servicing.orders import Payees


class KnownPayees(Payees):
    async def name_of(self, session: AsyncSession, loan: Loan, *, now: datetime) -> str:
        """The shop's, or the borrower's own."""
        application = await session.get(Application, loan.application_id)
        if application is not None and application.product is not None:
            product = await products.get(session, application.product, application.product_version)
            shop = product.merchant_of(application.answers)
            merchant = await merchants.find(session, shop) if shop is not None else None
            if merchant is not None:
                return merchant.name
        return await guarantees.name_of(session, loan.borrower_id, now=now)

    async def facts_of(
        self, session: AsyncSession, loan: Loan, *, now: datetime
    ) -> Mapping[str, str]:
        """As applied for. A loan that replaces others has no application: it takes their facts.

        The region is a keyed hash: pools count loans by it, and nobody can read it there.
        """
        country = agreed_rules.from_document(loan.rules).jurisdiction
        found = {"country": country.partition("/")[0] if country else None}
        application = await session.get(Application, loan.application_id)
        if application is not None:
            borrower = await session.get_one(Borrower, application.borrower_id)
            found |= {
                "product": application.product,
                "purpose": application.purpose,
                "employment": borrower.employment,
                "region": await _region(session, borrower, now=now),
            }
        return {name: value for name, value in found.items() if value}


async def _region(session: AsyncSession, borrower: Borrower, *, now: datetime) -> str | None:
    if borrower.region_sealed is None:
        return None
    vault = vault_of(session)
    key = await person_key(session, vault, borrower.id, now=now)
    region = key.open_text(place("region_sealed", borrower), borrower.region_sealed)
    return vault.blind_index("funded_loans.region", region.casefold())
