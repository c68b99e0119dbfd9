"""From rows of print to one zone: lengths, noise, and what several readings together know."""

from datetime import date

import pytest

from kyc.documents import mrz, voices
from kyc.documents.mrz import Format, Mrz
from tests.kyc.documents.zones import Holder, zone

ON = date(2026, 11, 22)
NAMES, NUMBERS = zone(Format.TD3, Holder(number="AO1234567", optional="ZE184226B"))


def read(*lines: str) -> Mrz:
    found = mrz.parse(lines, on=ON)
    assert found is not None
    return found


class TestLines:
    @pytest.mark.parametrize(
        "rows",
        [
            [NAMES, NUMBERS],
            ["PASSPORT", NAMES.lower(), "", NUMBERS.replace("<", " <"), "Office of Utopia"],
            [NAMES + "<<", NUMBERS],
            [NAMES[:-3], NUMBERS],
            [NAMES, NUMBERS.replace("<<<<<", "<<<")],
            [NAMES, "1" + NUMBERS],
            [NAMES.replace("<<", "«", 1), NUMBERS],
        ],
    )
    def test_are_brought_to_their_length_by_fillers_and_noise_alone(self, rows: list[str]) -> None:
        found = voices.best(rows, on=ON)

        assert found is not None
        assert found.is_accepted
        assert found.lines == (NAMES, NUMBERS)

    def test_that_lost_a_letter_are_not_accepted(self) -> None:
        found = voices.best([NAMES, NUMBERS[:12] + NUMBERS[13:]], on=ON)

        assert found is None or not found.is_accepted

    def test_of_no_zone_are_nothing(self) -> None:
        assert voices.best(["REPUBLIC OF UTOPIA", "Surname", "ERIKSSON"], on=ON) is None


class TestVote:
    def test_a_check_digit_tells_which_reading_is_right(self) -> None:
        zero_for_letter = NUMBERS.replace("AO1", "A01")
        letter_for_zero = NUMBERS[:-1] + "O"

        settled = voices.settle([read(NAMES, zero_for_letter), read(NAMES, letter_for_zero)], on=ON)

        assert settled is not None
        assert settled.lines == (NAMES, NUMBERS)
        assert ("0", "O", "voices") in {(r.read, r.taken, r.reason) for r in settled.repairs}

    def test_one_reading_says_nothing_about_names(self) -> None:
        assert voices.settle([read(NAMES, NUMBERS)], on=ON) is None
        assert voices.settle([read(NAMES, NUMBERS)], on=ON, least=1) is not None

    def test_names_that_differ_are_not_settled_by_two(self) -> None:
        other = NAMES.replace("ERIKSSON", "ERIKSSEN")

        assert voices.settle([read(NAMES, NUMBERS), read(other, NUMBERS)], on=ON) is None

    def test_names_that_differ_are_settled_by_a_third(self) -> None:
        other = NAMES.replace("ERIKSSON", "ERIKSSEN")
        three = [read(other, NUMBERS), read(NAMES, NUMBERS), read(NAMES, NUMBERS)]

        settled = voices.settle(three, on=ON)

        assert settled is not None
        assert settled.surname == "ERIKSSON"

    def test_a_digit_in_a_name_stands_for_the_letter_that_another_saw(self) -> None:
        digit = NAMES.replace("ERIKSSON", "ER1KSS0N")

        settled = voices.settle([read(digit, NUMBERS), read(NAMES, NUMBERS)], on=ON)

        assert settled is not None
        assert settled.surname == "ERIKSSON"

    def test_a_digit_that_everybody_saw_in_a_name_is_not_guessed(self) -> None:
        digit = NAMES.replace("ERIKSSON", "ERIKSS0N")

        assert voices.settle([read(digit, NUMBERS)] * 2, on=ON) is None

    def test_a_country_that_is_none_is_misread(self) -> None:
        wrong = NAMES.replace("UTO", "UTC")

        settled = voices.settle([read(wrong, NUMBERS), read(NAMES, NUMBERS)], on=ON)

        assert settled is not None
        assert settled.issuer == "UTO"

    def test_two_ways_that_both_fit_the_checks_are_none(self) -> None:
        # 6 and G weigh the same: which of them it is, no check digit says.
        names, numbers = zone(Format.TD3, Holder(number="A6123456"))
        other = numbers.replace("A6", "AG")

        assert voices.settle([read(names, numbers), read(names, other)], on=ON) is None

    def test_too_much_dispute_settles_nothing(self) -> None:
        garbled, blurred = (
            NUMBERS.replace("AO1234567", other) for other in ("BQ7654321", "8O7243165")
        )

        assert voices.settle([read(NAMES, garbled), read(NAMES, blurred)], on=ON) is None
