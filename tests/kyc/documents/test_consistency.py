"""A document against the day and against what was typed: reasons with evidence, never refusals."""

from datetime import date

import pytest

from kyc.documents import consistency
from kyc.documents.fields import Field, FieldName, Source

ON = date(2026, 11, 22)


def fields(**said: str) -> dict[FieldName, Field]:
    return {FieldName(name): Field(value, 0.9, Source.MRZ) for name, value in said.items()}


def codes(**said: str) -> list[str]:
    return [reason.code for reason in consistency.rules(fields(**said), on=ON)]


class TestNames:
    @pytest.mark.parametrize(
        ("document", "typed"),
        [
            ("ANNA MARIA ERIKSSON", "Anna Maria Eriksson"),
            ("ANNA MARIA ERIKSSON", "Eriksson Anna"),
            ("THURIDUR OESP AEVARSDOTTIR", "Þuríður Ösp Ævarsdóttir"),
            ("JUERGEN MUELLER", "Jürgen Müller"),
            ("SEAN OBRIEN", "Seán O'Brien"),
            ("SOFIA GARCIA LOPEZ", "Sofía García-López"),
            ("IVAN PETROV", "Иван Петров"),
        ],
    )
    def test_of_one_person_in_two_spellings(self, document: str, typed: str) -> None:
        assert consistency.same_name(document, typed)

    @pytest.mark.parametrize(
        ("document", "typed"),
        [
            ("ANNA MARIA ERIKSSON", "Maria Anderson"),
            ("ANNA ERIKSSON", "Anna"),
            ("JOHN MWANGI", "Jane Mwangi"),
            ("", "Anna Eriksson"),
        ],
    )
    def test_of_two_people(self, document: str, typed: str) -> None:
        assert not consistency.same_name(document, typed)


class TestRules:
    def test_a_document_is_good_on_its_last_day(self) -> None:
        assert codes(expiry_date="2026-11-22") == []
        assert codes(expiry_date="2026-11-21") == ["document_expired"]

    def test_a_month_without_a_day_lasts_until_its_end(self) -> None:
        assert codes(expiry_date="2026-11") == []
        assert codes(expiry_date="2026-10") == ["document_expired"]

    def test_a_holder_is_of_age_on_the_birthday(self) -> None:
        assert codes(birth_date="2008-11-22") == []
        assert codes(birth_date="2008-11-23") == ["holder_under_age"]
        assert codes(birth_date="1900-01-01") == ["holder_too_old"]


class TestTyped:
    def test_what_agrees_gives_no_reason(self) -> None:
        document = fields(name="ANNA ERIKSSON", birth_date="1974-08-12", number="L898902C3")
        typed = {"full_name": "Anna Eriksson", "birth_date": "1974-08-12", "number": "l 898902 c3"}

        assert list(consistency.against_typed(document, typed)) == []

    def test_what_differs_is_said_with_both_sides(self) -> None:
        document = fields(name="ANNA ERIKSSON", birth_date="1974-08-12", number="L898902C3")
        typed = {"full_name": "Olga Petrova", "birth_date": "1974-08-13", "number": "L898902C4"}

        reasons = list(consistency.against_typed(document, typed))

        assert [reason.code for reason in reasons] == [
            "typed_name_differs", "typed_birth_date_differs", "typed_number_differs"
        ]  # fmt: skip
        assert reasons[0].evidence == {"document": "ANNA ERIKSSON", "typed": "Olga Petrova"}

    def test_what_was_not_read_is_not_compared(self) -> None:
        assert list(consistency.against_typed({}, {"full_name": "Anna Eriksson"})) == []
