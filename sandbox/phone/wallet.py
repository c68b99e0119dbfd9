"""The person's own wallet: what is in it, who asks for money, and sending some."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from sandbox.store import Json
from sandbox.wallet import transfers
from sandbox.world import World


class Answer(BaseModel):
    answer: Literal["accept", "decline"]


class TopUp(BaseModel):
    amount: str = Field(max_length=24)
    currency: str = Field(pattern=r"\A[A-Z]{3}\z")


class Payment(TopUp):
    reference: str = Field(min_length=1, max_length=64)


def routes(world: World) -> APIRouter:
    router = APIRouter(prefix="/people/{person_id}/wallet")
    wallet = world.wallet

    def account(person_id: int) -> str:
        return world.people.get(person_id).account

    @router.get("")
    async def show(person_id: int) -> Json:
        return wallet.shown(account(person_id))

    @router.post("/requests/{transfer_id}")
    async def answer(person_id: int, transfer_id: str, answer: Answer) -> Json:
        accept = answer.answer == "accept"
        return transfers.answer_request(wallet, account(person_id), transfer_id, accept=accept)

    @router.post("/payments", status_code=201)
    async def pay(person_id: int, payment: Payment) -> Json:
        money = transfers.parsed(payment.amount, payment.currency)
        return transfers.pay(
            wallet, account(person_id), reference=payment.reference.strip(), money=money
        )

    @router.post("/top-ups", status_code=201)
    async def top_up(person_id: int, top_up: TopUp) -> Json:
        money = transfers.parsed(top_up.amount, top_up.currency)
        transfers.top_up(wallet, account(person_id), money)
        return wallet.shown(account(person_id))

    return router
