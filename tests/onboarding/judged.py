"""Applications whose identity was checked, sent for a decision."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kyc.embedded import face_result
from kyc.faces import FaceComparison, Verdict
from kyc.quality import Shot
from kyc.states import CheckVerdict
from notifications.models import Notification
from onboarding import (
    dossiers,
    journey,
    tasks,
)
from onboarding.decisioning import Underwriter
from onboarding.dossiers import Dossier
from tests.onboarding.people import Applicant

UMA, USHA = UUID(int=1), UUID(int=2)


def compared(verdict: Verdict, distance: float) -> FaceComparison:
    """What the face engine says; the engine itself is tested in its own room."""
    return FaceComparison(
        verdict=verdict,
        distance=distance,
        threshold=0.545,
        fmr=1e-3,
        engine="test",
        faces_found=(1, 1),
        quality=dict.fromkeys(Shot, ()),
        explanation=(f"{verdict}_face",),
    )


SAME = compared(Verdict.SAME, 0.31)


DIFFERENT = compared(Verdict.DIFFERENT, 0.86)


async def identified(
    amina: Applicant,
    dossier: Dossier,
    outcome: FaceComparison,
    underwriter: Underwriter,
    *reasons: str,
) -> None:
    """`reasons` are what else the check doubts."""
    assert dossier.verification is not None
    result = face_result(outcome)
    if reasons:
        result = replace(result, verdict=CheckVerdict.DOUBT, reasons=reasons)
    await tasks.conclude(
        amina.session, dossier.verification.id, [result], underwriter, now=amina.now
    )


async def sent(
    amina: Applicant, underwriter: Underwriter, outcome: FaceComparison = SAME
) -> Dossier:
    """A complete application whose identity check has ended before it was sent."""
    dossier = await amina.answers_until(await amina.begins(), None)
    await identified(amina, dossier, outcome, underwriter)
    dossier = await dossiers.of(amina.session, dossier.borrower)
    return await journey.submit(amina.session, dossier, underwriter, now=amina.now)


async def told(session: AsyncSession, template: str) -> int:
    rows = await session.scalars(select(Notification).where(Notification.template == template))
    return len(rows.all())
