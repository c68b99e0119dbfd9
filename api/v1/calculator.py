"""For anybody, without a name: what is on offer, and what a loan would cost."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends

from api.deps import Session, throttled
from api.schemas import Shown
from onboarding import products
from onboarding.products import AmountRange, LoanProduct, TermOption
from servicing import quotes, terms

router = APIRouter(prefix="/v1", tags=["calculator"])

_EXAMPLE = {
    "principal": "30000",
    "currency": "KES",
    "annual_rate_percent": "36",
    "method": "declining",
    "frequency": "month",
    "installments": 6,
    "disbursed_on": "2026-11-20",
}


class ProductShown(Shown):
    code: str
    version: int
    currency: str
    amount: AmountRange
    terms: dict[str, TermOption]
    default_term: str
    loan: dict[str, Any]
    rules: dict[str, Any]

    @classmethod
    def of(cls, product: LoanProduct) -> "ProductShown":
        body = product.body
        return cls(
            code=body.code,
            version=product.version,
            currency=body.currency,
            amount=body.amount,
            terms=body.terms,
            default_term=body.default_term,
            loan=body.loan,
            rules=body.rules,
        )


@router.get("/products", response_model=list[ProductShown])
async def list_products(session: Session) -> list[ProductShown]:
    return [ProductShown.of(product) for product in await products.active(session)]


@router.post("/quote", dependencies=[Depends(throttled)])
def create_quote(
    body: Annotated[dict[str, Any], Body(examples=[_EXAMPLE])],
) -> dict[str, Any]:
    """Schedule, totals and APR of loan terms: what `kopa quote --json` answers. Stores nothing."""
    # A plain function: the arithmetic of a long schedule runs beside the event loop.
    return quotes.as_document(quotes.quote(terms.parse(body)))
