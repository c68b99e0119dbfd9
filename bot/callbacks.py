"""What buttons carry: at most 64 bytes that come back from the client and are never trusted."""

from enum import StrEnum
from uuid import UUID

from aiogram.filters.callback_data import CallbackData


class Language(CallbackData, prefix="l"):
    locale: str


class Price(CallbackData, prefix="q"):
    """The whole state of the calculator: people we do not know leave no row behind."""

    act: str
    """`show`, `apply`, `agree`, `read` or `nothing`."""
    locale: str
    product: str
    amount: int
    """In minor units."""
    term: str


class Act(CallbackData, prefix="a"):
    """Something done to an application as it was when the button was drawn."""

    application: str
    version: int
    act: str
    value: str = ""


class Vouch(CallbackData, prefix="g"):
    """What a guarantor does with an invitation; messages to them carry it too."""

    act: str
    """`read`, `agree`, `decline` or `withdraw`."""
    invite: str


class Menu(StrEnum):
    """Ways to what every borrower can ask for at any time; notifications carry these words too."""

    LANGUAGE = "language"
    HELP = "help"
    HUMAN = "human"
    STATUS = "status"
    PRICES = "prices"
    LOAN = "loan"
    SCHEDULE = "schedule"
    PAY = "pay"
    PAYOFF = "payoff"
    CARD = "card"
    CHANGE = "change"
    CALENDAR = "calendar"
    STATEMENT = "statement"
    RECEIPTS = "receipts"


class Receipt(CallbackData, prefix="receipt"):
    """The receipt of one payment; the message that says that money came carries it too."""

    repayment: UUID


class Pay(CallbackData, prefix="p"):
    """Pay this much (minor units) on the loan with this reference; 0 asks for an amount."""

    loan: str
    amount: int


class Card(CallbackData, prefix="c"):
    """An invoice for this much (minor units), to pay by card in the chat."""

    loan: str
    amount: int


class MoveKind(StrEnum):
    DATE = "date"
    """One date, and no other."""
    BREAK = "break"
    """That date and all after it."""


class Move(CallbackData, prefix="m"):
    """Pay later: without `to` which day is asked, with it what it costs; `yes` does it."""

    kind: MoveKind
    due: str
    """The due date as ISO writes it, and so `to`."""
    to: str = ""
    extra: int = 0
    """What it costs in all, in minor units, as it was shown."""
    yes: bool = False


class Ahead(CallbackData, prefix="h"):
    """What money that is paid ahead does; `yes` chooses it."""

    choice: str
    yes: bool = False


class Amend(CallbackData, prefix="n"):
    """A change that staff suggest: `show`, `agree` or `decline`."""

    act: str
    amendment: UUID
