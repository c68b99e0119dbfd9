"""One list of features: a name, a sentence, which way risk goes, and the reason it may become."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kit.errors import DomainError, Kind
from scoring.refusals import Sentence
from scoring.snapshot import Snapshot

Value = float | int | str | None
Compute = Callable[[Snapshot], Value]


class FeatureUnknown(Sentence, DomainError):
    code = "feature_unknown"
    kind = Kind.INVALID
    sentence = "There is no feature called {name}."


@dataclass(frozen=True, slots=True)
class Feature:
    name: str
    compute: Compute
    meaning: str
    monotone: int
    """+1: more is riskier, -1: more is safer, 0: unknown or not an order."""
    reason: str | None
    version: int
    """Raised when the definition changes: a model trained on another version is refused."""
    category: bool


_FEATURES: dict[str, Feature] = {}


def feature(
    *,
    monotone: int = 0,
    reason: str | None = None,
    version: int = 1,
    category: bool = False,
) -> Callable[[Compute], Compute]:
    """Register a function of the snapshot under its own name. None means missing."""

    def register(compute: Compute) -> Compute:
        name = compute.__name__
        meaning = inspect.getdoc(compute)
        if name in _FEATURES or not meaning:
            raise ValueError(f"feature {name} is registered twice or has no docstring")
        _FEATURES[name] = Feature(name, compute, meaning, monotone, reason, version, category)
        return compute

    return register


def get(name: str) -> Feature:
    try:
        return _FEATURES[name]
    except KeyError:
        raise FeatureUnknown(name=name) from None


def names() -> list[str]:
    return sorted(_FEATURES)


def is_known(name: str) -> bool:
    return name in _FEATURES


def values(snapshot: Snapshot, wanted: Iterable[str]) -> dict[str, Value]:
    """The wanted features in the wanted order: a model's manifest fixes it."""
    return {name: get(name).compute(snapshot) for name in wanted}
