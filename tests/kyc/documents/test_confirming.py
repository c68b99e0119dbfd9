"""What a correction of the borrower means for the check, the lists and the duplicates."""

from datetime import date

import pytest

from kyc.checks import CheckResult, Evidence
from kyc.documents import check, confirming
from kyc.documents.confirming import Told
from kyc.documents.fields import Field, FieldName, Source
from kyc.documents.labels import Kind
from kyc.documents.reading import DocumentReading
from kyc.screening import check as screening
from kyc.screening.matching import Person
from kyc.states import CheckVerdict
from tests.kyc.documents.test_check import ON, TYPED, reading

NAME, NUMBER = FieldName.NAME, FieldName.NUMBER


def card(kind: Kind = Kind.IDENTITY_CARD, **fields: Field) -> DocumentReading:
    named = {FieldName(name): field for name, field in fields.items()}
    return DocumentReading(kind, None, False, named, (), (), ())


class TestWhatIsAsked:
    def test_is_what_was_read_well(self) -> None:
        read = card(
            name=Field("A B", 0.9, Source.VISUAL),
            number=Field("1", 0.59, Source.VISUAL),
            birth_date=Field("1991-03", 0.97, Source.MRZ),
            sex=Field("F", 0.97, Source.MRZ),
        )

        assert confirming.asked(read) == (NAME,)

    @pytest.mark.parametrize(
        ("read", "wanted"),
        [
            (card(), True),
            (card(Kind.PASSPORT), False),
            (card(Kind.DRIVING_LICENCE), False),
            # Resident cards whose number says all that the other side could.
            (card(national_number=Field("110101199003077571", 0.9, Source.VISUAL)), False),
        ],
    )
    def test_the_other_side_of_a_card_without_a_zone(
        self, read: DocumentReading, wanted: bool
    ) -> None:
        assert confirming.has_back(read) is wanted


class TestACorrection:
    def test_of_what_no_check_digit_vouches_for_counts(self) -> None:
        read = reading(is_vouched_for=False)
        found = check.result(read, TYPED, {FieldName.EXPIRY_DATE: "2026-11-21"}, on=ON)

        assert "document_expired" in found.reasons
        assert confirming.CORRECTED_CHECKED not in found.reasons
        assert found.numbers["corrected"] == ["expiry_date"]
        assert found.found["fields"]["expiry_date"]["value"] == "2034-04-15"

    def test_takes_nothing_back_that_was_read(self) -> None:
        read = reading(is_vouched_for=False, expiry_date="2026-11-21")
        found = check.result(read, TYPED, {FieldName.EXPIRY_DATE: "2030-11-21"}, on=ON)

        assert "document_expired" in found.reasons

    def test_against_a_check_digit_is_for_a_person(self) -> None:
        found = check.result(reading(), TYPED, {NUMBER: "L898902C4"}, on=ON)

        assert found.verdict is CheckVerdict.DOUBT
        assert found.reasons == (confirming.CORRECTED_CHECKED,)

    def test_of_a_spelling_is_fine_and_of_a_person_is_not(self) -> None:
        fields = reading(is_vouched_for=False).fields
        for name, reasons in (
            ("Amina Wanjiru Otiena", []),
            ("Zawadi Achieng", [confirming.CORRECTED_OTHERWISE]),
        ):
            found = [reason.code for reason in confirming.reasons(fields, {NAME: name})]
            assert found == reasons

    def test_that_adds_ones_own_name_to_that_of_another_person_is_for_a_person(self) -> None:
        typed = TYPED | {"full_name": "Michael Smith"}
        added = "Otieno Amina Wanjiru Michael Smith"

        found = check.result(reading(is_vouched_for=False), typed, {NAME: added}, on=ON)

        assert "typed_name_differs" in found.reasons

    def test_is_searched_for_on_the_lists_beside_what_was_read_and_typed(self) -> None:
        told = Told(reading(), {NAME: "Amina Odhiambo"})
        evidence = Evidence(b"", b"", told=told, typed=TYPED | {"full_name": "Amina Otieno"})

        assert [person.name for person in screening.names(evidence)] == [
            "Amina Otieno", "OTIENO AMINA WANJIRU", "Amina Odhiambo",
        ]  # fmt: skip
        assert screening.names(Evidence(b"", b"", typed=TYPED)) == [
            Person(TYPED["full_name"], date(1991, 3, 14))
        ]


async def test_what_was_read_in_the_chat_is_not_read_again() -> None:
    evidence = Evidence(b"no picture", b"", told=Told(reading()), typed=TYPED, on=ON)

    found: CheckResult = await check.check(evidence)

    assert found.verdict is CheckVerdict.CLEAR
