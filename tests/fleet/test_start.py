"""What happens before a program is ready: light imports, migrations in turn, honest refusals."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import psycopg
import pytest

from cli import preflight, sandboxed
from kit import jobs
from kit.clock import SystemClock
from kit.config import Settings
from servicing.rails import configured
from tests.fleet.programs import ROOT
from tests.postgres import Server

WORLD = {
    "telegram_bot_token": "42:TEST",
    "twilio_account_sid": "AC" + "0" * 32,
    "twilio_auth_token": "secret",
    "twilio_from": "+15005550006",
    "rail_base_url": "http://127.0.0.1:1",
    "rail_api_key": "secret",
    "rail_webhook_secret": "secret",
    "database_url": "postgresql+psycopg://kopa@/kopa",
}
SERVING = """
import sys
from cli.main import kopa
for name in ("run", "api", "bot", "worker"):
    kopa.get_command(None, name)
from kit.config import Settings
from onboarding import decisioning
decisioning.load(Settings(_env_file=None))
heavy = {"lightgbm", "sklearn", "scipy", "pandas", "pyarrow", "matplotlib", "dlib"}
print(sorted(heavy & set(sys.modules)))
"""
FILMS = """
import sys
import kyc.liveness.judging, kyc.workers
print(sorted({"sqlalchemy", "pydantic", "rapidocr"} & set(sys.modules)))
"""
PLAIN = """
import sys
from cli import main
for name, (where, _) in main.COMMANDS.items():
    if where.partition(":")[0] not in main.WITH_TELEGRAM:
        main.kopa.get_command(None, name)
print("aiogram" in sys.modules)
"""
TYPES = """
from cli import quick_start
quick_start.import_aiogram()
import aiogram.methods, aiogram.types, pydantic
late = 0
for room in (aiogram.types, aiogram.methods):
    for name in room.__all__:
        kind = getattr(room, name)
        if isinstance(kind, type) and issubclass(kind, pydantic.BaseModel):
            late += not kind.__pydantic_complete__
            kind.model_rebuild(raise_errors=True)
            assert kind.__pydantic_complete__, name
print(late)
"""


def python(code: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def printed(code: str) -> str:
    output, errors = python(code).communicate(timeout=120)
    assert not errors, errors
    return output.strip()


def settings(**other: object) -> Settings:
    return Settings(_env_file=None, **{**WORLD, **other})  # type: ignore[arg-type]


class TestImports:
    def test_serving_loads_no_training_library_and_no_face_engine(self) -> None:
        assert printed(SERVING) == "[]"

    def test_a_worker_that_judges_films_loads_no_database(self) -> None:
        assert printed(FILMS) == "[]"

    def test_every_telegram_type_can_be_prepared_late(self) -> None:
        """And most of them were not prepared before: that is what makes the start quick."""
        assert int(printed(TYPES)) > 300

    def test_commands_that_do_not_say_so_load_no_telegram(self) -> None:
        """Those that say so get its types late."""
        assert printed(PLAIN) == "False"


class TestMigrations:
    @pytest.fixture
    def empty(self, postgres: Server) -> Iterator[str]:
        name = f"kopa_template_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_empty"
        postgres.create(name)
        yield postgres.url(name)
        postgres.drop(name)

    def test_programs_that_start_at_once_take_turns(self, empty: str) -> None:
        code = "import os; from kit import migrate; migrate.upgrade(os.environ['URL'])"

        together = [python(code, URL=empty) for _ in range(3)]

        for one in together:
            _, errors = one.communicate(timeout=120)
            assert one.returncode == 0, errors
        with psycopg.connect(jobs.sync_url(empty).replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
            assert connection.execute("SELECT count(*) FROM loans").fetchone() == (0,)
            assert connection.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ).fetchone() == (0,)


class TestPreflight:
    def test_a_whole_set_passes(self) -> None:
        preflight.check_outside(settings())
        preflight.check_shared(settings())

    @pytest.mark.parametrize(
        ("missing", "named"),
        [
            ({"telegram_bot_token": ""}, "TELEGRAM_BOT_TOKEN"),
            ({"twilio_auth_token": ""}, "TWILIO_AUTH_TOKEN"),
            ({"twilio_from": ""}, "TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID"),
            ({"rail_webhook_secret": ""}, "RAIL_WEBHOOK_SECRET"),
            ({"telegram_mode": "webhook"}, "TELEGRAM_WEBHOOK_SECRET"),
        ],
    )
    def test_what_is_missing_is_named(self, missing: dict[str, str], named: str) -> None:
        with pytest.raises(click.UsageError, match=f"not set: {named}\\."):
            preflight.check_outside(settings(**missing))

    @pytest.mark.parametrize("named", [{"twilio_account_sid": ""}, {"rail_base_url": ""}])
    def test_a_forgotten_token_starts_no_sandbox(self, named: dict[str, str]) -> None:
        """Real money would be paid out to people of play."""
        with pytest.raises(click.UsageError, match="not set: TELEGRAM_BOT_TOKEN"):
            preflight.check_simulated(settings(telegram_bot_token="", **named))

    def test_whoever_asks_for_a_sandbox_gets_one_beside_a_whole_rail(self) -> None:
        preflight.check_simulated(settings(telegram_bot_token="", sandbox=True))
        preflight.check_simulated(Settings(_env_file=None))
        with pytest.raises(click.UsageError, match="not set: RAIL_API_KEY"):
            preflight.check_simulated(settings(rail_api_key="", sandbox=True))

    def test_a_bank_needs_its_folder_and_our_account(self, tmp_path: Path) -> None:
        with pytest.raises(click.UsageError, match="not set: RAIL_FOLDER, RAIL_ACCOUNT\\."):
            preflight.check_outside(settings(rail="iso20022", rail_base_url=""))
        bank = settings(rail="iso20022", rail_base_url="", rail_folder=tmp_path, rail_account="1")
        preflight.check_outside(bank)
        assert configured.rails(bank, SystemClock()).main.name == "iso20022"

    def test_mobile_money_needs_an_account_a_secret_and_a_name(self) -> None:
        with pytest.raises(
            click.UsageError, match="GSMA_ACCOUNT, GSMA_CALLBACK_SECRET, GSMA_CLIENT_ID or"
        ):
            preflight.check_outside(settings(gsma_base_url="https://mm.example/v1.2/mm"))

    def test_rails_beside_the_main_one_go_on_with_their_orders(self) -> None:
        both = settings(
            gsma_base_url="https://mm.example",
            gsma_account="1",
            gsma_callback_secret="s",
            gsma_api_key="k",
        )
        preflight.check_outside(both)
        rails = configured.rails(both, SystemClock())
        assert [rail.name for rail in rails.all] == ["wallet", "gsma"]

    def test_cards_stand_beside_the_rail_where_telegram_knows_the_currency(self) -> None:
        cards = {"telegram_payment_provider_token": "1:TEST:2"}
        preflight.check_outside(settings(**cards))
        with pytest.raises(click.UsageError, match="Telegram takes no cards in XAF"):
            preflight.check_outside(settings(**cards, currency="XAF"))
        with pytest.raises(click.UsageError, match="not set: TELEGRAM_BOT_TOKEN"):
            preflight.check_simulated(settings(telegram_bot_token="", **cards))

    def test_a_sandbox_takes_cards_where_telegram_would(self) -> None:
        kenya, gabon = (
            sandboxed.settings_for(Settings(_env_file=None, currency=each))
            for each in ("KES", "XAF")
        )
        token = kenya.telegram_payment_provider_token.get_secret_value()
        assert sandboxed.config_for(kenya).bot.provider_token == token
        assert gabon.telegram_payment_provider_token.get_secret_value() == ""

    def test_mobile_money_that_is_not_named_is_simulated(self) -> None:
        simulated = sandboxed.settings_for(settings(rail="gsma", rail_base_url=""))
        assert (simulated.rail, simulated.gsma_base_url[-5:]) == ("gsma", "/gsma")
        assert sandboxed.config_for(simulated).wallet.callback_tongue == "gsma"

    def test_a_bank_that_is_not_named_is_simulated_as_a_wallet(self) -> None:
        simulated = sandboxed.settings_for(settings(rail="iso20022", rail_base_url=""))
        assert simulated.rail == "wallet"

    def test_a_messaging_service_is_a_sender_too(self) -> None:
        preflight.check_outside(settings(twilio_from="", twilio_messaging_service_sid="MG1"))

    def test_an_embedded_database_is_not_shared(self) -> None:
        with pytest.raises(click.UsageError, match="share a PostgreSQL"):
            preflight.check_shared(settings(database_url=""))

    def test_an_embedded_database_has_one_owner_at_a_time(self, tmp_path: Path) -> None:
        own = settings(database_url=f"sqlite+aiosqlite:///{tmp_path / 'kopa.db'}")
        with (
            preflight.only_owner(own),
            pytest.raises(click.ClickException, match="runs already"),
            preflight.only_owner(own),
        ):
            pass
        with preflight.only_owner(own):
            pass
