"""A refusal in one kind sentence, above the place where the borrower still is."""

from bot import places
from bot.context import UpdateContext
from bot.screens.base import Reply, Screen
from kit.errors import DomainError
from onboarding import proofs


async def explain(context: UpdateContext, refusal: DomainError) -> Reply:
    return under(context.words.refusal(refusal), await places.current(context))


def under(sentence: str, place: Screen) -> Reply:
    return Reply((place.under(sentence),))


async def not_understood(context: UpdateContext) -> Reply:
    """Something came that does not answer what we asked: nothing is lost, we ask again."""
    return under(context.words(_expected(context)), await places.current(context))


def _expected(context: UpdateContext) -> str:
    dossier = context.dossier
    step = proofs.current(dossier) if dossier is not None else None
    return f"expected-{step.kind}" if step is not None else "unexpected"
