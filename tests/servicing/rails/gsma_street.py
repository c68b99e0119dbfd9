"""A lender, a mobile money provider on the wire, our real webhooks, and a borrower."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI

from kit import jobs
from kit.crypto import Vault, vault_of
from kit.db import unit_of_work
from kit.money import Money
from sandbox.outgoing import Outgoing
from sandbox.wallet import transfers
from sandbox.wallet.state import Wallet
from servicing import payment_requests, reconciliation, tasks
from servicing.models import Loan, PaymentRequest, Payout, ReconciliationBreak
from servicing.rails.addresses import Addresses
from servicing.rails.base import Direction
from servicing.rails.gsma.rail import GsmaRail
from tests.sandbox.serving import plain_server, serving
from tests.servicing.lending import SETTINGS, Lender
from tests.servicing.rails import gsma_spec
from tests.servicing.rails.gsma_provider import (
    ACCOUNT,
    SECRET,
    Provider,
    gsma_rail,
    running_provider,
)
from tests.servicing.rails.mpesa_street import our_routes
from tests.servicing.rails.street import WireStreet

AnOrder = TypeVar("AnOrder", Payout, PaymentRequest)
HOOKS = "/webhooks/rail/gsma"
_ADDRESSES = Addresses("", SECRET)


@dataclass
class Street(WireStreet):
    provider: Provider
    rail: GsmaRail
    hooks: gsma_spec.Recorder
    """What the provider calls us about."""
    ours: httpx.AsyncClient
    """Anybody else who does."""

    @property
    def wallet(self) -> Wallet:
        return self.provider.wallet

    @property
    def outgoing(self) -> Outgoing:
        return self.provider.sandbox.world.outgoing

    async def lends(self, **changed: Any) -> Loan:
        loan = await self.lender.opens(**changed)
        await self.asks(await self.pays_out(loan))
        return await self.lender.sees(loan)

    async def asks(self, order: AnOrder) -> AnOrder:
        """What a hint or the sweeper brings about, and what comes of it."""
        told = await self.asks_now(order)
        await self.hears()
        return told

    async def asks_now(self, order: AnOrder) -> AnOrder:
        """The same, while the provider is still at work."""
        kind = "payout" if isinstance(order, Payout) else "payment_request"
        with suppress(jobs.Later):
            await tasks.inquire(self.lender.context, kind=kind, order_id=str(order.id))
        async with self.lender.sessions() as session:
            return await session.get_one(type(order), order.id)

    async def confirms(self, rail_id: str, *, tries: int = 0) -> None:
        await tasks.confirm_payment(self.lender.context, rail="gsma", rail_id=rail_id, tries=tries)

    async def requests(self, loan: Loan, amount: Money) -> PaymentRequest:
        async with unit_of_work(self.lender.sessions) as session:
            asked = await payment_requests.request(
                session, vault_of(session), loan_id=loan.id, amount=amount, on=self.lender.on,
                now=self.lender.now,
            )  # fmt: skip
        with suppress(jobs.Later):
            await tasks.collect(self.lender.context, request_id=str(asked.id))
        return asked

    async def answers(self, *, accept: bool) -> None:
        (request,) = self.wallet.shown(ACCOUNT)["requests"]
        transfers.answer_request(self.wallet, ACCOUNT, request["id"], accept=accept)
        await self.hears()

    async def pays(self, reference: str, amount: Money) -> str:
        """The borrower sends money by himself; the provider's name for it."""
        paid = transfers.pay(self.wallet, ACCOUNT, reference=reference, money=amount)
        await self.hears()
        return str(paid["id"])

    async def told(self, direction: Direction, body: object, *about: str) -> httpx.Response:
        """Somebody who has got hold of an address calls it."""
        return await self.put(_ADDRESSES.make(direction, *about), body)

    async def put(self, path: str, body: object) -> httpx.Response:
        if isinstance(body, bytes):
            return await self.ours.put(f"{HOOKS}{path}", content=body)
        return await self.ours.put(f"{HOOKS}{path}", json=body)

    async def reconciles(self) -> list[ReconciliationBreak]:
        """Every day on which the provider moved anything: a test may run over midnight."""
        for day in sorted({date.fromisoformat(m["at"][:10]) for m in self.wallet.movements}):
            await tasks.reconcile(self.lender.context, rail="gsma", day=day.isoformat())
        async with self.lender.sessions() as session:
            return await reconciliation.list_open(session)

    def moved(self) -> list[str]:
        """Every movement of the borrower's wallet, newest first; his own top-ups apart."""
        shown = self.wallet.shown(ACCOUNT)["movements"]
        return [movement["amount"] for movement in shown if movement["transfer"]]


@asynccontextmanager
async def street(lender: Lender, vault: Vault) -> AsyncIterator[Street]:
    webhooks = FastAPI()
    hooks = gsma_spec.Recorder(webhooks)
    async with serving(plain_server(hooks)) as base:  # type: ignore[arg-type]
        callbacks = f"{base}{HOOKS}"
        incoming = Addresses(callbacks, SECRET).make(Direction.INCOMING)
        async with running_provider(incoming) as provider:
            rail = gsma_rail(provider.base, callbacks)
            lender.rail, lender.account = rail, ACCOUNT
            webhooks.mount("/", our_routes(SETTINGS, lender, vault))
            transport = httpx.ASGITransport(app=webhooks)
            async with httpx.AsyncClient(transport=transport, base_url=base) as ours:
                yield Street(lender, provider, rail, hooks, ours)
            await rail.close()
    for callback in hooks.exchanges:
        assert gsma_spec.callback_faults(callback) == [], callback
