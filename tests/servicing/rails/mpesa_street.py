"""A lender, M-Pesa's stand-in on the wire, our real webhooks, and a customer with a phone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select

from api import problems
from api.deps import Wiring
from api.metrics import Metrics
from api.middleware import Guard
from api.throttle import Throttle
from api.webhooks import rail as rail_webhooks
from kit import jobs
from kit.config import Settings
from kit.crypto import Vault, vault_of
from kit.db import unit_of_work
from kit.money import Money
from sandbox.bus import Bus
from sandbox.mpesa.app import create_app as create_mpesa
from sandbox.mpesa.state import Mpesa, MpesaAccount, certificate
from sandbox.outgoing import Outgoing
from sandbox.store import Store
from sandbox.surroundings import Surroundings
from sandbox.trouble import Trouble
from servicing import payment_requests, tasks
from servicing.models import Loan, PaymentRequest, Payout, Repayment
from servicing.orders import Order
from servicing.rails.base import Rails
from servicing.rails.mpesa import rail as mpesa
from servicing.rails.mpesa.rail import MpesaRail
from servicing.states import OrderStatus
from tests.sandbox.serving import plain_server, serving
from tests.servicing.lending import ZONE, Lender
from tests.servicing.rails.bank import LenderClock
from tests.servicing.rails.street import WireStreet

NUMBER = "254700000001"
SECRET = "ours alone"
AnOrder = TypeVar("AnOrder", Payout, PaymentRequest)
_STAND_IN = MpesaAccount()


def settings_for(base: str, folder: Path, **changed: Any) -> Settings:
    """As an installation is told of the stand-in; `base` is where it answers."""
    certificate_file = folder / "mpesa.cer"
    certificate_file.write_bytes(certificate())
    given: dict[str, Any] = {
        "timezone": ZONE,
        "currency": "KES",
        "public_url": "https://kopa.example",
        "rail": "mpesa",
        "mpesa_base_url": base,
        "mpesa_consumer_key": SecretStr(_STAND_IN.consumer_key),
        "mpesa_consumer_secret": SecretStr(_STAND_IN.consumer_secret),
        "mpesa_shortcode": _STAND_IN.shortcode,
        "mpesa_passkey": SecretStr(_STAND_IN.passkey),
        "mpesa_initiator": _STAND_IN.initiator,
        "mpesa_initiator_password": SecretStr(_STAND_IN.initiator_password),
        "mpesa_certificate": certificate_file,
        "mpesa_callback_secret": SecretStr(SECRET),
        "mpesa_folder": folder / "portal",
    }
    return Settings(_env_file=None, **(given | changed))


@dataclass
class Street(WireStreet):
    mpesa: Mpesa
    rail: MpesaRail
    ours: httpx.AsyncClient
    """Whoever calls our webhooks."""
    phone: httpx.AsyncClient
    """The customer's, and the organisation's portal."""

    def trouble(self, kind: str, **order: Any) -> None:
        self.mpesa.door.order(Trouble(kind=kind, **order))

    @property
    def outgoing(self) -> Outgoing:
        return self.mpesa.outgoing

    async def lends(self, **changed: Any) -> Loan:
        loan = await self.lender.opens(**changed)
        await self.asks(await self.pays_out(loan))
        return loan

    async def requests(self, loan: Loan, amount: Money) -> PaymentRequest:
        async with unit_of_work(self.lender.sessions) as session:
            return await payment_requests.request(
                session, vault_of(session), loan_id=loan.id, amount=amount, on=self.lender.on,
                now=self.lender.now,
            )  # fmt: skip

    async def prompts(self, loan: Loan, amount: Money) -> PaymentRequest:
        """Runs the job, and lets the customer answer. Nobody has asked yet."""
        asked = await self.requests(loan, amount)
        with suppress(jobs.Later):
            await tasks.collect(self.lender.context, request_id=str(asked.id))
        await self.hears()
        return asked

    async def pays(self, reference: str, shillings: int) -> str:
        """The customer pays to our number; the receipt."""
        payment = {"msisdn": NUMBER, "reference": reference, "shillings": shillings}
        answer = await self.phone.post("/phone/pay", json=payment)
        assert answer.is_success, answer.text
        await self.hears()
        receipt: str = answer.json()["receipt"]
        return receipt

    async def asks(self, order: AnOrder) -> AnOrder:
        """What a hint or the sweeper brings about, and what comes of it."""
        kind = "payout" if isinstance(order, Payout) else "payment_request"
        with suppress(jobs.Later):
            await tasks.inquire(self.lender.context, kind=kind, order_id=str(order.id))
        await self.hears()
        return await self.sees(order)

    async def confirms(self, receipt: str) -> None:
        await tasks.confirm_payment(self.lender.context, rail="mpesa", rail_id=receipt)
        await self.hears()

    async def sees(self, order: AnOrder) -> AnOrder:
        async with self.lender.sessions() as session:
            return await session.get_one(type(order), order.id)

    async def repaid(self) -> list[str]:
        async with self.lender.sessions() as session:
            rows = await session.scalars(select(Repayment).order_by(Repayment.id))
            return [row.amount.major for row in rows]

    def moved(self) -> list[int]:
        """What really moved at M-Pesa, in shillings: out of our account is negative."""
        return [each["shillings"] for each in self.mpesa.movements if each["status"] == "Completed"]

    async def told(self, path: str, body: object) -> httpx.Response:
        """Somebody calls an address of ours."""
        if isinstance(body, bytes):
            return await self.ours.post(path, content=body)
        return await self.ours.post(path, json=body)


@asynccontextmanager
async def street(
    lender: Lender, vault: Vault, folder: Path, **changed: Any
) -> AsyncIterator[Street]:
    clock = LenderClock(lender)
    outgoing = Outgoing()
    stand_in = Mpesa(
        MpesaAccount(settle_seconds=0.01), Surroundings(clock, Store(None), Bus(), outgoing)
    )
    webhooks = FastAPI()
    async with (
        serving(plain_server(webhooks)) as base,
        serving(plain_server(create_mpesa(stand_in))) as there,
        httpx.AsyncClient(base_url=base) as ours,
        httpx.AsyncClient(base_url=there) as phone,
    ):
        settings = settings_for(there, folder, public_url=base, **changed)
        rail = mpesa.of(settings, clock)
        lender.rail, lender.account = rail, NUMBER
        webhooks.mount("/", our_routes(settings, lender, vault))
        yield Street(lender, stand_in, rail, ours, phone)
        await rail.close()
        await outgoing.close()


def our_routes(settings: Settings, lender: Lender, vault: Vault) -> FastAPI:
    """Our real routes for rails, with what stands around them, and nothing else of the web."""
    clock, metrics = LenderClock(lender), Metrics()
    app = FastAPI()
    app.state.wiring = Wiring(
        settings=settings, sessions=lender.sessions, clock=clock, wall=clock, vault=vault,
        metrics=metrics, throttle=Throttle(), telegram=None,
        services={Rails: Rails((lender.rail,))},
    )  # fmt: skip
    problems.install(app)
    app.include_router(rail_webhooks.router)
    app.add_middleware(Guard, metrics=metrics, https=False, programs={})
    return app


def is_under_way(order: Order) -> bool:
    return order.status in (OrderStatus.SUBMITTING, OrderStatus.PENDING, OrderStatus.UNKNOWN)
