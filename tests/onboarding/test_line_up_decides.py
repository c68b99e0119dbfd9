"""An application is decided by whom the line-up names; shadows are asked afterwards."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from onboarding import decisioning
from onboarding.decisioning import Underwriter
from onboarding.states import ApplicationStatus
from scoring import line_up, policy, tasks, versions
from scoring.line_up import Pair
from scoring.model import loading
from scoring.models import Decision, Role, ShadowAssessment
from tests.onboarding.judged import sent
from tests.onboarding.people import SETTINGS, Applicant

DEFAULT = policy.DEFAULT.read_text(encoding="utf-8")
STRICTER = DEFAULT.replace("approve_up_to_bps: 1500", "approve_up_to_bps: 1")


async def pairs(session: AsyncSession, now: datetime) -> tuple[Pair, Pair]:
    model = await versions.register_folder(session, loading.STOCK, actor="system", now=now)
    found = [
        await versions.register_policy(session, body, actor="system", now=now)
        for body in (DEFAULT, STRICTER)
    ]
    default, stricter = (Pair(model.sha256, each.sha256) for each in found)
    return default, stricter


async def seat(session: AsyncSession, role: Role, pair: Pair, now: datetime) -> None:
    await line_up.take(session, role, pair, actor="staff:1", why="test", now=now)


async def shadow_jobs(session: AsyncSession) -> int:
    table = "workflow_status"
    if session.get_bind().dialect.name == "postgresql":
        table = "dbos.workflow_status"
    query = f"SELECT count(*) FROM {table} WHERE workflow_uuid LIKE 'shadow:%'"
    return int((await session.execute(text(query))).scalar_one())


async def test_the_champion_of_the_line_up_decides_not_the_configuration(
    amina: Applicant, session: AsyncSession, underwriter: Underwriter, now: datetime
) -> None:
    _, stricter = await pairs(session, now)
    await seat(session, Role.CHAMPION, stricter, now)

    dossier = await sent(amina, underwriter)

    decision = (await session.scalars(select(Decision))).one()
    assert (decision.role, decision.policy_sha256) == (Role.CHAMPION, stricter.policy_sha256)
    assert dossier.draft.status is ApplicationStatus.IN_REVIEW
    assert await shadow_jobs(session) == 0


async def test_a_challenger_acts_and_says_so(
    amina: Applicant, session: AsyncSession, underwriter: Underwriter, now: datetime
) -> None:
    default, stricter = await pairs(session, now)
    await seat(session, Role.CHAMPION, default, now)
    await seat(session, Role.CHALLENGER, stricter, now)  # of everybody

    dossier = await sent(amina, underwriter)

    decision = (await session.scalars(select(Decision))).one()
    assert (decision.role, decision.policy_sha256) == (Role.CHALLENGER, stricter.policy_sha256)
    assert dossier.draft.status is ApplicationStatus.IN_REVIEW


async def test_a_shadow_is_asked_afterwards_and_changes_nothing(
    amina: Applicant, session: AsyncSession, underwriter: Underwriter, now: datetime
) -> None:
    default, stricter = await pairs(session, now)
    await seat(session, Role.CHAMPION, default, now)
    await seat(session, Role.SHADOW, stricter, now)

    dossier = await sent(amina, underwriter)
    decision = (await session.scalars(select(Decision))).one()
    assert await shadow_jobs(session) == 1
    await tasks.assess_by_shadows(session, decision_id=str(decision.id), now=amina.now)

    said = (await session.scalars(select(ShadowAssessment))).one()
    assert (said.decision_id, said.policy_sha256) == (decision.id, stricter.policy_sha256)
    assert (said.outcome, said.pd) == (policy.Outcome.REFER, decision.pd)
    assert dossier.draft.status is ApplicationStatus.OFFERED


async def test_a_start_keeps_what_is_configured_and_names_it_champion(
    session: AsyncSession, underwriter: Underwriter, now: datetime
) -> None:
    for _ in range(2):
        await decisioning.settle_line_up(session, SETTINGS, now=now)

    (holder,) = await line_up.standing(session)
    assert Pair.of(holder) == Pair(underwriter.model.sha256, underwriter.policy.sha256)
    assert (holder.role, holder.seated_by) == (Role.CHAMPION, "system")
