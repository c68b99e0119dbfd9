"""Zones are read by the rules of Doc 9303, and what a check digit does not carry is not guessed."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyc.documents import mrz
from kyc.documents.mrz import DIGIT_LIKE, Format, Mrz
from tests.kyc.documents.zones import Holder, zone

ON = date(2026, 11, 22)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
EVERY = tuple(Format)

words = st.text(LETTERS, min_size=1, max_size=8)
names = st.lists(words, min_size=1, max_size=2).map(" ".join)
days = st.dates(date(1930, 1, 1), date(2026, 11, 22))
holders = st.builds(
    Holder,
    surname=names,
    given_names=names,
    number=st.text(LETTERS + "0123456789", min_size=5, max_size=9),
    issuer=st.sampled_from(["UTO", "D", "GBR"]),
    nationality=st.sampled_from(["UTO", "D", "KEN"]),
    birth=days.map(lambda day: f"{day:%y%m%d}"),
    sex=st.sampled_from("MF<"),
    expiry=st.dates(date(1990, 1, 1), date(2060, 1, 1)).map(lambda day: f"{day:%y%m%d}"),
    optional=st.text(LETTERS + "0123456789", max_size=7),
)


def read(lines: list[str], on: date = ON) -> Mrz:
    found = mrz.parse(lines, on=on)
    assert found is not None
    return found


def changed(lines: list[str], row: int, column: int, letter: str) -> list[str]:
    line = lines[row][:column] + letter + lines[row][column + 1 :]
    return [*lines[:row], line, *lines[row + 1 :]]


class TestPrintedExamples:
    """The specimens that Doc 9303 itself prints."""

    def test_a_passport(self) -> None:
        found = read(
            [
                "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
                "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
            ]
        )

        assert found.is_accepted
        assert found.format is Format.TD3
        assert (found.surname, found.given_names) == ("ERIKSSON", "ANNA MARIA")
        assert (found.number, found.optional) == ("L898902C3", "ZE184226B")
        assert (found.birth, found.expiry, found.sex) == ("1974-08-12", "2012-04-15", "F")

    def test_a_card(self) -> None:
        found = read(
            [
                "I<UTOD231458907<<<<<<<<<<<<<<<",
                "7408122F1204159UTO<<<<<<<<<<<6",
                "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
            ]
        )

        assert found.is_accepted
        assert (found.format, found.number) == (Format.TD1, "D23145890")

    def test_a_visa(self) -> None:
        found = read(
            [
                "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
                "L8988901C4XXX4009078F96121096ZE184226B<<<<<<",
            ]
        )

        assert found.is_accepted
        assert (found.format, found.nationality) == (Format.MRV_A, "XXX")
        assert (found.birth, found.expiry) == ("1940-09-07", "1996-12-10")


class TestRules:
    @pytest.mark.parametrize("kind", EVERY)
    @given(holder=holders)
    @settings(max_examples=60, deadline=None)
    def test_what_was_written_is_read(self, kind: Format, holder: Holder) -> None:
        found = read(zone(kind, holder))

        assert found.is_accepted, found.checks
        assert found.repairs == ()
        assert found.number == holder.number
        assert found.issuer == holder.issuer
        assert found.birth[2:].replace("-", "") == holder.birth
        assert found.expiry[2:].replace("-", "") == holder.expiry
        assert found.birth <= ON.isoformat()
        assert found.surname == holder.surname[: len(found.surname)]

    @pytest.mark.parametrize("kind", EVERY)
    @given(holder=holders, data=st.data())
    @settings(max_examples=100, deadline=None)
    def test_one_wrong_digit_is_never_accepted(
        self, kind: Format, holder: Holder, data: st.DataObject
    ) -> None:
        """Optional data of visas is the only field with digits that no check digit covers."""
        lines = zone(kind, replace(holder, optional="") if "MRV" in kind else holder)
        digits = [
            (row, column)
            for row, line in enumerate(lines)
            for column, letter in enumerate(line)
            if letter.isdigit()
        ]
        row, column = data.draw(st.sampled_from(digits))
        other = data.draw(st.sampled_from([d for d in "0123456789" if d != lines[row][column]]))

        assert not read(changed(lines, row, column, other)).is_accepted

    @pytest.mark.parametrize("kind", EVERY)
    @given(holder=holders, data=st.data())
    @settings(max_examples=60, deadline=None)
    def test_a_letter_for_a_digit_is_repaired_right_and_noted(
        self, kind: Format, holder: Holder, data: st.DataObject
    ) -> None:
        truth = zone(kind, holder)
        likes = {digit: letter for letter, digit in DIGIT_LIKE.items()}
        layout = mrz.LAYOUTS[kind]
        places = [
            divmod(place, layout.width)
            for (start, end), _ in layout.digits
            for place in range(start, end)
            if "".join(truth)[place] in likes
        ]
        if not places:
            return
        row, column = data.draw(st.sampled_from(places))
        letter = likes[truth[row][column]]

        found = read(changed(truth, row, column, letter))

        assert found.is_accepted
        assert list(found.lines) == truth
        [repair] = found.repairs
        assert (repair.row, repair.column, repair.read) == (row, column, letter)
        assert repair.reason == "check_digit"

    def test_a_long_number_goes_on_in_the_optional_data(self) -> None:
        lines = zone(Format.TD1, Holder(number="D23145890734"))

        assert lines[0].startswith("I<UTOD23145890<734")
        found = read(lines)
        assert found.is_accepted
        assert found.number == "D23145890734"
        assert not read(changed(lines, 0, 16, "4")).is_accepted

    def test_a_zero_that_may_be_a_letter_is_not_guessed(self) -> None:
        lines = zone(Format.TD3, Holder(number="AO1234567"))

        found = read(changed(lines, 1, 1, "0"))

        assert not found.is_accepted
        assert found.number == "A01234567"


class TestNames:
    def test_without_given_names(self) -> None:
        found = read(zone(Format.TD3, Holder(surname="ARKFREITH", given_names="")))

        assert found.is_accepted
        assert (found.surname, found.given_names) == ("ARKFREITH", "")

    def test_cut_where_the_field_ends(self) -> None:
        long = Holder(surname="NILAVADHANANANDA", given_names="CHAYAPA DEJTHAMRONG KRASUANG")

        found = read(zone(Format.TD3, long))

        assert found.is_accepted
        assert found.names_are_cut
        assert found.given_names == "CHAYAPA DEJTHAMRONG K"

    @pytest.mark.parametrize("noise", ["K", "C", "E", "KK"])
    def test_noise_among_the_fillers_is_repaired_and_noted(self, noise: str) -> None:
        lines = zone(Format.TD3, Holder())
        lines[0] = lines[0][:32] + noise + lines[0][32 + len(noise) :]

        found = read(lines)

        assert found.is_accepted
        assert found.given_names == "ANNA MARIA"
        assert {repair.reason for repair in found.repairs} == {"filler"}

    @pytest.mark.parametrize("given_names", ["LE", "K", "XI"])
    def test_short_given_names_behind_a_filler_too_many_are_not_lost(
        self, given_names: str
    ) -> None:
        lines = zone(Format.TD3, Holder(surname="WANG", given_names=""))
        lines[0] = f"P<UTOWANG<<<{given_names}".ljust(44, "<")

        found = read(lines)

        assert not found.checks["names"]
        assert found.given_names == given_names

    def test_noise_far_behind_a_lone_surname_is_repaired(self) -> None:
        lines = zone(Format.TD3, Holder(surname="WANG", given_names=""))
        lines[0] = lines[0][:30] + "K" + lines[0][31:]

        found = read(lines)

        assert found.is_accepted
        assert (found.surname, found.given_names) == ("WANG", "")

    def test_a_digit_in_a_name_is_no_name(self) -> None:
        found = read([line.replace("SSON", "SS0N") for line in zone(Format.TD3, Holder())])

        assert not found.is_accepted
        assert [name for name, holds in found.checks.items() if not holds] == ["names"]


class TestDates:
    @pytest.mark.parametrize(
        ("birth", "means"),
        [
            ("261122", "2026-11-22"),
            ("261123", "1926-11-23"),
            ("7408<<", "1974-08"),
            ("74<<<<", "1974"),
            ("740000", "1974"),
            ("<<<<<<", ""),
            ("000000", ""),
            ("000229", "2000-02-29"),
        ],
    )
    def test_of_birth_are_never_in_the_future(self, birth: str, means: str) -> None:
        found = read(zone(Format.TD2, Holder(birth=birth)))

        assert found.is_accepted
        assert found.birth == means

    @pytest.mark.parametrize("birth", ["741301", "740231", "74<<12", "990229"])
    def test_that_no_calendar_has_are_not_accepted(self, birth: str) -> None:
        assert not read(zone(Format.TD2, Holder(birth=birth))).is_accepted

    @pytest.mark.parametrize(
        ("expiry", "means"),
        [("760101", "2076-01-01"), ("770101", "1977-01-01"), ("991231", "1999-12-31")],
    )
    def test_of_expiry_lie_in_a_window(self, expiry: str, means: str) -> None:
        assert read(zone(Format.TD2, Holder(expiry=expiry))).expiry == means

    def test_of_expiry_after_the_turn_of_a_century(self) -> None:
        found = read(zone(Format.TD2, Holder(expiry="050101")), on=date(2097, 1, 1))

        assert found.expiry == "2105-01-01"


class TestWhatIsNoZone:
    @pytest.mark.parametrize(
        "lines",
        [
            [],
            ["P<UTO"],
            ["P" * 44],
            ["P<UTOERIKSSON" + "<" * 31, "L898902C3"],
            ["P<UTOERIKSSON<<ÄNNA<MARIA<<<<<<<<<<<<<<<<<<<", "<" * 44],
        ],
    )
    def test_is_nothing(self, lines: list[str]) -> None:
        assert mrz.parse(lines, on=ON) is None
