"""What happened on our account: notifications (camt.054) and statements (camt.053)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from kit.money import Money
from servicing.rails.base import (
    Delivery,
    Direction,
    Doubt,
    FileRefused,
    Outcome,
    OutcomeStatus,
    RailEvent,
    StatementLine,
)
from servicing.rails.iso20022.reports import RAIL
from servicing.rails.iso20022.xml import Node

NOTIFICATION, STATEMENT = "camt.054.001.08", "camt.053.001.08"
_BOOKED = "BOOK"
_NO_REFERENCE = "NOTPROVIDED"
_NOTHING = "entry_of_nothing"
_SIGNS = {"CRDT": 1, "DBIT": -1}
# Reversals by the bank's own code: of a payment that we made, and of one that came in.
_RETURNS = {1: ("RRTN",), -1: ("RRTN", "UPDD")}
NAMES = ("AcctSvcrRef", "UETR", "TxId", "EndToEndId")
"""What names a payment, the surest first."""


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that is booked on our account: for a payout or back from one, in or taken back."""

    rail_id: str
    direction: Direction
    status: OutcomeStatus
    reference: str
    amount: Money
    on: date
    reason: str | None
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the payment, by NAMES. What takes it back has those that it had."""
    is_sum: bool = False
    """It may be many payments, and says nothing of any."""

    @property
    def is_charge_back(self) -> bool:
        return self.direction is Direction.INCOMING and self.status is OutcomeStatus.RETURNED

    @property
    def is_payment_in(self) -> bool:
        return self.direction is Direction.INCOMING and self.status is OutcomeStatus.SETTLED

    @property
    def signed_minor(self) -> int:
        """Below zero when money left us."""
        goes_out = (self.direction is Direction.PAYOUT) != (self.status is OutcomeStatus.RETURNED)
        return -self.amount.minor if goes_out else self.amount.minor

    @property
    def line(self) -> StatementLine:
        return StatementLine(self.rail_id, self.reference, self.direction, self.amount, self.status)

    def event(self, message: str, zone: str) -> RailEvent:
        # A bank books by the day; at noon it is that day for the lender too.
        at = datetime.combine(self.on, time(12), ZoneInfo(zone))
        outcome = Outcome(self.status, self.amount, self.rail_id, self.reason, at)
        # One message may say both that it came and that it was taken back.
        told = f"{message}:{self.rail_id}{':back' if self.is_charge_back else ''}"
        return RailEvent(
            RAIL, told, self.direction, self.reference, self.rail_id, self.amount, outcome
        )


@dataclass(frozen=True, slots=True)
class Notification:
    message: str
    movements: tuple[Movement, ...]
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    message: str
    day: date
    opening: int
    """In minor units; below zero when the account is overdrawn."""
    closing: int
    movements: tuple[Movement, ...]
    doubts: tuple[Doubt, ...]

    @property
    def adds_up(self) -> bool:
        moved = sum(each.signed_minor for each in self.movements)
        return self.opening + moved == self.closing


def read_notification(root: Node, *, account: str) -> Notification:
    movements: list[Movement] = []
    doubts: list[Doubt] = []
    for notification in root.all("Ntfctn"):
        _check_account(notification, account)
        moved, doubted = _read(notification, tells_each=True)
        movements += moved
        doubts += doubted
    return Notification(root.id("GrpHdr/MsgId"), tuple(movements), tuple(doubts))


def notified(told: Notification, *, zone: str) -> Delivery:
    return Delivery(
        told.message,
        events=_events(told.message, told.movements, zone),
        doubts=told.doubts,
        sums=_sums(told.message, told.movements, zone),
    )


def stated(statement: Statement, *, before: set[int], zone: str) -> Delivery:
    """A booked entry counts here as it does in a notification, which may have been lost.

    `before` is how the account stood at the end of the statement before, if there is one.
    """
    doubts = [*statement.doubts]
    if not statement.adds_up:
        doubts.append(Doubt("statement_does_not_add_up", statement.message))
    if before and statement.opening not in before:
        doubts.append(Doubt("statement_missing_before", statement.message))
    return Delivery(
        statement.message,
        events=_events(statement.message, statement.movements, zone),
        doubts=tuple(doubts),
        sums=_sums(statement.message, statement.movements, zone),
        statement_of=statement.day,
    )


def read_statement(root: Node, *, account: str) -> Statement:
    statement = root.one("Stmt")
    _check_account(statement, account)
    balances = {each.text("Tp/CdOrPrtry/Cd"): each for each in statement.all("Bal")}
    # Some banks name the balance at which they open as the one at which they closed before.
    opening, closing = balances.get("OPBD", balances.get("PRCD")), balances.get("CLBD")
    if opening is None or closing is None:
        raise FileRefused("no opening or closing balance")
    movements, doubts = _read(statement, tells_each=False)
    return Statement(
        message=root.id("GrpHdr/MsgId"),
        day=closing.day("Dt"),
        opening=_signed(opening),
        closing=_signed(closing),
        movements=tuple(movements),
        doubts=tuple(doubts),
    )


def _events(message: str, movements: Sequence[Movement], zone: str) -> tuple[RailEvent, ...]:
    """What is taken back has to be there first."""
    in_order = sorted(movements, key=lambda each: each.is_charge_back)
    return tuple(each.event(message, zone) for each in in_order if not each.is_sum)


def _sums(message: str, movements: Sequence[Movement], zone: str) -> tuple[RailEvent, ...]:
    return tuple(each.event(message, zone) for each in movements if each.is_sum)


def _check_account(node: Node, account: str) -> None:
    theirs = node.find_id("Acct/Id/IBAN") or node.find_id("Acct/Id/Othr/Id")
    if theirs != account:
        raise FileRefused("another account")


def _read(node: Node, *, tells_each: bool) -> tuple[list[Movement], list[Doubt]]:
    """What moved, and the entries by which nothing did.

    A statement may give one sum for payments that notifications tell one by one (`tells_each`).
    """
    movements: list[Movement] = []
    doubts: list[Doubt] = []
    for entry in node.all("Ntry"):
        if entry.text("Sts/Cd") != _BOOKED:
            continue
        found = _of_entry(entry)
        if _is_sum(entry, tells_each):
            found = [replace(each, is_sum=each.is_payment_in) for each in found]
        movements += [each for each in found if each.amount]
        doubts += [Doubt(_NOTHING, each.rail_id) for each in found if not each.amount]
    return movements, doubts


def _is_sum(entry: Node, tells_each: bool) -> bool:
    told = len(entry.all("NtryDtls/TxDtls"))
    counts = [each.find_text("NbOfTxs") or "" for each in entry.all("NtryDtls/Btch")]
    in_batch = sum(int(each) for each in counts if each.isdecimal())
    return in_batch > max(told, 1) or not (told or tells_each)


def _of_entry(entry: Node) -> list[Movement]:
    """One for each payment in it. A bank may book many payments as one sum."""
    whole = entry.money("Amt")
    details = entry.all("NtryDtls/TxDtls") or [entry]
    if len(details) == 1:
        return [_movement(entry, details[0], whole, entry.id("AcctSvcrRef"))]
    parts = [
        _movement(entry, each, each.money("Amt"), each.id("Refs/AcctSvcrRef")) for each in details
    ]
    if any(part.amount.currency != whole.currency for part in parts) or whole.minor != sum(
        part.amount.minor for part in parts
    ):
        raise FileRefused("an entry is not the sum of its payments")
    return parts


def _movement(entry: Node, details: Node, amount: Money, rail_id: str) -> Movement:
    sign = _sign(entry)
    reason = details.find_id("RtrInf/Rsn/Cd")
    is_back = (
        details.find("RtrInf") is not None
        or entry.find_text("RvslInd") in ("true", "1")
        or entry.find_text("BkTxCd/Domn/Fmly/SubFmlyCd") in _RETURNS[sign]
    )
    # Money that goes out pays, and what pays comes back in; what came in is taken back out.
    is_ours = (sign < 0) != is_back
    return Movement(
        rail_id=rail_id,
        direction=Direction.PAYOUT if is_ours else Direction.INCOMING,
        status=OutcomeStatus.RETURNED if is_back else OutcomeStatus.SETTLED,
        reference=(details.find_id("Refs/EndToEndId") or _NO_REFERENCE)
        if is_ours
        else _written(details),
        amount=amount,
        on=entry.day("BookgDt"),
        reason=reason,
        names={"AcctSvcrRef": rail_id, **_names(details)},
    )


def _names(details: Node) -> dict[str, str]:
    told = {name: details.find_text(f"Refs/{name}") for name in NAMES}
    return {name: text for name, text in told.items() if text and text != _NO_REFERENCE}


def _written(details: Node) -> str:
    """What the payer wrote: the field that is meant for a reference first."""
    structured = details.find_id("RmtInf/Strd/CdtrRefInf/Ref")
    return (structured or details.find_text("RmtInf/Ustrd") or _NO_REFERENCE)[:80]


def _signed(node: Node) -> int:
    return node.money("Amt").minor * _sign(node)


def _sign(node: Node) -> int:
    sign = _SIGNS.get(node.text("CdtDbtInd"))
    if sign is None:
        raise FileRefused("CdtDbtInd is neither CRDT nor DBIT")
    return sign
