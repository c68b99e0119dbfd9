"""The sandbox beside the product: its settings, its clock that can be moved, its staff."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from cli.installation import Installation
from kit.clock import ShiftedClock, business_date
from kit.config import Settings
from kit.db import unit_of_work
from kit.worker import Worker
from onboarding import dossiers
from sandbox.app import SandboxConfig
from sandbox.gsma.shapes import LENDER, TONGUE
from sandbox.sms.state import SmsAccount
from sandbox.telegram.state import BotAccount
from sandbox.wallet.state import WalletAccount
from servicing import queries as loans
from servicing.rails import configured, telegram
from servicing.rails.gsma import rail as gsma

_TOKEN = "1000000001:sandbox-token-of-no-use-elsewhere"  # noqa: S105
_PROVIDER = "284685063:TEST:sandbox"
_SMS = SmsAccount(sid="AC" + "5" * 32, auth_token="sandbox", number="+15005550006")  # noqa: S106
_DAY = 24
_STRIDE_HOURS = 2
"""On long walks the schedules are looked at this often: the narrowest window has two hours."""


def settings_for(settings: Settings, base: str | None = None) -> Settings:
    """Settings that lead every adapter that has none of its own to the stand-ins, over the wire.

    `base` is where a sandbox of its own listens; without it, it is part of this web server.
    """
    base = base or f"{settings.base_url}/sandbox"
    simulated: dict[str, object] = {"job_polling_seconds": 0.1}
    if not settings.telegram_bot_token.get_secret_value():
        simulated |= {
            "telegram_bot_token": SecretStr(_TOKEN),
            "telegram_api_url": f"{base}/telegram",
            "telegram_payment_provider_token": _cards(settings),
        }
    if not settings.twilio_account_sid:
        simulated |= {
            "twilio_account_sid": _SMS.sid,
            "twilio_auth_token": SecretStr(_SMS.auth_token),
            "twilio_from": _SMS.number,
            "twilio_api_url": f"{base}/twilio",
        }
    if settings.rail not in configured.spoken_of(settings):
        simulated |= _rail(settings, base)
    return settings.model_copy(update=simulated)


def _cards(settings: Settings) -> SecretStr:
    return SecretStr(_PROVIDER if telegram.takes(settings.currency) else "")


def _rail(settings: Settings, base: str) -> dict[str, object]:
    """The same wallets, by the one protocol or the other."""
    if settings.rail == gsma.NAME:
        return {
            "gsma_base_url": f"{base}/gsma",
            "gsma_account": f"{LENDER['key']}@{LENDER['value']}",
            "gsma_api_key": SecretStr("sandbox"),
            "gsma_callback_secret": SecretStr("sandbox"),
        }
    return {
        "rail": "wallet",
        "rail_base_url": f"{base}/wallet",
        "rail_api_key": SecretStr("sandbox"),
        "rail_webhook_secret": SecretStr("sandbox"),
    }


def config_for(settings: Settings) -> SandboxConfig:
    hooks = f"{settings.base_url}/webhooks"
    speaks_gsma = settings.rail == gsma.NAME
    return SandboxConfig(
        bot=BotAccount(token=_TOKEN, first_name=settings.lender_name, provider_token=_PROVIDER),
        sms=SmsAccount(
            sid=_SMS.sid,
            auth_token=_SMS.auth_token,
            number=_SMS.number,
            inbound_url=f"{hooks}/twilio/inbound",
        ),
        wallet=WalletAccount(
            api_key="sandbox",
            webhook_secret="sandbox",  # noqa: S106
            callback_url=(
                gsma.incoming_address(settings) if speaks_gsma else f"{hooks}/rail/wallet"
            ),
            callback_tongue=TONGUE if speaks_gsma else "",
            currency=settings.currency,
            purse_major="20000",
        ),
        folder=settings.var / "sandbox",
    )


class KeptClock(ShiftedClock):
    """A moved clock stays moved over a restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        kept = json.loads(path.read_text()) if path.exists() else {"offset_seconds": 0}
        super().__init__(timedelta(seconds=kept["offset_seconds"]))

    def move(self, by: timedelta) -> None:
        super().move(by)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps({"offset_seconds": self.offset.total_seconds()}))


class TimeWalk:
    """Moves the product's clock, doing on the way what falls due on the way."""

    def __init__(self, clock: ShiftedClock) -> None:
        self._clock = clock
        self._installation: Installation | None = None
        self._worker: Worker | None = None
        self._attached = asyncio.Event()

    def attach(self, installation: Installation, worker: Worker) -> None:
        self._installation, self._worker = installation, worker
        self._attached.set()

    def now(self) -> datetime:
        return self._clock.now()

    async def move(self, hours: int) -> AsyncIterator[datetime]:
        await self._attached.wait()  # The page answers before the worker has started.
        assert self._worker is not None
        stride = 1 if hours <= _DAY else _STRIDE_HOURS
        while hours > 0:
            step = min(stride, hours)
            hours -= step
            self._clock.move(timedelta(hours=step))
            await self._worker.catch_up()
            await self._worker.until_idle()
            yield self._clock.now()

    async def next_due(self, telegram_chat_id: int) -> date | None:
        await self._attached.wait()
        assert self._installation is not None
        today = business_date(self._clock.now(), self._installation.settings.timezone)
        async with unit_of_work(self._installation.sessions) as session:
            dossier = await dossiers.find(session, telegram_id=telegram_chat_id)
            if dossier is None or dossier.loan is None:
                return None
            rows = await loans.list_installments(session, dossier.loan.id)
            coming = [row.due_on for row in rows if row.due_on > today and row.settled_on is None]
            return min(coming, default=None)
