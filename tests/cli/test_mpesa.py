"""`kopa mpesa register`, and what has to be set before M-Pesa is called."""

import asyncio
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli import preflight
from cli.mpesa import mpesa
from kit.clock import SystemClock
from kit.config import Settings
from sandbox.bus import Bus
from sandbox.mpesa.app import create_app
from sandbox.mpesa.state import Mpesa, MpesaAccount
from sandbox.outgoing import Outgoing
from sandbox.store import Store
from sandbox.surroundings import Surroundings
from servicing.rails import configured
from tests.sandbox.serving import plain_server, serving
from tests.servicing.rails.mpesa_street import settings_for


def environment(settings: Settings) -> dict[str, str]:
    names = [name for name in Settings.model_fields if name.startswith("mpesa_")]
    given = {name.upper(): getattr(settings, name) for name in names}
    plain = {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else str(value or "")
        for name, value in given.items()
    }
    return {"KOPA_PUBLIC_URL": settings.public_url} | {k: v for k, v in plain.items() if v}


class TestRegister:
    async def test_tells_daraja_where_payments_are_announced(self, tmp_path: Path) -> None:
        outgoing = Outgoing()
        stand_in = Mpesa(MpesaAccount(), Surroundings(SystemClock(), Store(None), Bus(), outgoing))
        async with serving(plain_server(create_app(stand_in))) as there:
            told = environment(settings_for(there, tmp_path))
            done = await asyncio.to_thread(CliRunner().invoke, mpesa, ["register"], env=told)
        await outgoing.close()

        assert (done.exit_code, done.output) == (
            0,
            "payments to 600997 are announced at https://kopa.example\n",
        )
        assert stand_in.urls["ConfirmationURL"].startswith(
            "https://kopa.example/webhooks/rail/daraja/paid/"
        )

    def test_says_when_nobody_answers(self, tmp_path: Path) -> None:
        told = environment(settings_for("http://127.0.0.1:9", tmp_path))

        done = CliRunner().invoke(mpesa, ["register"], env=told)

        assert (done.exit_code, done.output) == (1, "Error: Daraja did not take it: no_token\n")


class TestPreflight:
    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"public_url": ""}, "HTTPS only"),
            ({"mpesa_shortcode": "", "mpesa_certificate": None},
             "not set: MPESA_SHORTCODE, MPESA_CERTIFICATE"),
            ({"mpesa_certificate": Path("/nowhere.cer")}, "MPESA_CERTIFICATE"),
            ({"mpesa_callers": "196.201.214.0/99"}, "MPESA_CALLERS"),
        ],
    )  # fmt: skip
    def test_refuses_what_could_not_work(
        self, tmp_path: Path, changed: dict[str, object], why: str
    ) -> None:
        settings = settings_for("http://127.0.0.1:9", tmp_path, **changed)

        with pytest.raises(click.UsageError, match=why):
            preflight.check_mpesa(settings)

    def test_passes_what_can(self, tmp_path: Path) -> None:
        preflight.check_mpesa(settings_for("http://127.0.0.1:9", tmp_path))

    async def test_stands_beside_another_rail(self, tmp_path: Path) -> None:
        beside = {"rail": "wallet", "rail_base_url": "http://127.0.0.1:9"}
        rails = configured.rails(
            settings_for("http://127.0.0.1:9", tmp_path, **beside), SystemClock()
        )

        assert [each.name for each in rails.all] == ["wallet", "mpesa"]
        for each in rails.all:
            await each.close()
