"""Loan products: data in a YAML file, kept as versions in the database."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import lock_key
from kit.errors import DomainError, Kind
from kit.money import Money
from onboarding.models import ProductVersion


class ProductNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "product_not_found"


class TermNotOffered(DomainError):
    code = "term_not_offered"


class AmountNotOffered(DomainError):
    """`least` and `most` are decimal strings in major units."""

    code = "amount_not_offered"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TermOption(_Strict):
    installments: int
    frequency: Literal["day", "week", "month"]
    every: int = 1

    @property
    def days(self) -> int:
        """About how long it takes, a month counted as 30 days."""
        return self.installments * self.every * {"day": 1, "week": 7, "month": 30}[self.frequency]


class AmountRange(_Strict):
    min: str
    max: str
    step: str
    default: str


class _Body(_Strict):
    code: str
    currency: str
    amount: AmountRange
    terms: dict[str, TermOption]
    default_term: str
    loan: dict[str, Any]
    """Keys of the loan terms that every loan of the product shares."""
    rules: dict[str, Any]
    """How the loan is serviced: late fee and days of grace."""
    offer_valid_days: int


@dataclass(frozen=True)
class LoanProduct:
    version: int
    body: _Body

    @property
    def code(self) -> str:
        return self.body.code

    @property
    def currency(self) -> str:
        return self.body.currency

    @property
    def terms(self) -> dict[str, TermOption]:
        return self.body.terms

    def term(self, code: str) -> TermOption:
        if code not in self.body.terms:
            raise TermNotOffered(term=code[:10])
        return self.body.terms[code]

    def bound(self, name: Literal["min", "max", "step", "default"]) -> Money:
        return Money.parse(getattr(self.body.amount, name), self.currency)

    def check_amount(self, amount: Money) -> Money:
        least, most = self.bound("min"), self.bound("max")
        if amount.currency != self.currency or not least <= amount <= most:
            raise AmountNotOffered(least=least.major, most=most.major, currency=self.currency)
        return amount

    def floor_to_step(self, amount: Money) -> Money:
        step = self.bound("step").minor
        return Money(amount.minor // step * step, self.currency)


def read(path: Path) -> list[dict[str, Any]]:
    return [
        _Body.model_validate(body).model_dump()
        for body in yaml.safe_load(path.read_text())["products"]
    ]


async def load(session: AsyncSession, path: Path, *, now: datetime) -> None:
    """Bring the database to the file: a body that changed becomes the next version."""
    await lock_key(session, "products")
    for body in read(path):
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        newest = await _newest(session, body["code"])
        if newest is None or newest.body_sha256 != digest:
            session.add(
                ProductVersion(
                    code=body["code"],
                    version=newest.version + 1 if newest else 1,
                    body=body,
                    body_sha256=digest,
                    created_at=now,
                )
            )
    await session.flush()


async def active(session: AsyncSession) -> Sequence[LoanProduct]:
    """The newest version of every product, in the order in which they were first offered."""
    first = await session.scalars(
        select(ProductVersion.code).where(ProductVersion.version == 1).order_by(ProductVersion.id)
    )
    order = {code: n for n, code in enumerate(first)}
    newest = (
        select(ProductVersion.code, func.max(ProductVersion.version).label("version"))
        .group_by(ProductVersion.code)
        .subquery()
    )
    rows = await session.scalars(
        select(ProductVersion).join(
            newest,
            (ProductVersion.code == newest.c.code) & (ProductVersion.version == newest.c.version),
        )
    )
    return [product_of(row) for row in sorted(rows, key=lambda row: order[row.code])]


async def get(session: AsyncSession, code: str, version: int | None = None) -> LoanProduct:
    row = (
        await _newest(session, code)
        if version is None
        else await session.scalar(
            select(ProductVersion).where(
                ProductVersion.code == code, ProductVersion.version == version
            )
        )
    )
    if row is None:
        raise ProductNotFound(product=code[:40])
    return product_of(row)


async def _newest(session: AsyncSession, code: str) -> ProductVersion | None:
    found: ProductVersion | None = await session.scalar(
        select(ProductVersion)
        .where(ProductVersion.code == code)
        .order_by(ProductVersion.version.desc())
        .limit(1)
    )
    return found


def product_of(row: ProductVersion) -> LoanProduct:
    if row.body_sha256 not in _read:
        _read[row.body_sha256] = _Body.model_validate(row.body)
    return LoanProduct(version=row.version, body=_read[row.body_sha256])


_read: dict[str, _Body] = {}
"""Bodies by their hash: they never change, and every update of the bot needs one."""
