"""For analysts: models and policies, who decides, what would have been, decisions made again."""

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status
from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from api import once
from api.deps import Now, Session, Staff, Wired, permitted
from api.schemas import MoneyShown, PageSize, Record, Shown, Strict, Text
from api.v1.proposals import ProposalShown
from kit.db import reading
from kit.four_eyes import Proposal
from onboarding import successors
from scoring import comparing, line_up, queries, replaying, versions, whatif
from scoring import policy as policies
from scoring.comparing import Agreement, Beside
from scoring.line_up import Pair
from scoring.models import RiskModel, Role, Seat
from scoring.policy import Outcome
from scoring.promotion import Bid
from scoring.queries import Period

router = APIRouter(prefix="/v1/risk", tags=["risk"], dependencies=[Depends(permitted)])

Hash = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Product = Annotated[str, StringConstraints(max_length=60, pattern=r"^[\w.-]*$")]
Moment = Annotated[AwareDatetime, Field(strict=False)]
_MOST_TRIED = 20_000


class ModelShown(Shown):
    sha256: str
    name: str
    registered_by: str
    registered_at: datetime
    columns: list[str]
    metrics: dict[str, Any]
    """As measured in training, with intervals."""
    training: dict[str, Any]

    @classmethod
    def of(cls, row: RiskModel) -> "ModelShown":
        manifest = json.loads(row.manifest)
        return cls(
            sha256=row.sha256,
            name=row.name,
            registered_by=row.registered_by,
            registered_at=row.registered_at,
            columns=[column["name"] for column in manifest["columns"]],
            metrics=manifest["metrics"],
            training=manifest["training"],
        )


class PolicyShown(Shown):
    sha256: str
    name: str
    body: str
    registered_by: str
    registered_at: datetime


class Registered(Shown):
    sha256: str
    name: str


class NewModel(Strict):
    manifest: Annotated[str, StringConstraints(max_length=2_000_000)]
    artefact: Annotated[str, StringConstraints(max_length=20_000_000)] = Field(
        description="The model file that the manifest was written for, as text."
    )


class NewPolicy(Strict):
    body: Annotated[str, StringConstraints(max_length=200_000)] = Field(description="YAML.")


class SeatShown(Record):
    product: str
    """Empty: every product without a seat of its own."""
    role: Role
    model_sha256: str
    policy_sha256: str
    share_bps: int
    since: datetime
    seated_by: str
    why: str
    restores: UUID | None
    until: datetime | None
    ended_by: str | None


class Chosen(Strict):
    model_sha256: Hash
    policy_sha256: Hash
    product: Product = line_up.EVERY_PRODUCT
    reason: Text = Field(description="Why; kept in the audit trail, so name no person.")

    @property
    def pair(self) -> Pair:
        return Pair(self.model_sha256, self.policy_sha256)


class Promotion(Chosen):
    force: bool = Field(False, description="Although the gate holds it back: the reason says why.")

    @property
    def bid(self) -> Bid:
        return Bid(self.pair, self.product)


class Contest(Chosen):
    share_bps: Annotated[int, Field(ge=1, le=5_000)]

    @property
    def bid(self) -> Bid:
        return Bid(self.pair, self.product, Role.CHALLENGER, self.share_bps)


class ShadowSet(Chosen):
    on: bool


class Scope(Strict):
    product: Product = line_up.EVERY_PRODUCT
    reason: Text


class RolledBack(Shown):
    champion: SeatShown | None
    """Null: the product has no champion of its own any more; that of every product decides."""


class ReplayShown(Shown):
    decision_id: UUID
    same: bool
    differences: dict[str, list[Any]]
    """By part: what is stored, and what came out now."""


class Span(Strict):
    since: Moment | None = None
    until: Moment | None = None

    @property
    def period(self) -> Period:
        return Period(self.since, self.until)


class Trial(Span):
    policy_sha256: Hash | None = None
    policy_body: Annotated[str, StringConstraints(max_length=200_000)] | None = None
    model_sha256: Hash | None = None
    most: Annotated[int, Field(ge=1, le=_MOST_TRIED)] = 5_000

    @model_validator(mode="after")
    def _names_something(self) -> "Trial":
        named = (self.policy_sha256, self.policy_body, self.model_sha256)
        if not any(named) or all(named[:2]):
            raise ValueError("name a policy once, a model, or both")
        return self


class BesideShown(Shown):
    model_sha256: str
    policy_sha256: str
    decided: Outcome
    would_be: Outcome
    count: int
    mean_pd_decided: float
    mean_pd_shadow: float
    approved: MoneyShown
    would_approve: MoneyShown

    @classmethod
    def of(cls, row: Beside) -> "BesideShown":
        return cls(
            model_sha256=row.model_sha256,
            policy_sha256=row.policy_sha256,
            decided=row.decided,
            would_be=row.would_be,
            count=row.count,
            mean_pd_decided=row.mean_pd_decided,
            mean_pd_shadow=row.mean_pd_shadow,
            approved=MoneyShown.of_minor(row.approved_minor, row.currency),
            would_approve=MoneyShown.of_minor(row.would_approve_minor, row.currency),
        )


class AgreementShown(Shown):
    model_sha256: str
    policy_sha256: str
    count: int
    same: float
    """The share of applications that got the same answer."""
    approved: float
    would_approve: float
    expected_bad: float | None
    """The mean probability of those who were approved; null where nobody was."""
    would_expected_bad: float | None
    """Of those whom the shadow would approve, by the probabilities that decided."""
    own_expected_bad: float | None
    """The same, by the shadow's own."""

    @classmethod
    def of(cls, found: Agreement) -> "AgreementShown":
        were, would, own = found.bad_rates
        return cls(
            model_sha256=found.pair.model_sha256,
            policy_sha256=found.pair.policy_sha256,
            count=found.count,
            same=found.same,
            approved=found.approved,
            would_approve=found.would_approve,
            expected_bad=were,
            would_expected_bad=would,
            own_expected_bad=own,
        )


class Comparison(Shown):
    models: list[ModelShown]
    """Every model that has a seat, with its numbers from training."""
    agreements: list[AgreementShown]
    """Each shadow beside what was decided, summed."""
    shadows: list[BesideShown]
    """What shadows would have decided, by what was."""


@router.get("/models", response_model=list[ModelShown])
async def list_risk_models(session: Session) -> list[ModelShown]:
    """Newest first."""
    return [ModelShown.of(row) for row in await versions.list_models(session)]


@router.post("/models", response_model=Registered, status_code=status.HTTP_201_CREATED)
async def register_risk_model(body: NewModel, session: Session, who: Staff, now: Now) -> Registered:
    """Kept by its hash after every check of loading; the same one again changes nothing."""
    model = await versions.register_model(
        session, body.manifest, body.artefact, actor=who.actor, now=now
    )
    return Registered(sha256=model.sha256, name=model.manifest.name)


@router.get("/policies", response_model=list[PolicyShown])
async def list_risk_policies(session: Session) -> list[Any]:
    """Newest first, each with its text."""
    return list(await versions.list_policies(session))


@router.post("/policies", response_model=Registered, status_code=status.HTTP_201_CREATED)
async def register_risk_policy(
    body: NewPolicy, session: Session, who: Staff, now: Now
) -> Registered:
    """Refused when it contradicts itself or can never approve."""
    policy = await versions.register_policy(session, body.body, actor=who.actor, now=now)
    return Registered(sha256=policy.sha256, name=policy.name)


@router.get("/line-up", response_model=list[SeatShown])
async def get_line_up(session: Session) -> list[Seat]:
    """Who decides now, and who only looks on."""
    return list(await line_up.standing(session))


@router.get("/line-up/history", response_model=list[SeatShown])
async def list_line_up_history(session: Session, limit: PageSize = 50) -> list[Seat]:
    """Every seat there was, newest first."""
    return list(await line_up.history(session, limit=limit))


@router.get("/compare", response_model=Comparison)
async def compare_risk(
    session: Session, since: Moment | None = None, until: Moment | None = None
) -> Comparison:
    seated = {seat.model_sha256 for seat in await line_up.standing(session)}
    models = [row for row in await versions.list_models(session) if row.sha256 in seated]
    beside = await comparing.of_shadows(session, Period(since, until))
    return Comparison(
        models=[ModelShown.of(row) for row in models],
        agreements=[AgreementShown.of(found) for found in comparing.agreements(beside)],
        shadows=[BesideShown.of(row) for row in beside],
    )


@router.put("/shadow", response_model=SeatShown)
async def set_shadow(body: ShadowSet, session: Session, who: Staff, now: Now) -> Seat:
    """On: it assesses every application afterwards and never acts. Off: what it said stays."""
    if not body.on:
        return await line_up.leave(
            session, Role.SHADOW, body.pair, actor=who.actor, why=body.reason, now=now,
            product=body.product,
        )  # fmt: skip
    return await successors.shadow(
        session, body.pair, actor=who.actor, why=body.reason, now=now, product=body.product
    )


@router.put("/challenger", response_model=ProposalShown)
async def contest_risk(body: Contest, who: Staff, wiring: Wired, now: Now) -> Proposal:
    """It decides for a share of the borrowers, always the same ones. A second person says the
    same."""
    return await successors.agree(
        wiring.sessions, body.bid, wiring.settings, staff_id=who.id, reason=body.reason, now=now
    )


@router.post("/challenger/end", response_model=SeatShown)
async def end_contest(body: Scope, session: Session, who: Staff, now: Now) -> Seat:
    """The champion decides for everybody again, at once."""
    return await line_up.leave(
        session, Role.CHALLENGER, None, actor=who.actor, why=body.reason, now=now,
        product=body.product,
    )  # fmt: skip


@router.post("/promote", response_model=ProposalShown)
async def promote_risk(body: Promotion, who: Staff, wiring: Wired, now: Now) -> Proposal:
    """It becomes the champion. A second person says the same; the gate may hold it back."""
    return await successors.agree(
        wiring.sessions, body.bid, wiring.settings, staff_id=who.id, reason=body.reason, now=now,
        force=body.force,
    )  # fmt: skip


@router.post("/roll-back", response_model=RolledBack, status_code=status.HTTP_201_CREATED)
async def roll_back_risk(
    body: Scope, session: Session, who: Staff, now: Now, idempotency_key: once.Key
) -> Response:
    """Back to the champion before, at once and by one person: it was agreed to once."""

    async def act() -> RolledBack:
        seat = await successors.roll_back(
            session, actor=who.actor, why=body.reason, now=now, product=body.product
        )
        return RolledBack(champion=SeatShown.model_validate(seat) if seat is not None else None)

    return await once.created(
        session, act, scope=f"risk.roll_back:{who.id}", key=idempotency_key, body=body, now=now
    )


@router.post("/decisions/{decision_id}/replay", response_model=ReplayShown)
async def replay_decision(decision_id: UUID, session: Session) -> ReplayShown:
    """Make it again from its snapshot by the model and policy that made it."""
    decision = await queries.get_decision(session, decision_id)
    found = await replaying.one(session, decision)
    return ReplayShown(
        decision_id=decision_id,
        same=not found,
        differences={part: list(both) for part, both in found.items()},
    )


@router.post("/replay")
async def replay_risk(body: Span, wiring: Wired) -> dict[str, Any]:
    """Make all decisions of a period again."""
    return (await replaying.every(wiring.sessions, body.period)).to_json()


@router.post("/what-if")
async def try_risk(body: Trial, wiring: Wired) -> dict[str, Any]:
    """What the stored applications of a period would have got by another policy or model. Nothing
    is stored; after `most` decisions the rest is left out."""
    model = policy = None
    async with reading(wiring.sessions) as session:
        if body.model_sha256 is not None:
            model = await versions.get_model(session, body.model_sha256)
        if body.policy_sha256 is not None:
            policy = await versions.get_policy(session, body.policy_sha256)
    if body.policy_body is not None:
        policy = policies.parse(body.policy_body)
    report = await whatif.replay(
        wiring.sessions, body.period, model=model, policy=policy, most=body.most
    )
    return report.to_json()
