"""The phone page as a person uses it: looks, clicks and types, and waits for what comes."""

import re
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

ANSWER_MS = 120_000
NOTE_MS = 120_000
WALK_MS = 300_000
_LOAN = re.compile(r"\bL-\w+\b")
_CODE = re.compile(r"\b\d{6}\b")


class PhonePage:
    """Whatever goes wrong in the page itself is kept in `troubles`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.troubles: list[str] = []
        page.set_default_timeout(ANSWER_MS)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self._told)
        self.log = page.locator("#log")

    def opens(self, base: str) -> None:
        self.page.goto(f"{base}/sandbox/")
        self._is_drawn()

    def reloads(self) -> None:
        self.page.reload()
        self._is_drawn()

    def sees(self, *words: str) -> None:
        """The newest message of the bot says all of this."""
        for each in words:
            expect(self.log.locator("article.theirs").last).to_contain_text(each, timeout=ANSWER_MS)

    def has_seen(self, words: str) -> None:
        """One of the bot's messages says this."""
        message = self.log.locator("article.theirs", has_text=words)
        expect(message.last).to_be_visible(timeout=ANSWER_MS)

    def sees_picture(self, width: int) -> None:
        """The newest picture of the bot is drawn, so wide or as wide as Telegram keeps it."""
        picture = self.log.locator("article.theirs img.photo").last
        expect(picture).to_have_js_property("complete", True, timeout=ANSWER_MS)
        expect(picture).to_have_js_property("naturalWidth", width)

    def downloads(self, name: str) -> bytes:
        """The file with this name in the chat, saved as a person would."""
        link = self.log.locator(f"a.file[download='{name}']").last
        link.wait_for()
        with self.page.expect_download() as saving:
            link.click()
        return saving.value.path().read_bytes()

    def loan_reference(self) -> str:
        found = _LOAN.search(self.log.inner_text())
        assert found is not None
        return found[0]

    def presses(self, label: str) -> None:
        self._button(label).click()

    def says(self, text: str) -> None:
        box = self.page.get_by_role("textbox", name="Message")
        box.fill(text)
        box.press("Enter")

    def corrects(self, old: str, new: str) -> None:
        """Edit an own message."""
        self.log.locator("article.own", has_text=old).last.hover()
        self.page.get_by_role("button", name=f"Edit: {old}").click()
        self.says(new)

    def shares_number(self) -> None:
        self.page.get_by_role("button", name="Share my phone number").click()

    def sends_photo(self, path: Path) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Attach", exact=True).click()
            self.page.get_by_role("button", name="Photo", exact=True).click()
        chooser.value.set_files(path)

    def shows_herself(self, portrait: Path) -> None:
        """The face of this picture does what is asked, again if the machine was too slow."""
        heard = re.compile("I have your video note|came too late")
        for _ in range(3):
            self.presses("I am ready")
            self.sees("Record a video note now")
            self.page.get_by_role("button", name="Attach", exact=True).click()
            self.page.get_by_role("button", name="Record with a specimen").click()
            self.page.locator("#acting-form input[name='portrait']").set_input_files(portrait)
            self.page.get_by_role("button", name="Record and send").click()
            answer = self.log.locator("article.theirs", has_text=heard).last
            answer.wait_for(timeout=NOTE_MS)
            if "came too late" not in answer.inner_text():
                break
        self.has_seen("I have your video note")
        expect(self.log.locator("article.own video.round").last).to_be_visible()

    def reads_code(self, text_messages: int) -> str:
        """The code in the newest text message, once there are `text_messages`."""
        with _Tab(self, "SMS"):
            received = self.page.locator("#sms-log article")
            expect(received).to_have_count(text_messages, timeout=ANSWER_MS)
            found = _CODE.search(received.last.inner_text())
        assert found is not None
        return found[0]

    def reads_sms(self, words: str) -> None:
        with _Tab(self, "SMS"):
            newest = self.page.locator("#sms-log article").last
            expect(newest).to_contain_text(words, timeout=ANSWER_MS)

    def has_in_wallet(self, balance: str) -> None:
        with _Tab(self, "Wallet"):
            expect(self.page.locator(".balance")).to_have_text(balance, timeout=ANSWER_MS)

    def pays_request(self, amount: str) -> None:
        with _Tab(self, "Wallet"):
            request = self.page.locator(".request")
            expect(request).to_contain_text(amount, timeout=ANSWER_MS)
            request.get_by_role("button", name="Pay").click()
            expect(request).to_have_count(0, timeout=ANSWER_MS)

    def walks_to_next_due_date(self) -> None:
        self.page.get_by_role("button", name="To next due date").click()
        status = self.page.locator("#clock-status")
        expect(status).to_contain_text("It is", timeout=WALK_MS)

    def _button(self, label: str) -> Locator:
        """The newest one with this label."""
        return self.log.locator(".inline-button", has_text=label).last

    def _is_drawn(self) -> None:
        self.page.locator("body[data-ready]").wait_for()

    def _told(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.troubles.append(message.text)


class _Tab:
    """Look into another app of the phone, and come back to the chat."""

    def __init__(self, phone: PhonePage, name: str) -> None:
        self._page, self._name = phone.page, name

    def __enter__(self) -> None:
        self._page.get_by_role("tab", name=self._name).click()

    def __exit__(self, *_: object) -> None:
        self._page.get_by_role("tab", name="Chat").click()
