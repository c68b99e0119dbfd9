"""Where zone and print say different things, the one that can be trusted counts."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import pytest

from kyc.documents import mrz
from kyc.documents.fields import Field, FieldName, Source
from kyc.documents.labels import Kind
from kyc.documents.mrz import Format
from kyc.documents.reading import DocumentReading, Side, combine
from kyc.documents.recognizers import TextLine
from kyc.documents.visual import VisualZone
from kyc.documents.zones import Zone
from tests.kyc.documents.zones import Holder, zone

ON = date(2026, 11, 22)


def combined(
    lines: list[str], printed: dict[FieldName, tuple[str, float]], *, accepted: bool | None = None
) -> DocumentReading:
    parsed = mrz.parse(lines, on=ON)
    assert parsed is not None
    is_accepted = parsed.is_accepted if accepted is None else accepted
    fields = {name: Field(*said, Source.VISUAL) for name, said in printed.items()}
    seen = VisualZone(Kind.UNKNOWN, fields)
    return combine([Side(Zone(parsed, 0, (parsed,), is_accepted), (), seen, ())], on=ON)


def side(
    lines: list[str], printed: Mapping[FieldName, str] = MappingProxyType({}), text: str = ""
) -> Side:
    parsed = mrz.parse(lines, on=ON) if lines else None
    readings = () if parsed is None else (parsed,)
    fields = {name: Field(said, 0.9, Source.VISUAL) for name, said in printed.items()}
    return Side(
        Zone(parsed, 0, readings, is_accepted=bool(lines)),
        (TextLine(text, 0.9, 0, 0, 9, 9),) if text else (),
        VisualZone(Kind.UNKNOWN, fields),
        (),
    )


def values(found: DocumentReading) -> dict[str, str]:
    return {name.value: field.value for name, field in found.fields.items()}


KENYAN = [
    "IDKYA2244556679<<0901<<<<<0901",
    "8805129F0903183<B012345678N<<4",
    "WANJIKU<<MARY<NJERI<<<<<<<<<<<",
]


class TestKenyanCard:
    def test_has_the_day_of_issue_and_the_holders_number_in_its_second_row(self) -> None:
        found = values(combined(KENYAN, {}))

        assert found["number"] == "12345678"
        assert found["issue_date"] == "2009-03-18"
        assert "expiry_date" not in found
        assert (found["country"], found["nationality"]) == ("KEN", "KEN")

    def test_of_the_form_of_doc_9303_is_read_as_such(self) -> None:
        card = zone(Format.TD1, Holder(issuer="KEN", nationality="KEN", expiry="330101"))

        found = values(combined(card, {}))

        assert (found["number"], found["expiry_date"]) == ("L898902C3", "2033-01-01")


class TestZoneOfAnotherForm:
    LINES = zone(Format.TD1, Holder(nationality="<B0"))

    def test_has_no_nationality(self) -> None:
        assert "nationality" not in values(combined(self.LINES, {}))

    def test_gives_way_to_print_that_is_read_clearly(self) -> None:
        printed = {FieldName.NUMBER: ("12345678", 0.8), FieldName.EXPIRY_DATE: ("2031-01-01", 0.6)}

        found = values(combined(self.LINES, printed))

        assert (found["number"], found["expiry_date"]) == ("12345678", "2012-04-15")


class TestNames:
    def test_one_name_printed_twice_is_one_name(self) -> None:
        lines = zone(Format.TD3, Holder(surname="INDRAJU", given_names=""))
        printed = {FieldName.SURNAME: ("INDRAJU", 0.9), FieldName.GIVEN_NAMES: ("INDRAJU", 0.9)}

        assert values(combined(lines, printed))["name"] == "INDRAJU"

    def test_printed_whole_stay_when_the_zone_is_doubtful(self) -> None:
        lines = zone(Format.TD3, Holder())
        printed = {FieldName.NAME: ("Anna Maria Eriksson", 0.9)}

        assert values(combined(lines, printed, accepted=False))["name"] == "Anna Maria Eriksson"
        assert values(combined(lines, printed))["name"] == "ANNA MARIA ERIKSSON"

    def test_cut_in_the_zone_go_on_in_print(self) -> None:
        long = Holder(surname="NILAVADHANANANDA", given_names="CHAYAPA DEJTHAMRONG KRASUANG")
        printed = {FieldName.GIVEN_NAMES: ("Chayapa Dejthamrong Krasuang", 0.9)}
        other = {FieldName.GIVEN_NAMES: ("Chayapa Dejthamrung Krasuang", 0.9)}

        whole = values(combined(zone(Format.TD3, long), printed))["given_names"]
        cut = values(combined(zone(Format.TD3, long), other))["given_names"]

        assert (whole, cut) == ("Chayapa Dejthamrong Krasuang", "CHAYAPA DEJTHAMRONG K")


class TestSides:
    """A front that has nothing but print, beside a back with the zone."""

    BACK = side(zone(Format.TD1, Holder()))

    def differing(self, front: Side) -> list[FieldName]:
        findings = combine([front, self.BACK], on=ON).findings
        return [reason.field for reason in findings if reason.code == "sides_differ"]

    def test_of_one_person_differ_in_nothing(self) -> None:
        front = side([], {FieldName.SURNAME: "Eriksson", FieldName.GIVEN_NAMES: "Anna Maria"})

        assert combine([front, self.BACK], on=ON).findings == ()

    @pytest.mark.parametrize("name", [FieldName.SURNAME, FieldName.NAME])
    @pytest.mark.parametrize("said", ["Eriksson", "Erikssen"])
    def test_of_one_person_with_a_row_that_was_not_read_differ_in_nothing(
        self, name: FieldName, said: str
    ) -> None:
        assert combine([side([], {name: said}), self.BACK], on=ON).findings == ()

    @pytest.mark.parametrize("name", [FieldName.SURNAME, FieldName.NAME])
    def test_of_two_people_differ_in_the_one_row_that_was_read(self, name: FieldName) -> None:
        assert self.differing(side([], {name: "Hassan"})) == [name]

    def test_of_one_family_differ_in_the_given_names(self) -> None:
        front = side([], {FieldName.SURNAME: "Eriksson", FieldName.GIVEN_NAMES: "Omar"})

        assert self.differing(front) == [FieldName.NAME]

    def test_of_two_people_are_for_a_person(self) -> None:
        front = side([], {FieldName.NAME: "Omar Hassan", FieldName.BIRTH_DATE: "1991-03-14"})

        assert self.differing(front) == [FieldName.NAME, FieldName.BIRTH_DATE]
        assert not combine([front, self.BACK], on=ON).is_complete

    def test_with_a_zone_each_differ_though_each_is_printed_too(self) -> None:
        omars = side(zone(Format.TD3, Holder("HASSAN", "OMAR", "X4455667")), text="Omar Hassan")
        annas = side(zone(Format.TD3, Holder()), text="Anna Maria Eriksson")

        (reason,) = combine([annas, omars], on=ON).findings

        assert reason.evidence == {"document": "ANNA MARIA ERIKSSON", "other_side": "OMAR HASSAN"}
