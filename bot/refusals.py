"""A refusal in one kind sentence, above the place where the borrower still is."""

from bot import places
from bot.context import UpdateContext
from bot.screens.base import Reply, Screen
from kit.errors import DomainError, Kind
from onboarding import cases, proofs

_SENTENCE_WORDS = 3


async def explain(context: UpdateContext, refusal: DomainError, said: str | None = None) -> Reply:
    """`said`: what was written, when that was refused. A sentence may be meant for a person."""
    sentence = context.words.refusal(refusal)
    if said is not None and await _overheard(context, refusal, said):
        sentence = f"{sentence} {context.words('words-passed-on')}"
    return under(sentence, await places.current(context))


async def _overheard(context: UpdateContext, refusal: DomainError, said: str) -> bool:
    """Who has asked for a person writes to that person, also where a question is still open."""
    dossier = context.dossier
    is_sentence = len(said.split()) >= _SENTENCE_WORDS and not said.startswith("/")
    if dossier is None or refusal.kind is not Kind.INVALID or not is_sentence:
        return False
    case = await cases.conversation_of(context.session, dossier, now=context.now)
    if case is None:
        return False
    try:
        await cases.reply(context.session, case, said, now=context.now)
    except DomainError:
        return False  # Too much, or nothing readable: then only the refusal is said.
    return True


def under(sentence: str, place: Screen) -> Reply:
    return Reply((place.under(sentence),))


async def not_understood(context: UpdateContext) -> Reply:
    """Something came that does not answer what we asked: nothing is lost, we ask again."""
    return under(context.words(_expected(context)), await places.current(context))


def _expected(context: UpdateContext) -> str:
    dossier = context.dossier
    step = proofs.current(dossier) if dossier is not None else None
    return f"expected-{step.kind}" if step is not None else "unexpected"
