"""The loan in chat: what is owed, the payment dates, and ways to pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.callbacks import Amend, Card, Menu, Pay, Receipt
from bot.screens import prices, ways
from bot.screens.base import Button, Screen, buttons, lines, paragraphs, table
from bot.text import Words
from kit.money import Money
from servicing.models import Amendment, Installment, Loan, Repayment
from servicing.queries import NextDue
from servicing.states import LoanStatus

RECEIPTS_SHOWN = 8


@dataclass(frozen=True)
class Standing:
    """One loan on one day."""

    loan: Loan
    on: date
    due_now: Money
    payoff: Money
    left: Money
    credit: Money
    next_due: NextDue | None
    rail: str
    """By which the borrower may pay by himself,"""
    payee: str
    """and whom he names there."""
    held_for: str | None
    """Why it is agreed and cannot be lent today, as a `funding.holds.Why`."""
    takes_cards: bool
    """Here in the chat."""
    has_wallet: bool
    """Of the borrower's own, that we can ask for money."""
    pays_borrower: bool
    """Otherwise the money went to a shop."""

    @property
    def is_active(self) -> bool:
        return self.loan.status is LoanStatus.ACTIVE


def overview(standing: Standing, suggested: Sequence[Amendment], words: Words) -> Screen:
    """`suggested`: changes that wait for the borrower's yes or no."""
    loan = standing.loan
    title = words("loan-title", reference=loan.reference)
    if not standing.is_active:
        held = standing.held_for
        pending = "loan-pending" if standing.pays_borrower else "loan-pending-shop"
        where = words(pending) if held is None else words("loan-held", why=held)
        return Screen(
            paragraphs(title, where, words("loan-principal", amount=loan.principal)),
            buttons([ways.to(Menu.SCHEDULE, words)], ways.help_and_human(words)),
        )
    return Screen(
        paragraphs(
            title,
            words("suggestion-title") if suggested else None,
            _next(standing, words),
            lines(
                words("loan-due-now", amount=standing.due_now)
                if standing.due_now
                else words("loan-nothing-due"),
                words("loan-left", amount=standing.left),
                words("loan-payoff", amount=standing.payoff),
                words("loan-credit", amount=standing.credit) if standing.credit else None,
            ),
            _by_hand(standing, words),
        ),
        buttons(
            *([_suggestion(amendment, words)] for amendment in suggested),
            [ways.to(Menu.PAY, words), ways.to(Menu.SCHEDULE, words)],
            [ways.to(Menu.CHANGE, words)],
            papers(words),
            ways.help_and_human(words),
        ),
    )


def schedule(loan: Loan, rows: Sequence[Installment], on: date, words: Words) -> Screen:
    shown = [
        (
            _mark(row, on),
            words.day(row.due_on),
            words.money(Money(row.unpaid_minor or row.whole_minor, loan.currency)),
        )
        for row in rows[: prices.ROWS_SHOWN]
    ]
    return Screen(
        paragraphs(
            words("schedule-title", reference=loan.reference),
            table(shown) if shown else words("loan-pending"),
            words("schedule-legend"),
        ),
        buttons(
            [ways.to(Menu.CALENDAR, words), ways.to(Menu.STATEMENT, words)],
            [ways.to(Menu.LOAN, words), ways.to(Menu.PAY, words)],
        ),
    )


def papers(words: Words) -> list[Button]:
    return [ways.to(Menu.STATEMENT, words), ways.to(Menu.RECEIPTS, words)]


def receipts(paid: Sequence[Repayment], words: Words) -> Screen:
    """The newest payments, to choose one."""
    newest: list[Button] = [
        (
            words.label("receipts-row", day=row.paid_on, amount=row.amount),
            Receipt(repayment=row.id),
        )
        for row in paid[: -RECEIPTS_SHOWN - 1 : -1]
    ]
    return Screen(
        words("receipts-title") if newest else words("receipts-none"),
        buttons(*([row] for row in newest), [ways.to(Menu.LOAN, words)]),
    )


def ended(key: str, words: Words) -> Screen:
    """A loan that was lived through leaves papers."""
    return Screen(
        words(key),
        buttons(papers(words), [ways.to(Menu.PRICES, words)], ways.help_and_human(words)),
    )


def pay(
    standing: Standing, waiting: Money | None, words: Words, *, invoice: Money | None = None
) -> Screen:
    """How much: what is due, everything, or an amount of one's own.

    `waiting` is in the wallet. `invoice`: what can still be paid by card.
    """
    by_hand = _by_hand(standing, words)
    if waiting is not None:
        return Screen(
            paragraphs(words("pay-waiting", amount=waiting), by_hand),
            buttons([ways.to(Menu.LOAN, words)], ways.help_and_human(words)),
        )
    by_card = [(words.label("pay-card"), Menu.CARD)] if standing.takes_cards else []
    if not standing.has_wallet:
        return Screen(
            paragraphs(_invoice(invoice, words), words("pay-no-wallet"), by_hand),
            buttons(by_card, [ways.to(Menu.LOAN, words)], ways.help_and_human(words)),
        )
    choices = [
        _payment("pay-now", standing, standing.due_now, words),
        _payment("pay-next", standing, _next_amount(standing), words),
    ]
    return Screen(
        paragraphs(_invoice(invoice, words), words("pay-title"), by_hand),
        buttons(
            *([choice] for choice in choices if choice is not None),
            [(words.label("pay-all", amount=standing.payoff), Menu.PAYOFF)],
            [(words.label("pay-other"), _pay(standing, 0))],
            by_card,
            [ways.to(Menu.LOAN, words)],
        ),
    )


def cards(standing: Standing, invoice: Money | None, words: Words) -> Screen:
    """The same amounts, for an invoice."""
    choices = [
        ("pay-now", standing.due_now),
        ("pay-next", _next_amount(standing)),
        ("pay-all", standing.payoff),
    ]
    return Screen(
        paragraphs(_invoice(invoice, words), words("pay-card-title")),
        buttons(
            *(
                [(words.label(key, amount=amount), _card(standing, amount))]
                for key, amount in choices
                if amount
            ),
            [(words.label("button-back"), Menu.PAY)],
        ),
    )


def invoiced(amount: Money, words: Words) -> Screen:
    return Screen(
        words("pay-card-sent", amount=amount),
        buttons([ways.to(Menu.LOAN, words)], ways.help_and_human(words)),
    )


def confirm(standing: Standing, amount: Money, words: Words) -> Screen:
    return Screen(
        paragraphs(words("pay-confirm", amount=amount), _without_wallet(standing, words)),
        buttons(
            *_payments(standing, amount, words),
            [(words.label("button-back"), Menu.PAY)],
        ),
    )


def payoff(standing: Standing, words: Words) -> Screen:
    """What ends the loan today, and what that saves against paying date by date."""
    amount, saving = standing.payoff, standing.left - standing.payoff
    saved = words("payoff-saves", saving=saving, left=standing.left) if saving.minor > 0 else None
    return Screen(
        paragraphs(
            words("payoff-title", amount=amount),
            saved,
            words("payoff-today"),
            _without_wallet(standing, words),
        ),
        buttons(
            *_payments(standing, amount, words),
            [(words.label("button-back"), Menu.PAY)],
        ),
    )


def another_amount(words: Words) -> Screen:
    return Screen(words("pay-other-hint"), buttons([(words.label("button-back"), Menu.PAY)]))


def requested(amount: Money, words: Words) -> Screen:
    return Screen(
        words("pay-requested", amount=amount),
        buttons([ways.to(Menu.LOAN, words)], ways.help_and_human(words)),
    )


def none(words: Words) -> Screen:
    return Screen(words("loan-none"), buttons([ways.to(Menu.PRICES, words)]))


def _suggestion(amendment: Amendment, words: Words) -> Button:
    return words.label("suggestion-button"), Amend(act="show", amendment=amendment.id)


def _by_hand(standing: Standing, words: Words) -> str:
    """For people who pay at an agent, or from a wallet that we cannot ask."""
    return words(
        "pay-by-reference",
        rail=standing.rail,
        payee=standing.payee,
        reference=standing.loan.reference,
    )


def _without_wallet(standing: Standing, words: Words) -> str | None:
    """Where there is no wallet to ask, what else works."""
    if standing.has_wallet:
        return None
    return paragraphs(words("pay-no-wallet"), _by_hand(standing, words))


def _next(standing: Standing, words: Words) -> str | None:
    due = standing.next_due
    if due is None:
        return None
    key = "loan-late" if due.is_overdue else "loan-next"
    return words(key, amount=due.amount, day=due.due_on)


def _next_amount(standing: Standing) -> Money:
    """The next installment, where nothing is due yet."""
    if standing.due_now or standing.next_due is None:
        return standing.due_now.zero()
    return standing.next_due.amount


def _payment(key: str, standing: Standing, amount: Money, words: Words) -> Button | None:
    return (words.label(key, amount=amount), _pay(standing, amount.minor)) if amount else None


def _payments(standing: Standing, amount: Money, words: Words) -> list[list[Button]]:
    """Every way to pay just this."""
    ways_to_pay: list[list[Button]] = []
    if standing.has_wallet:
        by_wallet = words.label("pay-button", amount=amount)
        ways_to_pay.append([(by_wallet, _pay(standing, amount.minor))])
    if standing.takes_cards:
        by_card = words.label("pay-card-button", amount=amount)
        ways_to_pay.append([(by_card, _card(standing, amount))])
    return ways_to_pay


def _invoice(amount: Money | None, words: Words) -> str | None:
    return words("pay-card-waiting", amount=amount) if amount is not None else None


def _card(standing: Standing, amount: Money) -> Card:
    return Card(loan=standing.loan.reference, amount=amount.minor)


def _pay(standing: Standing, amount_minor: int) -> Pay:
    return Pay(loan=standing.loan.reference, amount=amount_minor)


def _mark(row: Installment, on: date) -> str:
    if not row.unpaid_minor:
        return "✓"
    return "!" if row.due_on < on else "·"
