"""A person with a phone: talks to the bot through the sandbox's doors, as the page does."""

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.journeys.story import SIGNS

WAIT_SECONDS = 60.0


@dataclass
class Phone:
    base: str
    person_id: int
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))

    @property
    def _api(self) -> str:
        return f"{self.base}/sandbox/api/people/{self.person_id}"

    def says(self, text: str) -> str:
        return self._act("say", json={"text": text})

    def shares_contact(self, **other: Any) -> str:
        return self._act("contact", json=other)

    def sends_photo(self, path: Path) -> str:
        with path.open("rb") as file:
            return self._act("send/photo", files={"file": (path.name, file, "image/jpeg")})

    def shows_herself(self, portrait: Path) -> None:
        """The face of this picture does what is asked, again if the machine was too slow."""
        for _ in range(3):
            said = self.presses("I am ready")
            acts = sorted((said.index(sign), act) for act, sign in SIGNS.items() if sign in said)
            with portrait.open("rb") as file:
                film = self.http.post(
                    f"{self._api}/specimens/video_note",
                    data={"acts": [act for _, act in acts]},
                    files={"portrait": (portrait.name, file, "image/jpeg")},
                ).raise_for_status()
            note = {"file": ("note.mp4", film.content, "video/mp4")}
            if "came too late" not in self._act("send/video_note", files=note):
                break
        self.sees("I have your video note")

    def presses(self, label: str) -> str:
        """Press the newest button whose label contains `label`."""
        for message in reversed(self.messages()):
            for button in _buttons(message):
                if label in button["text"]:
                    body = {"message_id": message["message_id"], "data": button["callback_data"]}
                    return self._act("press", json=body)
        raise AssertionError(f"no button {label!r} in\n{self.transcript()}")

    def edits(self, old: str, new: str) -> str:
        mine = [m for m in self.messages() if m.get("text") == old and not m["from"]["is_bot"]]
        return self._act("edit", json={"message_id": mine[-1]["message_id"], "text": new})

    def sees(self, words: str, *, seconds: float = WAIT_SECONDS) -> str:
        """Wait until the bot has written `words` in its newest messages."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            newest = self.newest(4)
            if words in newest:
                return newest
            time.sleep(0.05)
        raise AssertionError(f"{words!r} does not come in\n{self.transcript()}")

    def newest(self, count: int = 1) -> str:
        said = [_text(message) for message in self.messages() if message["from"]["is_bot"]]
        return "\n".join(said[-count:])

    def transcript(self) -> str:
        lines = []
        for message in self.messages()[-14:]:
            who = "bot" if message["from"]["is_bot"] else "me"
            labels = [button["text"] for button in _buttons(message)]
            lines.append(f"{who}: {_text(message)[:600]} {labels or ''}")
        return "\n".join(lines)

    def messages(self) -> list[dict[str, Any]]:
        shown: dict[str, Any] = self.http.get(f"{self._api}/chat").raise_for_status().json()
        messages: list[dict[str, Any]] = shown["messages"]
        return messages

    def sms(self) -> list[str]:
        """Bodies of received messages, oldest first."""
        rows = self.http.get(f"{self._api}/sms").raise_for_status().json()
        return [row["body"] for row in rows if row["direction"].startswith("outbound")]

    def receives(self, words: str) -> str:
        """Wait for an SMS with `words` in it."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            for body in reversed(self.sms()):
                if words in body:
                    return body
            time.sleep(0.05)
        raise AssertionError(f"no SMS with {words!r}: {self.sms()}")

    def code(self, before: int = 0) -> str:
        """The digits of the newest code, waiting until more than `before` messages came."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            received = self.sms()
            codes = [m[0] for body in received if (m := re.search(r"\b\d{6}\b", body))]
            if len(codes) > before:
                return codes[-1]
            time.sleep(0.05)
        raise AssertionError("no code came")

    def codes(self) -> int:
        return sum(bool(re.search(r"\b\d{6}\b", body)) for body in self.sms())

    def wallet(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.http.get(f"{self._api}/wallet").raise_for_status().json()
        return shown

    def accepts_payment(self) -> None:
        self._answers_request("accept")

    def declines_payment(self) -> None:
        self._answers_request("decline")

    def _answers_request(self, answer: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            waiting = [
                t for t in self.wallet()["requests"] if t.get("status", "pending") == "pending"
            ]
            if waiting:
                url = f"{self._api}/wallet/requests/{waiting[-1]['id']}"
                self.http.post(url, json={"answer": answer}).raise_for_status()
                return
            time.sleep(0.05)
        raise AssertionError(f"no payment request: {self.wallet()}")

    def moves_clock(self, **how: Any) -> None:
        body = {**how, "person_id": self.person_id}
        url = f"{self.base}/sandbox/api/clock/move"
        self.http.post(url, json=body, timeout=900).raise_for_status()

    def _act(self, act: str, **request: Any) -> str:
        answer = self.http.post(f"{self._api}/{act}", params={"wait": WAIT_SECONDS}, **request)
        assert answer.status_code < 300, answer.text
        return self.newest(2)


def _text(message: dict[str, Any]) -> str:
    return str(message.get("text") or message.get("caption") or "")


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    rows = (message.get("reply_markup") or {}).get("inline_keyboard") or []
    return [button for row in rows for button in row if "callback_data" in button]
