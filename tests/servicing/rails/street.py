"""A lender whose rail is a stand-in on the wire, and the time that both need to act."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from kit import jobs
from sandbox.outgoing import Outgoing
from servicing import queries
from servicing.models import Loan, Payout
from tests.servicing.lending import Lender


@dataclass
class WireStreet:
    lender: Lender

    @property
    def outgoing(self) -> Outgoing:
        """What the other side has still to say."""
        raise NotImplementedError

    async def until(self, is_so: Callable[[], Awaitable[object]]) -> None:
        for _ in range(5_000):
            if await is_so():
                return
            await asyncio.sleep(0.02)
        raise AssertionError("it never happened")

    async def hears(self) -> None:
        """Whatever the other side had to do and to say is done and said."""

        async def is_quiet() -> bool:
            return not self.outgoing.is_busy

        await self.until(is_quiet)

    async def pays_out(self, loan: Loan) -> Payout:
        """Runs the job, and lets the other side act and call back. Nobody has asked yet."""
        with suppress(jobs.Later):
            await self.lender.pays_out(loan)
        await self.hears()
        return await self.payout(loan)

    async def payout(self, loan: Loan) -> Payout:
        async with self.lender.sessions() as session:
            return (await queries.list_payouts(session, loan.id))[-1]

    async def incidents(self) -> list[str]:
        return await self.lender.incidents()
