"""Promotion: two of staff agree on who decides, and a gate holds back what is not better."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes
from kit.db import lock_key
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from scoring import line_up, versions
from scoring.line_up import EVERY_PRODUCT, Pair
from scoring.models import Role, Seat
from scoring.refusals import Sentence

PROMOTE, CONTEST = "risk.promote", "risk.challenge"


class PromotionHeld(Sentence, DomainError):
    """The gate does not let it decide; somebody may insist and say why."""

    code = "risk_promotion_held"
    kind = Kind.CONFLICT
    sentence = "The gate holds it back: {problems} Insist with --force and say why."


async def promote(
    session: AsyncSession,
    pair: Pair,
    *,
    staff_id: UUID,
    reason: str,
    now: datetime,
    problems: Sequence[str] = (),
    product: str = EVERY_PRODUCT,
    force: bool = False,
) -> Proposal:
    """Make it the champion: the first of staff proposes, another one confirms. `problems` are what
    the gate has against it."""
    await line_up.load(session, pair)
    if problems and not force:
        raise PromotionHeld(problems=" ".join(problems))
    await line_up.giving_way(session, Role.CHAMPION, pair, product=product)
    proposal = await four_eyes.agree(
        session, act=PROMOTE, subject=_subject(product), staff_id=staff_id, reason=reason, now=now,
        **_facts(pair, product), **({"although": "the gate holds it back"} if problems else {}),
    )  # fmt: skip
    if proposal.is_confirmed:
        await line_up.take(
            session, Role.CHAMPION, pair, actor=f"staff:{staff_id}", why=proposal.reason, now=now,
            product=product,
        )  # fmt: skip
    return proposal


async def contest(
    session: AsyncSession,
    pair: Pair,
    *,
    share_bps: int,
    staff_id: UUID,
    reason: str,
    now: datetime,
    product: str = EVERY_PRODUCT,
) -> Proposal:
    """Let it decide for a share of the borrowers. Two of staff agree, for it acts."""
    await line_up.load(session, pair)
    await line_up.giving_way(session, Role.CHALLENGER, pair, product=product, share_bps=share_bps)
    holder = line_up.champion(await line_up.standing(session), product)
    if holder is None or holder.product != product:
        raise line_up.NothingToContest()
    proposal = await four_eyes.agree(
        session, act=CONTEST, subject=_subject(product), staff_id=staff_id, reason=reason, now=now,
        share_bps=str(share_bps), **_facts(pair, product),
    )  # fmt: skip
    if proposal.is_confirmed:
        await line_up.take(
            session, Role.CHALLENGER, pair, actor=f"staff:{staff_id}", why=proposal.reason,
            now=now, product=product, share_bps=share_bps,
        )  # fmt: skip
    return proposal


async def settle_configured(
    session: AsyncSession, manifest: str, artefact: str, policy: str, *, now: datetime
) -> Seat | None:
    """At a start: what is configured decides until a person has said otherwise."""
    who = audit.SYSTEM
    await lock_key(session, line_up.LOCK)  # Several programs start at once.
    model = await versions.register_model(session, manifest, artefact, actor=who, now=now)
    rules = await versions.register_policy(session, policy, actor=who, now=now)
    pair = Pair(model.sha256, rules.sha256)
    holder = line_up.champion(await line_up.standing(session), EVERY_PRODUCT)
    if holder is not None and (holder.seated_by != who or Pair.of(holder) == pair):
        return None
    why = "configured by KOPA_MODEL_DIR and KOPA_POLICY_FILE"
    return await line_up.take(session, Role.CHAMPION, pair, actor=who, why=why, now=now)


def _subject(product: str) -> str:
    return f"line_up:{product or 'every product'}"


def _facts(pair: Pair, product: str) -> dict[str, str]:
    return {"model": pair.model_sha256, "policy": pair.policy_sha256, "product": product}
