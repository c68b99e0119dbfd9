"""The features a model or a policy may name. Importing this package registers all of them."""

from scoring.features import application, behaviour, history, identity, surroundings
from scoring.features.registry import Feature, FeatureUnknown, Value, get, names, values

__all__ = [
    "Feature",
    "FeatureUnknown",
    "Value",
    "application",
    "behaviour",
    "get",
    "history",
    "identity",
    "names",
    "surroundings",
    "values",
]
