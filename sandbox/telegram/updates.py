"""Updates on their way to the bot: long polling, or a webhook that is tried until it takes them."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from kit.clock import Clock
from sandbox.outgoing import Outgoing, Response
from sandbox.store import Json, Store
from sandbox.telegram.refusals import conflict
from sandbox.trouble import Door

AnswerInResponse = Callable[[Response], Coroutine[Any, Any, None]]

_LONGEST_PAUSE_SECONDS = 30.0


class Updates:
    def __init__(self, store: Store, outgoing: Outgoing, door: Door, clock: Clock) -> None:
        self._store = store
        self._outgoing = outgoing
        self._door = door
        self._clock = clock
        self._waiting: list[Json] = []
        """`{key, chat_id, update}` in the order of delivery."""
        self._held: list[tuple[Json, int]] = []
        self._changed = asyncio.Event()
        self._webhook_changed = asyncio.Event()
        self._poll = 0
        self._is_ending = False
        self._busy_chats: set[int] = set()
        self.webhook: Json | None = None
        self.allowed: list[str] = []
        self.on_answer: AnswerInResponse | None = None
        """Runs a method call that the webhook gave as its answer."""
        self._restore()

    def _restore(self) -> None:
        self._waiting = self._store.list("update")
        settings = self._store.get("setting", "updates") or {}
        self.webhook = settings.get("webhook")
        self.allowed = settings.get("allowed", [])

    def resume(self) -> None:
        """After a restart: what was not taken yet goes out again."""
        self._deliver()

    def hang_up(self) -> None:
        """Open polls end with nothing: the server is about to stop."""
        self._is_ending = True
        self._signal()

    @property
    def pending_count(self) -> int:
        return len(self._waiting)

    def push(self, update: Json, chat_id: int) -> None:
        kind = next(name for name in update if name != "update_id")
        if self.allowed and kind not in self.allowed:
            return
        if self._door.take("drop_update", kind, str(chat_id)):
            return
        self._held.append((update, chat_id))
        if self._door.take("repeat_update", kind, str(chat_id)):
            self._held.append((update, chat_id))
        reorder = self._door.take("reorder_updates", kind, str(chat_id))
        if reorder is None or reorder.times == 0:
            self._release()

    def _release(self) -> None:
        """Out goes what was held back for the sake of disorder, the latest first."""
        for update, chat_id in reversed(self._held):
            self._queue(update, chat_id)
        self._held.clear()
        self._signal()
        self._deliver()

    def _queue(self, update: Json, chat_id: int) -> None:
        key = self._store.next_number("delivery")
        entry = {"key": key, "chat_id": chat_id, "update": update}
        self._waiting.append(entry)
        self._store.put("update", key, entry)

    def _drop(self, entry: Json) -> None:
        if entry in self._waiting:
            self._waiting.remove(entry)
            self._store.delete("update", entry["key"])

    def _signal(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def taken(self, update_id: int, timeout: float) -> bool:
        """True when the bot has confirmed this update within `timeout` seconds."""
        deadline = _monotonic() + timeout
        while any(entry["update"]["update_id"] == update_id for entry in self._all()):
            if (left := deadline - _monotonic()) <= 0:
                return False
            await _wait(self._changed, left)
        return True

    def _all(self) -> list[Json]:
        return [*self._waiting, *({"update": update} for update, _ in self._held)]

    def clear(self) -> None:
        for entry in list(self._waiting):
            self._drop(entry)
        self._signal()

    def set_webhook(self, webhook: Json | None) -> None:
        self.webhook = webhook
        self._save()
        self._webhook_changed.set()
        self._webhook_changed = asyncio.Event()
        self._signal()
        self._deliver()

    def allow(self, kinds: list[str] | None) -> None:
        if kinds is not None:
            self.allowed = kinds
            self._save()

    def _save(self) -> None:
        self._store.put("setting", "updates", {"webhook": self.webhook, "allowed": self.allowed})

    # Long polling.

    async def poll(self, offset: int, limit: int, timeout: float) -> list[Json]:
        """Confirms everything below `offset`; waits until there is something to give."""
        self._refuse_with_webhook()
        self._poll += 1
        mine = self._poll
        self._confirm(offset)
        self._signal()
        deadline = _monotonic() + timeout
        while not self._waiting and not self._is_ending and (left := deadline - _monotonic()) > 0:
            await _wait(self._changed, left)
            self._refuse_with_webhook()
            if mine != self._poll:
                raise conflict(
                    "terminated by other getUpdates request;"
                    " make sure that only one bot instance is running"
                )
        return [entry["update"] for entry in self._waiting[:limit]]

    def _refuse_with_webhook(self) -> None:
        if self.webhook is not None:
            raise conflict(
                "can't use getUpdates method while webhook is active;"
                " use deleteWebhook to delete the webhook first"
            )

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            gone = self._waiting[:offset]
        else:
            gone = [e for e in self._waiting if e["update"]["update_id"] < offset]
        for entry in list(gone):
            self._drop(entry)

    # Webhook: one update of a chat at a time, chats side by side.

    def _deliver(self) -> None:
        if self.webhook is None:
            return
        for entry in self._waiting:
            if len(self._busy_chats) >= self.webhook["max_connections"]:
                return
            if entry["chat_id"] not in self._busy_chats:
                self._busy_chats.add(entry["chat_id"])
                self._outgoing.start(self._deliver_one(entry, self.webhook))

    async def _deliver_one(self, entry: Json, webhook: Json) -> None:
        pause = 0.2
        try:
            while self.webhook is webhook and entry in self._waiting:
                if await self._was_taken(entry["update"], webhook):
                    self._drop(entry)
                    break
                await _wait(self._webhook_changed, pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        finally:
            self._busy_chats.discard(entry["chat_id"])
        self._signal()
        self._deliver()

    async def _was_taken(self, update: Json, webhook: Json) -> bool:
        headers = {"Content-Type": "application/json"}
        if webhook.get("secret_token"):
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook["secret_token"]
        response = await self._outgoing.post(
            webhook["url"], content=json.dumps(update).encode(), headers=headers
        )
        if response is None or not response.is_success:
            webhook["last_error_date"] = int(self._clock.now().timestamp())
            webhook["last_error_message"] = (
                "Connection failed"
                if response is None
                else f"Wrong response from the webhook: {response.status} {response.reason}"
            )
            return False
        if response.content and self.on_answer is not None:
            await self.on_answer(response)
        return True


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


async def _wait(event: asyncio.Event, timeout: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout)
    except TimeoutError:
        return
