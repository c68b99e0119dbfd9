"""Merchants in the staff API: registered by an admin, closed, and never shown with an account."""

import httpx
import pytest
from sqlalchemy import select

from kit.db import Sessions, unit_of_work
from onboarding.models import Merchant
from tests.api.conftest import Enter

SHOP = {"code": "ke042", "name": "Kisumu Electronics", "account": "+254733000042"}


@pytest.fixture
async def ada(enter: Enter) -> httpx.AsyncClient:
    return await enter("Ada")


class TestMerchants:
    async def test_are_registered_once_and_their_account_is_sealed(
        self, ada: httpx.AsyncClient, sessions: Sessions
    ) -> None:
        made = await ada.post("/v1/merchants", json=SHOP)
        again = await ada.post("/v1/merchants", json=SHOP)

        assert made.status_code == 201
        assert made.json()["code"] == "KE042"
        assert "account" not in made.json()
        assert (again.status_code, again.json()["code"]) == (409, "merchant_code_taken")
        async with unit_of_work(sessions) as session:
            row = await session.scalar(select(Merchant))
        assert row is not None
        assert b"254733000042" not in row.account_sealed

    async def test_are_closed(self, ada: httpx.AsyncClient) -> None:
        made = (await ada.post("/v1/merchants", json=SHOP)).json()
        closed = await ada.post(f"/v1/merchants/{made['id']}/close")
        listed = (await ada.get("/v1/merchants")).json()["items"]

        assert closed.json()["status"] == "closed"
        assert [shop["status"] for shop in listed] == ["closed"]

    async def test_that_nobody_knows_cannot_be_closed(self, ada: httpx.AsyncClient) -> None:
        nobody = "00000000-0000-7000-8000-000000000000"

        assert (await ada.post(f"/v1/merchants/{nobody}/close")).status_code == 404

    @pytest.mark.parametrize("wrong", [{"code": "a b"}, {"code": "x"}, {"name": ""}, {"more": 1}])
    async def test_that_are_malformed_are_refused(
        self, ada: httpx.AsyncClient, wrong: dict[str, object]
    ) -> None:
        assert (await ada.post("/v1/merchants", json={**SHOP, **wrong})).status_code == 422
