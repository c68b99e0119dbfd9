"""Mobile money over its wire: who we are, what an answer proves, silence at every point, pages."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest
from fastapi import Request, Response

from kit.errors import TransientFailure
from kit.money import Money
from sandbox.wallet import transfers
from servicing.rails.base import (
    Ack,
    AckStatus,
    Direction,
    Instruction,
    Outcome,
    OutcomeStatus,
)
from tests.sandbox.serving import RAIL_KEY, plain_server, serving
from tests.servicing.lending import kes
from tests.servicing.rails.gsma_provider import (
    ACCOUNT,
    COLLECT,
    PAYOUT,
    Provider,
    answering,
    gsma_rail,
    running_provider,
    with_tokens,
)

DAY = date(2026, 11, 20)
SETTLED, PENDING = OutcomeStatus.SETTLED, OutcomeStatus.PENDING


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running_provider() as provider:
        yield provider


async def settled(rail: Any, order: Instruction) -> Outcome:
    """What became of it, once the provider has decided."""
    for _ in range(1_500):
        outcome: Outcome = await rail.query(order)
        if outcome.status is not PENDING:
            return outcome
        await asyncio.sleep(0.02)
    raise AssertionError("it never happened")


class TestAuthentication:
    @pytest.mark.parametrize("way", ["basic", "token", "key"])
    async def test_opens_in_each_way_of_the_specification(
        self, provider: Provider, way: str
    ) -> None:
        given: dict[str, dict[str, Any]] = {
            "basic": {},
            "token": {"auth": with_tokens(provider.base)},
            "key": {"auth": None, "api_key": RAIL_KEY},
        }
        rail = gsma_rail(provider.base, **given[way])

        assert (await rail.submit(PAYOUT)).status is AckStatus.ACCEPTED
        assert (await settled(rail, PAYOUT)).status is SETTLED
        await rail.close()

    async def test_buys_a_token_once_and_again_when_it_is_refused(self, provider: Provider) -> None:
        rail = gsma_rail(provider.base, auth=with_tokens(provider.base))
        await rail.query(PAYOUT)
        await rail.query(PAYOUT)
        assert len(provider.wire.named("/oauth/")) == 1

        await provider.trouble("forget_tokens")
        assert (await rail.submit(PAYOUT)).status is AckStatus.UNKNOWN
        assert (await rail.query(PAYOUT)).status is OutcomeStatus.NOT_FOUND
        assert len(provider.wire.named("/oauth/")) == 2
        await rail.close()

    async def test_that_fails_proves_nothing_and_moves_nothing(self, provider: Provider) -> None:
        for rail in (
            gsma_rail(provider.base, auth=httpx.BasicAuth("kopa", "wrong")),
            gsma_rail(provider.base, auth=with_tokens(provider.base, "wrong")),
        ):
            assert (await rail.submit(PAYOUT)).status is AckStatus.UNKNOWN
            assert (await rail.query(PAYOUT)).status is OutcomeStatus.UNKNOWN
            await rail.close()
        assert provider.wallet.transfers == {}


class TestSubmit:
    @pytest.mark.parametrize(
        "amount", [Money(1_500, "UGX"), kes("1500.50"), kes(1_500), Money(1_500_005, "KWD")]
    )
    async def test_moves_the_exact_amount_of_every_currency(
        self, provider: Provider, amount: Money
    ) -> None:
        rail, order = gsma_rail(provider.base), replace(PAYOUT, amount=amount)
        await rail.submit(order)

        assert (await settled(rail, order)).amount == amount
        (transfer,) = provider.wallet.transfers.values()
        assert provider.wallet.amount(transfer) == amount
        await rail.close()

    async def test_again_is_taken_once(self, provider: Provider) -> None:
        rail = gsma_rail(provider.base)
        first = await rail.submit(PAYOUT)

        assert await rail.submit(PAYOUT) == Ack(AckStatus.ACCEPTED)
        assert first.rail_id is not None
        assert len(provider.wallet.transfers) == 1
        await rail.close()

    async def test_many_times_at_once_is_taken_once(self, provider: Provider) -> None:
        rail = gsma_rail(provider.base)
        acks = await asyncio.gather(*(rail.submit(PAYOUT) for _ in range(8)))

        assert {ack.status for ack in acks} == {AckStatus.ACCEPTED}
        assert len(provider.wallet.transfers) == 1
        await rail.close()

    async def test_may_be_answered_by_the_transaction_itself(self, provider: Provider) -> None:
        rail = gsma_rail(provider.base)
        await provider.trouble("answer_at_once")

        ack = await rail.submit(PAYOUT)

        assert ack.status is AckStatus.ACCEPTED
        assert (await rail.query(replace(PAYOUT, rail_id=ack.rail_id))).rail_id == ack.rail_id
        await rail.close()

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"account": "254799999999"}, "identifierError"),
            ({"amount": kes(0)}, "formatError"),
            ({"amount": kes(9_000_000)}, "insufficientFunds"),
            ({"account": "walletid@nobody"}, "identifierError"),
        ],
    )
    async def test_says_why_it_was_refused(
        self, provider: Provider, changed: dict[str, Any], code: str
    ) -> None:
        rail, order = gsma_rail(provider.base), replace(PAYOUT, **changed)

        assert await rail.submit(order) == Ack(AckStatus.REJECTED, code=code)
        assert (await rail.query(order)).status is OutcomeStatus.NOT_FOUND
        await rail.close()


class TestQuery:
    async def test_follows_a_request_to_its_end(self, provider: Provider) -> None:
        rail = gsma_rail(provider.base)
        ack = await rail.submit(COLLECT)
        order = replace(COLLECT, rail_id=ack.rail_id)
        assert (await rail.query(order)).status is PENDING

        (transfer,) = provider.wallet.transfers.values()
        transfers.top_up(provider.wallet, ACCOUNT, kes(2_000))
        transfers.answer_request(provider.wallet, ACCOUNT, transfer["id"], accept=True)

        assert (await rail.query(order)).amount == COLLECT.amount
        await rail.close()

    async def test_says_why_a_request_failed(self, provider: Provider) -> None:
        rail = gsma_rail(provider.base)
        ack = await rail.submit(COLLECT)
        (transfer,) = provider.wallet.transfers.values()
        transfers.answer_request(provider.wallet, ACCOUNT, transfer["id"], accept=False)

        outcome = await rail.query(replace(COLLECT, rail_id=ack.rail_id))

        assert outcome == Outcome(OutcomeStatus.FAILED, failure_code="requestDeclined")
        await rail.close()

    async def test_asks_by_the_providers_own_name_while_nothing_is_made(
        self, provider: Provider
    ) -> None:
        """A provider may know our correlation id only when there is a transaction."""
        rail = gsma_rail(provider.base)
        ack = await rail.submit(COLLECT)
        await provider.trouble("hide_pending", times=2)

        assert (await rail.query(replace(COLLECT, rail_id=ack.rail_id))).status is PENDING
        assert (await rail.query(COLLECT)).status is OutcomeStatus.NOT_FOUND
        await rail.close()

    async def test_finds_nothing_where_nothing_came(self, provider: Provider) -> None:
        rail = gsma_rail(provider.base)

        assert (await rail.query(PAYOUT)).status is OutcomeStatus.NOT_FOUND
        assert await rail.confirm("W1") is None
        await rail.close()


class TestConfirm:
    async def test_tells_whose_transaction_it_is(self, provider: Provider) -> None:
        rail = gsma_rail(provider.base)
        await rail.submit(PAYOUT)
        outcome = await settled(rail, PAYOUT)
        transfers.top_up(provider.wallet, ACCOUNT, kes(2_000))
        paid = transfers.pay(provider.wallet, ACCOUNT, reference="KP-1", money=kes(500))

        out = await rail.confirm(str(outcome.rail_id))
        came = await rail.confirm(paid["id"])

        assert out is not None
        assert came is not None
        assert (out.direction, out.reference) == (Direction.PAYOUT, PAYOUT.client_ref)
        assert (came.direction, came.reference) == (Direction.INCOMING, "KP-1")
        assert came.account == f"+{ACCOUNT}"
        assert not came.is_hint
        stranger = gsma_rail(provider.base, account="organisationid@other")
        assert await stranger.confirm(paid["id"]) is None
        await stranger.close()
        await rail.close()


STATUSES = (200, 201, 202, 301, 400, 401, 404, 409, 500, 503)
NONSENSE = (
    "",
    "<html>",
    "null",
    "{}",
    '"text"',
    "[" * 30_000,
    "[1]",
    '{"link": 7}',
    '{"link": "https://evil.example/x/y"}',
    '{"serverCorrelationId": ""}',
    '{"errorCategory": [], "errorCode": {}}',
)


class TestSilence:
    """Whatever comes instead of an answer, nothing is taken for done, and nothing for undone."""

    async def test_or_nonsense_is_unknown(self) -> None:
        said: dict[str, Any] = {}

        async def answer(request: Request) -> Response:
            return Response(**said, media_type="application/json")

        async with serving(plain_server(answering(answer))) as base:
            rail = gsma_rail(base)
            for status_code, content in itertools.product(STATUSES, NONSENSE):
                said |= {"status_code": status_code, "content": content}
                assert (await rail.submit(PAYOUT)).status is AckStatus.UNKNOWN, said
                assert (await rail.query(PAYOUT)).status is OutcomeStatus.UNKNOWN, said
                assert await rail.confirm("W1") is None, said
                with pytest.raises(TransientFailure):
                    await rail.statement(DAY, "KES")
            await rail.close()

    async def test_of_a_provider_that_is_away_is_unknown(self) -> None:
        rail = gsma_rail("http://127.0.0.1:9")

        assert (await rail.submit(PAYOUT)).status is AckStatus.UNKNOWN
        assert (await rail.query(PAYOUT)).status is OutcomeStatus.UNKNOWN
        await rail.close()

    async def test_after_the_order_was_carried_out_is_found_out(self, provider: Provider) -> None:
        patient, hasty = gsma_rail(provider.base), gsma_rail(provider.base, timeout_seconds=1.0)
        await provider.trouble("lose_answer", seconds=2)

        assert (await hasty.submit(PAYOUT)).status is AckStatus.UNKNOWN

        assert (await settled(patient, PAYOUT)).amount == PAYOUT.amount
        assert len(provider.wallet.transfers) == 1
        await patient.close()
        await hasty.close()

    async def test_never_sends_our_secret_to_another_host(self) -> None:
        """A link names a resource; where that is, we know ourselves."""
        heard: list[str] = []

        async def elsewhere(request: Request) -> Response:
            heard.append(str(request.url))
            return Response("{}", media_type="application/json")

        async with serving(plain_server(answering(elsewhere))) as evil:

            async def answer(request: Request) -> Response:
                link = json.dumps({"link": f"{evil}/transactions/W1"})
                return Response(link, media_type="application/json")

            async with serving(plain_server(answering(answer))) as base:
                rail = gsma_rail(base)
                assert (await rail.query(PAYOUT)).status is OutcomeStatus.UNKNOWN
                await rail.close()
        assert heard == []

    @pytest.mark.parametrize(
        "changed",
        [
            {"requestingOrganisationTransactionReference": "P-of-somebody-else"},
            {"type": "merchantpay"},
            {"transactionReference": "W2"},
            {"transactionStatus": "nearly"},
        ],
    )
    async def test_about_our_order_is_not_broken_by_anothers(self, changed: dict[str, str]) -> None:
        told = {
            "transactionReference": "W1", "type": "disbursement", "transactionStatus": "completed",
            "amount": "1500", "currency": "KES",
            "debitParty": [{"key": "organisationid", "value": "kopa"}],
            "creditParty": [{"key": "msisdn", "value": f"+{ACCOUNT}"}],
        }  # fmt: skip

        async def answer(request: Request) -> Response:
            is_link = "/responses/" in request.url.path
            body = {"link": "/transactions/W1"} if is_link else told | changed
            return Response(json.dumps(body), media_type="application/json")

        async with serving(plain_server(answering(answer))) as base:
            rail = gsma_rail(base)
            assert (await rail.query(PAYOUT)).status is OutcomeStatus.UNKNOWN
            await rail.close()
