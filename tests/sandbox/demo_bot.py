"""A small aiogram bot that shows what bots can do."""

import asyncio

from aiogram import Bot, F, Router
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LabeledPrice,
    Message,
    PreCheckoutQuery,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from tests.sandbox.serving import (
    PROVIDER,
)
from tests.sandbox.test_telegram_aiogram import picture

OFFER = (
    "<b>Your offer</b>\n200.00 USD for <i>3 months</i>\n<pre>"
    "  n  due         amount\n  1  2026-12-21   68.40\n  2  2027-01-21   68.40</pre>\n"
    "<blockquote>Total to repay: <u>205.20 USD</u></blockquote>"
    "See <a href='https://example.org/terms'>the terms</a> or /help."
    " <tg-spoiler>PIN 4711</tg-spoiler>"
)


async def offer(message: Message) -> None:
    buttons = [
        [InlineKeyboardButton(text="I agree", callback_data="agree")],
        [
            InlineKeyboardButton(text="Change", callback_data="change"),
            InlineKeyboardButton(text="Why?", callback_data="why"),
        ],
    ]
    markup = InlineKeyboardMarkup(inline_keyboard=buttons)
    await message.answer(OFFER, parse_mode="HTML", reply_markup=markup)


async def explain(query: CallbackQuery) -> None:
    await query.answer("Because your income allows it.", show_alert=True)


async def ask_number(query: CallbackQuery) -> None:
    assert isinstance(query.message, Message)
    await query.answer("Noted")
    await query.message.edit_text(f"You chose {query.data}")
    button = KeyboardButton(text="Share my number", request_contact=True)
    await query.message.answer(
        "Your number, please",
        reply_markup=ReplyKeyboardMarkup(
            keyboard=[[button], [KeyboardButton(text="Not now")]], resize_keyboard=True
        ),
    )


async def thank(message: Message, bot: Bot) -> None:
    assert message.contact is not None
    await bot.send_chat_action(message.chat.id, "typing")
    await asyncio.sleep(0.3)
    text = f"Thank you: {message.contact.phone_number}"
    await message.answer(text, reply_markup=ReplyKeyboardRemove())


async def answer_photo(message: Message) -> None:
    await message.answer_photo(BufferedInputFile(picture(300, 200), "a.png"), caption="Seen")
    agreement = BufferedInputFile(b"%PDF-1.4 agreement", "agreement.pdf")
    await message.answer_document(agreement, caption="Keep it", protect_content=True)


async def answer_film(message: Message) -> None:
    await message.answer("A film arrived")


async def answer_edit(message: Message) -> None:
    await message.answer(f"Corrected to {message.text}")


async def bill(message: Message) -> None:
    prices = [LabeledPrice(label="Loan L-7K3QFWXM", amount=560_000)]
    await message.answer_invoice(
        title="Loan L-7K3QFWXM",
        description="Payment of KES 5,600 to Kopa Lending.",
        payload="sold out" if message.text == "late bill" else "C1",
        provider_token=PROVIDER,
        currency="KES",
        prices=prices,
    )


async def agree_to_payment(query: PreCheckoutQuery) -> None:
    is_good = query.invoice_payload == "C1"
    await query.answer(ok=is_good, error_message=None if is_good else "This is too late, sorry.")


async def thank_for_payment(message: Message) -> None:
    assert message.successful_payment is not None
    await message.answer(f"Received {message.successful_payment.total_amount}")


async def vanish(message: Message) -> None:
    await message.delete()


async def echo(message: Message) -> None:
    await message.answer(f"Echo: {message.text}", parse_mode=None)


def demo_routes() -> Router:
    router = Router()
    router.callback_query.register(explain, F.data == "why")
    router.callback_query.register(ask_number)
    router.edited_message.register(answer_edit)
    router.message.register(offer, F.text == "/start")
    router.message.register(thank, F.contact)
    router.message.register(answer_photo, F.photo)
    router.message.register(answer_film, F.video_note)
    router.message.register(vanish, F.text == "vanish")
    router.message.register(bill, F.text.endswith("bill"))
    router.pre_checkout_query.register(agree_to_payment)
    router.message.register(thank_for_payment, F.successful_payment)
    router.message.register(echo)
    return router
