"""`kopa risk prices`: numbers and a picture, or one sentence."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import kopa

ASKED = ["risk", "prices", "business", "--amount", "50000", "--income", "60000"]


def test_prints_price_and_limit_by_risk_and_draws_them(tmp_path: Path) -> None:
    picture = tmp_path / "prices.svg"
    ran = CliRunner().invoke(kopa, [*ASKED, "--out", str(picture)])

    assert ran.exit_code == 0, ran.output
    rows = [line.split() for line in ran.output.splitlines()]
    rates = [float(row[2]) for row in rows[1:-1]]
    assert rates == sorted(rates)
    assert rows[-2][-2:] == ["not", "lent"]
    assert picture.read_text().startswith("<svg")


@pytest.mark.parametrize(
    "arguments",
    [
        ["risk", "prices", "business", "--amount", "much", "--income", "1"],
        ["risk", "prices", "nothing", "--amount", "1", "--income", "1"],
        ["risk", "prices", "business", "--amount", "1", "--income", "1"],
        [*ASKED, "--term", "99m"],
        [*ASKED, "--policy", "no-such-file.yaml"],
        ["risk", "index", "no-such-file.csv", "--of", "crop"],
    ],
)
def test_refuses_in_one_line(arguments: list[str]) -> None:
    ran = CliRunner().invoke(kopa, arguments)

    assert (ran.exit_code, len(ran.output.strip().splitlines())) == (2, 1)
    assert " " in ran.output.removeprefix("Error: ").partition("(")[0].strip(), "a code alone"
