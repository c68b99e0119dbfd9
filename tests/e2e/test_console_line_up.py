"""The line-up in a browser: one analyst proposes a policy, another confirms it on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from api.roles import Role as Staff
from kit import audit
from kit.crypto import Vault
from kit.db import Sessions, unit_of_work
from onboarding import catalog
from scoring import line_up, policy, shadow, versions
from scoring.line_up import Pair
from scoring.models import Role
from scoring.queries import Period, made_in
from tests.e2e import console_server
from tests.e2e.console_server import Desk
from tests.e2e.test_browser import CHROMIUM
from tests.e2e.test_console import COMPUTER, PHONE, Member, browser
from tests.onboarding.people import SETTINGS
from tests.scoring.test_replaying import book
from tests.servicing.lending import Lender

__all__ = ["browser"]
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.xdist_group("program"),
]
STRICTER = policy.DEFAULT.read_text(encoding="utf-8").replace(
    "approve_up_to_bps: 1500", "approve_up_to_bps: 400"
)


@pytest.fixture
def desk(database_url: str, vault: Vault, tmp_path: Path) -> Iterator[Desk]:
    with console_server.serving(database_url, vault, tmp_path, _looked_on) as running:
        yield running


async def _looked_on(lender: Lender, sessions: Sessions, vault: Vault) -> str:
    """A champion, and a stricter policy that looked on while forty were decided."""
    await console_server.hire(sessions, lender, {"Ann": Staff.ANALYST, "Abel": Staff.ANALYST})
    default, _ = await book(sessions, lender.now, 40)
    async with unit_of_work(sessions) as session:
        await catalog.load(session, SETTINGS.products_file, now=lender.now)
        rules = await versions.register_policy(session, STRICTER, actor="system", now=lender.now)
        stricter = Pair(default.model_sha256, rules.sha256)
        for role, pair in ((Role.CHAMPION, default), (Role.SHADOW, stricter)):
            await line_up.take(session, role, pair, actor=audit.SYSTEM, why="first", now=lender.now)
        for made in (await session.scalars(made_in(Period(), only_standing=True))).all():
            await shadow.assess(session, made.id, now=lender.now)
    return stricter.policy_sha256


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_two_analysts_change_who_decides(browser: Browser, desk: Desk, tmp_path: Path) -> None:
    ann, abel = Member(browser, desk, COMPUTER), Member(browser, desk, PHONE)
    pair = f"a[href*='policy={desk.about}']"

    ann.signs_in("Ann", at="/line-up")
    ann.sees("The champion decides.", "Same answer")
    ann.page.screenshot(path=tmp_path / "line-up.png", full_page=True)
    ann.page.locator(pair).first.click()
    ann.sees("It is the champion's own model", "it would approve")
    ann.page.screenshot(path=tmp_path / "pair.png", full_page=True)
    ann.page.get_by_role("button", name="Assess the stored applications again").click()
    ann.sees("stored applications assessed again", "Examples")
    ann.page.screenshot(path=tmp_path / "what-if.png", full_page=True)
    ann.page.go_back()
    form = ann.page.locator("form[action$='/promote']")
    ann.page.locator("details", has=form).locator("summary").click()
    form.get_by_role("textbox").fill("A month of looking on: fewer losses")
    form.get_by_role("button").click()
    ann.sees("Proposed: champion for every product")

    abel.signs_in("Abel", at="/line-up")
    abel.follows("What speaks for it and against it, and your answer")
    abel.page.screenshot(path=tmp_path / "pair-phone.png", full_page=True)
    form = abel.page.locator("form[action$='/promote']")
    form.get_by_role("textbox").fill("I have read the examples")
    form.get_by_role("button").click()
    abel.sees("Confirmed and done.", "A month of looking on: fewer losses")
    assert ann.troubles == abel.troubles == []
