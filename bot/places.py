"""Where the borrower is now: loads what the screen of that place needs and draws it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bot import loan_places
from bot.context import UpdateContext
from bot.screens import calculator, guarantee, offer, proof, questions, review, status
from bot.screens.base import Reply, Screen
from bot.screens.calculator import Choice
from bot.screens.questions import Asked
from bot.text import Words
from kit.money import Money
from onboarding import (
    cases,
    guarantees,
    identity,
    journey,
    offers,
    prices,
    products,
    proofs,
    steps,
    telemetry,
    video_notes,
)
from onboarding.dossiers import Dossier
from onboarding.models import is_open
from onboarding.products import LoanProduct
from onboarding.states import ApplicationStatus
from onboarding.steps import Step
from scoring import queries as decisions
from scoring.models import Decision
from scoring.policy import Outcome


def is_under_way(dossier: Dossier | None) -> bool:
    """An application or a loan: the price list is not the place to start another one."""
    if dossier is None:
        return False
    application = dossier.application
    return dossier.loan is not None or (application is not None and is_open(application))


async def current(context: UpdateContext) -> Screen:
    """The screen that says where the borrower is and what can be done next."""
    dossier = context.dossier
    if dossier is None or dossier.application is None:
        return await price_list(context)
    if (wanted := proofs.asked(dossier)) is not None:
        return proof.screen(await question(context, dossier, wanted), context.words)
    if dossier.loan is not None:
        return await loan_places.overview(context, dossier.loan)
    return await _PLACES[dossier.application.status](context, dossier)


async def asked(context: UpdateContext, dossier: Dossier) -> Screen:
    """Where the borrower is after a step of theirs; a new question is noted as shown."""
    moved = context.at(dossier)
    if dossier.is_drafting:
        step = steps.next_step(dossier)
        field = step.name if step is not None else "review"
        await telemetry.shown(context.session, dossier.draft.id, field, now=context.now)
    return await current(moved)


async def stale(context: UpdateContext) -> Reply:
    """A button of yesterday: said kindly, nothing done, and the present place shown."""
    screen = await current(context)
    return Reply((screen.under(context.words("stale-button")),), toast=toast(context.words))


def toast(words: Words) -> str:
    return words.label("stale-toast")


async def price_list(context: UpdateContext, words: Words | None = None) -> Screen:
    """The calculator as it opens."""
    spoken = words or context.words
    offered = await products.active(context.session)
    if not offered:
        return calculator.nothing_on_offer(spoken)
    return _priced(context, calculator.default(offered[0]), offered, spoken)


async def priced(context: UpdateContext, choice: Choice, words: Words) -> Screen:
    return _priced(context, choice, await products.active(context.session), words)


def _priced(
    context: UpdateContext, choice: Choice, offered: Sequence[LoanProduct], words: Words
) -> Screen:
    ends = prices.ends(choice.product, choice.amount, choice.term, context.on)
    return calculator.screen(choice, offered, ends, words)


async def draft(context: UpdateContext, dossier: Dossier) -> Screen:
    step = steps.next_step(dossier)
    if step is not None:
        return questions.screen(await question(context, dossier, step), context.words)
    values = {
        each.name: await journey.known_value(context.session, dossier, each.name, now=context.now)
        for each in steps.applying(dossier)
        if each.kind not in steps.SENT and each.name not in review.HIDDEN
    }
    return review.screen(dossier, values, context.words)


async def question(context: UpdateContext, dossier: Dossier, step: Step) -> Asked:
    if step.kind is steps.StepKind.CONFIRM:
        read = await identity.fields(context.session, dossier, now=context.now)
        return Asked(dossier, step, read=read)
    offered = await _suitable(context, dossier) if step.name == "product" else ()
    known = None
    if not steps.is_fixed(dossier, step.name) and step.is_answered(dossier):
        known = await journey.known_value(context.session, dossier, step.name, now=context.now)
    return Asked(dossier, step, offered, known, video_notes.asked(dossier, now=context.now))


async def _suitable(context: UpdateContext, dossier: Dossier) -> Sequence[LoanProduct]:
    employment, income = dossier.borrower.employment, dossier.draft.monthly_income_minor
    return [
        product
        for product in await products.active(context.session)
        if product.is_for(employment, income)
    ]


async def submitted(context: UpdateContext, dossier: Dossier) -> Screen:
    standing = await guarantees.standing_of(context.session, dossier)
    if standing is not guarantees.Standing.GIVEN:
        return guarantee.awaited(dossier, standing, context.words)
    return status.waiting_for_identity(context.words)


async def in_review(context: UpdateContext, dossier: Dossier) -> Screen:
    standing = await guarantees.standing_of(context.session, dossier)
    if standing is guarantees.Standing.MISSING:
        return guarantee.awaited(dossier, standing, context.words)
    return status.in_review(context.words)


async def questioned(context: UpdateContext, dossier: Dossier) -> Screen:
    return status.questioned(await _open_question(context, dossier), context.words)


async def canceled(context: UpdateContext, _: Dossier) -> Screen:
    return status.ended("canceled", context.words)


async def expired(context: UpdateContext, _: Dossier) -> Screen:
    return status.ended("offer-expired", context.words)


async def _open_question(context: UpdateContext, dossier: Dossier) -> str | None:
    """What staff asked and wait to hear."""
    case = dossier.question
    if case is None:
        return None
    said = await cases.messages(context.session, case, now=context.now)
    return next((one.body for one in reversed(said) if one.kind == "question"), None)


async def offered(context: UpdateContext, dossier: Dossier) -> Screen:
    found, product = dossier.offer, dossier.product
    assert found is not None
    assert product is not None
    if context.now >= found.expires_at:
        return status.ended("offer-expired", context.words)
    standing = await guarantees.standing_of(context.session, dossier)
    if standing is not guarantees.Standing.GIVEN:
        return guarantee.awaited(dossier, standing, context.words)
    facts = offers.key_facts(found, product, context.on)
    return offer.screen(dossier, found, product, facts, context.words)


def nearest_of(decision: Decision | None, given: list[Any] | None) -> dict[str, Any] | None:
    """Nothing where a person declined: what the engine would approve changes nothing then."""
    if decision is None or decision.outcome is not Outcome.DECLINE or given != decision.reasons:
        return None
    return decision.counterfactual


async def declined(context: UpdateContext, dossier: Dossier) -> Screen:
    """With the nearest request that would have been approved, when the engine found one."""
    decision = await decisions.find_latest(context.session, dossier.draft.id)
    change = None
    nearest = nearest_of(decision, dossier.draft.decline_reasons)
    if decision is not None and nearest is not None:
        change = (
            Money(nearest["amount_minor"], decision.currency),
            status.term_named(
                dossier.product, nearest["installments"], nearest["term_days"], context.words
            ),
        )
        debts = nearest.get("monthly_obligations_minor")
        if debts is not None:
            left = Money(debts, decision.currency)
            return status.declined(dossier, change, context.words, debts=left)
    return status.declined(dossier, change, context.words)


_PLACES: dict[ApplicationStatus, Callable[[UpdateContext, Dossier], Awaitable[Screen]]] = {
    ApplicationStatus.DRAFT: draft,
    ApplicationStatus.SUBMITTED: submitted,
    ApplicationStatus.IN_REVIEW: in_review,
    ApplicationStatus.QUESTIONED: questioned,
    ApplicationStatus.OFFERED: offered,
    ApplicationStatus.ACCEPTED: loan_places.latest,
    ApplicationStatus.DECLINED: declined,
    ApplicationStatus.CANCELED: canceled,
    ApplicationStatus.EXPIRED: expired,
}
