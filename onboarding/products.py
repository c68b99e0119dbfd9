"""Loan products: data, kept as versions in the database."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import DomainError, Kind
from kit.money import Money
from onboarding.models import ProductVersion
from onboarding.questions import Question, QuestionKind
from servicing.jurisdictions import packs
from servicing.jurisdictions.packs import Jurisdiction

ONCE = "once"
_PERCENT = re.compile(r"(\d{1,4})(?:\.(\d{1,2}))?", re.ASCII)
_DATED = re.compile(r"([a-z])(\d{8})", re.ASCII)


class ProductNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "product_not_found"


class TermNotOffered(DomainError):
    code = "term_not_offered"


class TermHasPassed(DomainError):
    """The day by which all was to be repaid is too near."""

    code = "term_has_passed"


class AmountNotOffered(DomainError):
    """`least` and `most` are decimal strings in major units."""

    code = "amount_not_offered"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TermOption(_Strict):
    installments: int
    frequency: Literal["day", "week", "month"]
    every: int = 1
    loan: dict[str, Any] = {}
    """Keys of the loan terms that differ from the product's."""
    until: date | None = None
    """All is repaid by this day: how many installments that makes is counted from the first day."""

    @property
    def days(self) -> int:
        """About how long it takes, a month counted as 30 days."""
        return self.installments * self.every * {"day": 1, "week": 7, "month": 30}[self.frequency]

    @property
    def rhythm(self) -> str:
        """How often something is paid: `once`, `week`, `month`, `week2` for every two weeks."""
        if self.installments == 1 or self.loan.get("interest_due") == "with_principal":
            return ONCE
        return self.frequency if self.every == 1 else f"{self.frequency}{self.every}"

    def starting(self, on: date) -> "TermOption":
        """The option as it is for a loan that is paid out on `on`; at least one period long."""
        if self.until is None:
            return self
        in_days = self.frequency == "day"
        months = (self.until.year - on.year) * 12 + self.until.month - on.month
        length = max((self.until - on).days if in_days else months, 1)
        change = {"every": length} if in_days else {"installments": length}
        return self.model_copy(update=change)


class AmountRange(_Strict):
    min: str
    max: str
    step: str
    default: str


class PriceBand(_Strict):
    """The yearly rate is decided for each borrower, between these two (docs/risk.md)."""

    from_percent: str
    to_percent: str

    @property
    def ends_bps(self) -> tuple[int, int]:
        return _bps(self.from_percent), _bps(self.to_percent)


class Eligibility(_Strict):
    """Whom the product is for. Nothing said: everybody."""

    employment: tuple[str, ...] = ()
    monthly_income_min: str | None = None


class Advance(_Strict):
    """The loan is at most this share of an amount that was answered."""

    of: str
    percent: int


class GuarantorRule(_Strict):
    """From this amount on, somebody answers for so much of the loan."""

    from_amount: str
    share_percent: int
    told_after_days: int = 7
    """How late an installment is when the guarantor hears of it."""


class GroupRule(_Strict):
    """For members of a group, who answer for each other's loans."""

    late_days: int
    """No new loan in the group while one is later than this."""


class Body(_Strict):
    code: str
    currency: str
    jurisdiction: str | None = None
    """Whose caps hold: `KE`, `CN/bank`. Versions from before places were named have none."""
    amount: AmountRange
    terms: dict[str, TermOption]
    default_term: str
    loan: dict[str, Any]
    """Keys of the loan terms that every loan of the product shares."""
    rules: dict[str, Any]
    """How the loan is serviced: late fee and days of grace."""
    offer_valid_days: int
    eligibility: Eligibility = Eligibility()
    questions: tuple[Question, ...] = ()
    until: str | None = None
    """The question whose answer, a day or a month, says when all is repaid."""
    advance: Advance | None = None
    purpose: str | None = None
    """What the money is for, when the product says it."""
    payout: Literal["borrower", "merchant"] = "borrower"
    guarantor: GuarantorRule | None = None
    group: GroupRule | None = None
    price_band: PriceBand | None = Field(default=None, exclude_if=lambda band: band is None)
    """Left out of the stored body where there is none: older products keep their hash."""

    @model_validator(mode="after")
    def _hangs_together(self) -> "Body":
        kinds = {question.code: question.kind for question in self.questions}
        if self.default_term not in self.terms:
            raise ValueError("default_term must be one of the terms")
        if self.until and kinds.get(self.until) not in (QuestionKind.DATE, QuestionKind.MONTH):
            raise ValueError("until must name a question for a day or a month")
        if self.advance and not self._can_advance(self.advance):
            raise ValueError("advance must name a question for an amount that is large enough")
        if (self.payout == "merchant") != (QuestionKind.MERCHANT in kinds.values()):
            raise ValueError("a payout to a merchant, and nothing else, asks for a merchant")
        if self.price_band is not None:
            self._holds_band(self.price_band)
        return self

    def _holds_band(self, band: PriceBand) -> None:
        least, most = band.ends_bps
        own = _bps(str(self.loan.get("annual_rate_percent", "")))
        if not least < most:
            raise ValueError("a price band begins below where it ends")
        if not least <= own <= most:
            raise ValueError("annual_rate_percent must lie in the price band")
        if any("annual_rate_percent" in term.loan for term in self.terms.values()):
            raise ValueError("a term has no rate of its own where the product has a price band")

    def _can_advance(self, advance: Advance) -> bool:
        """The smallest amount that can be answered still leads to a loan."""
        asked = next((each for each in self.questions if each.code == advance.of), None)
        if asked is None or asked.kind is not QuestionKind.AMOUNT:
            return False
        share = Money.parse(asked.limits[0], self.currency).minor * advance.percent // 100
        return share >= Money.parse(self.amount.min, self.currency).minor


@dataclass(frozen=True)
class LoanProduct:
    version: int
    body: Body

    @property
    def code(self) -> str:
        return self.body.code

    @property
    def currency(self) -> str:
        return self.body.currency

    @property
    def rates_bps(self) -> tuple[int, int]:
        """The lowest and the highest yearly rate at which it is lent, in basis points."""
        if self.body.price_band is not None:
            return self.body.price_band.ends_bps
        own = int(Fraction(str(self.body.loan.get("annual_rate_percent", "0"))) * 100)
        return own, own

    @property
    def has_one_price(self) -> bool:
        return self.body.price_band is None

    def at(self, rate_bps: int | None) -> "LoanProduct":
        """The product as one borrower gets it: at the rate that was decided, or at its own."""
        if rate_bps is None or self.has_one_price:
            return self
        loan = {**self.body.loan, "annual_rate_percent": _percent(rate_bps)}
        return replace(self, body=self.body.model_copy(update={"loan": loan}))

    @property
    def place(self) -> Jurisdiction | None:
        return packs.parse(self.body.jurisdiction) if self.body.jurisdiction else None

    @property
    def terms(self) -> dict[str, TermOption]:
        return self.body.terms

    @property
    def rhythms(self) -> list[str]:
        """How often something may be paid, in the order of the terms."""
        return list(dict.fromkeys(option.rhythm for option in self.terms.values()))

    def terms_in(self, rhythm: str | None) -> dict[str, TermOption]:
        """The terms in which something is paid that often; all of them before that is known."""
        return {
            code: option
            for code, option in self.terms.items()
            if rhythm is None or option.rhythm == rhythm
        }

    def as_long_as(self, code: str) -> list[str]:
        """The terms of the same rhythm that are not shorter. A harvest has its day."""
        option = self.term(code)
        if option.until is not None:
            return [code]
        others = self.terms_in(option.rhythm)
        return [each for each, other in others.items() if other.days >= option.days]

    def merchant_of(self, answers: Mapping[str, Any]) -> str | None:
        """The code of the shop that is paid; None when the borrower is."""
        if self.body.payout == "borrower":
            return None
        asked = (q.code for q in self.body.questions if q.kind is QuestionKind.MERCHANT)
        return str(answers[next(asked)])

    def term(self, code: str) -> TermOption:
        """An option by its code, or one until a day by the code that `term_until` gave it."""
        if code in self.terms:
            return self.terms[code]
        dated = _DATED.fullmatch(code) if self.body.until else None
        for option in self.terms.values():
            if dated is not None and option.rhythm.startswith(dated[1]):
                return option.model_copy(update={"until": _day(dated[2])})
        raise TermNotOffered(term=code[:10])

    def check_term(self, code: str, on: date) -> None:
        """Refuse a term that has no whole period left for a loan that is paid out on `on`."""
        until = self.term(code).until
        if until is not None and until <= on:
            raise TermHasPassed()

    def term_until(self, rhythm: str, answered: str) -> str:
        """The code of the term that ends on a day, or in the month after a harvest month."""
        year, month, *day = (int(part) for part in answered.split("-"))
        until = date(year, month, *day) if day else date(year + month // 12, month % 12 + 1, 1)
        return f"{rhythm[0]}{until:%Y%m%d}"

    def question(self, code: str) -> Question | None:
        return next((each for each in self.body.questions if each.code == code), None)

    def bound(self, name: Literal["min", "max", "step", "default"]) -> Money:
        return Money.parse(getattr(self.body.amount, name), self.currency)

    @property
    def most_on_top(self) -> Money:
        """How much a loan may grow to without a new application: as far as nobody else has to
        answer for it, and not at all where it is for one invoice or purchase."""
        most, rule = self.bound("max"), self.body.guarantor
        if self.body.payout == "merchant" or self.body.advance or self.body.group:
            return most.zero()
        if rule is None:
            return most
        alone = Money.parse(rule.from_amount, self.currency).minor - 1
        return Money(min(most.minor, alone), self.currency)

    def most(self, answers: Mapping[str, str]) -> Money:
        """The largest amount, given what was answered."""
        most, advance = self.bound("max"), self.body.advance
        if advance is None or advance.of not in answers:
            return most
        share = Money.parse(answers[advance.of], self.currency).minor * advance.percent // 100
        return Money(min(most.minor, share), self.currency)

    def check_amount(self, amount: Money, answers: Mapping[str, str] | None = None) -> Money:
        least, most = self.bound("min"), self.most(answers or {})
        if amount.currency != self.currency or not least <= amount <= most:
            raise AmountNotOffered(least=least.major, most=most.major, currency=self.currency)
        return amount

    def floor_to_step(self, amount: Money) -> Money:
        step = self.bound("step").minor
        return Money(amount.minor // step * step, self.currency)

    def needs_guarantor(self, amount_minor: int | None) -> bool:
        rule = self.body.guarantor
        if rule is None or amount_minor is None:
            return False
        return amount_minor >= Money.parse(rule.from_amount, self.currency).minor

    def is_for(self, employment: str | None, monthly_income_minor: int | None) -> bool:
        """Whether it is for this person, as far as they have said who they are."""
        rule = self.body.eligibility
        if employment is not None and rule.employment and employment not in rule.employment:
            return False
        if monthly_income_minor is None or rule.monthly_income_min is None:
            return True
        return monthly_income_minor >= Money.parse(rule.monthly_income_min, self.currency).minor


async def active(session: AsyncSession) -> Sequence[LoanProduct]:
    """The newest version of every product, in the order in which they were first offered."""
    found = await session.execute(_VERSIONS)
    newest = {code: (version, digest) for code, version, digest in found}
    return [await _read(session, code, *named) for code, named in newest.items()]


async def get(session: AsyncSession, code: str, version: int | None = None) -> LoanProduct:
    """One version, or the newest. Raises ProductNotFound."""
    known_by = await digests(session, code)
    wanted = max(known_by, default=0) if version is None else version
    if wanted not in known_by:
        raise ProductNotFound(product=code[:40])
    return await _read(session, code, wanted, known_by[wanted])


async def digests(session: AsyncSession, code: str) -> dict[int, str]:
    """The versions of a product with the hashes of their bodies."""
    found = await session.execute(_VERSIONS.where(ProductVersion.code == code))
    return {version: digest for _, version, digest in found}


def _bps(percent: str) -> int:
    """Raises ValueError unless it is a percentage with at most two decimals."""
    found = _PERCENT.fullmatch(percent)
    if found is None:
        raise ValueError("a rate is a percentage with at most two decimals")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _percent(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02d}"


def _day(digits: str) -> date:
    try:
        return date.fromisoformat(digits)
    except ValueError:
        raise TermNotOffered(term=digits) from None


def known(body_sha256: str, version: int | None) -> LoanProduct | None:
    """A product whose body this process has read before."""
    body = _bodies.get(body_sha256)
    return LoanProduct(version=version, body=body) if body and version is not None else None


async def _read(session: AsyncSession, code: str, version: int, digest: str) -> LoanProduct:
    if digest not in _bodies:
        body = await session.scalar(
            select(ProductVersion.body).where(
                ProductVersion.code == code, ProductVersion.version == version
            )
        )
        _bodies[digest] = Body.model_validate(body)
    return LoanProduct(version=version, body=_bodies[digest])


_VERSIONS = select(
    ProductVersion.code, ProductVersion.version, ProductVersion.body_sha256
).order_by(ProductVersion.id)
_bodies: dict[str, Body] = {}
"""By their hash: they never change, and every update of the bot needs one."""
