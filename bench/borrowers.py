"""Borrowers in the middle of the form, and everything that they will answer."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import SystemClock
from kit.config import Settings
from kit.crypto import Vault, person_key
from kit.db import create_engine, sessions_of, unit_of_work
from kit.ids import new_id
from kyc.models import Verification
from kyc.states import VerificationStatus
from onboarding import catalog, journey
from onboarding.models import BehaviorEvent
from onboarding.saving import MY_PHONE, place
from scoring.behaviour import EventKind

# Phone, code and photographs are behind them: from here on every update is one answer.
ANSWERS = (
    "Amina Wanjiru Otieno",
    "14.03.1991",
    "Kisumu, Kondele",
    "self_employed",
    "4_to_7_years",
    "own",
    "1",
    "personal",
    "20,000",
    "6m",
    "stock",
    "65k",
    "2000",
    MY_PHONE,
)
"""The last one leads to the summary of all answers."""
_DATE = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


def updates(telegram_id: int, first_number: int) -> list[bytes]:
    """One borrower's answers as Telegram delivers them."""
    return [_update(telegram_id, first_number + n, text) for n, text in enumerate(ANSWERS)]


def _update(telegram_id: int, number: int, text: str) -> bytes:
    person = {"id": telegram_id, "is_bot": False, "first_name": "Amina", "language_code": "en"}
    chat = {"id": telegram_id, "type": "private", "first_name": "Amina"}
    message = {
        "message_id": number,
        "date": int(_DATE.timestamp()),
        "chat": chat,
        "from": person,
        "text": text,
    }
    return json.dumps({"update_id": number, "message": message}).encode()


async def seed(url: str, vault: Vault, telegram_ids: Sequence[int]) -> None:
    """Write what consent, phone and photographs leave behind."""
    settings, now = Settings(_env_file=None), SystemClock().now()
    engine = create_engine(url)
    try:
        async with unit_of_work(sessions_of(engine, vault)) as session:
            await catalog.load(session, settings.products_file, now=now)
            for telegram_id in telegram_ids:
                await _begin(session, settings, telegram_id, now)
    finally:
        await engine.dispose()


async def count_answers(url: str) -> int:
    """How many answers the bot has stored."""
    engine = create_engine(url)
    try:
        async with unit_of_work(sessions_of(engine)) as session:
            return (
                await session.scalar(
                    select(func.count()).where(BehaviorEvent.kind == EventKind.ANSWERED)
                )
                or 0
            )
    finally:
        await engine.dispose()


async def _begin(
    session: AsyncSession, settings: Settings, telegram_id: int, now: datetime
) -> None:
    dossier = await journey.begin(
        session,
        settings,
        telegram_id=telegram_id,
        chat_id=telegram_id,
        locale="en",
        choice=None,
        now=now,
    )
    borrower = dossier.borrower
    key = await person_key(session, session.info["vault"], borrower.id, now=now)
    borrower.phone_sealed = key.seal(place("phone_sealed", borrower), f"+2547{telegram_id:08d}")
    borrower.phone_index, borrower.phone_verified_at = f"{telegram_id:064d}", now
    verification = Verification(
        borrower_id=borrower.id,
        status=VerificationStatus.CHECKING,
        document_blob_id=new_id(),
        selfie_blob_id=new_id(),
        created_at=now,
    )
    session.add(verification)
    await session.flush()
    dossier.draft.verification_id = verification.id
