"""The statement of a day, read in pages from the transactions of our account."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

from kit.money import InvalidAmount, Money
from servicing.rails.base import Direction, OutcomeStatus, StatementLine
from servicing.rails.gsma import wire
from servicing.rails.gsma.client import Client
from servicing.rails.gsma.wire import Party, Transaction

_PAGE = 100
_AVAILABLE = "X-Records-Available-Count"
_WAITING_MAX = timedelta(days=3)
"""Listed by creation: a request of some days before may have been paid on this one."""
_OUR_REQUEST = re.compile(r"C[0-9a-f]{32}\Z")


def direction(told: Transaction, account: Party) -> Direction | None:
    """None: it is not for our account, or only takes another one back."""
    if told.kind in wire.TAKE_BACK:
        return None
    if account in told.payers:
        return Direction.PAYOUT
    if account not in told.payees:
        return None
    return Direction.COLLECT if _OUR_REQUEST.match(told.order) else Direction.INCOMING


async def lines(client: Client, account: Party, day: date) -> list[StatementLine]:
    """What moved on `day`, which is one of UTC. Raises ValueError when some of it is missing."""
    start = datetime.combine(day, time(), UTC)
    end = start + timedelta(days=1)
    listed, doubtful = await _listed(client, account, start - _WAITING_MAX, end)
    found: list[tuple[datetime, bool, StatementLine]] = []
    for told in doubtful:
        found += [(at, False, _doubt(told)) for at, _ in _moves(told)[:1] if start <= at < end]
    for told in filter(lambda each: each.amount, listed.values()):
        for moved_at, status in _moves(told):
            if not start <= moved_at < end:
                continue
            moved: Transaction | None = told
            if told.kind in wire.TAKE_BACK:
                moved = listed.get(told.original) or await client.find(told.original)
            if moved is not None and (whose := direction(moved, account)):
                line = _line(moved, whose, told.amount, status)
                found.append((moved_at, status is OutcomeStatus.RETURNED, line))
    # In the order of what happened. A transaction that came back may say so itself, beside the one
    # that took it back.
    in_order = sorted(found, key=lambda each: each[:2])
    return list(dict.fromkeys(line for _, _, line in in_order))


async def _listed(
    client: Client, account: Party, since: datetime, until: datetime
) -> tuple[dict[str, Transaction], list[Transaction]]:
    """All transactions that were created in this time, by reference, and those of them of which
    the amount cannot be read: it is zero here."""
    path = f"accounts/{quote(account.key, safe='')}/{quote(account.value, safe='')}/transactions"
    window = {"fromDateTime": since.isoformat(), "toDateTime": until.isoformat()}
    listed: dict[str, Transaction] = {}
    doubtful: list[Transaction] = []
    offset, available = 0, None
    while available is None or offset < available:
        page = await client.get(path, limit=_PAGE, offset=offset, **window)
        page.must_be_ok()
        before = len(listed)
        if not isinstance(page.content, list):
            raise wire.Unreadable("transactions")
        for content in page.content:
            told, is_doubtful = _read(content)
            if is_doubtful and told.reference not in listed:
                doubtful.append(told)
            listed[told.reference] = told
        if (count := page.headers.get(_AVAILABLE)) is not None:
            available = int(count)
        if len(listed) == before:
            break
        offset += len(page.content)
    if available is not None and len(listed) < available:
        raise wire.Unreadable("records are missing")
    return listed, doubtful


def _read(content: Mapping[str, Any]) -> tuple[Transaction, bool]:
    """Whether its amount is none, too."""
    try:
        return wire.read_transaction(content), False
    except (wire.Unreadable, InvalidAmount):
        # Whatever else is wrong in it is so still.
        return wire.read_transaction({**content, "amount": "0"}), True


def _moves(told: Transaction) -> list[tuple[datetime, OutcomeStatus]]:
    """When money moved, and which way."""
    created_at, changed_at = told.created_at, told.moved_at
    if created_at is None or changed_at is None:
        raise wire.Unreadable("creationDate")
    if told.status is OutcomeStatus.RETURNED:
        return [(created_at, OutcomeStatus.SETTLED), (changed_at, OutcomeStatus.RETURNED)]
    if told.status is not OutcomeStatus.SETTLED:
        return []
    returns = told.kind in wire.TAKE_BACK
    return [(changed_at, OutcomeStatus.RETURNED if returns else OutcomeStatus.SETTLED)]


def _doubt(told: Transaction) -> StatementLine:
    return StatementLine(
        told.reference, "", Direction.INCOMING, told.amount, OutcomeStatus.UNKNOWN, wrong="amount"
    )


def _line(
    moved: Transaction, whose: Direction, amount: Money, status: OutcomeStatus
) -> StatementLine:
    reference = moved.written if whose is Direction.INCOMING else moved.order
    return StatementLine(moved.reference, reference, whose, amount, status)
