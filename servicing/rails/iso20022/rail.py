"""The bank's rail: a payment file for each payout; whatever the bank says comes back as files."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from xml.sax.saxutils import escape

from kit.clock import Clock, business_date
from kit.money import Money
from servicing.rails.base import (
    Ack,
    AckStatus,
    Balances,
    Caps,
    Delivery,
    Direction,
    FileRefused,
    FileRepeated,
    Instruction,
    Outcome,
    OutcomeStatus,
    RailEvent,
    SignatureInvalid,
    StatementLine,
)
from servicing.rails.iso20022 import entries, orders, originals, reports, xml
from servicing.rails.iso20022.entries import Movement, Notification, Statement
from servicing.rails.iso20022.folder import Folder
from servicing.rails.iso20022.orders import Payer
from servicing.rails.iso20022.xml import Node

NAME = reports.RAIL
# A payment file of Friday evening before a long weekend is answered on Tuesday.
_SILENCE = timedelta(days=5)
_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""So begins UTF-16."""


class Iso20022Rail:
    name = NAME
    # Ours is the promise, not the bank's: a file is handed over once, while we have the folder.
    caps = Caps(honours_keys=True)

    def __init__(self, folder: Path, payer: Payer, *, zone: str, clock: Clock) -> None:
        self._folder = Folder(folder)
        self._folder.knows_since(clock.now())
        self._payer = payer
        self._zone = zone
        self._clock = clock

    async def close(self) -> None:
        return None

    async def submit(self, instruction: Instruction) -> Ack:
        """ACCEPTED says that the bank has the file, and nothing about what it will do."""
        if instruction.direction is not Direction.PAYOUT:
            return Ack(AckStatus.REJECTED, code="not_offered_by_bank")
        now = self._clock.now()
        content = orders.build(instruction, self._payer, on=business_date(now, self._zone), now=now)
        name = _file_of(instruction.client_ref)
        try:
            await asyncio.to_thread(self._folder.hand_over, name, content)
            sent = await asyncio.to_thread(self._folder.handed_over, name)
        except OSError:
            sent = None
        return Ack(AckStatus.UNKNOWN if sent is None else AckStatus.ACCEPTED)

    async def query(self, instruction: Instruction) -> Outcome:
        """A bank is not asked: we know whether it was told, and how long it has been silent."""
        return await asyncio.to_thread(self._query, instruction)

    def parse_callback(
        self, headers: Mapping[str, str], body: bytes, path: str = ""
    ) -> list[RailEvent]:
        """This rail answers by files: whoever calls is a stranger."""
        raise SignatureInvalid()

    async def statement(self, day: date, currency: str) -> list[StatementLine] | None:
        return await asyncio.to_thread(self._statement, day)

    async def balances(self, day: date, currency: str) -> Balances | None:
        kept = await asyncio.to_thread(self._kept_of, day)
        told = {(each.opening, each.closing) for each in kept}
        if len(told) != 1:  # A bank that corrects itself, or tells the day in parts.
            return None
        ((opening, closing),) = told
        return Balances(Money(opening, currency), Money(closing, currency))

    async def arrived(self) -> list[str]:
        return await asyncio.to_thread(self._folder.arrived)

    async def read(self, name: str) -> Delivery:
        return await asyncio.to_thread(self._read, name)

    async def keep(self, name: str, delivery: Delivery) -> None:
        await asyncio.to_thread(self._keep, name, delivery)

    async def refuse(self, name: str) -> None:
        await asyncio.to_thread(self._folder.refuse, name)

    def _query(self, instruction: Instruction) -> Outcome:
        name, ordered_at = _file_of(instruction.client_ref), instruction.ordered_at
        try:
            if self._folder.is_in_doubt(name):
                return Outcome(OutcomeStatus.UNKNOWN)
            sent = self._folder.handed_over(name)
            if sent is None:
                since = self._folder.knows_since(self._clock.now())
                is_older = ordered_at is not None and ordered_at < since
                return Outcome(OutcomeStatus.UNKNOWN if is_older else OutcomeStatus.NOT_FOUND)
            is_silent = self._clock.now() - orders.sent_at(sent) > _SILENCE
        except (OSError, FileRefused, ValueError):
            return Outcome(OutcomeStatus.UNKNOWN)
        return Outcome(OutcomeStatus.UNKNOWN if is_silent else OutcomeStatus.PENDING)

    def _read(self, name: str) -> Delivery:
        content = self._folder.read(name)
        kind, delivery = self._delivery(content)
        family = kind.rpartition(".")[0]
        kept = self._folder.list_kept(f"{family}.*.{_digest(delivery)}.*")
        if any(self._folder.kept(before) != content for before in kept):
            raise FileRefused(f"{delivery.message} came before and said something else")
        if set(_kept_as(kind, delivery)) <= set(kept):
            raise FileRepeated(f"{delivery.message} came before")
        return replace(delivery, content=content)

    def _keep(self, name: str, delivery: Delivery) -> None:
        kind, _ = xml.parse(delivery.content)
        self._folder.keep(name, delivery.content, as_names=_kept_as(kind, delivery))

    def _delivery(self, content: bytes) -> tuple[str, Delivery]:
        kind, root = xml.parse(content)
        family = reports.family_of(kind)
        if family == reports.STATUS:
            return kind, reports.status(root, sent=self._sent)
        if family == reports.RETURN:
            return kind, reports.returned(root)
        if family == entries.NOTIFICATION:
            notification = self._notification(root)
            told = replace(notification, movements=self._named(notification.movements))
            return kind, entries.notified(told, zone=self._zone)
        statements = [
            replace(each, movements=self._named(each.movements)) for each in self._stated(root)
        ]
        return kind, entries.stated(
            statements, before=partial(self._closed_before, statements), zone=self._zone
        )

    def _sent(self, client_ref: str) -> Money | None:
        if not client_ref.isalnum():  # No reference of ours, and not to be put into a path.
            return None
        content = self._folder.handed_over(_file_of(client_ref))
        return orders.amount_of(content) if content is not None else None

    def _statement(self, day: date) -> list[StatementLine] | None:
        """Of all files of the day: a bank may correct itself, or send it in parts."""
        statements = self._kept_of(day)
        lines: Counter[StatementLine] = Counter()
        for each in statements:
            # Said twice in one file is money that moved twice; said in two files it is not.
            lines |= Counter(movement.line for movement in self._named(each.movements))
        return list(lines.elements()) if statements else None

    def _closed_before(self, beside: Sequence[Statement], statement: Statement) -> set[int]:
        """The balances with which the newest day before ended; none before the first. A page goes
        on from others of its own day, too."""
        day = statement.day
        names = self._folder.list_kept(f"{entries.STATEMENT}.*.xml")
        days = {date.fromisoformat(name.split(".")[-2]) for name in names}
        days |= {each.day for each in beside}
        wanted = {max((each for each in days if each < day), default=day)}
        if statement.page > 1:
            wanted.add(day)
        elif wanted == {day}:
            return set()
        told = [each for one in wanted for each in self._kept_of(one)]
        told += [each for each in beside if each.day in wanted]
        return {each.closing for each in told if each is not statement}

    def _kept_of(self, day: date) -> list[Statement]:
        names = self._folder.list_kept(f"{entries.STATEMENT}.*.{day}.xml")
        told = [self._stated(xml.parse(self._folder.kept(name))[1]) for name in names]
        return [each for of_file in told for each in of_file if each.day == day]

    def _stated(self, root: Node) -> tuple[Statement, ...]:
        return entries.read_statements(root, account=self._payer.account.number)

    def _notification(self, root: Node) -> Notification:
        return entries.read_notification(root, account=self._payer.account.number)

    def _named(self, movements: Sequence[Movement]) -> tuple[Movement, ...]:
        """It is seldom that a bank takes money back: all that it has said is read again then."""
        return originals.named(
            movements, is_ours=lambda ref: self._sent(ref) is not None, told=self._told
        )

    def _told(self, names: Iterable[str]) -> Iterator[Movement]:
        """What moved by kept messages in which one of the names stands."""
        wanted = [escape(name).encode() for name in names]
        for file in self._folder.list_kept("camt.05*.xml"):
            content = self._folder.kept(file)
            # Of two bytes a sign, it is not searched but read.
            if not content.startswith(_WIDE) and not any(name in content for name in wanted):
                continue
            kind, root = xml.parse(content)
            with suppress(FileRefused):  # Of an account that was ours before.
                if reports.family_of(kind) == entries.NOTIFICATION:
                    yield from self._notification(root).movements
                else:
                    yield from (moved for each in self._stated(root) for moved in each.movements)


def _kept_as(kind: str, delivery: Delivery) -> list[str]:
    """A statement is found again by its days."""
    name = f"{kind}.{_digest(delivery)}"
    return [f"{name}.{day}.xml" for day in delivery.statements_of] or [f"{name}.xml"]


def _file_of(client_ref: str) -> str:
    return f"{client_ref}.xml"


def _digest(delivery: Delivery) -> str:
    """A message's identifier is the bank's, and may hold anything: its digest names our file."""
    return sha256(delivery.message.encode()).hexdigest()[:24]
