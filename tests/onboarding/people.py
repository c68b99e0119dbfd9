"""Borrowers for tests: they consent, answer every question, and send photographs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.config import Settings
from kyc.pictures import Inspection
from kyc.quality import Shot
from notifications import sealing
from notifications.models import Notification
from onboarding import catalog, identity, journey, steps, telemetry
from onboarding.dossiers import Dossier
from onboarding.saving import MY_PHONE, Contact

SETTINGS = Settings(_env_file=None, liveness="off")
ANSWERS = {
    "full_name": "Amina Wanjiru Otieno",
    "birth_date": "14.03.1991",
    "region": "Kisumu, Kondele",
    "employment": "self_employed",
    "employment_since": "4_to_7_years",
    "residence": "own",
    "dependents": "1",
    "product": "personal",
    "amount": "20,000",
    "term": "6m",
    "purpose": "stock",
    "income": "65k",
    "obligations": "2000",
    "wallet": MY_PHONE,
}


@dataclass
class Applicant:
    """Amina, unless told otherwise. Each act takes a little time on her clock."""

    session: AsyncSession
    now: datetime
    telegram_id: int = 71
    phone: str = "+254712000071"
    pause: timedelta = timedelta(seconds=9)

    async def begins(self, choice: journey.Choice | None = None) -> Dossier:
        await catalog.load(self.session, SETTINGS.products_file, now=self.now)
        return await journey.begin(
            self.session,
            SETTINGS,
            telegram_id=self.telegram_id,
            chat_id=self.telegram_id,
            locale="en",
            choice=choice,
            now=self.now,
        )

    async def answers(self, dossier: Dossier, text: str | None = None) -> Dossier:
        """Answer whatever is asked, with `text` or her usual words."""
        step = steps.next_step(dossier)
        assert step is not None
        await telemetry.shown(self.session, dossier.draft.id, step.name, now=self.now)
        self.now += self.pause
        if step.name == "phone":
            return await journey.answer(
                self.session, dossier, step="phone", settings=SETTINGS,
                contact=Contact(self.phone, self.telegram_id), now=self.now,
            )  # fmt: skip
        if step.name == "phone_code":
            text = text or await self.latest_code(dossier)
        if step.kind is steps.StepKind.PHOTO:
            return await self.sends_photo(dossier)
        return await journey.answer(
            self.session, dossier, step=step.name, settings=SETTINGS,
            text=text or ANSWERS[step.name], now=self.now,
        )  # fmt: skip

    async def sends_photo(self, dossier: Dossier) -> Dossier:
        step = steps.next_step(dossier)
        assert step is not None
        await identity.expect_photo(self.session, dossier, step=step.name)
        content = f"picture of {self.telegram_id} for {step.name}".encode()
        return await identity.receive_photo(
            self.session,
            application_id=dossier.draft.id,
            step=step.name,
            inspection=Inspection(Shot(step.name), content, faces_found=1, findings=()),
            settings=SETTINGS,
            now=self.now,
        )

    async def answers_until(self, dossier: Dossier, name: str | None) -> Dossier:
        """Go on until the question `name` is asked, or until nothing is (None)."""
        while (step := steps.next_step(dossier)) is not None and step.name != name:
            dossier = await self.answers(dossier)
            assert dossier.problem is None, dossier.problem
        return dossier

    async def latest_code(self, dossier: Dossier) -> str:
        """The digits of the newest code, opened from the sealed message that carries them."""
        message = await self.session.scalar(
            select(Notification)
            .where(
                Notification.person_id == dossier.borrower.id,
                Notification.template == "otp_code",
            )
            .order_by(Notification.id.desc())
            .limit(1)
        )
        assert message is not None
        params = await sealing.params_of(self.session, message, now=self.now)
        return str(params["code"])
