"""Payouts that came back after they had settled: what taking one back does, and doing it."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Depends

from api.deps import Now, Session, Staff, Today, Wired, permitted
from api.schemas import MoneyShown, Shown
from api.v1.proposals import ProposalShown, Reasoned
from kit.four_eyes import Proposal
from servicing.states import LoanStatus
from servicing.treasury import returns
from servicing.treasury.returns import Ending, Source

router = APIRouter(prefix="/v1/payouts", tags=["treasury"], dependencies=[Depends(permitted)])


class ReturnedShown(Shown):
    payout_id: UUID
    loan_reference: str
    loan_status: LoanStatus
    amount: MoneyShown
    """What the rail says came back."""
    on: date
    source: Source
    """Who says so: the rail's statement, or a message of its own."""
    ending: Ending
    undone: dict[str, MoneyShown]
    """What leaves the books again, by what it had been."""


@router.get("/{payout_id}/take-back", response_model=ReturnedShown)
async def preview_return(
    payout_id: UUID, session: Session, now: Now, today: Today, wiring: Wired
) -> ReturnedShown:
    """What taking the payout back into the books would do today. Nothing is written."""
    found = await returns.look(session, payout_id, on=today, zone=wiring.settings.timezone, now=now)
    return ReturnedShown(
        payout_id=found.payout.id,
        loan_reference=found.loan.reference,
        loan_status=found.loan.status,
        amount=MoneyShown.of(found.proof.amount),
        on=found.proof.on,
        source=found.proof.source,
        ending=found.ending,
        undone={event: MoneyShown.of(amount) for event, amount in found.undone.items()},
    )


@router.post("/{payout_id}/take-back", response_model=ProposalShown)
async def take_back_payout(
    payout_id: UUID,
    body: Reasoned,
    session: Session,
    who: Staff,
    now: Now,
    today: Today,
    wiring: Wired,
) -> Proposal:
    """All of it came back, as the rail says: when a second person agrees, the books follow."""
    return await returns.take_back(
        session, payout_id, staff_id=who.id, reason=body.reason, on=today,
        zone=wiring.settings.timezone, now=now,
    )  # fmt: skip
