"""What every command says when a setting cannot be read: which, why, never what it holds."""

import pytest
from click.testing import CliRunner

from cli.main import kopa

WRONG = {
    "KOPA_PORT": ("many", "KOPA_PORT: Input should be a valid integer"),
    "KOPA_CURRENCY": ("secret", "must be an amount of KOPA_CURRENCY"),
    "KOPA_HAND_MONEY_TWO_FROM": ("1000.555", "must be an amount of KOPA_CURRENCY"),
    "KOPA_KYC_PROVIDERS": ("{secret", 'field "kyc_providers"'),
    "KOPA_LIVENESS": ("secret", "KOPA_LIVENESS: Input should be"),
    "kopa_kyc_providers": ('{"secret": {"url": "x", "key": "y"}}', "KOPA_KYC_PROVIDERS: Input"),
    "Kopa_Kyc_Providers": ('{"face": {"url": "secret"}}', "KOPA_KYC_PROVIDERS.face.key: Field"),
}


@pytest.mark.parametrize("variable", WRONG)
def test_a_setting_that_cannot_be_read(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value, expected = WRONG[variable]
    monkeypatch.setenv(variable, value)

    result = CliRunner().invoke(kopa, ["ledger", "verify"])

    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (2, True)
    assert expected in " ".join(result.stderr.split())
    assert "secret" not in result.stderr


@pytest.mark.parametrize("amount", ["-1", "NaN", "", "1e3"])
def test_an_amount_that_is_none(amount: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOPA_HAND_MONEY_TWO_FROM", amount)

    result = CliRunner().invoke(kopa, ["ledger", "verify"])

    assert result.exit_code == 2
    assert "KOPA_HAND_MONEY_TWO_FROM" in result.stderr
