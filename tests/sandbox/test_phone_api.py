"""What the page and the journeys call: people, the clock, events, and refusals in plain words."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from PIL import Image

from kit.clock import ShiftedClock
from sandbox.clock import ShiftedControl
from tests.sandbox.serving import AMINA, BRUNO, TOKEN, Running, running_sandbox


class SlowWalk(ShiftedControl):
    """Each hour takes a moment, and Amina owes something in ten days."""

    async def move(self, hours: int) -> AsyncIterator[datetime]:
        async for instant in super().move(hours):
            await asyncio.sleep(0.01)
            yield instant

    async def next_due(self, telegram_chat_id: int) -> date | None:
        due = (self.now() + timedelta(days=10)).date()
        return due if telegram_chat_id == AMINA else None


@pytest.fixture
async def sandbox() -> AsyncIterator[Running]:
    clock = ShiftedClock()
    async with running_sandbox(clock=clock, control=SlowWalk(clock)) as running:
        yield running


class TestPeople:
    async def test_the_cast_and_a_newcomer(self, sandbox: Running) -> None:
        cast = (await sandbox.http.get("/people")).json()
        assert [person["first_name"] for person in cast] == ["Amina", "Bruno", "Chen"]
        added = await sandbox.http.post(
            "/people", json={"first_name": "Dana", "phone": "+34600000101", "language_code": "es"}
        )
        assert added.status_code == 201
        assert added.json()["account"] == "34600000101"
        assert (await sandbox.chat(added.json()["id"]))["messages"] == []

    async def test_a_taken_or_strange_number_is_refused(self, sandbox: Running) -> None:
        twin = {"first_name": "Twin", "phone": "+12025550101"}
        assert (await sandbox.http.post("/people", json=twin)).status_code == 409
        strange = {"first_name": "X", "phone": "12"}
        assert (await sandbox.http.post("/people", json=strange)).status_code == 422
        assert len((await sandbox.http.get("/people")).json()) == 3

    async def test_nobody(self, sandbox: Running) -> None:
        answer = await sandbox.http.get("/people/1/chat")
        assert (answer.status_code, answer.json()["code"]) == (404, "nobody_there")


class TestActing:
    async def test_a_long_text_is_sent_in_parts(self, sandbox: Running) -> None:
        done = await sandbox.act(AMINA, "say", text="x" * 5000, wait=0)
        assert len(done["update_ids"]) == 2
        assert [len(text) for text in await sandbox.texts(AMINA)] == [4096, 904]

    @pytest.mark.parametrize(
        ("what", "body", "reason"),
        [
            ("say", {"text": "  "}, "message text is empty"),
            ("press", {"message_id": 99, "data": "x"}, "message not found"),
            ("edit", {"message_id": 99, "text": "x"}, "message not found"),
        ],
    )
    async def test_what_cannot_be_done(
        self, sandbox: Running, what: str, body: dict[str, Any], reason: str
    ) -> None:
        answer = await sandbox.http.post(f"/people/{AMINA}/{what}", json=body)
        assert (answer.status_code, answer.json()["message"]) == (400, reason)

    async def test_another_ones_contact_says_whose_it_is(self, sandbox: Running) -> None:
        body = {"phone": "+12025550102", "first_name": "Bruno", "user_id": BRUNO}
        await sandbox.act(AMINA, "contact", wait=0, **body)
        await sandbox.act(AMINA, "contact", wait=0, phone="+34600000101")
        contacts = [m["contact"] for m in (await sandbox.chat(AMINA))["messages"]]
        assert contacts[0]["user_id"] == BRUNO
        assert "user_id" not in contacts[1]

    async def test_what_is_no_picture_is_not_sent_as_one(self, sandbox: Running) -> None:
        file = {"file": ("a.jpg", b"no picture")}
        answer = await sandbox.http.post(f"/people/{AMINA}/send/photo", files=file)
        assert answer.status_code == 400
        assert answer.json()["message"] == "this file is no picture that can be sent"

    async def test_nobody_takes_it_in_time(self, sandbox: Running) -> None:
        done = await sandbox.act(AMINA, "say", text="hi", wait=0.1)
        assert done["taken"] is False

    async def test_who_blocked_the_bot_cannot_write(self, sandbox: Running) -> None:
        await sandbox.act(AMINA, "block", blocked=True, wait=0)
        answer = await sandbox.http.post(f"/people/{AMINA}/say", json={"text": "hi"})
        assert answer.status_code == 403


class TestClock:
    async def move(self, sandbox: Running, **body: Any) -> Any:
        return await sandbox.http.post("/clock/move", json=body)

    async def test_it_moves_by_hours_and_days(self, sandbox: Running) -> None:
        before = sandbox.clock.now()
        assert (await self.move(sandbox, hours=1)).json()["hours"] == 1
        assert (await self.move(sandbox, days=2)).json()["hours"] == 48
        passed = sandbox.clock.now() - before
        assert timedelta(hours=49) <= passed < timedelta(hours=49, minutes=1)

    async def test_to_the_next_due_date(self, sandbox: Running) -> None:
        due = (sandbox.clock.now() + timedelta(days=10)).date()
        moved = (await self.move(sandbox, to="next_due", person_id=AMINA)).json()
        assert datetime.fromisoformat(moved["now"]).date() == due
        nothing = await self.move(sandbox, to="next_due", person_id=BRUNO)
        assert (nothing.status_code, nothing.json()["detail"]) == (409, "nothing is due")

    async def test_one_walk_at_a_time(self, sandbox: Running) -> None:
        first = asyncio.create_task(self.move(sandbox, days=3))
        while not (await sandbox.http.get("/clock")).json()["walking"]:
            assert not first.done()
        assert (await self.move(sandbox, hours=1)).status_code == 409
        assert (await first).json()["hours"] == 72

    @pytest.mark.parametrize(
        "body", [{}, {"hours": -1}, {"to": "next_due"}, {"to": "yesterday"}, {"days": 100000}]
    )
    async def test_senseless_moves(self, sandbox: Running, body: dict[str, Any]) -> None:
        assert (await self.move(sandbox, **body)).status_code == 422


async def test_events_begin_with_everything_and_go_on(sandbox: Running) -> None:
    await sandbox.act(AMINA, "say", text="before", wait=0)
    kinds: list[str] = []
    async with sandbox.http.stream("GET", f"/people/{AMINA}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for line in stream.aiter_lines():
            if not line.startswith("data: "):
                continue
            event = json.loads(line.removeprefix("data: "))
            kinds.append(event["kind"])
            if event["kind"] == "everything":
                assert [m["text"] for m in event["chat"]["messages"]] == ["before"]
                await sandbox.act(BRUNO, "say", text="not for Amina", wait=0)
                await sandbox.act(AMINA, "say", text="after", wait=0)
                await sandbox.http.post("/clock/move", json={"hours": 2})
            if event["kind"] == "clock" and event["done"] is None:
                break

    assert kinds == ["everything", "message", "clock", "clock", "clock"]


async def test_it_stops_at_once_although_a_page_and_a_poll_are_open() -> None:
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(timeout=60) as client:
        async with running_sandbox() as sandbox:
            events = f"{sandbox.base}/sandbox/api/people/{AMINA}/events"
            updates = f"{sandbox.base}/sandbox/telegram/bot{TOKEN}/getUpdates?timeout=50"
            page = await client.send(client.build_request("GET", events), stream=True)
            poll = asyncio.create_task(client.get(updates))
            await asyncio.sleep(0.2)
            begin = loop.time()
        assert (await poll).json() == {"ok": True, "result": []}
        assert loop.time() - begin < 10
        await page.aclose()


class TestSpecimens:
    @pytest.mark.parametrize("kind", ["passport", "card", "front", "back", "selfie"])
    async def test_are_pictures_that_can_be_sent(self, sandbox: Running, kind: str) -> None:
        wanted = {"name": "Amina Wanjiru Otieno", "birth_date": "1991-03-14"}
        drawn = await sandbox.http.post(f"/people/{AMINA}/specimens/{kind}", data=wanted)

        assert drawn.headers["content-type"] == "image/jpeg"
        file = {"file": ("a.jpg", drawn.content)}
        sent = await sandbox.http.post(f"/people/{AMINA}/send/photo", files=file)
        assert sent.status_code == 200

    async def test_what_is_no_picture_is_no_portrait(self, sandbox: Running) -> None:
        file = {"portrait": ("a.jpg", b"no picture")}
        answer = await sandbox.http.post(f"/people/{AMINA}/specimens/passport", files=file)

        assert answer.status_code == 422

    async def test_a_film_of_acts_can_be_sent_as_a_video_note(self, sandbox: Running) -> None:
        wanted = {"acts": ["open_mouth"]}
        drawn = await sandbox.http.post(f"/people/{AMINA}/specimens/video_note", data=wanted)
        assert drawn.headers["content-type"] == "video/mp4"

        file = {"file": ("note.mp4", drawn.content)}
        await sandbox.http.post(f"/people/{AMINA}/send/video_note", files=file)

        note = (await sandbox.chat(AMINA))["messages"][-1]["video_note"]
        assert (note["length"], note["file_size"]) == (400, len(drawn.content))
        assert note["duration"] in (2, 3)
        thumbnail = note["thumbnail"]
        small = await sandbox.http.get(f"/people/{AMINA}/files/{thumbnail['file_id']}")
        assert small.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(small.content)) as picture:
            assert picture.size == (thumbnail["width"], thumbnail["height"]) == (320, 320)

    async def test_nobody_knows_other_acts(self, sandbox: Running) -> None:
        answer = await sandbox.http.post(
            f"/people/{AMINA}/specimens/video_note", data={"acts": ["dance"]}
        )

        assert answer.status_code == 422
