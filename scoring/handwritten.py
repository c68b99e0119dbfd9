"""YAML that people write by hand: whatever is wrong with it is one error, dates stay text."""

from typing import Any

import yaml

_DATE = "tag:yaml.org,2002:timestamp"
_FAILURES = (yaml.YAMLError, ValueError, LookupError, RecursionError)
"""The library lets those of int(), float() and of deep nesting through."""


class NotYaml(Exception):
    """Only ever turned into a refusal that a person reads."""


class SaidTwice(NotYaml):
    def __init__(self, key: object) -> None:
        super().__init__(f"{key} is said twice")


def load(text: str) -> Any:
    """Refused where a mapping says the same key twice: YAML takes the last, nobody saw which."""
    return _load(text, _Once)


def load_kept(text: str) -> Any:
    """As it was always read: what a hash names keeps its meaning."""
    return _load(text, _Loader)


def _load(text: str, loader: type["_Loader"]) -> Any:
    try:
        return yaml.load(text, loader)  # noqa: S506
    except _FAILURES:
        raise NotYaml("it is not YAML") from None


class _Loader(yaml.SafeLoader):
    yaml_constructors = {
        tag: build for tag, build in yaml.SafeLoader.yaml_constructors.items() if tag != _DATE
    }
    yaml_implicit_resolvers = {
        first: [each for each in found if each[0] != _DATE]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class _Once(_Loader):
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise SaidTwice(key.value)
            seen.add(key.value)
        return node
