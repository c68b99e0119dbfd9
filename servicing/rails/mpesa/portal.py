"""Statements that staff take out of M-Pesa's organisation portal, a CSV file for each day.

Daraja itself has no statement. `in/2026-11-20.csv` holds the whole of that day in Nairobi.
"""

import asyncio
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from kit.money import InvalidAmount, Money
from servicing.rails.base import (
    Delivery,
    Direction,
    Doubt,
    FileRefused,
    FileRepeated,
    Outcome,
    OutcomeStatus,
    RailEvent,
    StatementLine,
    readable,
)
from servicing.rails.iso20022.folder import Folder
from servicing.rails.mpesa.callbacks import NAME
from servicing.rails.mpesa.messages import CURRENCY

_ZONE = ZoneInfo("Africa/Nairobi")
_RECEIPT, _COMPLETED, _STATUS = "Receipt No.", "Completion Time", "Transaction Status"
_IN, _OUT, _REASON, _ACCOUNT = "Paid In", "Withdrawn", "Reason Type", "A/C No."
_LINKED = "Linked Transaction ID"
"""On a reversal: the receipt of what it takes back. Not every portal has the column."""
_COLUMNS = {_RECEIPT, _COMPLETED, _STATUS, _IN, _OUT, _REASON, _ACCOUNT}
_TIMES = ("%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M:%S")
_ASKED = re.compile(r"[0-9a-f]{12}\Z")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.|\Z)")
_RECEIPT_MAX = 40
_NAME = re.compile(r"\d{4}-\d\d-\d\d\.csv\Z")
_NAMED_WITHIN = timedelta(days=90)
"""So far back a reversal's payment is looked for, to know the name that it carried."""


@dataclass(frozen=True, slots=True)
class _Row:
    at: datetime
    receipt: str
    """Of this movement; its line may go by the receipt of what it takes back."""
    line: StatementLine

    @property
    def is_back(self) -> bool:
        return self.line.status is OutcomeStatus.RETURNED

    @property
    def is_of_unknown(self) -> bool:
        """It takes back, and does not say what."""
        return self.is_back and self.line.rail_id == self.receipt


class Portal:
    def __init__(self, folder: Path) -> None:
        self._folder = Folder(folder)

    async def arrived(self) -> list[str]:
        return await asyncio.to_thread(self._folder.arrived)

    async def read(self, name: str) -> Delivery:
        return await asyncio.to_thread(self._read, name)

    async def keep(self, name: str, delivery: Delivery) -> None:
        await asyncio.to_thread(self._folder.keep, name, delivery.content, as_names=[name])

    async def refuse(self, name: str) -> None:
        await asyncio.to_thread(self._folder.refuse, name)

    async def statement(self, day: date) -> list[StatementLine] | None:
        """A day in UTC, as all days are reconciled; None until both days of Nairobi are here."""
        return await asyncio.to_thread(self._statement, day)

    def _read(self, name: str) -> Delivery:
        day = _day_of(name)
        content = self._folder.read(name)
        rows = _rows(content, day)
        if self._folder.list_kept(name):
            before = self._folder.kept(name)
            if before == content:
                raise FileRepeated(f"{name} came before")
            if not {row.line for row in _rows(before, day)} <= {row.line for row in rows}:
                raise FileRefused(f"{name} lacks what it said before")
        back = [
            row
            for row in self._named(rows, day)
            if row.is_back and row.line.direction is not Direction.PAYOUT
        ]
        return Delivery(
            message=name,
            events=tuple(_taken_back(row) for row in back if not row.is_of_unknown),
            doubts=tuple(
                Doubt("chargeback_unknown", row.receipt, {"theirs": str(row.line.amount)})
                for row in back
                if row.is_of_unknown
            ),
            statements_of=self._completes(day),
            content=content,
        )

    def _named(self, rows: Sequence[_Row], day: date) -> list[_Row]:
        """Reversals under the account that the payer of what they take back had written."""
        lost = {row.line.rail_id for row in rows if row.is_back and not row.is_of_unknown}
        known = {row.receipt: row for row in rows if not row.is_back}
        for name in reversed(self._folder.list_kept("????-??-??.csv")):
            if lost <= known.keys() or _day_of(name) < day - _NAMED_WITHIN:
                break
            content = self._folder.kept(name)
            if any(receipt.encode() in content for receipt in lost):
                before = _rows(content, _day_of(name))
                known |= {row.receipt: row for row in before if not row.is_back}
        return [_under_name_of(known.get(row.line.rail_id), row) for row in rows]

    def _completes(self, day: date) -> tuple[date, ...]:
        """The day in UTC that is whole when this day of Nairobi is here too."""
        before, after = day - timedelta(days=1), day + timedelta(days=1)
        if self._folder.list_kept(f"{before}.csv"):
            return (before,)
        return (day,) if self._folder.list_kept(f"{after}.csv") else ()

    def _statement(self, day: date) -> list[StatementLine] | None:
        names = [f"{each}.csv" for each in (day, day + timedelta(days=1))]
        if not all(self._folder.list_kept(name) for name in names):
            return None
        rows = [row for name in names for row in _rows(self._folder.kept(name), _day_of(name))]
        rows.sort(key=lambda row: row.at)  # The portal may list the newest first.
        return [row.line for row in self._named(rows, day) if row.at.astimezone(UTC).date() == day]


def _day_of(name: str) -> date:
    try:
        if _NAME.match(name):
            return date.fromisoformat(name.removesuffix(".csv"))
    except ValueError:
        pass
    raise FileRefused("a statement is named by its day, as in 2026-11-20.csv")


def _rows(content: bytes, day: date) -> list[_Row]:
    """Completed movements. What stands above the line of names is the portal's own heading."""
    try:
        text = content.decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileRefused("it is not CSV") from error
    table = ([value.strip() for value in line] for line in lines)
    names = next((line for line in table if _COLUMNS.issubset(line)), None)
    if names is None:
        raise FileRefused(f"it has no columns {', '.join(sorted(_COLUMNS))}")
    rows = []
    for line in table:
        values = dict(zip(names, line, strict=False))
        if values.get(_RECEIPT) and not values.keys() >= _COLUMNS:
            raise FileRefused(f"it has a line that is cut short: {values[_RECEIPT][:20]}")
        if values.get(_STATUS, "").lower() == "completed" and not _is_charge(values):
            rows.append(_row(values, day))
    return rows


def _is_charge(values: dict[str, str]) -> bool:
    """What M-Pesa takes for its service is no order of ours, and not in our ledger."""
    return values.get(_REASON, "").removesuffix(" Reversal").endswith("Charge")


def _row(values: dict[str, str], day: date) -> _Row:
    at = _instant(values.get(_COMPLETED, ""))
    receipt = values.get(_RECEIPT, "")
    if at.date() != day or not 0 < len(receipt) <= _RECEIPT_MAX:
        raise FileRefused(f"it has a line of another day, or of no receipt: {receipt[:20]}")
    paid_in, account = _amount(values.get(_IN, "")), values.get(_ACCOUNT, "")
    taken_out = _amount(values.get(_OUT, "").removeprefix("-"))
    amount = paid_in or taken_out
    if paid_in and taken_out:
        raise FileRefused(f"it has a line with two amounts: {receipt[:20]}")
    if amount is None:
        raise FileRefused(f"it has a line without an amount: {receipt[:20]}")
    is_back = "reversal" in values.get(_REASON, "").lower()
    if (paid_in is None) == is_back:
        direction = Direction.COLLECT if _ASKED.match(account.lower()) else Direction.INCOMING
    else:
        # The portal does not know what we called it: the receipt is its name.
        direction, account = Direction.PAYOUT, ""
    name = (is_back and readable(values.get(_LINKED, ""))[:80]) or receipt
    status = OutcomeStatus.RETURNED if is_back else OutcomeStatus.SETTLED
    return _Row(at, receipt, StatementLine(name, account, direction, amount, status))


def _under_name_of(original: _Row | None, row: _Row) -> _Row:
    if original is None or not row.is_back or row.line.direction is Direction.PAYOUT:
        return row
    said = original.line
    if said.direction is Direction.PAYOUT:
        return row
    line = replace(row.line, reference=said.reference, direction=said.direction)
    return replace(row, line=line)


def _taken_back(row: _Row) -> RailEvent:
    """Money that had come in: our own people reversed it in the portal, or M-Pesa's did."""
    line = row.line
    return RailEvent(
        rail=NAME, event_id=f"reversal:{row.receipt}"[:120], direction=Direction.INCOMING,
        reference=readable(line.reference)[:80], rail_id=line.rail_id, amount=line.amount,
        outcome=Outcome(line.status, line.amount, line.rail_id, settled_at=row.at),
    )  # fmt: skip


def _instant(text: str) -> datetime:
    for form in _TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=_ZONE)
        except ValueError:
            continue
    raise FileRefused(f"it has a time that cannot be read: {text[:30]}")


def _amount(text: str) -> Money | None:
    """What was withdrawn is written with a minus, or without one; that is gone here."""
    plain = text.replace(",", "") if _THOUSANDS.match(text) else text
    try:
        amount = Money.parse(plain or "0", CURRENCY)
    except InvalidAmount:
        amount = None
    if amount is None or amount.minor < 0:
        raise FileRefused(f"it has an amount that cannot be read: {text[:30]}")
    return amount if amount.minor else None
