"""Statements of several days and accounts in one file, and of one day in several."""

from datetime import date
from pathlib import Path

import pytest

from servicing.rails.base import FileRefused, FileRepeated
from tests.servicing.lending import kes
from tests.servicing.rails.bank import ELSEWHERE
from tests.servicing.rails.counter import (
    CAME,
    REF,
    Counter,
    balance,
    entry,
    facts,
    kinds,
    ours,
    part_of_statement,
    payment,
    stated,
    told,
)


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path / "bank")


class TestStatements:
    async def test_of_other_accounts_and_several_days_are_told_apart(
        self, counter: Counter
    ) -> None:
        content = stated(
            part_of_statement(entry("7.00", payment(), name="X"), number=ELSEWHERE),
            part_of_statement(entry("100.00", payment(), name="B1"), closes="100.00"),
            part_of_statement(
                entry("100.00", payment(), name="B2"), opens="100.00", closes="200.00",
                day="2026-11-21",
            ),
        )  # fmt: skip
        delivery = await counter.keeps(content)

        assert (facts(delivery), kinds(delivery)) == ([CAME, CAME], [])
        assert delivery.statements_of == (date(2026, 11, 20), date(2026, 11, 21))
        for day, name in zip(delivery.statements_of, ("B1", "B2"), strict=True):
            lines = await counter.rail.statement(day, "KES")
            assert lines is not None
            assert [line.rail_id for line in lines] == [name]
        balances = await counter.rail.balances(date(2026, 11, 21), "KES")
        assert balances is not None
        assert (balances.opening, balances.closing) == (kes(100), kes(200))
        with pytest.raises(FileRepeated):
            await counter.reads(content)

    async def test_half_kept_are_kept_again(self, counter: Counter) -> None:
        """Whoever died between two days has taken in neither wholly."""
        days = ("2026-11-20", "2026-11-21")
        content = stated(*(part_of_statement(day=day) for day in days))
        await counter.keeps(content)
        (second,) = (counter.folder / "done").glob("*.2026-11-21.xml")
        second.unlink()

        await counter.keeps(content)

        assert second.exists()

    async def test_missing_between_two_of_one_file_is_a_doubt(self, counter: Counter) -> None:
        content = stated(
            part_of_statement(), part_of_statement(opens="5.00", closes="5.00", day="2026-11-21")
        )

        assert kinds(await counter.reads(content)) == ["statement_missing_before"]

    async def test_of_no_account_of_ours_are_refused(self, counter: Counter) -> None:
        with pytest.raises(FileRefused, match="another account"):
            await counter.reads(stated(part_of_statement(number=ELSEWHERE)))
        with pytest.raises(FileRefused, match="another account"):
            await counter.reads(stated())

    @pytest.mark.parametrize("more", ["<Cd>ITBD</Cd>", "<Cd>CLAV</Cd>", "<Prtry>FLOAT</Prtry>"])
    async def test_with_balances_that_say_something_else(self, counter: Counter, more: str) -> None:
        content = part_of_statement(
            balance(more, "999.00"), entry("1.00", payment()), closes="1.00"
        )

        assert kinds(await counter.reads(stated(content))) == []

    @pytest.mark.parametrize("sign", ["DBIT", "CRDT"])
    async def test_that_give_a_payout_no_name_mean_the_one_that_was_told(
        self, counter: Counter, sign: str
    ) -> None:
        """By the bank's reference and the amount: the rest it has said in a notification."""
        back = "<RvslInd>true</RvslInd>" if sign == "CRDT" else ""
        paid = entry("100.00", payment(refs=ours()), sign=sign, more=back)
        await counter.keeps(told(paid))
        named = facts(await counter.reads(told(paid, message="M2")))

        def seen(amount: str) -> str:
            return stated(part_of_statement(entry(amount, sign=sign, more=back)))

        assert facts(await counter.reads(seen("100.00"))) == named
        (other,) = facts(await counter.reads(seen("100.01")))
        assert other[1] == "NOTPROVIDED"
        await counter.keeps(seen("100.00"))
        lines = await counter.rail.statement(date(2026, 11, 20), "KES")
        assert lines is not None
        assert [line.reference for line in lines] == [REF]

    async def test_overdrawn_add_up(self, counter: Counter) -> None:
        content = part_of_statement(
            entry("30.00", payment(), sign="DBIT"), opens="10.00", closes="20.00"
        )
        head, _, tail = content.rpartition("20.00</Amt><CdtDbtInd>CRDT")
        overdrawn = f"{head}20.00</Amt><CdtDbtInd>DBIT{tail}"

        assert kinds(await counter.reads(stated(overdrawn))) == []


def page(number: int, is_last: bool, tag: str = "StmtPgntn") -> str:
    last = "true" if is_last else "false"
    return f"<{tag}><PgNb>{number}</PgNb><LastPgInd>{last}</LastPgInd></{tag}>"


class TestPages:
    def pages(self, *messages: str) -> list[str]:
        """Of one day: 100.00 came on each, and the balances between them are interim ones."""
        codes = (("OPBD", "ITBD"), ("ITBD", "ITBD"), ("ITBD", "CLBD"))
        return [
            stated(
                part_of_statement(
                    page(n, n == 3), entry("100.00", payment(), name=f"B{n}"),
                    opens=f"{n - 1}00.00", closes=f"{n}00.00", codes=codes[n - 1],
                ),
                message=messages[n - 1],
            )
            for n in (1, 2, 3)
        ]  # fmt: skip

    @pytest.mark.parametrize("messages", [("S1", "S2", "S3"), ("S1", "S1", "S1")])
    async def test_are_one_statement(self, counter: Counter, messages: tuple[str, ...]) -> None:
        for content in self.pages(*messages):
            assert kinds(await counter.keeps(content)) == []

        lines = await counter.rail.statement(date(2026, 11, 20), "KES")
        assert lines is not None
        assert sorted(line.rail_id for line in lines) == ["B1", "B2", "B3"]
        after = part_of_statement(opens="300.00", closes="300.00", day="2026-11-21")
        assert kinds(await counter.reads(stated(after, message="S4"))) == []

    async def test_that_are_missing_are_a_doubt(self, counter: Counter) -> None:
        first, _, last = self.pages("S1", "S2", "S3")
        await counter.keeps(first)

        assert kinds(await counter.reads(last)) == ["statement_missing_before"]

    async def test_of_the_message_have_its_name(self, counter: Counter) -> None:
        one, two = (
            stated(
                part_of_statement(entry("1.00", payment(), name=f"B{n}"), closes="1.00"),
                page=page(n, n == 2, "MsgPgntn"),
            )
            for n in (1, 2)
        )
        await counter.keeps(one)

        assert [each.rail_id for each in (await counter.reads(two)).events] == ["B2"]

    async def test_are_numbered(self, counter: Counter) -> None:
        content = stated(part_of_statement(page(1, True).replace(">1<", ">one<")))

        with pytest.raises(FileRefused, match="PgNb"):
            await counter.reads(content)
