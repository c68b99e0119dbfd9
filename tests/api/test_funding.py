"""Funding over HTTP: two people for every amount; the same numbers as JSON, table and paper."""

import io
from datetime import date, timedelta
from typing import Any

import httpx
import openpyxl
import pytest

from kit.db import unit_of_work
from kit.ids import new_id
from servicing import tasks
from servicing.funding import pools, returns
from servicing.models import Loan
from tests.api.conftest import SetClock
from tests.servicing.lending import Lender

NOBODY = "00000000-0000-7000-8000-000000000000"
WHY = {"reason": "as agreed"}


def amount(major: str) -> dict[str, str]:
    return {"amount": major, "currency": "KES"}


async def both(
    carl: httpx.AsyncClient, ada: httpx.AsyncClient, method: str, path: str, **body: Any
) -> httpx.Response:
    """One says it, another says the same."""
    keys = [{"Idempotency-Key": str(new_id())} for _ in range(2)]
    first = await carl.request(method, path, json=WHY | body, headers=keys[0])
    assert (first.status_code, first.json()["confirmed_at"]) == (200, None), first.text
    return await ada.request(method, path, json=WHY | body, headers=keys[1])


async def both_twice(
    carl: httpx.AsyncClient, ada: httpx.AsyncClient, path: str, **body: Any
) -> list[bool]:
    """Neither heard an answer, and both ask again: whether each was told that it is done."""
    answers = [
        await who.post(path, json=WHY | body, headers={"Idempotency-Key": f"key-{who is ada}"})
        for who in (carl, ada, carl, ada)
    ]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.json()["confirmed_at"] is not None for answer in answers]


async def shares_out(lender: Lender, *, until: date) -> None:
    async with unit_of_work(lender.sessions) as session:
        for pool in await pools.list_pools(session):
            await returns.settle(session, pool, until=until, now=lender.now)


@pytest.fixture
async def pool(ada: httpx.AsyncClient, carl: httpx.AsyncClient) -> str:
    """Open, without money."""
    given = {"code": "main", "currency": "KES", "rail": "wallet"}
    made = await ada.post("/v1/funding/pools", json=given)
    assert made.status_code == 201, made.text
    path = f"/v1/funding/pools/{made.json()['id']}"
    policy = {"rank": 1, "limits": [{"by": "pool", "percent": "90"}]}
    done = await both(carl, ada, "PUT", f"{path}/policy", policy=policy)
    assert done.json()["confirmed_at"] is not None
    return path


@pytest.fixture
async def stake(ada: httpx.AsyncClient, carl: httpx.AsyncClient, pool: str) -> str:
    """Of `=Sum`, whose name a spreadsheet would run, with 60,000."""
    funder = (await ada.post("/v1/funding/funders", json={"name": "=Sum"})).json()
    terms = {"funder_id": funder["id"], "terms": "share", "rate_ppm": 800_000}
    await both(carl, ada, "POST", f"{pool}/stakes", **terms)
    (shown,) = (await ada.get("/v1/funding/pools")).json()
    path = f"/v1/funding/stakes/{shown['stakes'][0]['id']}"
    await both(carl, ada, "POST", f"{path}/capital", amount=amount("60000"), reference="B-1")
    return path


@pytest.fixture
async def held(lender: Lender, stake: str) -> Loan:
    """The second loan of 30,000 would be more than 90 % of 60,000."""
    await lender.lends()
    loan = await lender.opens()
    await lender.pays_out(loan)
    return loan


class TestCapital:
    async def test_is_shown_with_what_is_lent_of_it(
        self, aude: httpx.AsyncClient, lender: Lender, stake: str
    ) -> None:
        await lender.lends()

        (shown,) = (await aude.get("/v1/funding/pools")).json()

        assert (shown["capital"], shown["at_work"], shown["free"]) == (
            amount("60000.00"), amount("30000.00"), amount("30000.00")
        )  # fmt: skip
        assert shown["stakes"][0]["free"] == amount("30000.00")

    async def test_goes_out_when_it_is_free(
        self, ada: httpx.AsyncClient, carl: httpx.AsyncClient, stake: str
    ) -> None:
        path = f"{stake}/withdrawals"
        asked: dict[str, Any] = {"of": "capital", "due_on": "2026-12-01"}
        key = {"Idempotency-Key": "withdrawal-0001"}
        too_much = await carl.post(path, json=asked | {"amount": amount("60000.01")}, headers=key)
        asked |= {"amount": amount("1000")}
        agreed = await carl.post(path, json=asked, headers=key)
        repeated = await carl.post(path, json=asked, headers=key)
        without = await carl.post(path, json=asked)
        waiting = (await ada.get("/v1/funding/withdrawals")).json()["items"]
        pay = f"/v1/funding/withdrawals/{agreed.json()['id']}/pay"
        await both(carl, ada, "POST", pay, reference="B-2")
        again = await carl.post(pay, json=WHY | {"reference": "B-3"})

        assert (too_much.status_code, too_much.json()["code"]) == (409, "capital_not_free")
        assert (agreed.status_code, repeated.json()) == (201, agreed.json())
        assert without.status_code == 422
        assert [row["id"] for row in waiting] == [agreed.json()["id"]]
        assert (again.status_code, again.json()["code"]) == (
            404, "funding_withdrawal_not_found"
        )  # fmt: skip
        (shown,) = (await ada.get("/v1/funding/pools")).json()
        assert shown["capital"] == amount("59000.00")

    async def test_stays_once_when_both_repeat_their_calls(
        self, ada: httpx.AsyncClient, carl: httpx.AsyncClient, lender: Lender, stake: str
    ) -> None:
        loan = await lender.lends()
        await lender.closes_days_until(lender.on + timedelta(days=40))
        await lender.receives(loan, (await lender.owed(loan)).total)
        await shares_out(lender, until=lender.on)
        (before,) = (await ada.get("/v1/funding/pools")).json()
        assert float(before["stakes"][0]["payable"]["amount"]) > 200

        told = await both_twice(carl, ada, f"{stake}/reinvest", amount=amount("100"))

        assert told == [False, True, False, True]
        (after,) = (await ada.get("/v1/funding/pools")).json()
        assert float(after["capital"]["amount"]) - float(before["capital"]["amount"]) == 100

    async def test_of_one_stake_is_agreed_once(
        self, ada: httpx.AsyncClient, carl: httpx.AsyncClient, pool: str
    ) -> None:
        funder = (await ada.post("/v1/funding/funders", json={"name": "Sum"})).json()
        terms = {"funder_id": funder["id"], "terms": "share", "rate_ppm": 800_000}
        told = await both_twice(carl, ada, f"{pool}/stakes", **terms)

        assert told == [False, True, False, True]
        (shown,) = (await ada.get("/v1/funding/pools")).json()
        assert len(shown["stakes"]) == 1

    async def test_of_a_policy_that_says_nonsense_is_refused(
        self, carl: httpx.AsyncClient, pool: str
    ) -> None:
        for policy in ({"limits": [{"by": "moon", "percent": "1"}]}, {"floor": "-1"}, {"flor": 1}):
            answer = await carl.put(f"{pool}/policy", json=WHY | {"policy": policy})

            assert (answer.status_code, answer.json()["code"]) == (422, "invalid_terms")


class TestHeld:
    async def test_says_why_and_is_a_table_too(self, aude: httpx.AsyncClient, held: Loan) -> None:
        (row,) = (await aude.get("/v1/funding/held")).json()["items"]
        table = (await aude.get("/v1/funding/held?format=csv")).text

        assert row["payout"]["loan_id"] == str(held.id)
        assert (row["reason"], row["facts"]) == (
            "limit_pool", {"pool": "main", "most": "54000.00", "would_be": "60000.00"}
        )  # fmt: skip
        assert "limit_pool" in table

    async def test_two_let_it_go(
        self, ada: httpx.AsyncClient, carl: httpx.AsyncClient, lender: Lender, held: Loan
    ) -> None:
        (row,) = (await ada.get("/v1/funding/held")).json()["items"]
        await both(carl, ada, "POST", f"/v1/funding/held/{row['id']}/release")
        await tasks.disburse(lender.context, payout_id=row["id"])

        assert (await ada.get("/v1/funding/held")).json()["items"] == []

    async def test_one_gives_it_up(self, ada: httpx.AsyncClient, held: Loan) -> None:
        (row,) = (await ada.get("/v1/funding/held")).json()["items"]
        path = f"/v1/funding/held/{row['id']}/cancel"

        done, again = await ada.post(path), await ada.post(path)

        assert (done.status_code, done.json()["status"]) == (200, "failed")
        assert (again.status_code, again.json()["code"]) == (409, "payout_not_held")


class TestCash:
    async def test_is_shown_with_its_floor(
        self, ada: httpx.AsyncClient, carl: httpx.AsyncClient, lender: Lender, stake: str
    ) -> None:
        given = {"rail": "wallet", "floor": "500", "currency": "KES"}
        await both(carl, ada, "PUT", "/v1/funding/floors", **given)
        await lender.pays_out(await lender.opens())

        shown = (await ada.get("/v1/funding/cash")).json()

        assert shown["floors"] == [{"rail": "wallet", "floor": amount("500.00")}]
        (cash,) = shown["cash"]
        assert (cash["posted"], cash["pending_out"], cash["available"]) == (
            amount("60000.00"), amount("29200.00"), amount("30800.00")
        )  # fmt: skip

    async def test_began_with_what_two_say(
        self, ada: httpx.AsyncClient, carl: httpx.AsyncClient, aude: httpx.AsyncClient
    ) -> None:
        path, given = "/v1/funding/opening-balances", {"rail": "gsma", "currency": "KES"}
        why = {"reason": "as the statement of the day before says"}
        refused = await aude.put(path, json={**given, **why, "opening": "7"})
        less = await ada.put(path, json={**given, **why, "opening": "-7"})

        await both(carl, ada, "PUT", path, **given, opening="1000000")
        again = await ada.put(path, json={**given, **why, "opening": "1000000"})

        (cash,) = (await aude.get("/v1/funding/cash")).json()["cash"]
        assert (cash["account"], cash["posted"]) == ("cash_momo", amount("1000000.00"))
        assert cash["opening"] == amount("1000000.00")
        assert (refused.status_code, less.status_code) == (403, 422)
        assert (again.status_code, again.json()["code"]) == (409, "opening_balance_is_so")

    async def test_to_come_is_the_same_as_json_and_as_a_table(
        self, aude: httpx.AsyncClient, lender: Lender, stake: str
    ) -> None:
        await lender.lends()
        path = "/v1/funding/forecast?rail=wallet&currency=KES&days=40&step=20"

        shown = (await aude.get(path)).json()
        book = openpyxl.load_workbook(io.BytesIO((await aude.get(f"{path}&format=xlsx")).content))

        rows = list(book.active.iter_rows(min_row=2, values_only=True))  # type: ignore[union-attr]
        assert len(shown["periods"]) == len(rows) == 2
        for period, row in zip(shown["periods"], rows, strict=True):
            assert f"{row[3]:.2f}" == period["inflow"]["expected"]["amount"]
            assert f"{row[8]:.2f}" == period["cash"]["expected"]["amount"]
        assert shown["periods"][1]["inflow"]["expected"] != amount("0.00")


class TestStatement:
    async def test_is_the_same_as_json_table_and_paper(
        self, aude: httpx.AsyncClient, lender: Lender, stake: str, clock: SetClock
    ) -> None:
        await lender.lends()
        clock.at += timedelta(days=3)
        path = f"{stake}/statement"
        nothing = await aude.get(f"{path}?since=2026-11-20")
        await shares_out(lender, until=date(2026, 11, 21))

        shown = (await aude.get(f"{path}?since=2026-11-20")).json()
        table = (await aude.get(f"{path}?since=2026-11-20&format=csv")).text
        paper = await aude.get(f"{path}.pdf?since=2026-11-20&locale=es")

        assert (nothing.status_code, nothing.json()["code"]) == (409, "not_shared_out")
        assert (shown["until"], shown["asked_until"]) == ("2026-11-21", "2026-11-22")
        assert "Period,Shared out so far until the end of," in table
        assert shown["funder"] == "=Sum"
        assert shown["deployed"] == amount("30000.00")
        assert shown["closing"]["free"] == amount("30000.00")
        assert shown["risk"]["whole"]["balance"] == amount("30000.00")
        assert "At work in loans,Lent,30000.00,KES" in table.splitlines()
        assert (paper.headers["content-type"], paper.content[:4]) == ("application/pdf", b"%PDF")

    async def test_is_of_days_that_are_over(self, aude: httpx.AsyncClient, stake: str) -> None:
        for days in ("since=2026-11-20&until=2026-11-20", "since=2099-01-01"):
            answer = await aude.get(f"{stake}/statement?{days}")

            assert (answer.status_code, answer.json()["code"]) == (422, "day_not_reached")

    async def test_of_nobody_is_not_found(self, aude: httpx.AsyncClient) -> None:
        answer = await aude.get(f"/v1/funding/stakes/{NOBODY}/statement?since=2026-11-01")

        assert (answer.status_code, answer.json()["code"]) == (404, "funding_stake_not_found")
