"""/loan, /schedule and /pay, and what can be kept of a loan."""

from collections.abc import Awaitable, Callable

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot import loan_places, places, refusals
from bot.callbacks import Card, Menu, Pay, Receipt
from bot.context import UpdateContext
from bot.handlers.where import Where
from bot.screens import loan as screens
from bot.screens.base import Reply, Screen, reply
from bot.text import plain_amount
from kit.crypto import vault_of
from kit.errors import DomainError
from kit.money import Money
from onboarding import answers
from servicing import payment_requests, queries
from servicing.models import Loan, PaymentRequest, Repayment
from servicing.rails import telegram
from servicing.states import LoanStatus


async def overview(_: Message | CallbackQuery, context: UpdateContext) -> Screen:
    if context.dossier is None:
        return screens.none(context.words)
    return await loan_places.latest(context, context.dossier)


async def schedule(event: Message | CallbackQuery, context: UpdateContext) -> Reply | Screen:
    """The picture, and the same as text below it."""
    loan = _loan(context)
    if loan is None:
        return await overview(event, context)
    table = await loan_places.schedule(context, loan)
    return reply(await loan_places.picture(context, loan), table)


def _paper(
    draw: Callable[[UpdateContext, Loan], Awaitable[Screen]],
) -> Callable[[CallbackQuery, UpdateContext], Awaitable[Screen]]:
    """A handler for what can be asked of the loan that is, or of the last one that was."""

    async def show(query: CallbackQuery, context: UpdateContext) -> Screen:
        loan = await _newest(context)
        return await (overview(query, context) if loan is None else draw(context, loan))

    return show


async def receipt(_: CallbackQuery, callback_data: Receipt, context: UpdateContext) -> Reply:
    """Of any loan that this borrower has had."""
    paid = await context.session.get(Repayment, callback_data.repayment)
    loan = await queries.get_loan(context.session, paid.loan_id) if paid else None
    if paid is None or loan is None or loan.borrower_id != context.known.borrower.id:
        return await places.stale(context)
    return reply(await loan_places.receipt(context, loan, paid))


async def pay(
    event: Message | CallbackQuery, context: UpdateContext, command: CommandObject | None = None
) -> Reply | Screen:
    """`/pay` shows the choices; `/pay 5000` goes straight to that amount."""
    loan = _loan(context)
    if loan is None:
        return await overview(event, context)
    if loan.status is not LoanStatus.ACTIVE:
        return refusals.under(
            context.words("pay-not-yet"), await loan_places.overview(context, loan)
        )
    if command is not None and command.args:
        amount = _typed(command.args, loan)
        return await loan_places.confirm(context, loan, amount)
    return await loan_places.pay(context, loan)


async def payoff(event: CallbackQuery, context: UpdateContext) -> Reply | Screen:
    loan = _loan(context)
    if loan is None or loan.status is not LoanStatus.ACTIVE:
        return await pay(event, context)
    return await loan_places.payoff(context, loan)


async def pressed(_: CallbackQuery, callback_data: Pay, context: UpdateContext) -> Reply:
    """Ask the wallet for the money. A second tap finds the first request still waiting."""
    loan = _loan(context)
    if loan is None or loan.reference != callback_data.loan or callback_data.amount < 0:
        return await places.stale(context)
    if callback_data.amount == 0:
        return reply(screens.another_amount(context.words))
    if await loan_places.is_asked(context, loan):
        return reply(await loan_places.pay(context, loan))
    amount = Money(callback_data.amount, loan.currency)
    asked = await _ask(context, loan, amount)
    return reply(screens.requested(asked.amount, context.words))


async def cards(event: CallbackQuery, context: UpdateContext) -> Reply | Screen:
    loan = _loan(context)
    if loan is None or loan.status is not LoanStatus.ACTIVE:
        return await pay(event, context)
    return await loan_places.cards(context, loan)


async def pressed_card(_: CallbackQuery, callback_data: Card, context: UpdateContext) -> Reply:
    """Show an invoice. A double tap is one; later it is shown anew."""
    loan = _loan(context)
    if loan is None or loan.reference != callback_data.loan or callback_data.amount <= 0:
        return await places.stale(context)
    is_offered = telegram.is_offered(context.office.settings, loan.currency)
    if not is_offered or await loan_places.is_asked(context, loan):
        return reply(await loan_places.pay(context, loan))
    amount = Money(callback_data.amount, loan.currency)
    await _ask(context, loan, amount, by_card=True)
    return reply(screens.invoiced(amount, context.words))


async def _ask(
    context: UpdateContext, loan: Loan, amount: Money, *, by_card: bool = False
) -> PaymentRequest:
    """The rail may ask for another amount: M-Pesa moves whole shillings."""
    return await payment_requests.request(
        context.session,
        vault_of(context.session),
        loan_id=loan.id,
        amount=amount,
        on=context.on,
        now=context.now,
        by_card=by_card,
    )


async def typed_amount(message: Message, context: UpdateContext) -> Reply | Screen:
    """A number from somebody with a running loan: an amount to pay, confirmed by a button."""
    loan = _loan(context)
    assert loan is not None
    try:
        amount = _typed(message.text or "", loan)
    except DomainError:
        return await refusals.not_understood(context)
    return await loan_places.confirm(context, loan, amount)


def _typed(typed: str, loan: Loan) -> Money:
    return answers.amount(plain_amount(typed, loan.currency), loan.currency)


def _loan(context: UpdateContext) -> Loan | None:
    return context.dossier.loan if context.dossier else None


async def _newest(context: UpdateContext) -> Loan | None:
    loan = _loan(context)
    if loan is not None or context.dossier is None:
        return loan
    past = await queries.list_loans_of(context.session, context.dossier.borrower.id)
    return past[0] if past else None


async def _is_repaying(_: Message, context: UpdateContext) -> bool:
    loan = _loan(context)
    return loan is not None and loan.status is LoanStatus.ACTIVE


def register_commands(router: Router) -> None:
    router.message.register(overview, Command("loan"))
    router.message.register(schedule, Command("schedule"))
    router.message.register(pay, Command("pay"))


def register(router: Router) -> None:
    router.callback_query.register(overview, Where(F.data == Menu.LOAN))
    router.callback_query.register(schedule, Where(F.data == Menu.SCHEDULE))
    router.callback_query.register(pay, Where(F.data == Menu.PAY))
    router.callback_query.register(payoff, Where(F.data == Menu.PAYOFF))
    router.callback_query.register(pressed, Pay.filter())
    router.callback_query.register(cards, Where(F.data == Menu.CARD))
    router.callback_query.register(pressed_card, Card.filter())
    papers = {
        Menu.CALENDAR: loan_places.calendar,
        Menu.STATEMENT: loan_places.statement,
        Menu.RECEIPTS: loan_places.receipts,
    }
    for word, draw in papers.items():
        router.callback_query.register(_paper(draw), Where(F.data == word))
    router.callback_query.register(receipt, Receipt.filter())
    router.message.register(typed_amount, Where(F.text.regexp(r"^\W*\d")), _is_repaying)
