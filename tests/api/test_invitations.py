"""A guarantor without a chat: the link, the page, the code by SMS, and who may not read it."""

from datetime import datetime

import httpx
import pytest
from fastapi import FastAPI

from api import invitations
from api.app import create_app
from bot import text
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions
from onboarding.decisioning import Underwriter
from onboarding.states import ApplicationStatus, GuaranteeStatus
from tests.api.conftest import SetClock
from tests.journeys.chat import Chatter
from tests.journeys.lender import Lender, open_lender
from tests.journeys.test_guarantors import asked, asks_for_a_large_loan, invite, messages, status


@pytest.fixture
async def lender(sessions: Sessions, now: datetime) -> Lender:
    return await open_lender(sessions, now)


@pytest.fixture
def app(
    settings: Settings, sessions: Sessions, vault: Vault, wall: SetClock, lender: Lender
) -> FastAPI:
    services: dict[type, object] = {Underwriter: lender.underwriter}
    return create_app(settings, sessions, lender.clock, vault, services=services, wall=wall)


@pytest.fixture
async def amina(lender: Lender) -> Chatter:
    person = lender.chatter()
    await asks_for_a_large_loan(lender, person)
    return person


@pytest.fixture
async def link(lender: Lender, amina: Chatter) -> str:
    return f"/g/{await invite(lender)}"


async def code(lender: Lender) -> str:
    return str((await messages(lender, "otp_code"))[-1][1]["code"])


class TestTheWords:
    def test_are_in_every_language_that_the_chat_speaks(self) -> None:
        spoken = invitations._texts()

        assert spoken.locales == text.load().locales
        assert len({spoken.keys(locale) for locale in spoken.locales}) == 1


class TestThePage:
    async def test_says_what_is_answered_for(self, stranger: httpx.AsyncClient, link: str) -> None:
        page = await stranger.get(link)

        assert page.status_code == 200
        assert "Amina Wanjiru Otieno asks you to answer for a loan" in page.text
        assert "KES 120,000" in page.text
        assert "you pay 50 % of what is open" in page.text
        assert "20 May 2027" in page.text
        assert "<script" not in page.text
        assert "form-action 'self'" in page.headers["content-security-policy"]
        assert page.headers["referrer-policy"] == "no-referrer"

    async def test_signs_with_the_code_and_the_loan_goes_on(
        self, stranger: httpx.AsyncClient, link: str, lender: Lender, amina: Chatter
    ) -> None:
        assert "digits from our SMS" in (await stranger.post(f"{link}/agree")).text
        wrong = f"{(int(await code(lender)) + 1) % 10**6:06d}"
        refused = await stranger.post(f"{link}/sign", data={"code": wrong})
        assert "This code is not right" in refused.text
        assert await status(lender, amina) is ApplicationStatus.SUBMITTED
        signed = await stranger.post(f"{link}/sign", data={"code": await code(lender)})

        assert "You answer for this loan" in signed.text
        assert (await asked(lender)).status is GuaranteeStatus.CONSENTED
        assert await status(lender, amina) is ApplicationStatus.OFFERED
        taken_back = await stranger.post(f"{link}/withdraw")
        assert "You have taken it back" in taken_back.text

    async def test_takes_a_no(self, stranger: httpx.AsyncClient, link: str, lender: Lender) -> None:
        assert "You owe nothing" in (await stranger.post(f"{link}/decline")).text
        assert (await asked(lender)).status is GuaranteeStatus.DECLINED
        assert "not possible any more" in (await stranger.post(f"{link}/agree")).text

    async def test_signs_nothing_before_it_was_agreed(
        self, stranger: httpx.AsyncClient, link: str, lender: Lender
    ) -> None:
        said = await stranger.post(f"{link}/sign", data={"code": "123456"})

        assert "not possible any more" in said.text
        assert (await asked(lender)).status is GuaranteeStatus.ASKED

    async def test_is_closed_to_who_has_a_chat_with_us(
        self, stranger: httpx.AsyncClient, link: str, lender: Lender
    ) -> None:
        brian = lender.chatter(7002)
        await brian.says(link.removeprefix("/g/"))
        await brian.presses("I answer for this loan")
        page = await stranger.get(link)

        assert page.status_code == 404
        assert "Amina" not in page.text
        assert "Amina" not in (await stranger.post(f"{link}/decline")).text
        assert (await asked(lender)).status is GuaranteeStatus.ASKED

    @pytest.mark.parametrize("path", ["/g/V-22222222", "/g/V-1", "/g/x", "/g/V-22222222/agree"])
    async def test_of_no_invitation_says_nothing(
        self, stranger: httpx.AsyncClient, path: str, amina: Chatter
    ) -> None:
        method = "POST" if path.endswith("agree") else "GET"

        answer = await stranger.request(method, path)

        assert answer.status_code in (404, 422)
        assert "Amina" not in answer.text
