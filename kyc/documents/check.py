"""The check of an identity's document: read, sound, and what the borrower typed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from types import MappingProxyType

from kyc import images, workers
from kyc.checks import CheckResult, Evidence
from kyc.documents import confirming, consistency, reading
from kyc.documents.confirming import Told
from kyc.documents.fields import Field, FieldName
from kyc.documents.reading import DocumentReading
from kyc.states import CheckKind, CheckVerdict

SOURCE = "documents-1"
IN_PART = "document_read_in_part"
"""Name, number or birth date is missing, or not sure enough."""
NOT_VOUCHED_FOR = "document_not_vouched_for"
"""Print alone is easily made: no accepted zone, and no national number that says the birth date."""


async def check(evidence: Evidence) -> CheckResult:
    assert evidence.on is not None
    told = evidence.told
    if told is None:
        sides = [side for side in (evidence.document, evidence.back) if side is not None]
        told = Told(await read(sides, on=evidence.on))
    return result(told.read, evidence.typed, told.corrected, on=evidence.on)


async def read(sides: Sequence[bytes], *, on: date) -> DocumentReading:
    """The stored pictures of one document's pages or sides. Takes seconds, in a worker."""
    return await workers.run(read_here, list(sides), on)


def read_here(sides: Sequence[bytes], on: date) -> DocumentReading:
    """`read` in this process."""
    return reading.read([images.decode(side) for side in sides], on=on)


def result(
    read: DocumentReading,
    typed: Mapping[str, str],
    corrected: Mapping[FieldName, str] = MappingProxyType({}),
    *,
    on: date,
) -> CheckResult:
    """Clear when all that matters was read and vouched for, and nothing contradicts.

    What the borrower corrected counts beside what was read, which stays evidence.
    """
    counting = confirming.counting(read.fields, corrected)
    as_read = [*consistency.rules(read.fields, on=on)]
    reasons = [
        *read.findings,
        *confirming.reasons(read.fields, corrected),
        *as_read,
        *(each for each in consistency.rules(counting, on=on) if each not in as_read),
        *consistency.against_typed(counting, typed),
        *consistency.against_typed(_renamed(read, corrected), typed),
    ]
    codes = [reason.code for reason in reasons]
    if not read.is_complete:
        codes.append(IN_PART)
    if not _is_vouched_for(read):
        codes.append(NOT_VOUCHED_FOR)
    return CheckResult(
        kind=CheckKind.DOCUMENT,
        verdict=CheckVerdict.DOUBT if codes else CheckVerdict.CLEAR,
        source=SOURCE,
        reasons=tuple(dict.fromkeys(codes)),
        numbers={
            "type": read.kind,
            "zone_accepted": read.is_mrz_accepted,
            "notes": list(read.notes),
            "confidence": {name: field.confidence for name, field in read.fields.items()},
            **({"corrected": sorted(corrected)} if corrected else {}),
        },
        found={
            "fields": {name: asdict(field) for name, field in read.fields.items()},
            **({"corrected": dict(corrected)} if corrected else {}),
            "reasons": [asdict(reason) for reason in reasons],
        },
    )


def _renamed(read: DocumentReading, corrected: Mapping[FieldName, str]) -> dict[FieldName, Field]:
    """The read name that a correction stands beside: whoever adds their own name to it still shows
    the document of another person."""
    name = read.fields.get(FieldName.NAME)
    return {FieldName.NAME: name} if name is not None and FieldName.NAME in corrected else {}


def _is_vouched_for(read: DocumentReading) -> bool:
    birth = read.fields.get(FieldName.BIRTH_DATE)
    return read.is_mrz_accepted or (birth is not None and "national_number" in birth.checks)
