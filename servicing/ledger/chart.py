"""The chart of accounts: what each account is for and on which side it grows."""

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    DEBIT = "debit"
    CREDIT = "credit"


class AccountType(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"

    @property
    def normal_side(self) -> Side:
        """The side on which an account of this type grows."""
        return Side.DEBIT if self in (AccountType.ASSET, AccountType.EXPENSE) else Side.CREDIT


class Account(StrEnum):
    CASH = "cash"
    """In the posting rules: the cash of the rail that moves the money. It is on no line."""
    CASH_WALLET = "cash_wallet"
    CASH_BANK = "cash_bank"
    CASH_MPESA = "cash_mpesa"
    CASH_MOMO = "cash_momo"
    CASH_TELEGRAM = "cash_telegram"
    CASH_OUTSIDE = "cash_outside"
    """What staff say came, by hand. It is at no rail: no payout can leave from it."""
    PRINCIPAL = "loan_principal"
    INTEREST = "interest_receivable"
    FEES = "fees_receivable"
    PENALTIES = "penalties_receivable"
    REFINANCING = "refinancing"
    BORROWER_CREDIT = "borrower_credit"
    SUSPENSE = "suspense"
    THIRD_PARTIES = "third_party_payable"
    FUNDER_CAPITAL = "funder_capital"
    FUNDER_PAYABLE = "funder_payable"
    LENDER_FUNDS = "lender_funds"
    """What the lender put in at the rails, less what he took out. Money on its way between two of
    his own accounts stands here until both have it."""
    INTEREST_INCOME = "interest_income"
    FEE_INCOME = "fee_income"
    PENALTY_INCOME = "penalty_income"
    RECOVERY_INCOME = "write_off_recovery"
    LOSSES_BORNE = "losses_borne"
    WRITE_OFF_EXPENSE = "write_off_expense"
    WAIVER_EXPENSE = "waiver_expense"
    GOODWILL_EXPENSE = "goodwill_expense"
    FUNDING_COST = "funding_cost"
    RAIL_DIFFERENCES = "rail_differences"


@dataclass(frozen=True, slots=True)
class Charted:
    account: Account
    name: str
    type: AccountType


CHART = (
    Charted(Account.CASH_WALLET, "Money held at the wallet rail", AccountType.ASSET),
    Charted(Account.CASH_BANK, "Money held at the bank", AccountType.ASSET),
    Charted(Account.CASH_MPESA, "Money held at M-Pesa", AccountType.ASSET),
    Charted(Account.CASH_MOMO, "Money held at a mobile money provider", AccountType.ASSET),
    Charted(Account.CASH_TELEGRAM, "Money held for Telegram Payments", AccountType.ASSET),
    Charted(Account.CASH_OUTSIDE, "Money that staff entered by hand", AccountType.ASSET),
    Charted(Account.PRINCIPAL, "Principal that borrowers owe", AccountType.ASSET),
    Charted(Account.INTEREST, "Interest earned and not yet paid", AccountType.ASSET),
    Charted(Account.FEES, "Fees that fell due and are not yet paid", AccountType.ASSET),
    Charted(Account.PENALTIES, "Late fees charged and not yet paid", AccountType.ASSET),
    Charted(Account.REFINANCING, "Debts on their way to another loan", AccountType.ASSET),
    Charted(Account.BORROWER_CREDIT, "Paid before it was due", AccountType.LIABILITY),
    Charted(Account.SUSPENSE, "Money that a person must place", AccountType.LIABILITY),
    Charted(Account.THIRD_PARTIES, "Fees collected for others", AccountType.LIABILITY),
    Charted(Account.FUNDER_CAPITAL, "Capital of funders", AccountType.LIABILITY),
    Charted(Account.FUNDER_PAYABLE, "Earned by funders and not yet paid", AccountType.LIABILITY),
    Charted(Account.LENDER_FUNDS, "Money of the lender himself", AccountType.LIABILITY),
    Charted(Account.INTEREST_INCOME, "Interest earned", AccountType.INCOME),
    Charted(Account.FEE_INCOME, "Fees earned", AccountType.INCOME),
    Charted(Account.PENALTY_INCOME, "Late fees earned", AccountType.INCOME),
    Charted(Account.RECOVERY_INCOME, "Recovered after a write-off", AccountType.INCOME),
    Charted(Account.LOSSES_BORNE, "Losses that funders bear", AccountType.INCOME),
    Charted(Account.WRITE_OFF_EXPENSE, "Written off", AccountType.EXPENSE),
    Charted(Account.WAIVER_EXPENSE, "Small shortfalls waived", AccountType.EXPENSE),
    Charted(Account.GOODWILL_EXPENSE, "Given to borrowers as goodwill", AccountType.EXPENSE),
    Charted(Account.FUNDING_COST, "Earned by funders", AccountType.EXPENSE),
    Charted(Account.RAIL_DIFFERENCES, "Lost and charged at the rails", AccountType.EXPENSE),
)

TYPE_OF = {entry.account: entry.type for entry in CHART}
_CASH_OF = {
    "wallet": Account.CASH_WALLET,
    "iso20022": Account.CASH_BANK,
    "mpesa": Account.CASH_MPESA,
    "gsma": Account.CASH_MOMO,
    "telegram": Account.CASH_TELEGRAM,
}
RAILS = tuple(_CASH_OF)
AT_RAILS = tuple(_CASH_OF.values())
OUTSIDE = "outside"
"""Stands for the rail of money that came by none."""
_CASH_OF[OUTSIDE] = Account.CASH_OUTSIDE
CASHES = (*AT_RAILS, Account.CASH_OUTSIDE)
RECEIVABLES = (Account.PRINCIPAL, Account.INTEREST, Account.FEES, Account.PENALTIES)
FLOORED = (*RECEIVABLES, Account.BORROWER_CREDIT)
"""On each loan they stand at nothing or above, whenever a transaction ends. Only they carry a
running balance, one a loan: a row that every loan moves would have everybody wait for it."""


def side_of(account: Account) -> Side:
    """The side on which it grows."""
    return TYPE_OF[account].normal_side


def cash_of(rail: str | None) -> Account:
    """`OUTSIDE`: of none. None: from before a rail was written down, when all cash was the
    wallet's."""
    return _CASH_OF[rail or "wallet"]


def rail_of(cash: Account) -> str:
    return next(rail for rail, account in _CASH_OF.items() if account is cash)


def statements() -> list[str]:
    """The SQL that writes the chart into `ledger_accounts`, the same on both databases."""
    rows = ", ".join(
        f"('{entry.account}', '{entry.name}', '{entry.type}', '{entry.type.normal_side}')"
        for entry in CHART
    )
    return [
        "INSERT INTO ledger_accounts (code, name, type, normal_side) "  # noqa: S608
        f"VALUES {rows} ON CONFLICT (code) DO NOTHING"
    ]
