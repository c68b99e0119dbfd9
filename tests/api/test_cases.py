"""A case from the list to the decision, with two members of staff for an override."""

from datetime import datetime
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from api.app import create_app
from kit.audit import AuditEvent
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from notifications.models import Notification
from onboarding import case_files, cases
from onboarding.case_files import Clean
from onboarding.decisioning import Underwriter
from tests.api.conftest import SetClock
from tests.onboarding.judged import DIFFERENT, sent
from tests.onboarding.people import Applicant

NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def app(
    settings: Settings,
    sessions: Sessions,
    clock: SetClock,
    vault: Vault,
    wall: SetClock,
    underwriter: Underwriter,
) -> FastAPI:
    services: dict[type, object] = {Underwriter: underwriter}
    return create_app(settings, sessions, clock, vault, services=services, wall=wall)


@pytest.fixture
async def case_id(sessions: Sessions, clock: SetClock, underwriter: Underwriter) -> UUID:
    """Amina's selfie shows another face than her document."""
    async with unit_of_work(sessions) as session:
        amina = Applicant(session, clock.at)
        dossier = await sent(amina, underwriter, DIFFERENT)
        assert dossier.case is not None
        clock.at = amina.now
        return dossier.case.id


class TestList:
    async def test_is_filtered_and_paged(self, uma: httpx.AsyncClient, case_id: UUID) -> None:
        async def ids(**wanted: str | int) -> list[str]:
            answer = await uma.get("/v1/cases", params=wanted)
            return [item["id"] for item in answer.json()["items"]]

        [found] = (await uma.get("/v1/cases")).json()["items"]
        assert found["id"] == str(case_id)
        assert (found["kind"], found["status"], found["needs_second"]) == ("identity", "open", True)
        assert await ids(kind="identity", status="open") == [str(case_id)]
        assert await ids(reference=found["reference"]) == [str(case_id)]
        assert await ids(kind="credit") == []
        assert await ids(assigned_to=NOBODY) == []
        first = (await uma.get("/v1/cases", params={"limit": 1})).json()
        assert first["next"] == str(case_id)
        assert await ids(after=first["next"]) == []

    async def test_refuses_filters_that_mean_nothing(self, uma: httpx.AsyncClient) -> None:
        for name, value in (
            ("kind", "rude"),
            ("limit", "0"),
            ("limit", "1e400"),
            ("limit", "NaN"),
            ("after", "1"),
            ("reference", "\0"),
            ("reference", "C-\u202e1"),
        ):
            answer = await uma.get("/v1/cases", params={name: value})

            assert answer.status_code == 422, (name, value)
            assert answer.json()["errors"][0]["where"] == f"query.{name}"


class TestEvidence:
    async def test_is_seen_side_by_side_and_leaves_a_trace(
        self, aude: httpx.AsyncClient, case_id: UUID, sessions: Sessions
    ) -> None:
        case = (await aude.get(f"/v1/cases/{case_id}")).json()

        assert case["request"]["amount_minor"] == 2_000_000
        assert case["decisions"][0]["snapshot"]["application"]["product"] == "personal"
        assert set(case["decisions"][0]["limit"]) == {"amount", "currency"}
        assert case["verification"]["distance"] > case["verification"]["threshold"]
        assert {signal["name"] for signal in case["behaviour"]} >= {"edits", "night_share"}
        assert all(signal["meaning"] for signal in case["behaviour"])
        assert set(case["images"]) == {"document", "selfie"}
        async with sessions() as session:
            read = select(AuditEvent.actor).where(AuditEvent.action == "case.read")
            assert (await session.scalar(read) or "").startswith("staff:")

    async def test_pictures_are_read_one_by_one_and_audited(
        self, aude: httpx.AsyncClient, case_id: UUID, sessions: Sessions
    ) -> None:
        images = (await aude.get(f"/v1/cases/{case_id}")).json()["images"]

        picture = await aude.get(images["selfie"], params={"purpose": "compare faces"})

        assert picture.content == b"picture of 71 for selfie"
        assert picture.headers["content-type"] == "image/jpeg"
        assert picture.headers["cache-control"] == "no-store, private"
        async with sessions() as session:
            event = await session.scalar(
                select(AuditEvent).where(
                    AuditEvent.action == "blob.read", AuditEvent.actor.like("staff:%")
                )
            )
        assert event is not None
        assert event.facts["purpose"] == "compare faces"

    async def test_of_an_unknown_id_is_not_found(self, uma: httpx.AsyncClient) -> None:
        for path, code in (
            (f"/v1/cases/{NOBODY}", "case_not_found"),
            (f"/v1/evidence/{NOBODY}", "file_not_found"),
            (f"/v1/borrowers/{NOBODY}", "borrower_not_found"),
            (f"/v1/applications/{NOBODY}", "application_not_found"),
        ):
            answer = await uma.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, code)


class TestApprove:
    async def test_against_the_engine_takes_two_people(
        self, uma: httpx.AsyncClient, usha: httpx.AsyncClient, case_id: UUID
    ) -> None:
        path, body = f"/v1/cases/{case_id}/approve", {"note": "an old document"}

        proposed = await uma.post(path, json=body)
        alone = await uma.post(path, json=body)
        confirmed = await usha.post(path, json=body)
        again = await usha.post(path, json=body)

        assert (proposed.status_code, proposed.json()["status"]) == (200, "proposed")
        assert (alone.status_code, alone.json()["code"]) == (403, "second_staff_needed")
        assert (confirmed.status_code, confirmed.json()["status"]) == (200, "resolved")
        assert confirmed.json()["proposed_by"] != confirmed.json()["confirmed_by"]
        assert (again.status_code, again.json()["code"]) == (409, "case_resolved")

    async def test_needs_a_reason(self, uma: httpx.AsyncClient, case_id: UUID) -> None:
        for body in ({}, {"note": " "}, {"note": "ok", "status": "approved"}, {"note": "\u202e"}):
            answer = await uma.post(f"/v1/cases/{case_id}/approve", json=body)
            assert answer.status_code == 422, body

        [case] = (await uma.get("/v1/cases")).json()["items"]
        assert case["status"] == "open"


class TestDecline:
    async def test_tells_the_borrower_why(
        self, uma: httpx.AsyncClient, case_id: UUID, sessions: Sessions
    ) -> None:
        answer = await uma.post(
            f"/v1/cases/{case_id}/decline",
            json={"reasons": ["identity_not_confirmed"], "note": "two different people"},
        )

        assert (answer.status_code, answer.json()["verdict"]) == (200, "decline")
        application = (await uma.get("/v1/applications")).json()["items"][0]
        assert application["status"] == "declined"
        assert "identity_not_confirmed" in application["decline_reasons"]

    async def test_needs_reasons_that_we_have_words_for(
        self, uma: httpx.AsyncClient, case_id: UUID
    ) -> None:
        known = "identity_not_confirmed"
        for reasons in ([], ["because"], [known] * 5, known, [1]):
            answer = await uma.post(
                f"/v1/cases/{case_id}/decline", json={"reasons": reasons, "note": "no"}
            )

            assert answer.status_code == 422, reasons


class TestAsk:
    async def test_reaches_the_borrower_and_the_answer_comes_back(
        self, uma: httpx.AsyncClient, case_id: UUID, sessions: Sessions, now: datetime
    ) -> None:
        asked = await uma.post(
            f"/v1/cases/{case_id}/ask", json={"question": "Which year is the photo from?"}
        )
        async with unit_of_work(sessions) as session:
            sent_out = await session.scalars(
                select(Notification).where(Notification.template == "staff_question")
            )
            assert len(sent_out.all()) == 1
            case = await cases.get(session, case_id, lock=True)
            await cases.reply(session, case, "It is from 2012", now=now)

        assert (asked.status_code, asked.json()["status"]) == (200, "waiting")
        case_now = (await uma.get(f"/v1/cases/{case_id}")).json()
        assert case_now["status"] == "open"
        assert [message["body"] for message in case_now["messages"]] == [
            "Which year is the photo from?",
            "It is from 2012",
        ]


class TestFiles:
    async def test_of_the_borrower_are_read_and_audited(
        self,
        uma: httpx.AsyncClient,
        carl: httpx.AsyncClient,
        case_id: UUID,
        sessions: Sessions,
        now: datetime,
    ) -> None:
        await uma.post(f"/v1/cases/{case_id}/ask", json={"question": "Your payslip, please?"})
        async with unit_of_work(sessions) as session:
            slip = Clean(b"%PDF-1.7 payslip", case_files.PDF)
            await case_files.keep(session, case_id, slip, now=now)

        message = (await uma.get(f"/v1/cases/{case_id}")).json()["messages"][-1]
        file = await uma.get(message["file"], params={"purpose": "check income"})
        other_role = await carl.get(message["file"])

        assert (message["kind"], message["body"]) == ("answer", "")
        assert file.content == b"%PDF-1.7 payslip"
        assert file.headers["content-disposition"] == "attachment"
        assert other_role.status_code == 403
        async with sessions() as session:
            read = select(AuditEvent.facts).where(
                AuditEvent.action == "blob.read", AuditEvent.actor.like("staff:%")
            )
            assert await session.scalar(read) == {"kind": "case_file", "purpose": "check income"}


class TestPictures:
    async def test_are_asked_for_again(self, uma: httpx.AsyncClient, case_id: UUID) -> None:
        path = f"/v1/cases/{case_id}"
        asked = await uma.post(
            f"{path}/pictures",
            json={"pictures": ["selfie"], "reason": "too_dark", "note": "a dark room"},
        )
        early = await uma.post(f"{path}/approve", json={"note": "fine"})

        case = (await uma.get(path)).json()
        assert (asked.status_code, asked.json()["status"]) == (200, "retaking")
        assert (early.status_code, early.json()["code"]) == (409, "pictures_awaited")
        assert case["request"]["status"] == "questioned"
        assert case["verification"]["status"] == "collecting"
        assert set(case["images"]) == {"document"}

    async def test_need_a_reason_that_we_have_words_for(
        self, uma: httpx.AsyncClient, case_id: UUID
    ) -> None:
        good: dict[str, object] = {"pictures": ["selfie"], "reason": "glare", "note": "n"}
        wrongs: tuple[dict[str, object], ...] = (
            {"pictures": []},
            {"pictures": ["passport"]},
            {"reason": "ugly"},
            {"note": ""},
            {"pictures": ["selfie", "selfie", "selfie"]},
        )
        for wrong in wrongs:
            answer = await uma.post(f"/v1/cases/{case_id}/pictures", json=good | wrong)

            assert answer.status_code == 422, wrong


class TestAssign:
    async def test_takes_the_case(self, uma: httpx.AsyncClient, case_id: UUID) -> None:
        taken = (await uma.post(f"/v1/cases/{case_id}/assign")).json()

        me = (await uma.get("/v1/me")).json()
        assert taken["assigned_to"] == me["id"]


class TestBorrower:
    async def test_is_masked_until_somebody_says_why(
        self, uma: httpx.AsyncClient, case_id: UUID, sessions: Sessions
    ) -> None:
        [case] = (await uma.get("/v1/cases")).json()["items"]
        path = f"/v1/borrowers/{case['borrower_id']}"

        masked = await uma.get(path)
        silent = await uma.post(f"{path}/reveal", json={})
        revealed = await uma.post(f"{path}/reveal", json={"purpose": "call her back"})

        assert masked.json()["person"]["full_name"] == "A. W. O."
        assert "000071" not in masked.text
        assert silent.status_code == 422
        assert revealed.json()["person"]["full_name"] == "Amina Wanjiru Otieno"
        assert revealed.json()["person"]["phone"] == "+254712000071"
        async with sessions() as session:
            event = await session.scalar(
                select(AuditEvent).where(AuditEvent.action == "borrower.reveal")
            )
        assert event is not None
        assert event.facts == {"purpose": "call her back"}

    async def test_reveals_are_counted(
        self, uma: httpx.AsyncClient, case_id: UUID, sessions: Sessions, clock: SetClock
    ) -> None:
        me = (await uma.get("/v1/me")).json()["id"]
        async with unit_of_work(sessions) as session:
            for n in range(50):
                session.add(
                    AuditEvent(
                        at=clock.at, actor=f"staff:{me}", action="borrower.reveal",
                        subject=f"borrower:{n}", facts={},
                    )
                )  # fmt: skip
        [case] = (await uma.get("/v1/cases")).json()["items"]

        refused = await uma.post(
            f"/v1/borrowers/{case['borrower_id']}/reveal", json={"purpose": "curious"}
        )

        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_reveals")

    async def test_phone_is_taken_back_by_two(
        self, uma: httpx.AsyncClient, carl: httpx.AsyncClient, case_id: UUID
    ) -> None:
        [case] = (await uma.get("/v1/cases")).json()["items"]
        path = f"/v1/borrowers/{case['borrower_id']}"
        body = {"reason": "lost her SIM, showed her passport"}

        proposed = await uma.post(f"{path}/phone/reset", json=body)
        alone = await uma.post(f"{path}/phone/reset", json=body)
        assert (await uma.get(path)).json()["person"]["phone"] is not None
        confirmed = await carl.post(f"{path}/phone/reset", json=body)
        again = await uma.post(f"{path}/phone/reset", json=body)

        assert (proposed.status_code, proposed.json()["confirmed_at"]) == (200, None)
        assert (alone.status_code, alone.json()["code"]) == (403, "second_staff_needed")
        assert confirmed.json()["confirmed_by"] != confirmed.json()["proposed_by"]
        shown = (await uma.get(path)).json()
        assert (shown["phone_verified_at"], shown["person"]["phone"]) == (None, None)
        assert (again.status_code, again.json()["code"]) == (409, "phone_not_proven")

    async def test_messages_show_how_each_one_went_and_no_words(
        self, carl: httpx.AsyncClient, uma: httpx.AsyncClient, case_id: UUID
    ) -> None:
        [case] = (await uma.get("/v1/cases")).json()["items"]
        path = f"/v1/borrowers/{case['borrower_id']}/messages"

        first = (await carl.get(path, params={"limit": 1})).json()
        everything = (await carl.get(path)).json()["items"]
        unknown = await carl.get(f"/v1/borrowers/{NOBODY}/messages")

        assert everything[0] == first["items"][0]
        assert first["next"] == everything[0]["id"]
        assert {row["template"] for row in everything} >= {"otp_code"}
        assert {row["status"] for row in everything} == {"queued"}
        assert all("params" not in row and row["deliveries"] == [] for row in everything)
        assert unknown.status_code == 404

    async def test_conversation_hides_codes(
        self, carl: httpx.AsyncClient, uma: httpx.AsyncClient, case_id: UUID
    ) -> None:
        [case] = (await uma.get("/v1/cases")).json()["items"]

        said = await carl.get(f"/v1/borrowers/{case['borrower_id']}/conversation")

        assert said.status_code == 200
