"""The statement of mobile money: all of its pages, every kind of movement, on the day it moved."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from fastapi import Request, Response

from kit.errors import TransientFailure
from sandbox.wallet import transfers
from servicing.rails.base import Direction, Instruction, OutcomeStatus, StatementLine
from tests.sandbox.serving import plain_server, serving
from tests.servicing.lending import kes
from tests.servicing.rails.gsma_provider import (
    ACCOUNT,
    COLLECT,
    PAYOUT,
    Provider,
    answering,
    gsma_rail,
    running_provider,
)

DAY = date(2026, 11, 20)
SETTLED = OutcomeStatus.SETTLED


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running_provider() as provider:
        yield provider


class TestStatement:
    async def test_is_read_to_its_last_page(self, provider: Provider) -> None:
        rail = gsma_rail(provider.base)
        transfers.top_up(provider.wallet, ACCOUNT, kes(1_000))
        paid = [
            transfers.pay(provider.wallet, ACCOUNT, reference=f"KP-{n}", money=kes(5))["id"]
            for n in range(120)
        ]

        lines = await _statement(rail, provider)

        assert sorted(line.rail_id for line in lines) == sorted(paid)
        assert len(provider.wire.named("/accounts/")) >= 3
        await rail.close()

    async def test_has_every_kind_of_movement(self, provider: Provider) -> None:
        rail = gsma_rail(provider.base)
        await provider.trouble("return_later")
        await rail.submit(PAYOUT)
        await rail.submit(COLLECT)
        wallet = provider.wallet
        while {t["status"] for t in wallet.transfers.values()} != {"returned", "pending"}:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        transfers.top_up(wallet, ACCOUNT, kes(5_000))
        out, asked = wallet.transfers.values()
        transfers.answer_request(wallet, ACCOUNT, asked["id"], accept=True)
        paid = transfers.pay(wallet, ACCOUNT, reference="KP-1", money=kes(750))

        lines = await _statement(rail, provider)

        def line(told: Any, order: Instruction, status: OutcomeStatus) -> StatementLine:
            return StatementLine(
                told["id"], order.client_ref, order.direction, order.amount, status
            )

        assert set(lines) == {
            line(out, PAYOUT, SETTLED),
            line(out, PAYOUT, OutcomeStatus.RETURNED),
            line(asked, COLLECT, SETTLED),
            StatementLine(paid["id"], "KP-1", Direction.INCOMING, kes(750), SETTLED),
        }
        assert len(lines) == 4
        await rail.close()

    async def test_counts_a_request_on_the_day_it_was_paid(self, provider: Provider) -> None:
        rail = gsma_rail(provider.base)
        await rail.submit(COLLECT)
        provider.sandbox.clock.move(timedelta(days=2))
        transfers.top_up(provider.wallet, ACCOUNT, kes(5_000))
        (asked,) = provider.wallet.transfers.values()
        transfers.answer_request(provider.wallet, ACCOUNT, asked["id"], accept=True)
        paid_on = datetime.fromisoformat(provider.wallet.transfers[asked["id"]]["settled_at"])

        assert len(await rail.statement(paid_on.date(), "KES") or []) == 1
        assert await rail.statement(paid_on.date() - timedelta(days=2), "KES") == []
        assert await rail.statement(paid_on.date(), "USD") == []
        await rail.close()

    async def test_with_a_record_missing_is_none(self) -> None:
        async def answer(request: Request) -> Response:
            headers = {"X-Records-Available-Count": "3"}
            return Response("[]", media_type="application/json", headers=headers)

        async with serving(plain_server(answering(answer))) as base:
            rail = gsma_rail(base)
            with pytest.raises(TransientFailure):
                await rail.statement(DAY, "KES")
            await rail.close()


async def _statement(rail: Any, provider: Provider) -> list[StatementLine]:
    """Of all days on which something moved: a test may run over midnight."""
    days = {movement["at"][:10] for movement in provider.wallet.movements}
    return [
        line
        for day in sorted(days)
        for line in await rail.statement(datetime.fromisoformat(day).date(), "KES")
    ]
