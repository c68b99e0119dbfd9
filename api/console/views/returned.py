"""A payout that came back, on its own page and on that of its break: proof, effect, what waits."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from api.console import words
from api.console.door import Desk
from api.console.words import Refusal
from kit import four_eyes
from kit.errors import DomainError
from kit.four_eyes import Proposal
from servicing.models import Payout
from servicing.states import OrderStatus
from servicing.treasury import returns
from servicing.treasury.returns import Proof, Returned


@dataclass(frozen=True)
class Back:
    payout: Payout
    proof: Proof
    found: Returned | None
    """What taking it back does."""
    refusal: Refusal | None
    """Why it cannot be taken back now."""
    proposals: Sequence[Proposal]


async def back_of(desk: Desk, session: AsyncSession, payout: Payout) -> Back | None:
    """None as long as the rail does not say that it came back, and once it is in the books."""
    if payout.status is not OrderStatus.SETTLED:
        return None
    proof = await returns.proof_of(session, payout, zone=desk.zone)
    if proof is None:
        return None
    found, refusal = None, None
    try:
        found = await returns.look(session, payout.id, on=desk.today, zone=desk.zone, now=desk.now)
    except returns.PayoutNotSettled:
        return None
    except DomainError as refused:
        refusal = words.refusal_of(refused.code)
    waiting = await four_eyes.list_open(
        session, subject=f"payout:{payout.id}", acts=("payout.take_back",)
    )
    return Back(payout, proof, found, refusal, waiting)
