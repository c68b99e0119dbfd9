"""The product file: read, held to the law of each product's place, kept as versions."""

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import lock_key
from kit.money import Money
from onboarding import calculator, products, steps
from onboarding.models import ProductVersion
from onboarding.products import Body, LoanProduct
from servicing.fields import InvalidTerms
from servicing.jurisdictions.caps import CapPassed


def read(path: Path) -> list[dict[str, Any]]:
    # Each program reads it before it is ready: the loader written in C takes a tenth of the time.
    document = yaml.load(path.read_text(), yaml.CSafeLoader)
    return [Body.model_validate(body).model_dump(mode="json") for body in document["products"]]


async def load(session: AsyncSession, path: Path, *, now: datetime) -> None:
    """Bring the database to the file: a body that changed becomes the next version."""
    await lock_key(session, "products")
    for body in read(path):
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        digests = await products.digests(session, body["code"])
        newest = max(digests, default=0)
        if digests.get(newest) != digest:
            version = newest + 1
            check(LoanProduct(version, Body.model_validate(body)), now.date())
            session.add(
                ProductVersion(
                    code=body["code"],
                    version=version,
                    body=body,
                    body_sha256=digest,
                    created_at=now,
                )
            )
    await session.flush()


def check(product: LoanProduct, on: date) -> None:
    """Raise CapPassed when a loan of the product that is paid out on `on` could pass a cap."""
    if product.body.jurisdiction is None:
        raise InvalidTerms(field=f"{product.code}.jurisdiction", reason="is missing")
    if taken := [each.code for each in product.body.questions if each.code in steps.BY_NAME]:
        raise InvalidTerms(field=f"{product.code}.questions", reason=f"{taken[0]} is asked anyway")
    for term in product.terms:
        for amount in edges(product):
            try:
                calculator.quote(product, amount, term, on)
            except CapPassed as passed:
                field = f"{product.code}.{passed.params['field']}"
                raise CapPassed(**{**passed.params, "field": field}) from None


def edges(product: LoanProduct) -> Iterator[Money]:
    """Where the cost is at its worst: fixed fees weigh most on the least amount of each cap."""
    least, most = product.bound("min"), product.bound("max")
    step = product.bound("step")
    yield from (least, product.bound("default"), most)
    place = product.place
    for regime in place.pack.regimes if place else ():
        if regime.amount_max_minor is not None:
            edge = product.floor_to_step(Money(regime.amount_max_minor, product.currency))
            yield from (each for each in (edge, edge + step) if least <= each <= most)
