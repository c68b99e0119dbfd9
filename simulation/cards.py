"""Cards in the chat: a borrower is shown an invoice and pays it once, twice, or too late; Telegram
tells of it at once, twice, days later or never, and staff look at the provider's dashboard."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import vault_of
from kit.db import reading
from kit.errors import DomainError
from kit.money import Money
from notifications import contacts
from servicing import card_tasks, cards, chargebacks, hand_entries, payment_requests, suspense
from servicing.rails import telegram
from servicing.states import LoanStatus
from simulation import books
from simulation.books import CHARGED_BACK, Position, Rows
from simulation.borrowers import Borrower
from simulation.rail import SETTLED, Transfer
from simulation.world import World

_ANSWERED_WITHIN = timedelta(days=1)
_CHAT = 71_000_000
NEVER_TOLD = timedelta(days=3)
"""After so long staff do not wait for Telegram any more."""


class Cards:
    """Everybody who has to do with them."""

    def __init__(self, world: World, people: list[Borrower]) -> None:
        self.world, self.random, self.people = world, world.more, people
        self.desk = world.take_cards()
        self.asked: dict[str, tuple[UUID, int]] = {}
        """By reference: which loan, and whose chat."""
        for n in range(len(people)):
            self._wish(n)

    def _wish(self, n: int) -> None:
        after = timedelta(hours=self.random.randint(150, 900))
        self.world.wish("card", partial(self._ask, n), after)

    async def _ask(self, n: int) -> None:
        """By the debt of that moment; the invoice is answered later, or never."""
        self._wish(n)
        world, person, chat = self.world, self.people[n], _CHAT + n
        loan, due, payoff = await person.debt()
        if loan is None or loan.status is not LoanStatus.ACTIVE or not payoff.minor:
            return
        part = due if due.minor > 0 else Money(max(payoff.minor // 3, 1), loan.currency)
        amount = min(payoff, part) if self.random.random() < 0.7 else payoff

        async def ask(session: AsyncSession) -> None:
            await contacts.register(
                session, person_id=person.person, telegram_chat_id=chat, locale="en",
                timezone=world.zone, now=world.clock.now(),
            )  # fmt: skip
            asked = await payment_requests.request(
                session, vault_of(session), loan_id=loan.id, amount=amount, on=world.today,
                now=world.clock.now(), by_card=True,
            )  # fmt: skip
            self.asked[asked.client_ref] = loan.id, chat

        known = set(self.asked)
        if not await world.do(ask, by=self.random):
            return
        for reference in self.asked.keys() - known:
            self._answered(reference, amount)

    def _answered(self, reference: str, amount: Money) -> None:
        taps = self.random.choice((0, 1, 1, 1, 1, 2))
        for _ in range(taps):
            wait = timedelta(minutes=self.random.choice((2, 30, 200, 600, 1600)))
            self.world.wish("card tap", partial(self._tap, reference, amount), wait)
        for hours in (49, 75):
            self.world.later("expire", self._expire, timedelta(hours=hours))

    async def _expire(self) -> None:
        await self.world.tick("servicing.look_for_unpaid_invoices")

    async def _tap(self, reference: str, amount: Money) -> None:
        """Telegram asks us first, and charges only when we say yes."""
        world = self.world
        if reference not in self.desk.shown:
            return
        _, chat = self.asked[reference]
        try:
            async with reading(world.sessions) as session:
                await cards.check(
                    session, reference=reference, amount=amount, payer=chat, on=world.today,
                    now=world.clock.now(),
                )  # fmt: skip
        except DomainError as refusal:
            world.refused[refusal.code] += 1
            return
        after = timedelta(minutes=self.random.choice((0, 1, 45)))
        world.later("card charged", partial(self._charge, reference, amount), after)

    async def _charge(self, reference: str, amount: Money) -> None:
        random, faults = self.random, self.desk.faults
        transfer = self.desk.charge(reference, amount)
        first = timedelta(seconds=random.randint(1, 300))
        if random.random() < faults.late:
            first = timedelta(hours=random.randint(1, 70))
        if random.random() >= faults.lost:
            self.world.later("card told", partial(self._tell, transfer), first)
        elif random.random() < 0.5:  # After staff have given it up.
            week = timedelta(hours=random.randint(100, 250))
            self.world.wish("card told", partial(self._tell, transfer), week)
        if random.random() < faults.doubled:
            again = first + timedelta(hours=random.choice((0, 5, 60)))
            minor = random.choice((0, 0, 0, 1))
            self.world.later("card told", partial(self._tell, transfer, more=minor), again)
        if random.random() < 0.12:
            hours = timedelta(hours=random.randint(1, 120))
            self.world.later("card charged back", partial(self._take_back, transfer), hours)

    async def _tell(self, transfer: Transfer, *, more: int = 0) -> None:
        """The bot keeps the news as a job. `more`: they say another amount than before."""
        paid = self.desk.payment(transfer)
        if more and transfer.rail_id in self.desk.told:
            paid = replace(paid, amount=paid.amount + Money(more, paid.amount.currency))
        tell = partial(card_tasks.announce, paid=paid)
        if await self.world.do(tell, by=self.random):
            self.desk.told[transfer.rail_id] = self.world.clock.at
        else:
            again = partial(self._tell, transfer, more=more)
            self.world.later("card told", again, timedelta(minutes=5))

    async def _take_back(self, transfer: Transfer) -> None:
        """The payer's bank does; not what the lender has given back already."""
        names = f"{telegram.NAME}:{transfer.rail_id}", f"rail:{transfer.reference}"
        if not any(f"{books.BY_HAND}{name}" in self.desk.by_reference for name in names):
            self.desk.give_back(transfer)

    # Staff, with the provider's dashboard.

    async def compare(self) -> None:
        """Each charge beside the books, some days after its last word."""
        now, wait = self.world.clock.at, NEVER_TOLD
        late = [
            each
            for each in self.desk.transfers.values()
            if each.settled_at is not None and now - self.desk.last_word(each) < 5 * wait
        ]
        if not late:
            return
        async with self.world.sessions() as session:
            rows = await books.read(session, self.world.memory)
        mine = [each for each in books.positions(self.world, rows) if each.rail is self.desk]
        for each in mine:
            transfer = each.transfers[-1]
            if each.is_square or not (self.world.is_at_rest or self.random.random() < 0.6):
                continue
            if each.theirs < each.ours:
                await self._charge_back(each, rows)
            elif now - self.desk.last_word(transfer) >= wait:
                for one in each.transfers:
                    await self._enter(one, rows)

    async def _enter(self, transfer: Transfer, rows: Rows) -> None:
        """Of which we were never told: on its loan, or it goes back to the card."""
        asked = rows.requests.get(transfer.reference)
        if asked is None or transfer.status is not SETTLED or transfer.rail_id in self.desk.told:
            return
        name = self.desk.called(transfer)[-1]
        spelled = self.random.choice((name, name.lower(), f"{telegram.NAME}:{name}"))
        world = self.world
        enter = partial(
            hand_entries.receive, loan_id=asked.loan_id, amount=transfer.amount,
            reference=spelled, on=world.today, now=world.clock.now(),
        )  # fmt: skip
        if await world.do(enter, by=self.random):
            world.counts["card by hand"] += 1
        elif rows.loans[asked.loan_id].status not in (LoanStatus.ACTIVE, LoanStatus.WRITTEN_OFF):
            self.desk.give_back(transfer)

    async def _charge_back(self, position: Position, rows: Rows) -> None:
        """Its bank took it back: from the loan, or out of suspense. Two say so."""
        world, when = self.world, {"on": self.world.today, "now": self.world.clock.now()}
        left = position.ours - position.theirs
        for name in position.stands:
            if left <= 0:
                return  # What else stands for this invoice is another charge.
            repayment, item = rows.repayments.get(name), rows.items.get(name)
            if repayment is None and item is not None and item.resolved_at is not None:
                continue  # We have given it back ourselves: the bank took another one.
            left -= rows.received(name)
            if repayment is not None:
                await world.both(
                    chargebacks.charge_back, repayment_id=repayment.id,
                    reason="disputed", **when,
                )  # fmt: skip
            elif item is not None:
                await world.both(
                    suspense.refund, item_id=item.id,
                    reference=f"{CHARGED_BACK}{item.reference}", reason="disputed", **when,
                )  # fmt: skip
