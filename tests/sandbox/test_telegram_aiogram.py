"""aiogram talks to the Bot API server: sending, editing, files, keyboards, updates."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiogram import Bot, Dispatcher, F, Router
from aiogram.enums import ContentType
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramUnauthorizedError,
)
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    CallbackQuery,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    KeyboardButton,
    MenuButtonCommands,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from PIL import Image

from tests.sandbox.serving import AMINA, BRUNO, Running


def picture(width: int = 1600, height: int = 1200) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).save(out, "PNG")
    return out.getvalue()


def inline(*labels: str) -> InlineKeyboardMarkup:
    buttons = [InlineKeyboardButton(text=label, callback_data=f"b:{label}") for label in labels]
    return InlineKeyboardMarkup(inline_keyboard=[buttons])


def echo_routes() -> Router:
    """Answers every kind of update in a way that a test can see."""
    router = Router()

    @router.callback_query()
    async def pressed(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.answer(f"You pressed {query.data}", show_alert=query.data == "b:Alert")
        await query.message.edit_text(f"Chosen: {query.data}")

    @router.message(F.text == "/start")
    async def start(message: Message) -> None:
        await message.answer("<b>Hello</b>", parse_mode="HTML", reply_markup=inline("Yes", "Alert"))

    @router.message(F.contact)
    async def contact(message: Message) -> None:
        assert message.contact is not None
        await message.answer(f"Phone {message.contact.phone_number}")

    @router.message(F.photo | F.document | F.video_note)
    async def file(message: Message, bot: Bot) -> None:
        assert message.photo or message.document or message.video_note
        largest = message.photo[-1] if message.photo else (message.document or message.video_note)
        assert largest is not None
        content = await bot.download(largest)
        assert content is not None
        await message.answer(
            f"{ContentType(message.content_type).value} of {len(content.read())} bytes"
        )

    @router.edited_message()
    async def edited(message: Message) -> None:
        await message.answer(f"Edited: {message.text}")

    @router.message()
    async def echo(message: Message) -> None:
        await message.answer(f"Echo: {message.text}")

    return router


@asynccontextmanager
async def polling(bot: Bot) -> AsyncIterator[None]:
    dispatcher = Dispatcher()
    dispatcher.include_router(echo_routes())
    running = asyncio.create_task(
        dispatcher.start_polling(
            bot,
            handle_signals=False,
            polling_timeout=5,
            handle_as_tasks=False,
            close_bot_session=False,
        )
    )
    try:
        yield
    finally:
        await dispatcher.stop_polling()
        await running


@pytest.fixture
async def started(sandbox: Running) -> Running:
    """Amina has written to the bot once, so that it may write to her."""
    await sandbox.act(AMINA, "say", text="hello", wait=0)
    return sandbox


class TestPolling:
    async def test_a_person_chats_with_a_bot(self, sandbox: Running, bot: Bot) -> None:
        async with polling(bot):
            await sandbox.act(AMINA, "say", text="/start")
            chat = await sandbox.chat(AMINA)
            greeting = chat["messages"][-1]
            assert greeting["text"] == "Hello"
            assert greeting["entities"] == [{"type": "bold", "offset": 0, "length": 5}]

            done = await sandbox.act(
                AMINA, "press", message_id=greeting["message_id"], data="b:Yes"
            )
            assert done["taken"] is True
            answer = next(event for event in done["events"] if event["kind"] == "answer")
            assert answer["text"] == "You pressed b:Yes"
            assert (await sandbox.texts(AMINA))[-1] == "Chosen: b:Yes"
            assert "reply_markup" not in (await sandbox.chat(AMINA))["messages"][-1]

    async def test_people_do_not_see_each_others_chats(self, sandbox: Running, bot: Bot) -> None:
        async with polling(bot):
            await sandbox.act(AMINA, "say", text="I am Amina")
            await sandbox.act(BRUNO, "say", text="I am Bruno")

        assert await sandbox.texts(AMINA) == ["I am Amina", "Echo: I am Amina"]
        assert await sandbox.texts(BRUNO) == ["I am Bruno", "Echo: I am Bruno"]

    async def test_an_edit_arrives_as_an_edited_message(self, sandbox: Running, bot: Bot) -> None:
        async with polling(bot):
            await sandbox.act(AMINA, "say", text="nine")
            mine = (await sandbox.chat(AMINA))["messages"][0]
            await sandbox.act(AMINA, "edit", message_id=mine["message_id"], text="ten")

        assert await sandbox.texts(AMINA) == ["ten", "Echo: nine", "Edited: ten"]

    async def test_a_contact_comes_without_a_plus(self, sandbox: Running, bot: Bot) -> None:
        async with polling(bot):
            await sandbox.act(AMINA, "contact")

        assert (await sandbox.texts(AMINA))[-1] == "Phone 12025550101"

    async def test_a_photo_is_recompressed_and_downloaded(self, sandbox: Running, bot: Bot) -> None:
        async with polling(bot):
            answer = await sandbox.http.post(
                f"/people/{AMINA}/send/photo",
                files={"file": ("me.png", picture())},
                data={"caption": "me"},
                params={"wait": 5},
            )
            assert answer.status_code == 200, answer.text

        message, reply = (await sandbox.chat(AMINA))["messages"]
        largest = message["photo"][-1]
        assert [size["width"] for size in message["photo"]] == [90, 320, 800, 1280]
        assert message["caption"] == "me"
        assert reply["text"] == f"photo of {largest['file_size']} bytes"

    async def test_a_second_poller_ends_the_first(self, sandbox: Running, bot: Bot) -> None:
        first = asyncio.create_task(bot.get_updates(timeout=5))
        await asyncio.sleep(0.5)
        second = asyncio.create_task(bot.get_updates(timeout=1))

        with pytest.raises(TelegramConflictError, match="terminated by other getUpdates"):
            await first
        assert await second == []

    async def test_updates_stay_until_they_are_confirmed(self, started: Running, bot: Bot) -> None:
        await started.act(AMINA, "say", text="second", wait=0)
        first, second = await bot.get_updates()

        assert [u.update_id for u in await bot.get_updates(limit=1)] == [first.update_id]
        assert await bot.get_updates(offset=second.update_id) == [second]
        assert await bot.get_updates(offset=second.update_id + 1) == []

    async def test_only_wanted_kinds_arrive(self, sandbox: Running, bot: Bot) -> None:
        await bot.get_updates(allowed_updates=["edited_message"])
        await sandbox.act(AMINA, "say", text="one", wait=0)
        mine = (await sandbox.chat(AMINA))["messages"][0]
        await sandbox.act(AMINA, "edit", message_id=mine["message_id"], text="two", wait=0)

        (update,) = await bot.get_updates()
        assert update.edited_message is not None


class TestSending:
    async def test_nobody_is_written_to_first(self, sandbox: Running, bot: Bot) -> None:
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await bot.send_message(AMINA, "Hello?")

    async def test_a_wrong_token_is_refused(self, sandbox: Running, bot: Bot) -> None:
        async with Bot("1:wrong", session=bot.session) as stranger:
            with pytest.raises(TelegramUnauthorizedError):
                await stranger.get_me()

    async def test_every_kind_of_file_is_sent_and_read_back(
        self, started: Running, bot: Bot
    ) -> None:
        content = BufferedInputFile(b"some bytes", "agreement.pdf")
        message = await bot.send_document(AMINA, content, caption="<i>Yours</i>", parse_mode="HTML")
        assert message.document is not None
        assert message.document.mime_type == "application/pdf"
        assert message.caption == "Yours"
        read = await bot.download(message.document)
        assert read is not None
        assert read.read() == b"some bytes"

        again = await bot.send_document(AMINA, message.document.file_id, protect_content=True)
        assert again.document == message.document
        assert again.has_protected_content is True
        assert (await bot.send_voice(AMINA, content)).voice
        assert (await bot.send_video(AMINA, content)).video
        assert (await bot.send_video_note(AMINA, content, length=240)).video_note
        assert (await bot.send_sticker(AMINA, content)).sticker
        with pytest.raises(TelegramBadRequest, match="wrong file identifier"):
            await bot.send_voice(AMINA, message.document.file_id)

    async def test_an_album(self, started: Running, bot: Bot) -> None:
        photo = BufferedInputFile(picture(300, 200), "a.png")
        sent = await bot.send_media_group(
            AMINA,
            [InputMediaPhoto(media=photo, caption="one"), InputMediaPhoto(media=photo)],
        )

        assert len({message.media_group_id for message in sent}) == 1
        assert sent[0].caption == "one"
        with pytest.raises(TelegramBadRequest, match="between 2 and 10"):
            await bot.send_media_group(AMINA, [InputMediaPhoto(media=photo)])

    async def test_too_large_a_photo(self, started: Running, bot: Bot) -> None:
        large = BufferedInputFile(bytes(10 * 1024 * 1024 + 1), "a.jpg")
        with pytest.raises(TelegramEntityTooLarge):
            await bot.send_photo(AMINA, large)

    async def test_a_large_file_is_not_downloaded(self, started: Running, bot: Bot) -> None:
        file = {"file": ("large.bin", bytes(20 * 1024 * 1024 + 1))}
        sent = await started.http.post(f"/people/{AMINA}/send/document", files=file)
        assert sent.status_code == 200
        document = (await started.chat(AMINA))["messages"][-1]["document"]
        with pytest.raises(TelegramBadRequest, match="file is too big"):
            await bot.get_file(document["file_id"])

    async def test_what_is_no_picture_is_refused(self, started: Running, bot: Bot) -> None:
        with pytest.raises(TelegramBadRequest, match="IMAGE_PROCESS_FAILED"):
            await bot.send_photo(AMINA, BufferedInputFile(b"no picture", "a.jpg"))

    @pytest.mark.parametrize(
        ("text", "reason"), [("x" * 4097, "message is too long"), ("   ", "text is empty")]
    )
    async def test_bad_texts(self, started: Running, bot: Bot, text: str, reason: str) -> None:
        with pytest.raises(TelegramBadRequest, match=reason):
            await bot.send_message(AMINA, text)

    async def test_button_data_is_at_most_64_bytes(self, started: Running, bot: Bot) -> None:
        long = InlineKeyboardButton(text="x", callback_data="é" * 33)
        with pytest.raises(TelegramBadRequest, match="BUTTON_DATA_INVALID"):
            await bot.send_message(
                AMINA, "x", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[long]])
            )

    async def test_a_reply_keyboard_asks_for_the_contact_once(
        self, started: Running, bot: Bot
    ) -> None:
        button = KeyboardButton(text="Share my number", request_contact=True)
        asked = await bot.send_message(
            AMINA,
            "Your number?",
            reply_markup=ReplyKeyboardMarkup(keyboard=[[button]], one_time_keyboard=True),
        )
        keyboard = (await started.chat(AMINA))["keyboard"]
        assert keyboard["keyboard"][0][0]["request_contact"] is True

        await started.act(AMINA, "contact", wait=0)
        chat = await started.chat(AMINA)
        assert chat["keyboard"] is None
        assert chat["messages"][-1]["reply_to_message"]["message_id"] == asked.message_id

    async def test_keyboards_stay_until_removed(self, started: Running, bot: Bot) -> None:
        rows = [[KeyboardButton(text="A")]]
        await bot.send_message(AMINA, "?", reply_markup=ReplyKeyboardMarkup(keyboard=rows))
        await started.act(AMINA, "say", text="A", wait=0)
        assert (await started.chat(AMINA))["keyboard"] is not None

        await bot.send_message(AMINA, "!", reply_markup=ReplyKeyboardRemove())
        assert (await started.chat(AMINA))["keyboard"] is None

    async def test_a_forced_reply_is_a_reply(self, started: Running, bot: Bot) -> None:
        asked = await bot.send_message(
            AMINA, "Name?", reply_markup=ForceReply(input_field_placeholder="Your name")
        )
        await started.act(AMINA, "say", text="Amina", reply_to=asked.message_id, wait=0)

        chat = await started.chat(AMINA)
        assert chat["keyboard"] is None
        assert chat["messages"][-1]["reply_to_message"]["text"] == "Name?"


class TestEditing:
    async def test_the_same_again_is_refused(self, started: Running, bot: Bot) -> None:
        message = await bot.send_message(AMINA, "One", reply_markup=inline("Yes"))
        with pytest.raises(TelegramBadRequest, match="message is not modified"):
            await message.edit_text("One", reply_markup=inline("Yes"))

        changed = await message.edit_text("Two")
        assert isinstance(changed, Message)
        assert changed.edit_date is not None
        with pytest.raises(TelegramBadRequest, match="message to edit not found"):
            await bot.edit_message_text("x", chat_id=AMINA, message_id=999_999)

    async def test_captions_and_keyboards(self, started: Running, bot: Bot) -> None:
        message = await bot.send_document(AMINA, BufferedInputFile(b"x", "x.txt"), caption="One")
        changed = await message.edit_caption(caption="Two", reply_markup=inline("Yes"))
        assert isinstance(changed, Message)
        assert changed.caption == "Two"
        assert changed.reply_markup is not None
        assert changed.reply_markup.model_dump() == inline("Yes").model_dump()
        bare = await message.edit_reply_markup(reply_markup=None)
        assert isinstance(bare, Message)
        assert bare.reply_markup is None
        with pytest.raises(TelegramBadRequest, match="no text in the message"):
            await message.edit_text("Three")

    async def test_another_ones_message_cannot_be_edited(self, started: Running, bot: Bot) -> None:
        hers = (await started.chat(AMINA))["messages"][0]["message_id"]
        with pytest.raises(TelegramBadRequest, match="message can't be edited"):
            await bot.edit_message_text("mine now", chat_id=AMINA, message_id=hers)

    async def test_a_deleted_message_is_gone(self, started: Running, bot: Bot) -> None:
        message = await bot.send_message(AMINA, "Secret")
        assert await message.delete()
        assert "Secret" not in await started.texts(AMINA)
        with pytest.raises(TelegramBadRequest, match="message to delete not found"):
            await message.delete()

    async def test_a_query_is_answered_once(self, started: Running, bot: Bot) -> None:
        message = await bot.send_message(AMINA, "?", reply_markup=inline("Yes"))
        done = await started.act(
            AMINA, "press", message_id=message.message_id, data="b:Yes", wait=0
        )
        assert await bot.answer_callback_query(done["query_id"])
        with pytest.raises(TelegramBadRequest, match="query is too old"):
            await bot.answer_callback_query(done["query_id"])


class TestAccount:
    async def test_commands_by_scope_and_language(self, started: Running, bot: Bot) -> None:
        english = [BotCommand(command="loan", description="My loan")]
        spanish = [BotCommand(command="loan", description="Mi préstamo")]
        await bot.set_my_commands(english)
        await bot.set_my_commands(spanish, language_code="es")
        assert [c.description for c in await bot.get_my_commands()] == ["My loan"]
        assert (await started.chat(AMINA))["commands"][0]["description"] == "My loan"
        assert (await started.chat(BRUNO))["commands"][0]["description"] == "Mi préstamo"

        own = [BotCommand(command="pay", description="Pay")]
        await bot.set_my_commands(own, scope=BotCommandScopeChat(chat_id=AMINA))
        assert (await started.chat(AMINA))["commands"] == [{"command": "pay", "description": "Pay"}]
        with pytest.raises(TelegramBadRequest, match="BOT_COMMAND_INVALID"):
            await bot.set_my_commands([BotCommand(command="Bad-Name", description="x")])

    async def test_the_menu_button(self, started: Running, bot: Bot) -> None:
        assert (await bot.get_chat_menu_button()).type == "default"
        await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
        assert (await bot.get_chat_menu_button(AMINA)).type == "commands"

    async def test_a_blocked_bot_is_told_and_may_not_write(
        self, started: Running, bot: Bot
    ) -> None:
        await started.act(AMINA, "block", blocked=True, wait=0)
        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await bot.send_message(AMINA, "Please come back")
        change = (await bot.get_updates())[-1].my_chat_member
        assert change is not None
        assert change.new_chat_member.status == "kicked"

        await started.act(AMINA, "block", blocked=False, wait=0)
        assert await bot.send_message(AMINA, "Welcome back")

    async def test_what_is_not_simulated_says_so(self, started: Running, bot: Bot) -> None:
        from aiogram.exceptions import TelegramServerError

        with pytest.raises(TelegramServerError, match="does not know sendDice"):
            await bot.send_dice(AMINA)
