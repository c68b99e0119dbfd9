"""A case in a browser: what a person sees of a doubtful identity, and how two of them pass it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser
from sqlalchemy import select

from api.roles import Role
from kit import storage
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from kyc.documents import check
from kyc.documents.fields import FieldName
from kyc.embedded import face_result
from onboarding import decisioning, dossiers, journey, tasks
from onboarding.decisioning import Underwriter
from onboarding.models import Case
from sandbox.specimens import documents, faces
from tests.e2e import console_server
from tests.e2e.console_server import Desk
from tests.e2e.test_browser import CHROMIUM
from tests.e2e.test_console import COMPUTER, PHONE, Member, browser
from tests.kyc import drawn
from tests.kyc.documents.test_check import ON, TYPED, reading
from tests.onboarding.judged import DIFFERENT
from tests.onboarding.people import SETTINGS, Applicant
from tests.servicing.lending import Lender

__all__ = ["browser"]
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.xdist_group("program"),
]


@pytest.fixture
def desk(database_url: str, vault: Vault, tmp_path: Path) -> Iterator[Desk]:
    underwriter = decisioning.load(SETTINGS)

    async def fill(lender: Lender, sessions: Sessions, vault: Vault) -> str:
        staff = {"Uma": Role.UNDERWRITER, "Usha": Role.UNDERWRITER}
        await console_server.hire(sessions, lender, staff)
        return await _doubted(lender, sessions, vault, underwriter)

    services: dict[type, object] = {Underwriter: underwriter}
    with console_server.serving(database_url, vault, tmp_path, fill, services) as running:
        yield running


async def _doubted(
    lender: Lender, sessions: Sessions, vault: Vault, underwriter: Underwriter
) -> str:
    """Two faces, and a number that the borrower corrected against its check digit."""
    corrected = {FieldName.NUMBER: "L898902C4"}
    read = check.result(reading(), TYPED, corrected, on=ON)
    async with unit_of_work(sessions) as session:
        amina = Applicant(session, lender.now)
        dossier = await amina.answers_until(await amina.begins(), None)
        verification = dossier.verification
        assert verification is not None
        face = Image.fromarray(faces.portrait(drawn.LINA, width=420))
        for kind, picture in (
            ("document", documents.passport(drawn.AMINA, face).resize((900, 634))),
            ("selfie", Image.fromarray(faces.portrait(drawn.OMAR, width=420))),
        ):
            blob = await storage.put(
                session, vault, person_id=dossier.borrower.id, kind=kind,
                content=documents.jpeg(picture), media_type="image/jpeg", now=amina.now,
            )  # fmt: skip
            setattr(verification, f"{kind}_blob_id", blob.id)
        face_said = replace(face_result(DIFFERENT), template=None)
        await tasks.conclude(
            session, verification.id, [read, face_said], underwriter, now=amina.now
        )
        dossier = await dossiers.of(session, dossier.borrower)
        await journey.submit(session, dossier, underwriter, now=amina.now)
        return str(await session.scalar(select(Case.id)))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_two_of_staff_pass_a_doubtful_identity(
    browser: Browser, desk: Desk, tmp_path: Path
) -> None:
    uma, usha = Member(browser, desk, COMPUTER), Member(browser, desk, PHONE)

    uma.signs_in("Uma", at="/cases")
    uma.sees("Identity")
    uma.page.goto(f"{desk.base}/console/cases/{desk.about}")
    uma.sees("0.860 apart", "corrected against check digit")
    assert uma.page.get_by_text("L898902C3").count() == 0
    uma.follows("Show them")
    uma.sees("L898902C3", "L898902C4")
    pictures = uma.page.locator("img[src*='/files/']")
    assert pictures.count() == 2
    for place in range(2):
        pictures.nth(place).scroll_into_view_if_needed()
        uma.page.wait_for_function(
            "n => document.querySelectorAll(\"img[src*='/files/']\")[n].naturalWidth > 100",
            arg=place,
        )
    uma.page.screenshot(path=tmp_path / "case.png", full_page=True)
    _passes(uma, "She showed the document in a call.")
    uma.sees("another member of staff")

    usha.signs_in("Usha", at=f"/cases/{desk.about}")
    usha.page.screenshot(path=tmp_path / "case-phone.png", full_page=True)
    _passes(usha, "I was there.")
    usha.sees("Resolved")
    assert uma.troubles == usha.troubles == []


def _passes(member: Member, note: str) -> None:
    form = member.page.locator("form[action$='/approve']")
    member.page.locator("details", has=form).locator("summary").click()
    form.get_by_role("textbox").fill(note)
    form.get_by_role("button").click()
