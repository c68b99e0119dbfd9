"""One due portion of a loan: what a schedule is a row of."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    INSTALLMENT = "installment"
    DOWN_PAYMENT = "down_payment"


class Installment(NamedTuple):
    """One due portion. Amounts are minor units of the schedule's currency."""

    n: int
    due_on: date
    days: int
    principal: int
    interest: int
    fees: int
    due: int
    balance: int
    kind: Kind = Kind.INSTALLMENT
