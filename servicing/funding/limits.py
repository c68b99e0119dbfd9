"""What a pool lends to, and how much of one thing: a policy as data, and the first limit it hits.

    rank: 1                     # pools are asked in this order, then by their code
    floor: "50000"              # money that stays in the pool
    accepts: {product: [personal, business], country: [KE]}
    limits:
      - {by: borrower, percent: "5"}
      - {by: product, value: business, percent: "40"}
      - {by: pool, percent: "90"}
      - {by: region, amount: "300000"}

A limit counts the principal that is out or on its way. Percents are of the pool's capital. Without
`value` each product, region or other fact is counted by itself; a loan of which the fact is not
known is not counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

from kit.money import Money
from servicing.fields import Fields

FACTS = ("product", "country", "region", "purpose", "employment")
_BY = ("pool", "borrower", *FACTS)
_MOST = 50


@dataclass(frozen=True, slots=True)
class Limit:
    by: str
    value: str | None
    percent: Fraction | None
    amount_minor: int | None

    def most(self, capital_minor: int) -> int:
        if self.amount_minor is not None:
            return self.amount_minor
        assert self.percent is not None
        return int(self.percent * capital_minor / 100)


@dataclass(frozen=True, slots=True)
class Policy:
    rank: int
    floor_minor: int
    accepts: Mapping[str, Sequence[str]]
    limits: Sequence[Limit]

    def takes(self, facts: Mapping[str, str]) -> bool:
        return all(facts.get(fact) in values for fact, values in self.accepts.items())


class Exposure(NamedTuple):
    """Principal of one loan that is out, or on its way."""

    borrower_id: UUID
    facts: Mapping[str, str]
    minor: int


@dataclass(frozen=True, slots=True)
class Refusal:
    reason: str
    """`pool_floor` or `limit_<by>`."""
    most_minor: int
    would_be_minor: int
    value: str = ""


def parse(source: object, currency: str) -> Policy:
    """Raises InvalidTerms, which names the key that is wrong."""
    fields = Fields(source)
    has_floor = fields.raw("floor") is not None
    policy = Policy(
        rank=fields.integer("rank", 1, 1, 1_000),
        floor_minor=fields.amount("floor", currency, zero=True) if has_floor else 0,
        accepts=_accepts(Fields(fields.raw("accepts") or {}, "accepts")),
        limits=tuple(_limit(each, currency) for each in fields.items("limits", _MOST)),
    )
    fields.finish()
    return policy


def refusal(
    policy: Policy,
    asked: Exposure,
    others: Iterable[Exposure],
    *,
    capital_minor: int,
    free_minor: int,
) -> Refusal | None:
    """Why the pool cannot lend it now; None when it can. Money first, then limits in their order.

    `others` are all loans of the pool, `free_minor` what of its capital is neither lent, promised
    nor on its way.
    """
    left = free_minor - asked.minor
    if left < policy.floor_minor:
        return Refusal("pool_floor", policy.floor_minor, left)
    known = [asked, *others]
    for limit in policy.limits:
        key = _key(limit, asked)
        if key is None:
            continue
        would_be = sum(each.minor for each in known if _key(limit, each) == key)
        most = limit.most(capital_minor)
        if would_be > most:
            value = "" if limit.by in ("pool", "borrower") else key
            return Refusal(f"limit_{limit.by}", most, would_be, value)
    return None


def counted(limit: Limit, loans: Iterable[Exposure]) -> dict[str, int]:
    """Principal in minor units by each thing that the limit counts by itself."""
    found: dict[str, int] = defaultdict(int)
    for each in loans:
        if (key := _key(limit, each)) is not None:
            found[key] += each.minor
    return found


def described(refused: Refusal, currency: str) -> dict[str, str]:
    """For staff: what was found, in major units."""
    facts = {
        "most": Money(refused.most_minor, currency).major,
        "would_be": Money(refused.would_be_minor, currency).major,
    }
    return facts | ({"value": refused.value} if refused.value else {})


def _key(limit: Limit, of: Exposure) -> str | None:
    """What the limit counts this loan under; None: it does not count it."""
    if limit.by == "pool":
        return "pool"
    if limit.by == "borrower":
        return str(of.borrower_id)
    value = of.facts.get(limit.by)
    return value if limit.value in (None, value) else None


def _accepts(fields: Fields) -> dict[str, tuple[str, ...]]:
    found = {}
    for fact in FACTS:
        if fields.raw(fact) is not None:
            found[fact] = tuple(str(value) for value in fields.sequence(fact, _MOST))
    fields.finish()
    return found


def _limit(fields: Fields, currency: str) -> Limit:
    by: Any = fields.required("by")
    if by not in _BY:
        raise fields.refuse("by", f"must be one of: {', '.join(_BY)}")
    value = fields.raw("value")
    if value is not None and by not in FACTS:
        raise fields.refuse("value", f"does not go with {by}")
    is_percent = fields.raw("percent") is not None
    if is_percent is (fields.raw("amount") is not None):
        raise fields.refuse("percent", "is needed, or amount, and not both")
    limit = Limit(
        by=by,
        value=None if value is None else str(value),
        percent=fields.number("percent", high=100) if is_percent else None,
        amount_minor=None if is_percent else fields.amount("amount", currency, zero=True),
    )
    fields.finish()
    return limit
