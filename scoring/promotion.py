"""Promotion: two of staff agree on who decides, and a gate holds back what is not better."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit, four_eyes
from kit.db import lock_key
from kit.errors import DomainError, Kind
from kit.four_eyes import Proposal
from scoring import line_up, versions
from scoring.assignment import WHOLE_BPS
from scoring.line_up import EVERY_PRODUCT, Pair
from scoring.models import Role, Seat
from scoring.refusals import Sentence
from scoring.watching import gate

PROMOTE, CONTEST = "risk.promote", "risk.challenge"
_ACTS = {Role.CHAMPION: PROMOTE, Role.CHALLENGER: CONTEST}
_ALTHOUGH = {"although": "the gate holds it back"}


class PromotionHeld(Sentence, DomainError):
    """The gate does not let it decide; somebody may insist and say why."""

    code = "risk_promotion_held"
    kind = Kind.CONFLICT
    sentence = "The gate holds it back: {problems} Insist with --force and say why."


class PromotionTurned(Sentence, DomainError):
    """The gate speaks against what was proposed before it did, so nobody has insisted."""

    code = "risk_promotion_turned"
    kind = Kind.CONFLICT
    sentence = (
        "The gate holds it back since it was proposed: {problems} Withdraw it and propose it anew."
    )


@dataclass(frozen=True, slots=True)
class Bid:
    """A pair that is to decide: as the champion, or as the challenger for a share."""

    pair: Pair
    product: str = EVERY_PRODUCT
    role: Role = Role.CHAMPION
    share_bps: int = WHOLE_BPS

    @property
    def facts(self) -> dict[str, str]:
        """What two agree to."""
        found = {
            "model": self.pair.model_sha256,
            "policy": self.pair.policy_sha256,
            "product": self.product,
        }
        return found if self.role is Role.CHAMPION else {**found, "share_bps": str(self.share_bps)}


async def agree(
    session: AsyncSession,
    bid: Bid,
    said: gate.Answer,
    *,
    staff_id: UUID,
    reason: str,
    now: datetime,
    force: bool = False,
) -> Proposal:
    """The first of staff proposes, another one confirms, and it sits. What the gate said against
    it needs both to insist."""
    await line_up.giving_way(
        session, bid.role, bid.pair, product=bid.product, share_bps=bid.share_bps
    )
    if bid.role is Role.CHALLENGER:
        await _check_contested(session, bid.product)
    is_insisted = await _is_insisted(session, bid, said, force=force)
    proposal = await four_eyes.agree(
        session, act=_ACTS[bid.role], subject=subject_of(bid.product), staff_id=staff_id,
        reason=reason, now=now, **bid.facts, **(_ALTHOUGH if is_insisted else {}),
    )  # fmt: skip
    if proposal.is_confirmed:
        await line_up.take(
            session, bid.role, bid.pair, actor=f"staff:{staff_id}", why=proposal.reason, now=now,
            product=bid.product, share_bps=bid.share_bps,
        )  # fmt: skip
    return proposal


def subject_of(product: str) -> str:
    """What its proposals are about."""
    return f"line_up:{product or 'every product'}"


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


async def _is_insisted(session: AsyncSession, bid: Bid, said: gate.Answer, *, force: bool) -> bool:
    """Whether it is agreed to although the gate holds it back: as it was proposed, for the gate
    may tell the second of staff another thing than the first."""
    waiting = await four_eyes.list_open(
        session, subject=subject_of(bid.product), acts=[_ACTS[bid.role]]
    )
    insisted = [
        "although" in each.facts for each in waiting if bid.facts.items() <= each.facts.items()
    ]
    problems = " ".join(said.reasons)
    if problems and insisted == [False]:
        raise PromotionTurned(problems=problems)
    if problems and not force:
        raise PromotionHeld(problems=problems)
    return insisted[0] if insisted else bool(problems)


async def _check_contested(session: AsyncSession, product: str) -> None:
    holder = line_up.champion(await line_up.standing(session), product)
    if holder is None or holder.product != product:
        raise line_up.NothingToContest()
