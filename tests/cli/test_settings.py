"""What every command says when a setting cannot be read: which, why, never what it holds."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import preflight
from cli.main import kopa

WRONG = {
    "KOPA_PORT": ("many", "KOPA_PORT: Input should be a valid integer"),
    "KOPA_PORT ": ("65536", "KOPA_PORT: Input should be less than or equal to 65535"),
    "KOPA_DATABASE_URL": (
        "mysql://secret@db/kopa",
        "KOPA_DATABASE_URL: must begin with postgresql",
    ),
    "KOPA_DATABASE_URL ": ("/var/secret/kopa.db", "KOPA_DATABASE_URL: must begin with postgresql"),
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
    monkeypatch.setenv(variable.strip(), value)

    result = CliRunner().invoke(kopa, ["ledger", "verify"])

    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (2, True)
    assert expected in " ".join(result.stderr.split())
    assert "secret" not in result.stderr


@pytest.mark.parametrize(
    "words",
    ["ledger verify", "report late", "model watch", "model book --out x", "staff list", "api"],
)
def test_a_database_that_does_not_answer(
    words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is not called empty: somebody would start looking for the books."""
    nobody = f"postgresql+psycopg://kopa:secret@/kopa?host={tmp_path}"
    monkeypatch.setenv("KOPA_DATABASE_URL", nobody)
    monkeypatch.setenv("KOPA_VAR", str(tmp_path / "var"))
    monkeypatch.setattr(preflight, "check_outside", lambda _: None)

    result = CliRunner().invoke(kopa, words.split())

    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (1, True)
    assert "the database does not answer: connection" in " ".join(result.stderr.split())
    assert "secret" not in result.stderr


@pytest.mark.parametrize("amount", ["-1", "NaN", "", "1e3"])
def test_an_amount_that_is_none(amount: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOPA_HAND_MONEY_TWO_FROM", amount)

    result = CliRunner().invoke(kopa, ["ledger", "verify"])

    assert result.exit_code == 2
    assert "KOPA_HAND_MONEY_TWO_FROM" in result.stderr
