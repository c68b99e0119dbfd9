"""Who decides: champion, challenger and shadows, by product or for all, since when and by whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit import audit
from kit.db import lock_key
from kit.errors import DomainError, Kind
from kit.ids import new_id
from scoring import assignment, versions
from scoring.assignment import WHOLE_BPS
from scoring.model.predictor import Model
from scoring.models import Decision, Role, Seat
from scoring.policy import Policy
from scoring.refusals import Sentence

EVERY_PRODUCT = ""
LOCK = "line_up"
_RANKS = tuple(Role)


class SeatTaken(Sentence, DomainError):
    code = "risk_seat_taken"
    kind = Kind.CONFLICT
    sentence = "This model with this policy is the {role} already."


class SeatEmpty(Sentence, DomainError):
    code = "risk_seat_empty"
    kind = Kind.NOT_FOUND
    sentence = "There is no such {role} that could be taken off."


class NothingBefore(Sentence, DomainError):
    code = "risk_nothing_before"
    kind = Kind.CONFLICT
    sentence = "Nothing decided before the champion that stands: there is nothing to go back to."


class LineUpMoved(Sentence, DomainError):
    """A form that was drawn before would end somebody else."""

    code = "risk_line_up_moved"
    kind = Kind.CONFLICT
    sentence = "Somebody else sits there by now: look at the line-up again."


class NothingToContest(Sentence, DomainError):
    """A challenger of one product contests its own champion; that of every product has others."""

    code = "risk_nothing_to_contest"
    kind = Kind.CONFLICT
    sentence = (
        "There is no champion of just these products to contest: promote one for them first, or"
        " contest that of every product."
    )


@dataclass(frozen=True, slots=True)
class Pair:
    """A model and the policy that judges by it."""

    model_sha256: str
    policy_sha256: str

    @classmethod
    def of(cls, seat: Seat) -> "Pair":
        return cls(seat.model_sha256, seat.policy_sha256)


async def standing(session: AsyncSession) -> Sequence[Seat]:
    """Every seat that is taken now, the oldest first."""
    return (await session.scalars(select(Seat).where(Seat.until.is_(None)).order_by(Seat.id))).all()


async def history(session: AsyncSession, *, limit: int = 100) -> Sequence[Seat]:
    """Newest first."""
    return (await session.scalars(select(Seat).order_by(Seat.id.desc()).limit(limit))).all()


def champion(seats: Iterable[Seat], product: str) -> Seat | None:
    """The product's own champion, else that of every product."""
    found = {seat.product: seat for seat in seats if seat.role is Role.CHAMPION}
    return found.get(product) or found.get(EVERY_PRODUCT)


def falls_to(seats: Iterable[Seat], product: str, scope: str) -> bool:
    """Whether a champion of the scope decides for the product, now or once it is seated."""
    holder = champion(seats, product)
    is_own = holder is not None and holder.product == product
    return product == scope or (scope == EVERY_PRODUCT and not is_own)


def falling_to(seats: Iterable[Seat], scope: str) -> ColumnElement[bool]:
    """The decisions of the products for which `falls_to` is true, within a statement."""
    product: ColumnElement[str] = Decision.snapshot["application"]["product"].as_string()
    if scope != EVERY_PRODUCT:
        return product == scope
    own = {seat.product for seat in seats if seat.role is Role.CHAMPION} - {EVERY_PRODUCT}
    return product.not_in(own)


def choose(seats: Sequence[Seat], product: str, borrower_id: UUID) -> Seat | None:
    """Who decides for this borrower: always the same while the challenger stands. A challenger
    contests the champion of the same products and no other."""
    for seat in of_product(seats, product):
        if seat.role is Role.CHALLENGER:
            salt = f"challenger {seat.model_sha256} {seat.policy_sha256}"
            if assignment.draw(borrower_id, salt) < seat.share_bps:
                return seat
    return champion(seats, product)


def of_product(seats: Iterable[Seat], product: str) -> list[Seat]:
    """Every seat that has a say for the product: its own, and those of every product unless it
    has a champion of its own; shadows of both."""
    seats = list(seats)
    holder = champion(seats, product)
    scope = holder.product if holder is not None else product
    return [
        seat
        for seat in seats
        if seat.product == scope
        or (seat.role is Role.SHADOW and seat.product in (product, EVERY_PRODUCT))
    ]


def has_shadows(seats: Iterable[Seat], product: str) -> bool:
    return any(seat.role is Role.SHADOW for seat in of_product(seats, product))


async def load(session: AsyncSession, pair: Pair) -> tuple[Model, Policy]:
    return (
        await versions.get_model(session, pair.model_sha256),
        await versions.get_policy(session, pair.policy_sha256),
    )


async def take(
    session: AsyncSession,
    role: Role,
    pair: Pair,
    *,
    actor: str,
    why: str,
    now: datetime,
    product: str = EVERY_PRODUCT,
    share_bps: int = WHOLE_BPS,
    restores: UUID | None = None,
) -> Seat:
    """Seat the pair from now on. Who held the seat leaves it; a shadow sits beside the others."""
    await load(session, pair)
    for seat in await giving_way(session, role, pair, product=product, share_bps=share_bps):
        _end(session, seat, actor, why, now)
    # What ends is written first: a seat that decides is taken once at a time.
    await session.flush()
    seat = Seat(
        id=new_id(), product=product, role=role, model_sha256=pair.model_sha256,
        policy_sha256=pair.policy_sha256, share_bps=share_bps, since=now, seated_by=actor, why=why,
        restores=restores,
    )  # fmt: skip
    session.add(seat)
    _record(session, seat, "taken", actor, why, now)
    await session.flush()
    return seat


async def giving_way(
    session: AsyncSession,
    role: Role,
    pair: Pair,
    *,
    product: str = EVERY_PRODUCT,
    share_bps: int = WHOLE_BPS,
) -> list[Seat]:
    """Who leaves when the pair is seated. Raises SeatTaken where it sits there, or higher."""
    await lock_key(session, LOCK)
    return [
        seat
        for seat in await standing(session)
        if seat.product == product and _gives_way(seat, role, pair, share_bps)
    ]


async def leave(
    session: AsyncSession,
    role: Role,
    pair: Pair | None,
    *,
    actor: str,
    why: str,
    now: datetime,
    product: str = EVERY_PRODUCT,
    seen: UUID | None = None,
) -> Seat:
    """End a challenger or a shadow. What it has assessed stays. `seen` is the seat that the caller
    wants to end, where another may sit there by now."""
    await lock_key(session, LOCK)
    for seat in await standing(session):
        is_meant = pair is None or Pair.of(seat) == pair
        if (seat.role, seat.product) == (role, product) and is_meant:
            if seen not in (None, seat.id):
                raise LineUpMoved()
            _end(session, seat, actor, why, now)
            await session.flush()
            return seat
    raise SeatEmpty(role=role)


async def roll_back(
    session: AsyncSession,
    *,
    actor: str,
    why: str,
    now: datetime,
    product: str = EVERY_PRODUCT,
    seen: UUID | None = None,
) -> Seat | None:
    """Back to the champion that stood before the one that stands, and at the next time to the one
    before that. None: the product has no champion of its own any more, as before, and nobody who
    contests it. `seen` is the seat that the caller wants to end, where a form may be sent twice."""
    await lock_key(session, LOCK)
    query = select(Seat).where(Seat.role == Role.CHAMPION, Seat.product == product)
    past = {seat.id: seat for seat in (await session.scalars(query.order_by(Seat.id))).all()}
    present = next((seat for seat in past.values() if seat.until is None), None)
    if present is None:
        raise SeatEmpty(role=Role.CHAMPION)
    if seen not in (None, present.id):
        raise LineUpMoved()
    began = past[present.restores or present.id]
    before = next((seat for seat in reversed(past.values()) if seat.id < began.id), None)
    # Where the two do not meet, the product had no champion of its own between them.
    if before is not None and before.until == began.since:
        origin = before.restores or before.id
        return await take(
            session, Role.CHAMPION, Pair.of(past[origin]), actor=actor, why=why, now=now,
            product=product, restores=origin,
        )  # fmt: skip
    if product == EVERY_PRODUCT:
        raise NothingBefore()
    for seat in await standing(session):
        if seat.product == product and seat.role is not Role.SHADOW:
            _end(session, seat, actor, why, now)
    await session.flush()
    return None


def _gives_way(seat: Seat, role: Role, pair: Pair, share_bps: int) -> bool:
    """Whoever held the seat, and the lower seat of a pair that rises."""
    if Pair.of(seat) != pair:
        return seat.role is role is not Role.SHADOW
    if seat.role is role and seat.share_bps != share_bps:
        return True
    if _RANKS.index(seat.role) <= _RANKS.index(role):
        raise SeatTaken(role=seat.role)
    return True


def _end(session: AsyncSession, seat: Seat, actor: str, why: str, now: datetime) -> None:
    seat.until, seat.ended_by = now, actor
    _record(session, seat, "left", actor, why, now)


def _record(
    session: AsyncSession, seat: Seat, what: str, actor: str, why: str, now: datetime
) -> None:
    audit.record(
        session, actor=actor, action=f"line_up.{what}", subject=f"line_up:{seat.id}", now=now,
        role=seat.role, product=seat.product, model=seat.model_sha256, policy=seat.policy_sha256,
        share_bps=seat.share_bps, why=why,
    )  # fmt: skip
