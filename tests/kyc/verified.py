"""Verifications as the tests read them: compared faces, what is stored, what is on record."""

from datetime import datetime

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.audit import AuditEvent
from kit.ids import new_id
from kyc import queries, verifications
from kyc.checks import CheckResult
from kyc.embedded import face_result
from kyc.faces import FaceComparison, Verdict
from kyc.models import Verification
from kyc.quality import Finding, Shot
from kyc.verifications import PersonVerdict

AMINA = new_id()


DISTANCES = {Verdict.SAME: 0.31, Verdict.UNSURE: 0.58, Verdict.DIFFERENT: 0.74}


def compared(verdict: Verdict, *findings: Finding) -> list[CheckResult]:
    comparison = FaceComparison(
        verdict=verdict,
        distance=DISTANCES[verdict],
        threshold=0.545,
        fmr=1e-3,
        engine="face_recognition-1.3.0",
        faces_found=(1, 1),
        quality={Shot.DOCUMENT: findings, Shot.SELFIE: ()},
        explanation=(f"{verdict}_face",),
        template=np.full(128, 0.25, dtype=np.float32),
    )
    return [face_result(comparison)]


async def reloaded(session: AsyncSession, row: Verification) -> Verification:
    number = row.id
    await session.flush()
    session.expire_all()
    return await queries.get_verification(session, number)


async def audited(session: AsyncSession, row: Verification) -> list[AuditEvent]:
    events = await session.scalars(
        select(AuditEvent)
        .where(AuditEvent.subject == f"verification:{row.id}")
        .order_by(AuditEvent.id)
    )
    return list(events)


def decide(
    session: AsyncSession,
    verification: Verification,
    verdict: PersonVerdict,
    now: datetime,
    reason: str = "Ten years and a beard between the two",
) -> None:
    verifications.decide_by_person(
        session, verification, actor="staff:ruth", verdict=verdict, reason=reason, now=now
    )
