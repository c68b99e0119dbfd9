"""What was odd about the uploads of both sides is kept until the check, and where it was seen."""

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from kit.ids import new_id
from kyc import originals, readings, verifications
from kyc.checks import Evidence
from kyc.documents.authenticity import Reason, Signal
from kyc.models import Verification
from kyc.pictures import Inspection
from kyc.quality import Shot
from kyc.states import CheckVerdict

GRAY = Signal(Reason.GRAY_COPY, 0.0, 4.0)
FRONT, BACK = "0" * 16, "0" * 64
ALIKE, OTHER = "f" * 2 + "0" * 62, "f" * 3 + "0" * 61
"""In 8 and in 12 of 256 bits another one than BACK."""


def seen(image_hash: str, *signals: Signal) -> Inspection:
    return Inspection(Shot.DOCUMENT, b"jpeg", 0, (), signals, image_hash)


@pytest.fixture
async def mine(session: AsyncSession, now: datetime) -> Verification:
    return await verifications.open(session, new_id(), now=now)


@pytest.fixture
async def theirs(session: AsyncSession, now: datetime) -> Verification:
    return await verifications.open(session, new_id(), now=now)


async def reasons(session: AsyncSession, verification: Verification) -> list[tuple[str, str]]:
    await session.flush()
    return [
        (signal["side"], signal["reason"])
        for signal in await originals.noticed(session, verification)
    ]


async def test_each_side_says_what_is_odd_about_it(
    session: AsyncSession, mine: Verification
) -> None:
    originals.remember(mine, "document", seen(FRONT))
    originals.remember(mine, "document_back", seen(BACK, GRAY))
    originals.remember(mine, "selfie", seen(FRONT, GRAY))

    assert await reasons(session, mine) == [("document_back", Reason.GRAY_COPY)]


async def test_a_back_that_another_borrower_sent(
    session: AsyncSession, mine: Verification, theirs: Verification
) -> None:
    originals.remember(mine, "document_back", seen(BACK))
    originals.remember(theirs, "document_back", seen(OTHER))
    assert await reasons(session, mine) == []

    originals.remember(theirs, "document_back", seen(ALIKE))
    assert await reasons(session, mine) == [("document_back", Reason.SEEN_BEFORE)]


async def test_a_new_front_wants_a_new_back(session: AsyncSession, mine: Verification) -> None:
    originals.remember(mine, "document_back", seen(BACK, GRAY))
    readings.forget(mine)

    assert await reasons(session, mine) == []
    assert mine.back_hash is None


async def test_what_both_sides_have_is_one_reason() -> None:
    noticed = [
        {"side": side, "reason": "document_gray_copy"} for side in (originals.FRONT, originals.BACK)
    ]

    result = await originals.check(Evidence(b"", b"", noticed=noticed))

    assert result.verdict is CheckVerdict.DOUBT
    assert result.reasons == ("document_gray_copy",)
    assert result.numbers == {"signals": noticed}
