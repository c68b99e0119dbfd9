"""What was read on the document, put before the borrower: right, or corrected field by field."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from kyc import readings
from kyc.documents import confirming, consistency
from kyc.documents.fields import FieldName
from onboarding import answers
from onboarding.dossiers import Dossier

PREFIX = "document_"
_FIELDS = (FieldName.NAME, FieldName.NUMBER, FieldName.BIRTH_DATE, FieldName.EXPIRY_DATE)
STEPS = {f"{PREFIX}{field}": field for field in _FIELDS}
"""The names of the questions that correct a field, and which one."""


@dataclass(frozen=True)
class ReadField:
    field: FieldName
    value: str
    """As the borrower corrected it, or else as it was read."""
    typed: str | None = None
    """What the borrower wrote before, where that says something else."""


def is_shown(dossier: Dossier, field: FieldName) -> bool:
    verification = dossier.verification
    return verification is not None and field in verification.read_fields


async def shown(
    session: AsyncSession, dossier: Dossier, typed: Mapping[str, str], *, now: datetime
) -> list[ReadField]:
    """`typed`: what the borrower wrote before, by the name of its question."""
    verification = dossier.verification
    assert verification is not None
    told = await readings.opened(session, verification, now=now)
    if told is None:
        return []
    counting = confirming.counting(told.read.fields, told.corrected)
    other = {
        reason.field: reason.evidence["typed"]
        for reason in consistency.against_typed(counting, typed)
    }
    return [
        ReadField(
            field,
            told.corrected.get(field, told.read.fields[field].value),
            None if field in told.corrected else other.get(field),
        )
        for field in map(FieldName, verification.read_fields)
    ]


async def known(session: AsyncSession, dossier: Dossier, step: str, *, now: datetime) -> str:
    """What counts at present for the field that this question corrects."""
    fields = await shown(session, dossier, {}, now=now)
    return next(each.value for each in fields if each.field is STEPS[step])


async def correct(
    session: AsyncSession, dossier: Dossier, step: str, text: str, *, now: datetime
) -> None:
    verification = dossier.verification
    assert verification is not None
    today = now.astimezone(ZoneInfo(dossier.borrower.timezone)).date()
    field = STEPS[step]
    value = _READERS[field](text, today)
    await readings.correct(session, verification, field, value, now=now)


_READERS: Mapping[FieldName, Callable[[str, date], str]] = {
    FieldName.NAME: lambda text, _: answers.full_name(text),
    FieldName.NUMBER: lambda text, _: answers.document_number(text),
    FieldName.BIRTH_DATE: lambda text, today: answers.birth_date(text, today).isoformat(),
    FieldName.EXPIRY_DATE: lambda text, _: answers.day(text).isoformat(),
}
