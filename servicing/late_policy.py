"""How a lender classes late loans, provides for them and expects losses: one file of data.

`servicing/policies` has one for each country that we know the rules of, with their sources, and
`default.yaml` for all others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from servicing.classification import Class, Classification, Cure, Restructured
from servicing.expected_loss import LossRules, Scenario
from servicing.fields import Fields

FOLDER = Path(__file__).resolve().parent / "policies"


@dataclass(frozen=True, slots=True)
class LatePolicy:
    name: str
    as_of: date
    sources: tuple[str, ...]
    classes: Classification
    provision_rates: Mapping[Class, Fraction]
    losses: LossRules


def of(file: Path | None, country: str) -> LatePolicy:
    """The policy of an installation: the file that it names, or its country's. Read once."""
    return load(file or of_country(country))


@lru_cache(maxsize=8)
def load(path: Path) -> LatePolicy:
    return parse(read(path))


def read(path: Path) -> Any:
    import yaml  # a replay without a policy does without it

    return yaml.safe_load(path.read_text(encoding="utf-8"))


def of_country(country: str) -> Path:
    """The file of that country, or the default's."""
    own = FOLDER / f"{country.lower()}.yaml"
    return own if own.exists() else FOLDER / "default.yaml"


def parse(source: object, path: str = "") -> LatePolicy:
    """Raises InvalidTerms, which names the key that is wrong."""
    fields = Fields(source, path)
    policy = LatePolicy(
        name=str(fields.required("name")),
        as_of=fields.day("as_of"),
        sources=tuple(str(each) for each in fields.sequence("sources", 50)),
        classes=_classes(fields),
        provision_rates=_rates(fields),
        losses=_losses(_inner(fields, "expected_loss")),
    )
    fields.finish()
    return policy


def _inner(fields: Fields, key: str) -> Fields:
    return Fields(fields.required(key), fields.name(key))


def _classes(fields: Fields) -> Classification:
    inner = _inner(fields, "classes")
    from_days, least = {Class.NORMAL: 0}, 1
    for each in list(Class)[1:]:
        from_days[each] = inner.integer(each.key, None, least, 100_000)
        least = from_days[each] + 1
    inner.finish()
    cure = Fields(fields.raw("cure") or {}, fields.name("cure"))
    rule = Cure(
        at_least=_class(cure, "at_least", Class.SUBSTANDARD),
        installments=cure.integer("installments", 0, 0, 120),
        days=cure.integer("days", 0, 0, 3_650),
    )
    cure.finish()
    return Classification(
        from_days, rule, _restructured(fields), is_by_borrower=fields.flag("by_borrower")
    )


def _restructured(fields: Fields) -> Restructured:
    inner = Fields(fields.raw("restructured") or {}, fields.name("restructured"))
    rule = Restructured(
        at_least=_class(inner, "at_least", Class.NORMAL), days=inner.integer("days", 0, 0, 3_650)
    )
    inner.finish()
    return rule


def _class(fields: Fields, key: str, default: Class) -> Class:
    word: Any = fields.raw(key)
    found = {each.key: each for each in Class}.get(word, default)
    if word not in (None, found.key):
        raise fields.refuse(key, f"must be one of: {', '.join(each.key for each in Class)}")
    return found


def _rates(fields: Fields) -> dict[Class, Fraction]:
    inner = _inner(fields, "provision_percent")
    rates = {each: inner.number(each.key, high=100) / 100 for each in Class}
    inner.finish()
    worse = list(rates.values())
    if worse != sorted(worse):
        raise fields.refuse("provision_percent", "must not fall from a class to a worse one")
    return rates


def _losses(fields: Fields) -> LossRules:
    rules = LossRules(
        lgd=fields.number("lgd_percent", high=100) / 100,
        increased_from_days=fields.integer("increased_from_days", 31, 1, 3_650),
        default_from_days=fields.integer("default_from_days", 90, 1, 3_650),
        pd_ratio=fields.number("pd_ratio", 3, high=1_000),
        assumed_pd=fields.number("assumed_pd_percent", 0, high=100) / 100,
        scenarios=_scenarios(fields),
    )
    fields.finish()
    if rules.increased_from_days > rules.default_from_days:
        raise fields.refuse("increased_from_days", "must not be above default_from_days")
    return rules


def _scenarios(fields: Fields) -> tuple[Scenario, ...]:
    scenarios = []
    for item in fields.items("scenarios", 20):
        weight = item.number("weight_percent", high=100) / 100
        multiplier = item.number("hazard_multiplier", high=100)
        scenarios.append(Scenario(str(item.required("name")), weight, multiplier))
        item.finish()
    if sum(each.weight for each in scenarios) != 1:
        raise fields.refuse("scenarios", "must have weights that add up to 100")
    return tuple(scenarios)
