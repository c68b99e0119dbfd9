"""A line of a statement that no account can hold: a person looks at it, the others are compared."""

from datetime import date
from typing import Any

import pytest
from fastapi import Request
from fastapi.responses import JSONResponse

from servicing import reconciliation, tasks
from servicing.rails.base import Rail
from servicing.treasury import lines
from tests.sandbox.serving import plain_server, serving
from tests.servicing.lending import Lender
from tests.servicing.rails.gsma_provider import OURS, answering, gsma_rail
from tests.servicing.wires import wallet_rail

DAY = date(2026, 11, 20)


def wallet_says(*amounts: str) -> Any:
    told = [
        {
            "id": f"W{n}", "reference": "unheard", "direction": "incoming", "amount": amount,
            "currency": "KES", "status": "settled",
        }
        for n, amount in enumerate(amounts)
    ]  # fmt: skip
    return {"lines": told, "opening": "0.00", "closing": "750.00"}


def gsma_says(*amounts: str) -> Any:
    key, value = OURS.split("@")
    return [
        {
            "transactionReference": f"W{n}", "type": "transfer", "transactionStatus": "completed",
            "amount": amount, "currency": "KES", "descriptionText": "unheard",
            "debitParty": [{"key": "msisdn", "value": "+254700000001"}],
            "creditParty": [{"key": key, "value": value}],
            "creationDate": f"{DAY}T09:00:00+00:00",
        }
        for n, amount in enumerate(amounts)
    ]  # fmt: skip


async def reconciles(lender: Lender, rail: Rail) -> None:
    lender.rail = rail
    for _ in range(2):
        await tasks.reconcile(lender.context, rail=rail.name, day=DAY.isoformat())
    await rail.close()


@pytest.mark.parametrize("name", ["wallet", "gsma"])
class TestDoubtfulLine:
    @pytest.mark.parametrize("doubtful", ["-500", "900000000000000000", "1e3"])
    async def test_is_an_incident_and_keeps_no_other_waiting(
        self, lender: Lender, name: str, doubtful: str
    ) -> None:
        says, made = (wallet_says, wallet_rail) if name == "wallet" else (gsma_says, gsma_rail)

        async def answer(request: Request) -> JSONResponse:
            return JSONResponse(says("750", doubtful, "90"))

        async with serving(plain_server(answering(answer))) as base:
            await reconciles(lender, made(base))

        async with lender.sessions() as session:
            breaks = await reconciliation.list_open(session)
            kept = await lines.of_day(session, name, DAY)
        assert [(each.category, each.reference) for each in breaks] == [
            ("unknown_reference", "W0"),
            ("unknown_reference", "W2"),
        ]
        assert [line.amount.major for line in kept] == ["750.00", "90.00"]
        assert await lender.incidents() == ["statement_line_unbookable"]
