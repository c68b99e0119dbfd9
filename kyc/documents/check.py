"""The check of an identity's document: read, sound, and what the borrower typed."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

from kyc import images, workers
from kyc.checks import CheckResult, Evidence
from kyc.documents import consistency, reading
from kyc.documents.fields import FieldName
from kyc.documents.reading import DocumentReading
from kyc.states import CheckKind, CheckVerdict

SOURCE = "documents-1"
IN_PART = "document_read_in_part"
"""Name, number or birth date is missing, or not sure enough."""
NOT_VOUCHED_FOR = "document_not_vouched_for"
"""Print alone is easily made: no accepted zone, and no national number that says the birth date."""


async def check(evidence: Evidence) -> CheckResult:
    assert evidence.on is not None
    return await workers.run(check_here, evidence.document, dict(evidence.typed), evidence.on)


def check_here(document: bytes, typed: Mapping[str, str], on: date) -> CheckResult:
    """`check` in this process."""
    return result(reading.read([images.decode(document)], on=on), typed, on=on)


def result(read: DocumentReading, typed: Mapping[str, str], *, on: date) -> CheckResult:
    """Clear when all that matters was read and vouched for, and nothing contradicts."""
    reasons = [
        *read.findings,
        *consistency.rules(read.fields, on=on),
        *consistency.against_typed(read.fields, typed),
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
        },
        found={
            "fields": {name: asdict(field) for name, field in read.fields.items()},
            "reasons": [asdict(reason) for reason in reasons],
        },
    )


def _is_vouched_for(read: DocumentReading) -> bool:
    birth = read.fields.get(FieldName.BIRTH_DATE)
    return read.is_mrz_accepted or (birth is not None and "national_number" in birth.checks)
