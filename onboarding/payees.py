"""Whose account a loan is paid to: servicing knows no names, and a bank wants one."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from onboarding import guarantees, merchants, products
from onboarding.models import Application
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
