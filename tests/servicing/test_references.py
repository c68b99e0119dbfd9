"""References as people type them: one loan or none, and never a neighbor by a slip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import ids
from kit.db import unit_of_work
from servicing import queries, references
from servicing.models import Loan
from tests.servicing.lending import Lender

CODES = st.text(ids.ALPHABET, min_size=7, max_size=7).map(
    lambda code: code + ids.check_character(code)
)


class TestNamedIn:
    @pytest.mark.parametrize(
        "typed",
        [
            "L-7K3QFWX{c}",
            " l-7k3qfwx{c} ",
            "L 7K3Q FWX{c}",
            "7k3qfwx{c}",
            "L7K3QFWX{c}",
            "l/7K3QFWX{c}.",
            "1-7K3QFWX{c}",
            "I7K3QFWX{c}",
            "loan L-7K3QFWX{c} Amina",
            "para el préstamo L 7K3QFWX{c}",
        ],
    )
    def test_reads_it_however_it_is_written(self, typed: str) -> None:
        check = ids.check_character("7K3QFWX")

        assert references.named_in(typed.format(c=check)) == {f"L-7K3QFWX{check}"}

    def test_reads_references_from_before_check_characters(self) -> None:
        assert references.named_in("l-7k3qfwx") == {"L-7K3QFWX"}

    @pytest.mark.parametrize("typed", ["", "L-", "rent", "L-7K3QFW0", "L-O0I1LUV", "💸", "L" * 500])
    def test_reads_nothing_into_what_is_none(self, typed: str) -> None:
        assert references.named_in(typed) == set()


class TestCheckCharacter:
    @given(CODES, st.integers(0, 7), st.sampled_from(ids.ALPHABET))
    def test_one_wrong_sign_makes_no_other_reference(self, code: str, at: int, sign: str) -> None:
        slip = code[:at] + sign + code[at + 1 :]

        assert slip == code or references.named_in(f"L-{slip}") == set()

    @given(CODES, st.integers(0, 6))
    def test_nor_do_two_that_are_exchanged(self, code: str, at: int) -> None:
        slip = code[:at] + code[at + 1] + code[at] + code[at + 2 :]

        assert slip == code or references.named_in(f"L-{slip}") == set()


class TestNear:
    @given(CODES, st.integers(0, 7), st.sampled_from("0O1I8BS5?"))
    def test_finds_it_behind_one_slip(self, code: str, at: int, sign: str) -> None:
        for slip in (code[:at] + sign + code[at + 1 :], code[:at] + code[at + 1 :]):
            assert f"L-{code}" in references.near(f"l {slip}")

    @pytest.mark.parametrize("typed", ["", "rent", "thank you very much", "L-7K3Q"])
    def test_is_nothing_for_other_words(self, typed: str) -> None:
        assert references.near(typed) == set()


class TestFindByReference:
    async def test_takes_no_loan_where_two_are_named(self, lender: Lender) -> None:
        one, two = await lender.lends(), await lender.lends()

        async def found(typed: str) -> Loan | None:
            async with unit_of_work(lender.sessions) as session:
                return await queries.find_by_reference(session, typed)

        assert await found(f"{one.reference} {two.reference}") is None
        seen = await found(one.reference.lower().replace("-", " "))
        assert seen is not None
        assert seen.id == one.id
