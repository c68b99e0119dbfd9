"""A lender's office over the wire: our sending, real clients, the sandbox and our webhooks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from fastapi import FastAPI, Request, Response
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from kit import jobs
from kit.clock import Clock
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, sessions_of, unit_of_work
from notifications import contacts, delivery, inbound, lifecycle, outbox, receipts, signature
from notifications.channels.base import SmsChannel
from notifications.channels.telegram import TelegramChannel
from notifications.channels.twilio import TwilioSms
from notifications.models import Contact, Delivery, Notification
from notifications.states import Channel, Purpose, Status
from tests.sandbox.serving import (
    ACCOUNT_SID,
    AMINA,
    AUTH_TOKEN,
    OUR_NUMBER,
    TOKEN,
    Running,
    plain_server,
    running_sandbox,
    serving,
)

AMINAS_PHONE = "+12025550101"
# A Wednesday morning in Nairobi, within everybody's hours.
MORNING = datetime(2031, 3, 5, 7, 0, tzinfo=UTC)
REACHED = (Status.SENT, Status.DELIVERED)
"""The receipt of an SMS may be here before we look."""


@dataclass
class Webhooks:
    """What our API does with Twilio's calls: verify, then one domain call in one transaction."""

    sessions: Sessions
    vault: Vault
    clock: Clock | None = None
    settings: Settings = field(default_factory=Settings)
    refused: int = 0

    def app(self) -> FastAPI:
        app = FastAPI()
        app.post("/webhooks/twilio/status/{delivery_id}")(self.status)
        app.post("/webhooks/twilio/inbound")(self.inbound)
        return app

    async def _form(self, request: Request) -> dict[str, str] | None:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        url = signature.public_url(self.settings, request.url.path)
        signed = request.headers.get("X-Twilio-Signature")
        if signature.valid(AUTH_TOKEN, url, form, signed):
            return form
        self.refused += 1
        return None

    async def status(self, delivery_id: UUID, request: Request) -> Response:
        form = await self._form(request)
        if form is None:
            return Response(status_code=403)
        assert self.clock is not None
        async with unit_of_work(self.sessions) as session:
            await receipts.apply(
                session,
                delivery_id=delivery_id,
                sid=form["MessageSid"],
                status=form["MessageStatus"],
                error_code=form.get("ErrorCode"),
                now=self.clock.now(),
            )
        return Response(status_code=204)

    async def inbound(self, request: Request) -> Response:
        form = await self._form(request)
        if form is None:
            return Response(status_code=403)
        assert self.clock is not None
        async with unit_of_work(self.sessions) as session:
            answer = await inbound.receive(
                session,
                self.vault,
                sid=form["MessageSid"],
                from_phone=form["From"],
                body=form["Body"],
                lender=self.settings.lender_name,
                now=self.clock.now(),
            )
        words = f"<Message>{answer}</Message>" if answer else ""
        return Response(f"<Response>{words}</Response>", media_type="text/xml")


@dataclass
class Office:
    sandbox: Running
    context: jobs.Context
    settings: Settings
    webhooks: Webhooks
    amina: UUID

    @property
    def sessions(self) -> Sessions:
        return self.context.sessions

    @property
    def now(self) -> datetime:
        return self.context.clock.now()

    def later(self, **by: float) -> None:
        self.sandbox.clock.move(timedelta(**by))

    async def notify(self, template: str = "loan_closed", **given: Any) -> UUID:
        values: dict[str, Any] = {
            "person_id": self.amina,
            "params": {"loan": "L-1", "amount": "money:150000:KES"},
            "key": str(uuid4()),
            "purpose": Purpose.SERVICE,
            "subject": "loan:1",
        }
        async with unit_of_work(self.sessions) as session:
            row = await outbox.notify(session, template=template, now=self.now, **(values | given))
        return row.id

    async def send_code(self, **given: Any) -> UUID:
        values: dict[str, Any] = {
            "params": {"code": "482913", "minutes": 10},
            "purpose": Purpose.CRITICAL,
            "channels": [Channel.SMS],
            "fallback": False,
        }
        return await self.notify("otp_code", **(values | given))

    async def send(self, notification_id: UUID) -> Notification:
        """Run the job, as the worker does."""
        await delivery.send(self.context, notification_id=str(notification_id))
        return await self.row(notification_id)

    async def release(self) -> None:
        async with unit_of_work(self.sessions) as session:
            await delivery.release(session, now=self.now, tick=self.now)

    async def row(self, notification_id: UUID) -> Notification:
        async with unit_of_work(self.sessions) as session:
            return await session.get_one(Notification, notification_id)

    async def deliveries(self, notification_id: UUID) -> list[Delivery]:
        async with unit_of_work(self.sessions) as session:
            return await lifecycle.deliveries_of(session, notification_id)

    async def contact(self) -> Contact:
        async with unit_of_work(self.sessions) as session:
            return await contacts.get(session, self.amina)

    async def set_contact(self, **values: object) -> None:
        async with unit_of_work(self.sessions) as session:
            await session.execute(update(Contact).values(**values))

    async def blocked(self, *, blocked: bool = True) -> None:
        """Amina closes the chat, or opens it again."""
        await self.sandbox.http.post(f"/people/{AMINA}/block", json={"blocked": blocked})

    async def chat(self) -> list[str]:
        """What the bot has said in Amina's chat."""
        return (await self.sandbox.texts(AMINA))[1:]

    async def texts(self) -> list[str]:
        """Every SMS that was sent to Amina by us, arrived or not."""
        sent = self.sandbox.world.sms.messages.values()
        return [m["body"] for m in sent if m["direction"] == "outbound-api"]

    async def answers(self, body: str) -> None:
        await self.sandbox.http.post(f"/people/{AMINA}/sms", json={"body": body})
        await self.settle()

    async def settle(self) -> None:
        """Wait until every callback under way has been delivered."""
        outgoing = self.sandbox.world.outgoing
        while outgoing._tasks:
            await next(iter(outgoing._tasks))


@pytest.fixture
def real_sessions(engine: AsyncEngine, vault: Vault) -> Sessions:
    """Real commits on a database of the test's own: gateways call back on other connections."""
    return sessions_of(engine, vault)


@pytest.fixture
async def office(real_sessions: Sessions, vault: Vault) -> AsyncIterator[Office]:
    webhooks = Webhooks(real_sessions, vault)
    async with (
        serving(plain_server(webhooks.app())) as base,
        running_sandbox(inbound_url=f"{base}/webhooks/twilio/inbound") as sandbox,
        _connected(sandbox, webhooks, base) as office,
    ):
        yield office
        await office.settle()


@asynccontextmanager
async def _connected(sandbox: Running, webhooks: Webhooks, base: str) -> AsyncIterator[Office]:
    sandbox.clock.move(MORNING - sandbox.clock.now())
    settings = Settings(
        public_url=base,
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=AUTH_TOKEN,
        twilio_from=OUR_NUMBER,
        twilio_api_url=f"{sandbox.base}/sandbox/twilio",
    )
    webhooks.clock, webhooks.settings = sandbox.clock, settings
    server = TelegramAPIServer.from_base(f"{sandbox.base}/sandbox/telegram")
    sms = TwilioSms(settings, timeout_seconds=2)
    async with Bot(TOKEN, session=AiohttpSession(api=server)) as bot:
        services = {
            Settings: settings,
            Vault: webhooks.vault,
            TelegramChannel: TelegramChannel(bot),
            SmsChannel: sms,
        }
        context = jobs.Context(webhooks.sessions, sandbox.clock, services)
        yield Office(sandbox, context, settings, webhooks, await _amina(webhooks, sandbox))
    await sms.close()


async def _amina(webhooks: Webhooks, sandbox: Running) -> UUID:
    """She has started the chat and given her phone."""
    await sandbox.act(AMINA, "say", text="/start", wait=0)
    amina, now = uuid4(), sandbox.clock.now()
    async with unit_of_work(webhooks.sessions) as session:
        await contacts.register(
            session,
            person_id=amina,
            telegram_chat_id=AMINA,
            locale="en",
            timezone="Africa/Nairobi",
            now=now,
        )
        await contacts.set_phone(
            session, webhooks.vault, person_id=amina, phone_e164=AMINAS_PHONE, now=now
        )
    return amina
