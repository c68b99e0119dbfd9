"""What happened on our account: notifications (camt.054) and statements (camt.053)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from hashlib import sha256
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
    readable,
)
from servicing.rails.iso20022.orders import reference_of
from servicing.rails.iso20022.reports import RAIL
from servicing.rails.iso20022.xml import Node

NOTIFICATION, STATEMENT = "camt.054.001", "camt.053.001"
_BOOKED, _NOT_BOOKED = "BOOK", ("PDNG", "INFO", "FUTR")
_YES, _NO = ("true", "1"), ("false", "0", None)
_NO_REFERENCE = "NOTPROVIDED"
_NOTHING, _TWICE = "entry_of_nothing", "entry_named_twice"
_OPENING, _CLOSING, _BETWEEN = ("OPBD", "PRCD"), ("CLBD",), "ITBD"
# Some banks name the balance at which they open as the one at which they closed before.
_WRITTEN_MAX, _NAME_MAX, _EVENT_MAX = 80, 36, 120
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

    def event(self, message: str, zone: str, time_told: int = 1) -> RailEvent:
        # A bank books by the day; at noon it is that day for the lender too.
        at = datetime.combine(self.on, time(12), ZoneInfo(zone))
        outcome = Outcome(self.status, self.amount, self.rail_id, self.reason, at)
        # One message may say both that it came and that it was taken back.
        told = f"{message}:{self.rail_id}{':back' if self.is_charge_back else ''}"
        if time_told > 1:
            told = f"{told}:{time_told}"
        if len(told) > _EVENT_MAX:
            told = f"{message}:{sha256(told.encode()).hexdigest()}"
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
    page: int = 1

    @property
    def adds_up(self) -> bool:
        moved = sum(each.signed_minor for each in self.movements)
        return self.opening + moved == self.closing


def read_notification(root: Node, *, account: str) -> Notification:
    movements: list[Movement] = []
    doubts: list[Doubt] = []
    notifications = _ours(root.all("Ntfctn"), account)
    for notification in notifications:
        moved, doubted = _read(notification, tells_each=True)
        movements += moved
        doubts += doubted
    message = _named(root, _page(root, notifications[0], "NtfctnPgntn"))
    return Notification(message, tuple(movements), tuple(doubts))


def notified(told: Notification, *, zone: str) -> Delivery:
    events, twice = _events(told.message, told.movements, zone)
    return Delivery(
        told.message,
        events=events,
        doubts=(*told.doubts, *twice),
        sums=_sums(told.message, told.movements, zone),
    )


def stated(
    statements: Sequence[Statement], *, before: Callable[[Statement], set[int]], zone: str
) -> Delivery:
    """A booked entry counts here as it does in a notification, which may have been lost.

    `before` is how the account stood where a statement goes on from, if that is known.
    """
    message = statements[0].message
    movements = [each for statement in statements for each in statement.movements]
    events, twice = _events(message, movements, zone)
    doubts = [doubt for statement in statements for doubt in statement.doubts]
    for statement in statements:
        goes_on_from = before(statement)
        if not statement.adds_up:
            doubts.append(Doubt("statement_does_not_add_up", message))
        if (goes_on_from or statement.page > 1) and statement.opening not in goes_on_from:
            doubts.append(Doubt("statement_missing_before", message))
    return Delivery(
        message,
        events=events,
        doubts=(*doubts, *twice),
        sums=_sums(message, movements, zone),
        statements_of=tuple(sorted({statement.day for statement in statements})),
    )


def read_statements(root: Node, *, account: str) -> tuple[Statement, ...]:
    """Of our account; a bank may put those of several accounts and days into one message."""
    ours = _ours(root.all("Stmt"), account)
    message = _named(root, _page(root, ours[0], "StmtPgntn"))
    return tuple(_statement(root, each, message) for each in ours)


def _statement(root: Node, statement: Node, message: str) -> Statement:
    balances: dict[str, list[Node]] = {}
    for balance in statement.all("Bal"):
        balances.setdefault(balance.find_text("Tp/CdOrPrtry/Cd") or "", []).append(balance)
    # Pages of one statement are held together by the balances between them.
    pages = root.all("GrpHdr/MsgPgntn") + statement.all("StmtPgntn")
    between = (_BETWEEN,) if pages else ()
    opening = [each for code in (*_OPENING, *between) for each in balances.get(code, [])]
    closing = [each for code in (*_CLOSING, *between) for each in reversed(balances.get(code, []))]
    if not opening or not closing:
        raise FileRefused("no opening or closing balance")
    movements, doubts = _read(statement, tells_each=False)
    return Statement(
        message=message,
        day=closing[0].day("Dt"),
        opening=_signed(opening[0]),
        closing=_signed(closing[0]),
        movements=tuple(movements),
        doubts=tuple(doubts),
        page=_page(root, statement, "StmtPgntn"),
    )


def _named(root: Node, page: int) -> str:
    """Pages of one message may have one name."""
    message = root.id("GrpHdr/MsgId")
    return message if page == 1 else f"{message}/{page}"


def _page(root: Node, part: Node, pagination: str) -> int:
    page = root.find_text("GrpHdr/MsgPgntn/PgNb") or "1"
    if page in ("0", "1"):
        page = part.find_text(f"{pagination}/PgNb") or "1"
    if not page.isdecimal() or len(page) > 5:
        raise FileRefused("PgNb is no number")
    return max(int(page), 1)


def _events(
    message: str, movements: Sequence[Movement], zone: str
) -> tuple[tuple[RailEvent, ...], list[Doubt]]:
    """What is taken back has to be there first. Of payments in of one name the first counts."""
    events: list[RailEvent] = []
    doubts: list[Doubt] = []
    told: Counter[tuple[str, bool]] = Counter()
    for each in sorted(movements, key=lambda each: each.is_charge_back):
        name = each.rail_id, each.is_charge_back
        told[name] += 1
        if told[name] > 1 and each.direction is Direction.INCOMING:
            doubts.append(Doubt(_TWICE, f"{message}:{each.rail_id}", {"amount": str(each.amount)}))
        elif not each.is_sum:
            events.append(each.event(message, zone, told[name]))
    return tuple(events), doubts


def _sums(message: str, movements: Sequence[Movement], zone: str) -> tuple[RailEvent, ...]:
    return tuple(each.event(message, zone) for each in movements if each.is_sum)


def _ours(parts: Sequence[Node], account: str) -> list[Node]:
    """Those of other accounts are not for us."""
    ours = [each for each in parts if _account_of(each) == account]
    if not ours:
        raise FileRefused("another account")
    return ours


def _account_of(node: Node) -> str | None:
    theirs = node.find_id("Acct/Id/IBAN") or node.find_id("Acct/Id/Othr/Id")
    return theirs and theirs.replace(" ", "")


def _read(node: Node, *, tells_each: bool) -> tuple[list[Movement], list[Doubt]]:
    """What moved, and the entries by which nothing did.

    A statement may give one sum for payments that notifications tell one by one (`tells_each`).
    """
    movements: list[Movement] = []
    doubts: list[Doubt] = []
    for entry in node.all("Ntry"):
        # A code by itself until version 06, and in an element of its own since.
        status = entry.find_text("Sts/Cd") or entry.text("Sts")
        if status in _NOT_BOOKED:
            continue
        if status != _BOOKED:
            raise FileRefused("Sts is none that we know")
        found = _of_entry(entry, tells_each)
        movements += [each for each in found if each.amount]
        doubts += [Doubt(_NOTHING, each.rail_id) for each in found if not each.amount]
    return movements, doubts


def _of_entry(entry: Node, tells_each: bool) -> list[Movement]:
    """One for each payment in it. A bank may book many payments as one sum."""
    details = entry.all("NtryDtls/TxDtls")
    counts = [each.find_text("NbOfTxs") or "" for each in entry.all("NtryDtls/Btch")]
    in_batch = sum(int(each) for each in counts if each.isdecimal())
    is_told = len(details) >= in_batch
    if len(details) > 1 and is_told and (parts := _parts(entry, details, tells_each)):
        return parts
    one = details[0] if len(details) == 1 else entry
    name = entry.find_id("AcctSvcrRef") or one.find_id("Refs/AcctSvcrRef")
    if name is None:
        raise FileRefused("no AcctSvcrRef")
    whole = _movement(entry, one, entry.money("Amt"), name, _sign(entry))
    is_one = in_batch <= 1 and (len(details) == 1 or (tells_each and not details))
    return [whole if is_one else _as_sum(whole)]


def _parts(entry: Node, details: Sequence[Node], tells_each: bool) -> list[Movement]:
    """The payments of an entry; none where it is not the sum of what they say.

    By names that we made of the entry's, money in counts where it is told first: in a statement it
    is what a notification has told, or a doubt.
    """
    names, are_the_banks = _part_names(entry, details)
    parts = [
        _movement(entry, each, amount, name, _sign(each if each.find("CdtDbtInd") else entry))
        for each, name in zip(details, names, strict=False)
        if (amount := _amount_of(each)) is not None
    ]
    whole = entry.money("Amt")
    if (
        len(parts) < len(details)
        or any(part.amount.currency != whole.currency for part in parts)
        or sum(part.signed_minor for part in parts) != whole.minor * _sign(entry)
    ):
        return []
    return parts if are_the_banks or tells_each else [_as_sum(part) for part in parts]


def _amount_of(details: Node) -> Money | None:
    """What was booked; version 02 has it in `TxAmt` alone."""
    paths = [path for path in ("Amt", "AmtDtls/TxAmt/Amt") if details.find(path)]
    return details.money(paths[0]) if paths else None


def _part_names(entry: Node, details: Sequence[Node]) -> tuple[list[str], bool]:
    """What the bank calls each; else the entry's name with the payment's own. None if unnamed."""
    whole = entry.find_id("AcctSvcrRef")
    for name in NAMES:
        told = [each.find_text(f"Refs/{name}") or "" for each in details]
        if not all(told) or len(set(told)) < len(told) or _NO_REFERENCE in told:
            continue
        if name == NAMES[0]:
            return [each.id(f"Refs/{name}") for each in details], True
        if whole is not None:
            return [f"{whole}/{each[:_NAME_MAX]}" for each in told], False
    return [], False


def _as_sum(movement: Movement) -> Movement:
    return replace(movement, is_sum=movement.is_payment_in)


def _movement(entry: Node, details: Node, amount: Money, rail_id: str, sign: int) -> Movement:
    reason = details.find_id("RtrInf/Rsn/Cd")
    codes = [each.find_text("BkTxCd/Domn/Fmly/SubFmlyCd") for each in (entry, details)]
    is_back = (
        details.find("RtrInf") is not None
        or _is_reversal(entry)
        or any(code in _RETURNS[sign] for code in codes)
    )
    # Money that goes out pays, and what pays comes back in; what came in is taken back out.
    is_ours = (sign < 0) != is_back
    return Movement(
        rail_id=rail_id,
        direction=Direction.PAYOUT if is_ours else Direction.INCOMING,
        status=OutcomeStatus.RETURNED if is_back else OutcomeStatus.SETTLED,
        reference=reference_of(details.find_id("Refs/EndToEndId") or _NO_REFERENCE)
        if is_ours
        else _written(entry, details),
        amount=amount,
        on=entry.day("BookgDt" if entry.find("BookgDt") else "ValDt"),
        reason=reason,
        names={"AcctSvcrRef": rail_id, **_names(details)},
    )


def _is_reversal(entry: Node) -> bool:
    told = entry.find_text("RvslInd")
    if told not in (*_YES, *_NO):
        raise FileRefused("RvslInd is neither true nor false")
    return told in _YES


def _names(details: Node) -> dict[str, str]:
    told = {name: details.find_text(f"Refs/{name}") for name in NAMES}
    return {name: text for name, text in told.items() if text and text != _NO_REFERENCE}


def _written(entry: Node, details: Node) -> str:
    """What the payer wrote: the field that is meant for a reference first, and all lines of text.

    Where he wrote nothing, his own name for the payment, or what the bank says of it.
    """
    lines = details.texts("RmtInf/Strd/CdtrRefInf/Ref") + details.texts("RmtInf/Ustrd")
    if not lines:
        lines = [text for text in details.texts("Refs/EndToEndId") if text != _NO_REFERENCE]
    lines = lines or details.texts("AddtlTxInf") or entry.texts("AddtlNtryInf")
    return readable(" ".join(lines))[:_WRITTEN_MAX].strip() or _NO_REFERENCE


def _signed(node: Node) -> int:
    return node.money("Amt").minor * _sign(node)


def _sign(node: Node) -> int:
    sign = _SIGNS.get(node.text("CdtDbtInd"))
    if sign is None:
        raise FileRefused("CdtDbtInd is neither CRDT nor DBIT")
    return sign
