"""How a product treats a running loan: allocation, lateness, recalculation of interest."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any

from servicing import allocation, collateral, delinquency, penalties, settlement
from servicing.allocation import Component, Future, Timing, Waterfall
from servicing.collateral import Pledge
from servicing.delinquency import BUCKETS, PLAIN, Bucket, DpdRule
from servicing.fields import Fields, InvalidTerms
from servicing.penalties import PenaltyRule
from servicing.settlement import RebateRule


class Rest(StrEnum):
    """From when a payment lessens interest: its own day, or the next due date."""

    DAILY = "daily"
    SAME_AS_REPAYMENT = "same_as_repayment"


class Advance(StrEnum):
    """What becomes of the schedule when somebody pays more than is due."""

    REDUCE_INSTALLMENT = "reduce_installment"
    REDUCE_COUNT = "reduce_count"
    ADJUST_LAST = "adjust_last"


class ChargeOffInterest(StrEnum):
    """What becomes of interest once the books count the loan as lost."""

    GOES_ON = "goes_on"
    STOP = "stop"
    ACCELERATE = "accelerate"
    """It stops, and everything falls due that day."""


class Payoff(StrEnum):
    TILL_DATE = "till_date"
    TILL_REST_DATE = "till_rest_date"


@dataclass(frozen=True, slots=True)
class Recalculation:
    """Interest follows what is really owed, not what the schedule expected."""

    rest: Rest = Rest.DAILY
    advance: Advance = Advance.ADJUST_LAST
    payoff: Payoff = Payoff.TILL_DATE
    compounds: bool = False
    """Overdue interest costs interest as overdue principal does."""


@dataclass(frozen=True, slots=True)
class ProductRules:
    waterfall: Waterfall = allocation.EVERYTHING
    waterfall_by_transaction: dict[str, Waterfall] = field(default_factory=dict)
    """Where a kind of payment has an order of its own."""
    future_by_transaction: dict[str, Future] = field(default_factory=dict)
    recalculation: Recalculation | None = None
    penalty: PenaltyRule | None = None
    dpd: DpdRule = PLAIN
    buckets: tuple[Bucket, ...] = BUCKETS
    auto_down_payment: bool = True
    tolerance_minor: int = 0
    """A shortfall up to this amount is waived and the loan closes."""
    rebate: RebateRule | None = None
    chargeback_order: tuple[int, ...] = ()
    """Which of what a payment had settled is owed again first; empty: all of it is principal."""
    charge_off_interest: ChargeOffInterest = ChargeOffInterest.GOES_ON
    collateral: tuple[Pledge, ...] = ()
    early_end: bool = False
    """The loan may end on any day, for the interest earned up to it."""
    upfront_owed: bool = False
    """Upfront fees are a debt of the first day; otherwise they are paid apart."""
    cost_cap: Fraction | None = None
    """Interest, fees and penalties together never exceed this part of the principal."""

    @property
    def advance_waits(self) -> bool:
        """Money that comes before it is due settles nothing until then."""
        return all(timing is not Timing.IN_ADVANCE for timing, _ in self.waterfall.order)

    def waterfall_for(self, transaction: str, told: dict[str, Future]) -> Waterfall:
        """`told` are later changes of the rule; a transaction's own rule beats the default."""
        waterfall = self.waterfall_by_transaction.get(transaction, self.waterfall)
        rules = self.future_by_transaction | told
        future = rules.get(transaction, rules.get("default", waterfall.future))
        return waterfall if future is waterfall.future else replace(waterfall, future=future)


def with_advance(rules: ProductRules, word: object) -> ProductRules:
    """The same with another treatment of money in advance, where interest is recalculated."""
    if rules.recalculation is None:
        raise InvalidTerms(field="transaction", reason="must not be advance without recalculation")
    advance = Fields({"rule": word}).choice("rule", Advance)
    return replace(rules, recalculation=replace(rules.recalculation, advance=advance))


def parse(fields: Fields, currency: str) -> ProductRules:
    waterfalls = _waterfalls(fields)
    fields.raw("closing_tolerance")
    has_tolerance = fields.has("closing_tolerance")
    said = fields.raw("auto_down_payment") is not None
    return ProductRules(
        waterfall=waterfalls.pop("default"),
        waterfall_by_transaction=waterfalls,
        future_by_transaction=_future_rules(fields),
        recalculation=_recalculation(fields.raw("interest_recalculation")),
        penalty=penalties.parse(fields.raw("penalty"), currency),
        dpd=delinquency.parse_rule(fields.raw("dpd_rule"), currency),
        buckets=delinquency.parse_buckets(fields),
        auto_down_payment=fields.flag("auto_down_payment") if said else True,
        tolerance_minor=fields.amount("closing_tolerance", currency) if has_tolerance else 0,
        rebate=settlement.parse(fields.raw("rebate")),
        chargeback_order=_components(fields, "chargeback_order"),
        charge_off_interest=fields.choice(
            "charge_off_interest", ChargeOffInterest, ChargeOffInterest.GOES_ON
        ),
        collateral=collateral.parse(fields, currency),
        early_end=fields.flag("early_end"),
        upfront_owed=fields.flag("upfront_owed"),
        cost_cap=_cost_cap(fields),
    )


def _components(fields: Fields, key: str) -> tuple[int, ...]:
    """Components by name, each at most once."""
    known = [component.value for component in Component]
    words = fields.sequence(key, len(known))
    if any(word not in known for word in words) or len(set(words)) != len(words):
        raise fields.refuse(key, f"must name each of these at most once: {', '.join(known)}")
    return tuple(known.index(word) for word in words)


def _cost_cap(fields: Fields) -> Fraction | None:
    fields.raw("cost_cap_percent_of_principal")
    if not fields.has("cost_cap_percent_of_principal"):
        return None
    return fields.number("cost_cap_percent_of_principal", high=10_000) / 100


def _waterfalls(fields: Fields) -> dict[str, Waterfall]:
    """One order for all, or one for each transaction type with `default` for the rest."""
    value, processing = fields.raw("allocation_order"), fields.raw("processing")
    orders = value if isinstance(value, dict) else {"default": value}
    orders = {"default": None} | {str(name).lower(): order for name, order in orders.items()}
    return {name: allocation.parse(order, processing) for name, order in orders.items()}


def _future_rules(fields: Fields) -> dict[str, Future]:
    """One rule for all, or one for each transaction type with `default` for the rest."""
    value: Any = fields.raw("future_installment_rule")
    if value is None:
        return {}
    if not isinstance(value, dict):
        return {"default": allocation.parse_future("future_installment_rule", value)}
    return {
        str(name).lower(): allocation.parse_future(f"future_installment_rule.{name}", rule)
        for name, rule in value.items()
    }


def _recalculation(source: object) -> Recalculation | None:
    if source in (None, False):
        return None
    if source is True:
        return Recalculation()
    if isinstance(source, str):
        source = {"rest": source}
    fields = Fields(source, "interest_recalculation")
    rules = Recalculation(
        rest=fields.choice("rest", Rest, Rest.DAILY),
        advance=fields.choice("advance", Advance, Advance.ADJUST_LAST),
        payoff=fields.choice("payoff", Payoff, Payoff.TILL_DATE),
        compounds=fields.flag("compounds"),
    )
    fields.finish()
    return rules
