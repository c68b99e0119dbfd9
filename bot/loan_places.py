"""What the screens of a loan show, read from servicing for one business day."""

from functools import partial
from typing import NamedTuple

from bot.context import UpdateContext
from bot.screens import loan as screens
from bot.screens import status
from bot.screens.base import Paper, Screen
from bot.screens.loan import Standing
from kit.money import Money
from onboarding.dossiers import Dossier
from servicing import amendments, payment_requests, queries
from servicing import rules as agreed_rules
from servicing.funding import holds
from servicing.models import Loan, Repayment
from servicing.papers import ics
from servicing.papers import picture as pictures
from servicing.papers import plan as plans
from servicing.papers import receipt as printed_receipts
from servicing.papers import statement as statements
from servicing.rails import telegram
from servicing.states import LoanStatus

_ENDED = {
    LoanStatus.CLOSED: "loan-closed",
    LoanStatus.CANCELED: "loan-canceled",
    LoanStatus.WRITTEN_OFF: "loan-written-off",
}


class _Open(NamedTuple):
    """What the borrower was asked for and may still pay: in the wallet, or by card."""

    waiting: Money | None = None
    invoice: Money | None = None


async def standing_of(context: UpdateContext, loan: Loan) -> Standing:
    session, on = context.session, context.on
    rail = loan.rail or context.office.settings.rail
    owed = await queries.owed(session, loan, on=on)
    payoff = await queries.payoff_quote(session, loan, on=on)
    left = await queries.outstanding(session, loan)
    return Standing(
        loan=loan,
        on=on,
        due_now=owed.total,
        payoff=payoff.total,
        left=left.total,
        credit=left.credit,
        next_due=await queries.next_due(session, loan, on=on),
        rail=rail,
        payee=context.office.settings.payee(rail),
        held_for=await holds.why_of(session, loan),
        takes_cards=telegram.is_offered(context.office.settings, loan.currency),
        has_wallet=await payment_requests.has_wallet(session, loan),
        pays_borrower=agreed_rules.from_document(loan.rules).pays_borrower,
    )


async def overview(context: UpdateContext, loan: Loan) -> Screen:
    suggested = await amendments.list_waiting(context.session, loan.borrower_id)
    return screens.overview(await standing_of(context, loan), suggested, context.words)


async def schedule(context: UpdateContext, loan: Loan) -> Screen:
    rows = await queries.list_installments(context.session, loan.id)
    return screens.schedule(loan, rows, context.on, context.words)


async def picture(context: UpdateContext, loan: Loan) -> Screen:
    shown = await plans.plan_of(context.session, loan, on=context.on)
    drawn = partial(pictures.png, shown, context.words.locale)
    return Screen("", paper=Paper(f"{loan.reference}.png", drawn, is_picture=True))


async def calendar(context: UpdateContext, loan: Loan) -> Screen:
    """Not before the dates are sure: the money counts from the day on which it arrives."""
    if loan.status is LoanStatus.PENDING_DISBURSEMENT:
        return await overview(context, loan)
    shown = await plans.plan_of(context.session, loan, on=context.on)
    issuer = context.office.settings.lender_name
    written = partial(ics.calendar, shown, context.words.locale, issuer=issuer, now=context.now)
    return Screen(context.words("calendar-sent"), paper=Paper(f"{loan.reference}.ics", written))


async def statement(context: UpdateContext, loan: Loan) -> Screen:
    shown = await statements.account_of(context.session, loan, on=context.on)
    issuer = context.office.settings.lender_name
    printed = partial(statements.pdf, shown, context.words.locale, issuer=issuer, now=context.now)
    said = context.words("statement-sent", day=context.on)
    return Screen(said, paper=Paper(f"{loan.reference}.pdf", printed))


async def receipts(context: UpdateContext, loan: Loan) -> Screen:
    paid = await queries.list_repayments(context.session, loan.id)
    return screens.receipts(paid, context.words)


async def receipt(context: UpdateContext, loan: Loan, paid: Repayment) -> Screen:
    session, now = context.session, context.now
    shown = await printed_receipts.receipt_of(session, loan, paid.id, now=now)
    issuer = context.office.settings.lender_name
    printed = partial(printed_receipts.pdf, shown, context.words.locale, issuer=issuer)
    said = context.words("receipt-sent", amount=paid.amount)
    return Screen(said, paper=Paper(f"{shown.number}.pdf", printed))


async def pay(context: UpdateContext, loan: Loan) -> Screen:
    open_now = await _open_request(context, loan)
    return screens.pay(
        await standing_of(context, loan), open_now.waiting, context.words, invoice=open_now.invoice
    )


async def cards(context: UpdateContext, loan: Loan) -> Screen:
    """By which amount to pay by card; while the wallet is asked, it is to answer first."""
    open_now, standing = await _open_request(context, loan), await standing_of(context, loan)
    if open_now.waiting is not None or not standing.takes_cards:
        return screens.pay(standing, open_now.waiting, context.words, invoice=open_now.invoice)
    return screens.cards(standing, open_now.invoice, context.words)


async def is_asked(context: UpdateContext, loan: Loan) -> bool:
    """Whether a wallet was asked and has not answered. An invoice gives way to what comes next."""
    return (await _open_request(context, loan)).waiting is not None


async def payoff(context: UpdateContext, loan: Loan) -> Screen:
    return screens.payoff(await standing_of(context, loan), context.words)


async def confirm(context: UpdateContext, loan: Loan, amount: Money) -> Screen:
    return screens.confirm(await standing_of(context, loan), amount, context.words)


async def _open_request(context: UpdateContext, loan: Loan) -> _Open:
    asked = await queries.find_open_request(context.session, loan.id, now=context.now)
    if asked is None:
        return _Open()
    by_card = asked.rail == telegram.NAME
    return _Open(invoice=asked.amount) if by_card else _Open(waiting=asked.amount)


async def latest(context: UpdateContext, dossier: Dossier) -> Screen:
    """The open loan, or how the last one ended."""
    if dossier.loan is not None:
        return await overview(context, dossier.loan)
    past = await queries.list_loans_of(context.session, dossier.borrower.id)
    if not past or past[0].status not in _ENDED:
        return screens.none(context.words)
    was_paid_out = past[0].status is not LoanStatus.CANCELED
    draw = screens.ended if was_paid_out else status.ended
    return draw(_ENDED[past[0].status], context.words)
