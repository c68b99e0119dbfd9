"""Rows of print with their places become fields, on the layouts of many documents."""

from datetime import date

import pytest

from kyc.documents import countries, numbers, printed_dates, visual, words
from kyc.documents.fields import FieldName, Source
from kyc.documents.labels import Kind
from kyc.documents.recognizers import TextLine
from kyc.documents.visual import VisualZone

ON = date(2026, 11, 22)


def page(*rows: tuple[int, int, str]) -> VisualZone:
    """Rows of 24 pixels' height by left, top and text; a letter is 14 wide, a Han one 28."""
    lines = [
        TextLine(
            text, 1.0, left, top, left + sum(14 if c.isascii() else 28 for c in text), top + 24
        )
        for left, top, text in rows
    ]
    return visual.read(lines, on=ON)


def _width(text: str) -> int:
    return sum(14 if letter.isascii() else 28 for letter in text)


def values(zone: VisualZone) -> dict[str, str]:
    return {name.value: field.value for name, field in zone.fields.items()}


class TestDocuments:
    def test_a_driving_licence_by_its_numbers(self) -> None:
        zone = page(
            (300, 20, "DRIVING LICENCE"), (40, 20, "UK"),
            (300, 80, "1. GARDNER"), (300, 120, "2. MRS SARAH MEREDYTH"),
            (300, 160, "3. 11.03.1976 UNITED KINGDOM"),
            (300, 200, "4a. 19.01.2013 4c. DVLA"), (300, 240, "4b. 18.01.2033"),
            (300, 280, "5. GARDN753116SM9IJ 35"), (300, 360, "8. 122 BURNS CRESCENT"),
        )  # fmt: skip

        assert zone.kind is Kind.DRIVING_LICENCE
        assert values(zone) == {
            "surname": "GARDNER",
            "given_names": "SARAH MEREDYTH",
            "birth_date": "1976-03-11",
            "issue_date": "2013-01-19",
            "expiry_date": "2033-01-18",
            "number": "GARDN753116SM9IJ",
            "address": "122 BURNS CRESCENT",
            "country": "GBR",
        }

    def test_a_chinese_resident_card(self) -> None:
        zone = page(
            (40, 40, "姓名 王小明"), (40, 90, "性别男民族汉"),
            (40, 140, "出生1991年1月1日"), (40, 190, "住址江西省修水县"),
            (110, 225, "宁州镇1号"), (40, 320, "公民身份号码360426199101010071"),
        )  # fmt: skip

        assert zone.kind is Kind.IDENTITY_CARD
        assert values(zone) == {
            "name": "王小明",
            "sex": "M",
            "birth_date": "1991-01-01",
            "address": "江西省修水县宁州镇1号",
            "national_number": "360426199101010071",
            "country": "CHN",
        }
        assert zone.fields[FieldName.BIRTH_DATE].checks == ("calendar", "national_number")
        assert "national_number" in zone.fields[FieldName.SEX].checks

    def test_an_indian_tax_card(self) -> None:
        zone = page(
            (40, 20, "INCOME TAX DEPARTMENT"), (640, 20, "GOVT. OF INDIA"),
            (300, 80, "Permanent Account Number Card"), (360, 120, "ABCPK1234F"),
            (300, 200, "Name"), (300, 230, "RAHUL KUMAR"),
            (300, 280, "Father's Name"), (300, 310, "SURESH KUMAR"),
            (300, 360, "Date of Birth"), (300, 390, "23/11/1974"),
        )  # fmt: skip

        assert zone.kind is Kind.TAX_CARD
        assert values(zone) == {
            "name": "RAHUL KUMAR",
            "birth_date": "1974-11-23",
            "national_number": "ABCPK1234F",
            "country": "IND",
        }

    def test_an_indian_tax_card_without_labels(self) -> None:
        zone = page(
            (40, 20, "INCOME TAX DEPARTMENT"), (640, 20, "GOVT. OF INDIA"),
            (40, 100, "RAHUL KUMAR"), (40, 140, "SURESH KUMAR"), (40, 180, "23/11/1974"),
            (40, 230, "Permanent Account Number"), (40, 270, "ABCPK1234F"),
        )  # fmt: skip

        assert values(zone)["name"] == "RAHUL KUMAR"
        assert values(zone)["birth_date"] == "1974-11-23"
        assert values(zone)["national_number"] == "ABCPK1234F"

    def test_a_kenyan_identity_card(self) -> None:
        zone = page(
            (40, 20, "JAMHURI YA KENYA"), (560, 20, "REPUBLIC OF KENYA"),
            (40, 70, "SERIAL NUMBER: 224455667"), (560, 70, "ID NUMBER: 12345678"),
            (300, 120, "FULL NAMES"), (300, 150, "WANJIKU MARY NJERI"),
            (300, 200, "DATE OF BIRTH"), (300, 230, "12.05.1988"),
            (300, 280, "SEX"), (300, 310, "FEMALE"),
            (300, 360, "DISTRICT OF BIRTH"), (300, 390, "KIAMBU"),
        )  # fmt: skip

        assert zone.kind is Kind.IDENTITY_CARD
        assert values(zone) == {
            "name": "WANJIKU MARY NJERI",
            "number": "12345678",
            "birth_date": "1988-05-12",
            "sex": "F",
            "country": "KEN",
        }

    def test_labels_in_two_languages_and_two_surnames(self) -> None:
        zone = page(
            (40, 20, "DOCUMENTO NACIONAL DE IDENTIDAD"), (40, 50, "ESPAÑA"),
            (300, 100, "APELLIDOS / SURNAMES"), (300, 130, "PEREZ"), (300, 158, "GARCIA"),
            (300, 220, "NOMBRE / NAME"), (300, 250, "CARMEN"),
            (300, 300, "DNI 99999999R"), (600, 220, "FECHA DE NACIMIENTO"),
            (600, 250, "01 01 1980"),
        )  # fmt: skip

        assert values(zone) == {
            "surname": "PEREZ GARCIA",
            "given_names": "CARMEN",
            "national_number": "99999999R",
            "birth_date": "1980-01-01",
            "country": "ESP",
        }

    def test_a_licence_from_north_america(self) -> None:
        zone = page(
            (40, 20, "DRIVER LICENSE"), (500, 20, "USA"), (300, 80, "DL I1234568"),
            (300, 120, "EXP 08/31/2029"), (300, 160, "LN CARDHOLDER"), (300, 200, "FN IMA"),
            (300, 240, "DOB 08/31/1977"), (300, 280, "SEX F"), (500, 280, "HGT 5-05"),
        )  # fmt: skip

        assert values(zone) == {
            "surname": "CARDHOLDER",
            "given_names": "IMA",
            "number": "I1234568",
            "birth_date": "1977-08-31",
            "expiry_date": "2029-08-31",
            "sex": "F",
            "country": "USA",
        }

    @pytest.mark.parametrize("birth", ["3. 5.2.1978", "3. 5. 12. 1978", "3. 5.12.78"])
    def test_a_day_without_a_zero_is_no_number_of_a_field(self, birth: str) -> None:
        zone = page(
            (300, 20, "DRIVING LICENCE"), (300, 80, "1. GARDNER"), (300, 120, birth),
            (300, 160, "5. AB123456"),
        )  # fmt: skip

        assert values(zone)["birth_date"] in ("1978-02-05", "1978-12-05")
        assert values(zone)["number"] == "AB123456"

    def test_a_number_without_a_value_takes_no_other_numbers_value(self) -> None:
        zone = page(
            (300, 20, "DRIVING LICENCE"), (300, 80, "1. GARDNER"), (300, 120, "3."),
            (300, 160, "4a. 19.01.2013"), (300, 200, "4b. 18.01.2033"),
        )  # fmt: skip

        assert "birth_date" not in values(zone)
        assert values(zone)["issue_date"] == "2013-01-19"

    def test_m_on_a_mexican_card_is_a_woman(self) -> None:
        card = page((40, 20, "MEXICO"), (40, 50, "CREDENCIAL PARA VOTAR"), (40, 90, "SEXO M"))
        passport = page((40, 20, "MEXICO"), (40, 50, "PASAPORTE"), (40, 90, "SEXO M"))

        assert (values(card)["sex"], values(passport)["sex"]) == ("F", "M")

    def test_an_indian_licence_is_no_tax_card(self) -> None:
        zone = page(
            (40, 20, "DRIVING LICENCE"), (640, 20, "GOVT. OF INDIA"),
            (40, 100, "TRANSPORT DEPARTMENT"), (40, 180, "23/11/1974"),
        )  # fmt: skip

        assert values(zone) == {"country": "IND"}

    def test_a_page_without_fields_is_nothing(self) -> None:
        assert page((40, 40, "Happy birthday"), (40, 90, "to all of us")).fields == {}


class TestNumbers:
    @pytest.mark.parametrize(
        ("country", "number", "birth", "sex"),
        [
            ("CHN", "360426199101010071", date(1991, 1, 1), "M"),
            ("POL", "44051401359", date(1944, 5, 14), "M"),
            ("ROU", "1630615123457", date(1963, 6, 15), "M"),
            ("IND", "ABCPK1234F", None, None),
        ],
    )
    def test_that_are_valid_say_birth_and_sex(
        self, country: str, number: str, birth: date | None, sex: str | None
    ) -> None:
        found = numbers.read(country, number)

        assert found is not None
        assert (found.birth, found.sex) == (birth, sex)

    @pytest.mark.parametrize(
        ("country", "number"),
        [("CHN", "360426199101010072"), ("CHN", "36042619910101007X"), ("KEN", "12345678")],
    )
    def test_that_are_not_say_nothing(self, country: str, number: str) -> None:
        assert numbers.read(country, number) is None

    def test_that_contradict_the_page_do_not_confirm_it(self) -> None:
        zone = page((40, 40, "出生1992年1月1日"), (40, 90, "公民身份号码360426199101010071"))

        assert zone.fields[FieldName.BIRTH_DATE].checks == ("calendar",)
        assert zone.fields[FieldName.SEX].source is Source.NATIONAL_NUMBER
        assert zone.fields[FieldName.BIRTH_DATE].confidence < 0.75
        [finding] = zone.findings
        assert (finding.code, finding.field) == (visual.NUMBER_DIFFERS, FieldName.BIRTH_DATE)


class TestLabels:
    @pytest.mark.parametrize("name", ["VALADEZ", "GROSSE", "HOLDER", "Holder Maria"])
    def test_are_not_names_of_people(self, name: str) -> None:
        zone = page((40, 40, "SURNAME"), (40, 70, name))

        assert values(zone)["surname"] == name

    @pytest.mark.parametrize(
        ("row", "name"),
        [
            ("DATEOFBIRTH 12.05.1988", FieldName.BIRTH_DATE),
            ("IDNUMBER: 12345678", FieldName.NUMBER),
            ("DateofBirlh", FieldName.BIRTH_DATE),
            ("Größe / Height", None),
            ("Holder: ", None),
        ],
    )
    def test_are_known_glued_and_misread(self, row: str, name: FieldName | None) -> None:
        assert [mark.name for mark in words.marks(row)] == [name]


class TestCountries:
    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ("REPUBLIC OF KENYA", "KEN"), ("JAMHURI YA KENYA REPUBLIC OF KENYA", "KEN"),
            ("CZECH REPUBLIC", "CZE"), ("FEDERAL REPUBLIC OF GERMANY", "DEU"),
            ("PASSEPORT FRANCE", "FRA"), ("CARTE NATIONALE D IDENTITE FRANCE", "FRA"),
            ("POLSKA POLAND", "POL"),
            ("SCHWEIZ SUISSE SVIZRA SWITZERLEND", "CHE"),
            ("UNITED KINGDOM DVLA", "GBR"), ("NATIONALITY KENYA", "KEN"),
            ("RUSSIAN FEDERATION", "RUS"), ("REPUBLIC OF KOREA", "KOR"),
            ("NEW MEXICO USA", "USA"), ("GEORGIA USA", "USA"), ("GEORGIA", "GEO"),
            ("NEW JERSEY", None), ("MICHAEL JORDAN", None), ("TAI", None),
        ],
    )  # fmt: skip
    def test_are_told_from_places_and_people_of_that_name(self, row: str, code: str | None) -> None:
        assert countries.find(row) == code


class TestDates:
    @pytest.mark.parametrize(
        ("text", "means"),
        [
            ("12 AUG/AOUT 1974", "1974-08-12"),
            ("19 OKT/OCT 1971", "1971-10-19"),
            ("30 MAR/MAR 1972", "1972-03-30"),
            ("05FEB1965", "1965-02-05"),
            ("25.12.1982.", "1982-12-25"),
            ("1990年1月31日", "1990-01-31"),
            ("1960-02-08", "1960-02-08"),
            ("31/02/1990", ""),
            ("08/31/1990", "1990-08-31"),
            ("12345678", ""),
        ],
    )
    def test_as_documents_print_them(self, text: str, means: str) -> None:
        assert "".join(printed_dates.find(text, on=ON)) == means

    def test_in_the_order_of_the_country(self) -> None:
        assert printed_dates.find("04/05/1999", on=ON) == ["1999-05-04"]
        assert printed_dates.find("04/05/1999", on=ON, country="USA") == ["1999-04-05"]
        assert printed_dates.find("31/08/1999", on=ON, country="USA") == ["1999-08-31"]

    def test_of_birth_with_two_digits_are_in_the_past(self) -> None:
        assert printed_dates.find("12 AUG 74", on=ON, past=True) == ["1974-08-12"]
        assert printed_dates.find("12 AUG 27", on=ON, past=True) == ["1927-08-12"]
        assert printed_dates.find("12 AUG 27", on=ON) == ["2027-08-12"]
