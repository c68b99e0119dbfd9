"""Groups in the staff API: formed of borrowers with a proven phone, each in one group at a time."""

from datetime import datetime

import httpx
import pytest

from kit.db import Sessions, unit_of_work
from tests.api.conftest import SetClock
from tests.onboarding.people import Applicant

NOBODY = "00000000-0000-7000-8000-000000000000"


async def borrower(sessions: Sessions, now: datetime, number: int, until: str = "full_name") -> str:
    async with unit_of_work(sessions) as session:
        person = Applicant(session, now, telegram_id=number, phone=f"+2547120000{number}")
        dossier = await person.answers_until(await person.begins(), until)
        return str(dossier.borrower.id)


@pytest.fixture
async def people(sessions: Sessions, clock: SetClock) -> list[str]:
    return [await borrower(sessions, clock.at, number) for number in (71, 72, 73)]


class TestGroups:
    async def test_have_a_leader_and_members(
        self, uma: httpx.AsyncClient, people: list[str]
    ) -> None:
        body = {"name": "Umoja", "leader_id": people[0], "member_ids": people[:2]}
        made = await uma.post("/v1/groups", json=body)
        group = made.json()
        joined = await uma.post(
            f"/v1/groups/{group['id']}/members", json={"borrower_id": people[2]}
        )
        left = await uma.delete(f"/v1/groups/{group['id']}/members/{people[1]}")
        shown = (await uma.get(f"/v1/groups/{group['id']}")).json()

        assert made.status_code == 201
        assert [member["borrower_id"] for member in group["members"]] == people[:2]
        assert len(joined.json()["members"]) == 3
        assert len(left.json()["members"]) == 2
        assert shown["leader_id"] == people[0]
        assert {member["days_late"] for member in shown["members"]} == {0}
        assert (await uma.get("/v1/groups")).json()["items"][0]["reference"].startswith("G-")

    async def test_share_no_member(self, uma: httpx.AsyncClient, people: list[str]) -> None:
        body = {"name": "Umoja", "leader_id": people[0], "member_ids": [people[1]]}
        await uma.post("/v1/groups", json=body)
        again = await uma.post("/v1/groups", json=body | {"name": "Harambee"})

        assert (again.status_code, again.json()["code"]) == (409, "already_in_group")

    async def test_take_only_people_with_a_proven_phone(
        self, uma: httpx.AsyncClient, people: list[str], sessions: Sessions, clock: SetClock
    ) -> None:
        unproven = await borrower(sessions, clock.at, 74, until="phone")
        for stranger in (unproven, NOBODY):
            body = {"name": "Umoja", "leader_id": people[0], "member_ids": [stranger]}
            answer = await uma.post("/v1/groups", json=body)

            assert (answer.status_code, answer.json()["code"]) == (422, "member_unknown")

    async def test_that_do_not_exist_are_not_found(
        self, uma: httpx.AsyncClient, people: list[str]
    ) -> None:
        assert (await uma.get(f"/v1/groups/{NOBODY}")).status_code == 404
