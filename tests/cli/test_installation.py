"""What a start says when the lender's own files are not right."""

from pathlib import Path

import click
import pytest
import yaml

from cli import sandboxed
from cli.installation import opened
from kit.clock import SystemClock
from kit.config import Settings


async def test_products_above_a_cap_stop_the_start_in_one_line(tmp_path: Path) -> None:
    stock = Settings(_env_file=None)
    (body, *_) = yaml.safe_load(stock.products_file.read_text())["products"]
    body |= {"jurisdiction": "PH", "currency": "PHP"}
    body["loan"]["annual_rate_percent"] = "90"
    file = tmp_path / "products.yaml"
    file.write_text(yaml.safe_dump({"products": [body]}))
    settings = sandboxed.settings_for(stock.model_copy(update={"var": tmp_path}))

    with pytest.raises(click.UsageError) as refused:
        async with opened(settings.model_copy(update={"products_file": file}), SystemClock()):
            pass

    assert refused.value.exit_code == 2
    said = f"{file}: personal.annual_rate_percent must be lower"
    assert refused.value.message.startswith(said)
    assert "\n" not in refused.value.message
