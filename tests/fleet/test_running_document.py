"""What docs/running.md, .env.example and deploy/ say is what the settings are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import AliasChoices
from pydantic_core import PydanticUndefined

from cli.main import COMMANDS
from kit.config import Settings
from tests.fleet.programs import ROOT

_ROW = re.compile(r"^\| `([A-Z_]+)` \| (?:`(.*?)`)? ?\|", re.MULTILINE)
_LINE = re.compile(r"^(?:# )?([A-Z_]+)=(.*)$", re.MULTILINE)
PARTS = ("compose.yml", "kopa.service", "kopa@.service")


def variables() -> dict[str, str]:
    """Every setting's variable and its default as one would write it."""
    found = {}
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        known = alias.choices[0] if isinstance(alias, AliasChoices) else f"KOPA_{name.upper()}"
        found[str(known)] = _written(field.default)
    return found


def _written(default: Any) -> str:
    if default is None or default is PydanticUndefined:
        return ""
    if hasattr(default, "get_secret_value"):
        return str(default.get_secret_value())
    if isinstance(default, Path) and default.is_absolute():
        return str(default.relative_to(ROOT))
    if isinstance(default, tuple):
        return json.dumps(default)
    return str(default)


def test_the_table_names_every_setting_with_its_default() -> None:
    text = (ROOT / "docs" / "running.md").read_text()
    assert dict(_ROW.findall(text)) == variables()


def test_the_example_names_every_setting() -> None:
    lines = _LINE.findall((ROOT / ".env.example").read_text())
    assert {name for name, _ in lines} == set(variables())


def test_the_example_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    example = Settings(_env_file=ROOT / ".env.example")
    assert example == Settings(_env_file=None)


class TestDeploy:
    @pytest.mark.parametrize("name", PARTS)
    def test_uses_variables_that_exist(self, name: str) -> None:
        text = (ROOT / "deploy" / name).read_text()
        used = set(re.findall(r"\b(?:KOPA|TELEGRAM|TWILIO|RAIL)_[A-Z_]+", text))
        assert used
        assert used <= set(variables())

    def test_compose_starts_commands_that_exist(self) -> None:
        services = yaml.safe_load((ROOT / "deploy" / "compose.yml").read_text())["services"]
        started = {service["command"][0] for service in services.values() if "command" in service}
        assert started == {"api", "worker"}
        assert started <= set(COMMANDS)
