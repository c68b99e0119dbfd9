"""The console in a browser: two of staff settle a payout, on a computer and on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from kit.crypto import Vault
from tests.e2e import console_server
from tests.e2e.console_server import MARKED, PASSWORD, Desk
from tests.e2e.test_browser import CHROMIUM, FLAGS

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.xdist_group("program"),
]
COMPUTER, PHONE = (1280, 800), (360, 740)


@pytest.fixture
def desk(database_url: str, vault: Vault, tmp_path: Path) -> Iterator[Desk]:
    with console_server.serving(database_url, vault, tmp_path) as running:
        yield running


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


class Member:
    """One of staff at a screen of their own."""

    def __init__(self, browser: Browser, desk: Desk, size: tuple[int, int]) -> None:
        self._context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        self.page: Page = self._context.new_page()
        self.troubles: list[str] = []
        self.page.on("console", lambda said: self.troubles.append(said.text))
        self.page.on("request", lambda asked: self._hear(asked.url))
        self._base = desk.base

    def _hear(self, url: str) -> None:
        if not url.startswith(self._base):
            self.troubles.append(f"asked {url}")

    def signs_in(self, name: str, *, at: str = "") -> None:
        self.page.goto(f"{self._base}/console{at}")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.sees("Sign out")

    def sees(self, *words: str) -> None:
        for each in words:
            self.page.get_by_text(each).first.wait_for(state="attached")
        self.fits()

    def fits(self) -> None:
        """No page scrolls sideways, and on a phone no table: nobody would find its last cells."""
        self.page.wait_for_load_state()
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.page.viewport_size["width"], self.page.url  # type: ignore[index]
        if self.page.viewport_size["width"] > PHONE[0]:  # type: ignore[index]
            return
        widths = "tables => tables.filter(each => each.scrollWidth > each.clientWidth).length"
        assert not self.page.locator(".table").evaluate_all(widths), self.page.url

    def follows(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def downloads(self, name: str) -> tuple[str, bytes]:
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name=name, exact=True).first.click()
        path = waiting.value.path()
        return waiting.value.suggested_filename, Path(path).read_bytes()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_two_of_staff_settle_a_payout(browser: Browser, desk: Desk) -> None:
    carl, ada = Member(browser, desk, COMPUTER), Member(browser, desk, PHONE)

    ada.signs_in("Ada", at="/ledger")
    ada.sees("Trial balance", "Balanced", "Loan principal")
    ada.follows("Loan principal")
    ada.sees("Principal that borrowers owe", "Fee income")

    carl.signs_in("Carl")
    carl.sees("Good day, Carl", "Payouts that need review")
    carl.page.get_by_role("link", name="Payouts that need review").click()
    carl.page.locator("td a").first.click()
    carl.sees("Payout of KES 7,750", "Needs review")
    carl.page.get_by_text("The money arrived").click()
    carl.page.get_by_label("The rail's name for the transfer").fill("W-2026-77")
    carl.page.get_by_label("When it arrived").fill("2026-11-23T09:30")
    carl.page.get_by_label("How you know").first.fill("It stands on the wallet's statement")
    carl.page.get_by_role("button", name="Propose: settled").click()
    carl.sees("You proposed this", "It stands on the wallet's statement")
    assert carl.page.get_by_role("button", name="Confirm: settle").count() == 0

    ada.page.get_by_label("Show the menu").focus()
    ada.page.keyboard.press("Space")
    ada.follows("Proposals")
    ada.page.locator("td a").first.click()
    ada.sees("Proposed: Settle", "Carl", "W-2026-77")
    ada.page.get_by_label("What you have checked").fill("I have called them as well")
    ada.page.get_by_role("button", name="Confirm: settle").click()
    ada.sees("Confirmed and done", "Settled", "disbursement:")

    name, content = ada.downloads("CSV")
    assert (name, b"payout.settle.confirmed" in content) == ("history-2026-11-23.csv", True)
    ada.page.goto(f"{desk.base}/console/ledger")
    name, content = ada.downloads("Excel")
    assert (name, content[:2]) == ("trial-balance-2026-11-23.xlsx", b"PK")
    assert carl.troubles == ada.troubles == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("size", [PHONE, COMPUTER], ids=["phone", "computer"])
def test_every_page_fits(browser: Browser, desk: Desk, size: tuple[int, int]) -> None:
    aude = Member(browser, desk, size)
    aude.signs_in("Aude")
    menu = aude.page.locator("nav.menu a")
    paths = [menu.nth(n).get_attribute("href") or "" for n in range(menu.count())]

    for path in paths:
        aude.page.goto(f"{desk.base}{path}")
        aude.fits()
        if (record := aude.page.locator("td a").first).count():
            record.click()
            aude.fits()
    aude.page.goto(f"{desk.base}/console/loans")
    aude.page.get_by_label("Reference").fill(desk.about.lower())
    aude.page.get_by_role("button", name="Find").click()
    aude.sees(f"Loan {desk.about}", "Installments", "What happened")
    aude.page.goto(f"{desk.base}/console/suspense")
    aude.page.locator("td a").first.click()
    aude.sees(f"wallet:{MARKED}")
    aude.page.goto(f"{desk.base}/console/seals")
    aude.page.get_by_role("button", name="Check every entry now").click()
    aude.sees("Everything holds", "6 entries")
    assert len(paths) > 8
    assert aude.troubles == []
