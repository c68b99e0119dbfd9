"""Which groups a borrower belongs to, as far as the lender may look and anybody was ever asked.

Region and sex are sealed with the person's key. They are opened for this alone, one by one, and
only their counts are kept.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from kit.crypto import KeyDestroyed, person_key, vault_of
from kyc import readings
from kyc.documents.fields import FieldName
from kyc.models import Verification
from onboarding.models import Borrower
from onboarding.saving import place
from scoring.watching import fairness


async def of(
    session: AsyncSession, row: Row[Any], by: Iterable[str], *, now: datetime
) -> dict[str, str]:
    """`row` has the `age` of the snapshot, `borrower_id` and `verification_id`."""
    found = {"age": fairness.age_band(row.age)} if "age" in by else {}
    try:
        if "region" in by:
            found["region"] = await _region(session, row, now)
        if "sex" in by:
            found["sex"] = await _sex(session, row, now)
    except KeyDestroyed:
        pass  # Who was erased belongs to no group any more.
    return {name: group for name, group in found.items() if group is not None}


async def _region(session: AsyncSession, row: Row[Any], now: datetime) -> str | None:
    borrower = await session.get_one(Borrower, row.borrower_id)
    if borrower.region_sealed is None:
        return None
    key = await person_key(session, vault_of(session), borrower.id, now=now)
    return key.open_text(place("region_sealed", borrower), borrower.region_sealed).strip().title()


async def _sex(session: AsyncSession, row: Row[Any], now: datetime) -> str | None:
    """As the document says it: nobody is asked."""
    if row.verification_id is None:
        return None
    verification = await session.get_one(Verification, row.verification_id)
    told = await readings.opened(session, verification, now=now)
    field = told.read.fields.get(FieldName.SEX) if told is not None else None
    return field.value if field is not None else None
