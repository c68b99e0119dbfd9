"""python-telegram-bot, an independent client library, against the same server."""

import asyncio

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    KeyboardButton,
    ReplyKeyboardMarkup,
    Update,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, Conflict, Forbidden, RetryAfter
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, MessageHandler, filters

from tests.sandbox.serving import AMINA, TOKEN, Running
from tests.sandbox.test_telegram_aiogram import picture


@pytest.fixture
def base_urls(sandbox: Running) -> tuple[str, str]:
    return (f"{sandbox.base}/sandbox/telegram/bot", f"{sandbox.base}/sandbox/telegram/file/bot")


async def _pressed(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.callback_query is not None
    await update.callback_query.answer("Noted")
    await update.callback_query.edit_message_text("Done")


async def _said(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    button = InlineKeyboardButton("Press", callback_data="go")
    await update.message.reply_text(
        f"<b>{update.message.text}</b>!",
        parse_mode=ParseMode.HTML,
        reply_markup=InlineKeyboardMarkup([[button]]),
    )


async def test_an_application_polls(sandbox: Running, base_urls: tuple[str, str]) -> None:
    application = (
        Application.builder().token(TOKEN).base_url(base_urls[0]).base_file_url(base_urls[1])
    ).build()
    application.add_handler(CallbackQueryHandler(_pressed))
    application.add_handler(MessageHandler(filters.TEXT, _said))
    async with application:
        assert application.updater is not None
        await application.start()
        await application.updater.start_polling(timeout=2)
        await sandbox.act(AMINA, "say", text="Hello")
        await _until(sandbox, "Hello!")
        message = (await sandbox.chat(AMINA))["messages"][-1]
        await sandbox.act(AMINA, "press", message_id=message["message_id"], data="go")
        await _until(sandbox, "Done")
        await application.updater.stop()
        await application.stop()

    assert await sandbox.texts(AMINA) == ["Hello", "Done"]


async def _until(sandbox: Running, text: str) -> None:
    """This library confirms an update before its handler has run."""
    for _ in range(200):
        if (await sandbox.texts(AMINA))[-1] == text:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{text!r} never came: {await sandbox.texts(AMINA)}")


async def test_files_albums_and_keyboards(sandbox: Running, base_urls: tuple[str, str]) -> None:
    await sandbox.act(AMINA, "say", text="hi", wait=0)
    async with Bot(TOKEN, base_url=base_urls[0], base_file_url=base_urls[1]) as bot:
        assert (await bot.get_me()).username == "kopa_sandbox_bot"
        photo = await bot.send_photo(AMINA, picture(400, 300), caption="me")
        assert [size.width for size in photo.photo] == [90, 320, 400]
        file = await photo.photo[-1].get_file()
        assert len(await file.download_as_bytearray()) == photo.photo[-1].file_size

        pdf = b"%PDF-1.7 of a statement"
        paper = await bot.send_document(AMINA, pdf, filename="L-1.pdf", caption="Yours")
        assert paper.document is not None
        assert (paper.document.file_name, paper.document.mime_type) == (
            "L-1.pdf",
            "application/pdf",
        )
        assert bytes(await (await paper.document.get_file()).download_as_bytearray()) == pdf

        album = await bot.send_media_group(
            AMINA,
            [InputMediaDocument(b"one", filename="1.txt"), InputMediaDocument(b"two")],
        )
        assert [message.document is not None for message in album] == [True, True]
        keyboard = ReplyKeyboardMarkup([[KeyboardButton("Mine", request_contact=True)]])
        await bot.send_message(AMINA, "Number?", reply_markup=keyboard)
        await sandbox.act(AMINA, "contact", wait=0)
        update = (await bot.get_updates())[-1]
        assert update.message is not None
        assert update.message.contact is not None
        assert update.message.contact.user_id == AMINA


@pytest.mark.filterwarnings("ignore:.*retry_after.*")
async def test_refusals_are_understood(sandbox: Running, base_urls: tuple[str, str]) -> None:
    await sandbox.act(AMINA, "say", text="hi", wait=0)
    async with Bot(TOKEN, base_url=base_urls[0]) as bot:
        await sandbox.trouble("telegram", "fail", target="sendMessage", retry_after=7)
        with pytest.raises(RetryAfter) as refused:
            await bot.send_message(AMINA, "x")
        assert "7 seconds" in str(refused.value)
        with pytest.raises(BadRequest, match="an't find end tag"):
            await bot.send_message(AMINA, "<b>x", parse_mode=ParseMode.HTML)
        await bot.set_webhook("http://127.0.0.1:1/x")
        with pytest.raises(Conflict):
            await bot.get_updates()
        await bot.delete_webhook()
        await sandbox.act(AMINA, "block", blocked=True, wait=0)
        with pytest.raises(Forbidden, match="blocked by the user"):
            await bot.send_message(AMINA, "x")
