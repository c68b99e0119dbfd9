"""What is said to staff: answers to their questions, files, and free words to a person."""

from aiogram import Bot, F, Router
from aiogram.types import Message, Update
from sqlalchemy import select

from bot import places, refusals, tasks
from bot.context import UpdateContext
from bot.handlers import photos
from bot.handlers.proofs import CODE
from bot.handlers.where import Where
from bot.screens.base import Reply, Screen, reply
from kit import jobs
from onboarding import case_files, cases, dossiers, proofs, steps
from onboarding.dossiers import Dossier
from onboarding.models import Case, Code
from onboarding.states import ApplicationStatus, CaseStatus
from onboarding.steps import StepKind

_TEXT = F.text & ~F.text.startswith("/")
_NEVER_TYPED = frozenset({StepKind.CONTACT, StepKind.PHOTO, StepKind.CODE})


async def answer(message: Message, context: UpdateContext, case: Case) -> Reply:
    is_awaited = case.status is CaseStatus.WAITING
    await cases.reply(context.session, case, message.text or "", now=context.now)
    after = await dossiers.of(context.session, context.known.borrower)
    sentence = context.words("status-question-answered" if is_awaited else "words-passed-on")
    return refusals.under(sentence, await places.current(context.at(after)))


async def file(
    message: Message, context: UpdateContext, case: Case, bot: Bot, event_update: Update
) -> Reply:
    """Noted now, fetched and cleaned by a job; the words that came with it are kept at once."""
    file_id = _file_id(message)
    await cases.require_room(context.session, case, now=context.now)
    if message.caption:
        await cases.reply(context.session, case, message.caption, now=context.now)
    await jobs.enqueue(
        context.session,
        tasks.FILE,
        key=f"file:{bot.id}:{event_update.update_id}",
        case_id=str(case.id),
        file_id=file_id,
    )
    return reply(Screen(context.words("file-received")))


def _file_id(message: Message) -> str:
    media_type = (message.document.mime_type or "") if message.document else case_files.JPEG
    if not media_type.startswith("image/") and media_type != case_files.PDF:
        raise case_files.FileFormatUnsupported()
    return photos.file_id_of(message)


async def _answers(message: Message, context: UpdateContext) -> bool | dict[str, Case]:
    dossier = context.dossier
    if dossier is None or dossier.question is None:
        return False
    is_code = CODE.fullmatch(message.text or "") is not None
    if is_code and await _waits_for_code(context, dossier):
        return False
    return {"case": dossier.question}


async def _waits_for_code(context: UpdateContext, dossier: Dossier) -> bool:
    if dossier.is_drafting:
        step = steps.next_step(dossier)
        return step is not None and step.kind is StepKind.CODE
    application = dossier.application
    if application is None or application.status is not ApplicationStatus.OFFERED:
        return False
    # The phone has long been proven: a code that still works is one that signs.
    requested = select(Code.id).where(
        Code.borrower_id == dossier.borrower.id,
        Code.used_at.is_(None),
        Code.expires_at > context.now,
    )
    return await context.session.scalar(requested.limit(1)) is not None


async def _brings_file(_: Message, context: UpdateContext) -> bool | dict[str, Case]:
    """A picture that a question asks for is no file for staff."""
    dossier = context.dossier
    step = proofs.current(dossier) if dossier is not None else None
    if dossier is None or (step is not None and step.kind is StepKind.PHOTO):
        return False
    return await _open_conversation(context, dossier)


async def _speaks_freely(message: Message, context: UpdateContext) -> bool | dict[str, Case]:
    """Words that answer no question, while a person is asked for."""
    dossier = context.dossier
    step = proofs.current(dossier) if dossier is not None else None
    if dossier is None or (step is not None and not _is_beside(step.kind, message.text or "")):
        return False
    return await _open_conversation(context, dossier)


def _is_beside(kind: StepKind, text: str) -> bool:
    if kind is StepKind.CODE and CODE.fullmatch(text) is not None:
        return False
    return kind in _NEVER_TYPED


async def _open_conversation(context: UpdateContext, dossier: Dossier) -> bool | dict[str, Case]:
    case = await cases.conversation_of(context.session, dossier, now=context.now)
    return {"case": case} if case is not None else False


def register(router: Router) -> None:
    router.message.register(answer, Where(_TEXT), _answers)
    router.message.register(file, Where(F.photo | F.document), _brings_file)


def register_free_words(router: Router) -> None:
    """After everything that may be typed: amounts to pay, codes."""
    router.message.register(answer, Where(_TEXT), _speaks_freely)
