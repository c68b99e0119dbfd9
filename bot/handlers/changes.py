"""Changing a loan: a later date, a break, money paid ahead, and what staff suggest."""

from datetime import date

from aiogram import F, Router
from aiogram.types import CallbackQuery

from bot import loan_places, places, refusals
from bot.callbacks import Ahead, Amend, Menu, Move, MoveKind
from bot.context import UpdateContext
from bot.handlers import loans
from bot.handlers.where import Where
from bot.screens import changes as screens
from bot.screens.base import Reply, Screen, reply
from servicing import amendments, self_service
from servicing.models import Loan


async def hub(query: CallbackQuery, context: UpdateContext) -> Reply | Screen:
    loan = _loan(context)
    if loan is None:
        return await loans.overview(query, context)
    offers = await self_service.offers(context.session, loan, on=context.on)
    return screens.hub(offers, context.words)


async def move(_: CallbackQuery, callback_data: Move, context: UpdateContext) -> Reply:
    """Which day, then the price, then the yes to just that price."""
    loan = _loan(context)
    offer = await _offer(context, loan, callback_data)
    if loan is None or offer is None:
        return await places.stale(context)
    if not callback_data.to:
        return reply(screens.days(callback_data.kind, offer, context.words))
    change = _change(callback_data)
    seen = await self_service.preview(
        context.session, loan.id, change, on=context.on, now=context.now
    )
    if not callback_data.yes or seen.extra_cost.minor != callback_data.extra:
        return reply(screens.preview(callback_data, seen, context.words))
    await self_service.ask(
        context.session,
        loan.id,
        change,
        borrower_id=loan.borrower_id,
        on=context.on,
        now=context.now,
    )
    return refusals.under(context.words("change-done"), await loan_places.schedule(context, loan))


async def ahead(_: CallbackQuery, callback_data: Ahead, context: UpdateContext) -> Reply:
    loan = _loan(context)
    choice = next((each for each in self_service.Ahead if each == callback_data.choice), None)
    if loan is None or choice is None:
        return await places.stale(context)
    if not callback_data.yes:
        seen = await self_service.preview_ahead(
            context.session, loan.id, choice, on=context.on, now=context.now
        )
        return reply(screens.ahead(choice, seen, context.words))
    seen = await self_service.choose_ahead(
        context.session,
        loan.id,
        choice,
        borrower_id=loan.borrower_id,
        on=context.on,
        now=context.now,
    )
    return reply(screens.ahead(choice, seen, context.words, is_chosen=True))


async def answer(_: CallbackQuery, callback_data: Amend, context: UpdateContext) -> Reply:
    """Yes or no to what staff suggest, once; both are seen by whoever suggested it."""
    borrower_id, session = context.known.borrower.id, context.session
    waiting = await amendments.list_waiting(session, borrower_id)
    suggested = next((row for row in waiting if row.id == callback_data.amendment), None)
    if suggested is None:
        return await places.stale(context)
    if callback_data.act == "show":
        return reply(screens.suggestion(suggested, context.words))
    is_yes = callback_data.act == "agree"
    act = amendments.consent if is_yes else amendments.decline
    await act(session, suggested.id, borrower_id=borrower_id, now=context.now)
    said = context.words("suggestion-agreed" if is_yes else "suggestion-declined")
    return refusals.under(said, await places.current(context))


async def _offer(
    context: UpdateContext, loan: Loan | None, asked: Move
) -> self_service.Offer | None:
    """What is offered for this due date today."""
    if loan is None:
        return None
    offers = await self_service.offers(context.session, loan, on=context.on)
    offer = offers.date_move if asked.kind is MoveKind.DATE else offers.payment_break
    is_the_same = offer is not None and offer.from_due_date.isoformat() == asked.due
    return offer if is_the_same and _is_day(asked.to) else None


def _is_day(text: str) -> bool:
    try:
        return not text or bool(date.fromisoformat(text))
    except ValueError:
        return False


def _change(asked: Move) -> amendments.Change:
    wanted = date.fromisoformat(asked.due), date.fromisoformat(asked.to)
    if asked.kind is MoveKind.DATE:
        return self_service.move_date(*wanted)
    return self_service.take_break(*wanted)


def _loan(context: UpdateContext) -> Loan | None:
    return context.dossier.loan if context.dossier else None


def register(router: Router) -> None:
    router.callback_query.register(hub, Where(F.data == Menu.CHANGE))
    router.callback_query.register(move, Move.filter())
    router.callback_query.register(ahead, Ahead.filter())
    router.callback_query.register(answer, Amend.filter())
