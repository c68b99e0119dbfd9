"""What a reading means for the identity."""

import json
from datetime import date

import pytest

from kyc.documents import check
from kyc.documents.consistency import Reason
from kyc.documents.fields import Field, FieldName, Source
from kyc.documents.labels import Kind
from kyc.documents.reading import DocumentReading
from kyc.states import CheckVerdict

ON = date(2026, 11, 22)
TYPED = {"full_name": "Amina Wanjiru Otieno", "birth_date": "1991-03-14"}


def reading(
    *findings: Reason, confidence: float = 0.97, is_vouched_for: bool = True, **values: str
) -> DocumentReading:
    said = {
        "name": "OTIENO AMINA WANJIRU",
        "number": "L898902C3",
        "birth_date": "1991-03-14",
        "expiry_date": "2034-04-15",
    } | values
    checks = ("national_number",) if is_vouched_for else ()
    fields = {
        FieldName(name): Field(value, confidence, Source.VISUAL, checks)
        for name, value in said.items()
    }
    return DocumentReading(Kind.PASSPORT, None, False, fields, findings, (), ())


def test_a_sound_document_of_the_one_who_typed_is_clear() -> None:
    found = check.result(reading(), TYPED, on=ON)

    assert found.verdict is CheckVerdict.CLEAR
    assert found.reasons == ()


@pytest.mark.parametrize(
    ("read", "typed", "reason"),
    [
        (reading(expiry_date="2026-11-21"), TYPED, "document_expired"),
        (reading(birth_date="2010-01-01"), {}, "holder_under_age"),
        (reading(), TYPED | {"full_name": "Zawadi Achieng"}, "typed_name_differs"),
        (reading(), TYPED | {"birth_date": "1990-03-14"}, "typed_birth_date_differs"),
        (reading(confidence=0.5), TYPED, check.IN_PART),
        (reading(is_vouched_for=False), TYPED, check.NOT_VOUCHED_FOR),
        (
            reading(Reason("mrz_and_visual_zone_differ", FieldName.NUMBER, {"mrz": "1"})),
            TYPED,
            "mrz_and_visual_zone_differ",
        ),
    ],
)
def test_a_person_looks_and_is_told_why(
    read: DocumentReading, typed: dict[str, str], reason: str
) -> None:
    found = check.result(read, typed, on=ON)

    assert found.verdict is CheckVerdict.DOUBT
    assert reason in found.reasons


def test_what_was_read_is_kept_apart_from_the_numbers() -> None:
    found = check.result(reading(), TYPED, on=ON)

    open_to_all, sealed = json.dumps(found.numbers), json.dumps(found.found)
    assert "L898902C3" in sealed
    assert not any(secret in open_to_all for secret in ("L898902C3", "OTIENO", "1991"))
