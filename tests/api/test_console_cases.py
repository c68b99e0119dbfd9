"""A case at the console: evidence on request, every look on record, two people against a doubt."""

import io
from uuid import UUID

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import select, update

from api.app import create_app
from kit import storage
from kit.audit import AuditEvent
from kit.config import Settings
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from kyc.models import Verification
from kyc.screening import hits
from onboarding.decisioning import Underwriter
from onboarding.models import Case
from onboarding.states import CaseStatus
from sandbox.specimens import films
from scoring import line_up, policy, versions
from scoring.model import loading
from scoring.models import Decision, Role
from tests.api.conftest import SetClock, Sit
from tests.onboarding.judged import DIFFERENT, sent
from tests.onboarding.people import Applicant

HIT = {
    "publisher": "un", "uid": "1", "name": "Amina OTIENO", "alias": "Amina OTIENO",
    "strength": "primary", "program": "DRC", "score": 0.93, "birth": "in_range",
    "pairs": [{"ours": "amina", "theirs": "amina", "likeness": 1.0}], "only_ours": ["wanjiru"],
    "only_theirs": [], "births": ["1991"], "countries": ["KE"],
}  # fmt: skip


@pytest.fixture
def app(
    settings: Settings, sessions: Sessions, clock: SetClock, vault: Vault, wall: SetClock,
    underwriter: Underwriter,
) -> FastAPI:  # fmt: skip
    services: dict[type, object] = {Underwriter: underwriter}
    return create_app(settings, sessions, clock, vault, services=services, wall=wall)


@pytest.fixture
async def page(sessions: Sessions, clock: SetClock, underwriter: Underwriter) -> str:
    """Amina's selfie shows another face than her document, and her name is on a list."""
    async with unit_of_work(sessions) as session:
        amina = Applicant(session, clock.at)
        dossier = await sent(amina, underwriter, DIFFERENT)
        assert dossier.case is not None
        await hits.record(session, dossier.borrower.id, [HIT], now=amina.now)
        clock.at = amina.now
        return f"/cases/{dossier.case.id}"


async def case_of(sessions: Sessions, page: str) -> Case:
    async with sessions() as session:
        return await session.get_one(Case, UUID(page.rpartition("/")[2]))


async def looks(sessions: Sessions) -> list[str]:
    async with sessions() as session:
        staff = select(AuditEvent.action).where(AuditEvent.actor.startswith("staff:"))
        return list(await session.scalars(staff.order_by(AuditEvent.id)))


async def test_pictures_and_names_are_shown_on_request_and_each_look_is_recorded(
    sit: Sit, sessions: Sessions, page: str
) -> None:
    uma = await sit("Uma")

    before = await uma.reads(page)
    closed = (await uma.opens(page)).text
    assert "0.860 apart" in before
    assert "one stranger in 1,000 passes" in before
    assert "Wanjiru" not in before
    assert "/files/" not in closed
    assert "identity.opened" not in await looks(sessions)

    shown = await uma.reads(page, show="1")
    assert "Amina Wanjiru Otieno" in shown
    assert "1991-03-14" in shown
    assert "Amina OTIENO 0.93" in shown
    assert "Only the borrower's wanjiru" in shown
    assert "identity.opened" in await looks(sessions)

    address = (
        (await uma.opens(page, show="1")).text.partition('<img src="/console')[2].split('"')[0]
    )
    picture = await uma.opens(address)
    assert picture.headers["content-type"] == "image/jpeg"
    assert "no-store" in picture.headers["cache-control"]
    assert (await looks(sessions))[-1] == "blob.read"


async def test_a_video_note_is_shown_as_five_frames(
    sit: Sit, sessions: Sessions, vault: Vault, clock: SetClock, page: str
) -> None:
    uma = await sit("Uma")
    async with unit_of_work(sessions) as session:
        verification = (await session.scalars(select(Verification))).one()
        blob = await storage.put(
            session, vault, person_id=verification.borrower_id, kind="clip",
            content=films.film([np.full((64, 64, 3), 9 * n, np.uint8) for n in range(25)]),
            media_type="video/mp4", now=clock.at,
        )  # fmt: skip
        verification.clip_blob_id = blob.id

    assert f'/files/{blob.id}?frames=1"' in (await uma.opens(page, show="1")).text
    sheet = await uma.opens(f"{page}/files/{blob.id}", frames="1")

    assert sheet.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(sheet.content)) as frames:
        assert frames.size == (5 * 240, 240)
    assert (await looks(sessions))[-1] == "blob.read"
    film = await uma.opens(f"{page}/files/{blob.id}")
    assert film.headers["content-disposition"] == "attachment"


@pytest.mark.parametrize("fmr", [None, 0.0])
async def test_a_provider_need_not_say_how_many_strangers_pass(
    sit: Sit, sessions: Sessions, page: str, fmr: float | None
) -> None:
    async with unit_of_work(sessions) as session:
        await session.execute(update(Verification).values(fmr=fmr))
    uma = await sit("Uma")

    assert "count as one person's." in await uma.reads(page)


async def test_a_file_of_another_case_is_not_shown(sit: Sit, page: str) -> None:
    uma = await sit("Uma")

    answer = await uma.opens(f"{page}/files/00000000-0000-7000-8000-000000000000")

    assert answer.status_code == 404


async def test_passing_against_a_doubt_takes_two(sit: Sit, sessions: Sessions, page: str) -> None:
    uma, usha = await sit("Uma"), await sit("Usha")

    assert "another member of staff" in await uma.does(
        f"{page}/approve", page=page, note="They are twins, I called."
    )
    alone = await uma.sends(f"{page}/approve", note="Again")
    assert alone.status_code == 403
    assert (await case_of(sessions, page)).status is CaseStatus.PROPOSED
    await usha.does(f"{page}/approve", page=page, note="I called, too.")

    assert (await case_of(sessions, page)).verdict == "approve"


async def test_new_pictures_are_asked_for(sit: Sit, sessions: Sessions, page: str) -> None:
    uma = await sit("Uma")

    said = await uma.does(
        f"{page}/pictures", page=page, pictures="selfie", reason="blurred", note="Not sharp."
    )

    assert "asked for new pictures" in said
    assert (await case_of(sessions, page)).status is CaseStatus.RETAKING


async def test_refusing_needs_a_reason_that_the_borrower_understands(
    sit: Sit, sessions: Sessions, page: str
) -> None:
    uma = await sit("Uma")

    rude = await uma.sends(f"{page}/decline", page=page, reason="rude", note="No.")
    assert rude.status_code == 422
    await uma.does(f"{page}/decline", reason="identity_not_confirmed", note="Not the same.")

    assert (await case_of(sessions, page)).verdict_reasons == ["identity_not_confirmed"]


async def test_roles(sit: Sit, page: str) -> None:
    aude, carl = await sit("Aude"), await sit("Carl")

    assert "Decide" not in await aude.reads(page)
    assert (await aude.sends(f"{page}/approve", page=page, note="x")).status_code == 403
    assert (await carl.opens(page)).status_code == 403
    assert "Identity" in await carl.reads("/cases", kind="identity", status="")


async def test_the_risk_is_told_in_words_with_all_that_was_known(
    sit: Sit, sessions: Sessions, page: str, clock: SetClock
) -> None:
    stricter = policy.DEFAULT.read_text(encoding="utf-8").replace(
        "approve_up_to_bps: 1500", "approve_up_to_bps: 1"
    )
    async with unit_of_work(sessions) as session:
        model = await versions.register_folder(session, loading.STOCK, actor="system", now=clock.at)
        rules = await versions.register_policy(session, stricter, actor="system", now=clock.at)
        await line_up.take(
            session, Role.SHADOW, line_up.Pair(model.sha256, rules.sha256), actor="staff:1",
            why="stricter", now=clock.at,
        )  # fmt: skip
    uma = await sit("Uma")

    shown = await uma.reads(page)

    assert "Probability of default" in shown
    assert "grade" in shown
    assert "The same borrower under the others" in shown
    assert f"default {rules.sha256[:8]} Refer" in shown
    assert "Snapshot" in shown or "snapshot" in shown
    assert "Monthly income" in shown
    assert "Not known" in shown


async def test_a_random_approval_is_said(sit: Sit, sessions: Sessions, page: str) -> None:
    async with unit_of_work(sessions) as session:
        await session.execute(
            update(Decision).values(
                is_random=True,
                counterfactual={
                    "amount_minor": 1_000_000, "term_days": 90, "installments": 3, "pd": 0.031,
                    "grade": "B",
                },
            )
        )  # fmt: skip
    uma = await sit("Uma")

    shown = await uma.reads(page)

    assert "Approved at random" in shown
    assert "over 90 days in 3 installments would be approved: PD 3.1%, grade B." in shown
