"""A lender that people in tests can write to: the real dispatcher over the test's database."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from aiogram import Bot
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from sqlalchemy import select

from bot import tasks, video_notes
from bot.app import create_bot, create_dispatcher
from bot.dispatcher import UpdateDispatcher
from bot.video_notes import Judged
from kit import jobs
from kit.clock import business_date
from kit.config import Settings
from kit.db import Sessions, unit_of_work
from kit.errors import DomainError
from kyc.checks import CheckResult
from kyc.documents.reading import DocumentReading
from kyc.embedded import face_result
from kyc.faces import FaceComparison, Verdict
from kyc.pictures import Inspection
from kyc.quality import Finding, Shot
from kyc.states import CheckKind, CheckVerdict
from notifications import sealing, templates
from notifications.models import Notification
from notifications.states import Channel
from notifications.templates import Params
from onboarding import catalog, decisioning, dossiers, steps
from onboarding import tasks as identity_tasks
from onboarding.decisioning import Underwriter
from onboarding.dossiers import Dossier
from servicing import disbursements
from servicing import queries as loans
from tests.journeys.chat import Chatter, Shown, Telegram, numbers

SETTINGS = Settings(_env_file=None, telegram_bot_token="4242:test", liveness="off")
WITH_VIDEO = SETTINGS.model_copy(update={"liveness": "required"})
"""For the stories in which people show that they are there."""


@dataclass
class SetClock:
    """Stands still until it is moved on."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Lender:
    sessions: Sessions
    clock: SetClock
    dispatcher: UpdateDispatcher
    bot: Bot
    underwriter: Underwriter
    settings: Settings

    def chatter(self, telegram_id: int = 7001, language: str = "en") -> Chatter:
        return Chatter(self.dispatcher, self.bot, telegram_id=telegram_id, language=language)

    @property
    def context(self) -> jobs.Context:
        services = {Bot: self.bot, Settings: self.settings, Underwriter: self.underwriter}
        return jobs.Context(self.sessions, self.clock, services)

    async def dossier(self, person: Chatter) -> Dossier:
        async with unit_of_work(self.sessions) as session:
            found = await dossiers.find(session, telegram_id=person.id)
        assert found is not None
        return found

    async def step(self, person: Chatter) -> str | None:
        dossier = await self.dossier(person)
        if not dossier.is_drafting:
            return None
        found = steps.next_step(dossier)
        return found.name if found is not None else "review"

    async def code(self, person: Chatter) -> str:
        """The digits of the newest code that was sent to this person."""
        return str((await self._params(person, "otp_code"))["code"])

    async def news(self, person: Chatter, template: str) -> Shown:
        """The newest message of this kind, as the chat shows it."""
        params = await self._params(person, template)
        locale = (await self.dossier(person)).borrower.locale
        words = templates.render(template, Channel.TELEGRAM, locale, params, lender="Kopa")
        shown = Shown(next(numbers), words.text)
        if words.button is not None:
            button = InlineKeyboardButton(text=words.button, callback_data=str(params["button"]))
            shown.keyboard = InlineKeyboardMarkup(inline_keyboard=[[button]])
        person.chat.append(shown)
        return shown

    async def _params(self, person: Chatter, template: str) -> Params:
        borrower_id = (await self.dossier(person)).borrower.id
        async with unit_of_work(self.sessions) as session:
            message = await session.scalar(
                select(Notification)
                .where(Notification.person_id == borrower_id, Notification.template == template)
                .order_by(Notification.id.desc())
                .limit(1)
            )
            assert message is not None
            return await sealing.params_of(session, message, now=self.clock.now())

    async def looks_at_photo(
        self, person: Chatter, *findings: Finding, reading: DocumentReading | None = None
    ) -> str:
        """What the job does once it has seen the picture. Without `findings` it is good."""
        dossier = await self.dossier(person)
        step = dossier.draft.pending_photo
        assert step is not None
        content = f"picture of {person.id} for {step}".encode()
        shot = Shot.SELFIE if step == "selfie" else Shot.DOCUMENT
        seen = Inspection(shot, content, faces_found=1, findings=findings, reading=reading)
        before = len(person.chat)
        await tasks.answer(self.context, dossier.draft.id, step, seen)
        return "\n".join(shown.text for shown in person.chat[before:])

    async def looks_at_note(self, person: Chatter, *reasons: str) -> str:
        """What the job does once it has seen the video note. Without `reasons` it is good."""
        verdict = CheckVerdict.DOUBT if reasons else CheckVerdict.CLEAR
        result = CheckResult(CheckKind.LIVENESS, verdict, "test", reasons)
        return await self.settles_note(person, Judged(b"film", result))

    async def settles_note(self, person: Chatter, seen: Judged | DomainError) -> str:
        dossier = await self.dossier(person)
        assert dossier.verification is not None
        assert dossier.verification.challenge is not None
        before = len(person.chat)
        nonce = dossier.verification.challenge["nonce"]
        await video_notes.answer(self.context, dossier.draft.id, nonce, seen)
        return "\n".join(shown.text for shown in person.chat[before:])

    async def compares_faces(self, person: Chatter, *, is_same: bool = True) -> None:
        """What the identity job writes down; the face engine itself is tested in its own room."""
        dossier = await self.dossier(person)
        assert dossier.verification is not None
        verdict = Verdict.SAME if is_same else Verdict.DIFFERENT
        comparison = FaceComparison(
            verdict=verdict,
            distance=0.31 if is_same else 0.86,
            threshold=0.545,
            fmr=1e-3,
            engine="test",
            faces_found=(1, 1),
            quality=dict.fromkeys(Shot, ()),
            explanation=(f"{verdict}_face",),
        )
        async with unit_of_work(self.sessions) as session:
            await identity_tasks.conclude(
                session,
                dossier.verification.id,
                [face_result(comparison)],
                self.underwriter,
                now=self.clock.now(),
            )

    async def pays_out(self, person: Chatter) -> None:
        """The rail proves that the money arrived."""
        loan = (await self.dossier(person)).loan
        assert loan is not None
        async with unit_of_work(self.sessions) as session:
            locked = await loans.get_loan(session, loan.id, lock=True)
            payout = (await loans.list_payouts(session, loan.id))[-1]
            today, now = self.today, self.clock.now()
            await disbursements.settle(session, locked, payout, ordered_on=today, on=today, now=now)

    @property
    def today(self) -> date:
        return business_date(self.clock.now(), SETTINGS.timezone)


async def open_lender(sessions: Sessions, now: datetime, settings: Settings = SETTINGS) -> Lender:
    clock, bot = SetClock(now), create_bot(settings, Telegram())
    underwriter = _underwriter(settings.model_dir, settings.policy_file)
    async with unit_of_work(sessions) as session:
        await catalog.load(session, settings.products_file, now=now)
    dispatcher = create_dispatcher(sessions, clock, settings, underwriter)
    return Lender(sessions, clock, dispatcher, bot, underwriter, settings)


@cache
def _underwriter(model_dir: Path, policy_file: Path) -> Underwriter:
    """Of the same files it is the same, and reading them takes longer than a whole chat."""
    return decisioning.load(
        SETTINGS.model_copy(update={"model_dir": model_dir, "policy_file": policy_file})
    )
