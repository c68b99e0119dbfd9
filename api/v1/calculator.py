"""For anybody, without a name: what is on offer, and what a loan would cost."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from api.deps import Session, throttled
from kit import documents
from onboarding import products
from onboarding.products import Body as ProductBody
from servicing import quotes
from servicing.fields import InvalidTerms
from servicing.jurisdictions import caps

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
_BODY = {
    "required": True,
    "content": {"application/json": {"schema": {"type": "object", "example": _EXAMPLE}}},
}


async def _document(request: Request) -> Any:
    """As the command reads it: a number keeps its digits, and no key stands twice."""
    try:
        return documents.read(await request.body())
    except documents.Unreadable as error:
        raise InvalidTerms(field=error.key or "input", reason=str(error)) from None


class ProductShown(ProductBody):
    """The whole entry of the newest version (docs/products.md)."""

    version: int


@router.get("/products", response_model=list[ProductShown])
async def list_products(session: Session) -> list[ProductShown]:
    return [
        ProductShown(version=product.version, **product.body.model_dump())
        for product in await products.active(session)
    ]


@router.post("/quote", dependencies=[Depends(throttled)], openapi_extra={"requestBody": _BODY})
def create_quote(terms: Annotated[Any, Depends(_document)]) -> dict[str, Any]:
    """Schedule, totals and APR of loan terms: what `kopa quote --json` answers. Stores nothing."""
    # A plain function: the arithmetic of a long schedule runs beside the event loop.
    return quotes.as_document(caps.quote(terms))
