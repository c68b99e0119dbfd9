"""What a bank says of our orders by name, in as many ways as the standard has."""

from pathlib import Path

import pytest

from servicing.rails.base import FileRefused, Outcome, OutcomeStatus
from tests.servicing.rails.counter import (
    OTHER,
    REF,
    Counter,
    document,
    head,
    kinds,
    of_payment,
    report,
    returned,
)


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path / "bank")


class TestReturns:
    async def test_of_nothing_named_are_no_payout_of_ours(self, counter: Counter) -> None:
        (event,) = (await counter.reads(returned(""))).events

        assert (event.reference, event.rail_id) == ("NOTPROVIDED", "R2")

    async def test_by_the_name_of_what_they_return(self, counter: Counter) -> None:
        (event,) = (await counter.reads(returned(first="<OrgnlTxId>T1</OrgnlTxId>"))).events

        assert event.rail_id == "T1"

    async def test_of_nothing_at_all_are_refused(self, counter: Counter) -> None:
        with pytest.raises(FileRefused, match="no TxInf"):
            await counter.reads(document("pacs.004.001.09", "PmtRtr", head("R1")))

    async def test_of_one_name_are_both_told(self, counter: Counter) -> None:
        one = returned()
        inside = one[one.index("<TxInf>") : one.index("</PmtRtr>")]
        both = one.replace(inside, inside + inside.replace(REF, OTHER))
        delivery = await counter.reads(both)

        assert [each.reference for each in delivery.events] == [REF, OTHER]
        assert len({each.event_id for each in delivery.events}) == 2


FAILED = Outcome(OutcomeStatus.FAILED, failure_code="AC04")
PENDING = Outcome(OutcomeStatus.PENDING)


class TestStatusReports:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (report(group=("RJCT", "AC04")), [FAILED]),
            (report(group=("ACCP",)), [PENDING]),
            (report(group=("PDNG",)), [PENDING]),
            # A batch of which nothing is said has what its group has.
            (report(group=("RJCT", "AC04"), batches=(((), ()),)), [FAILED]),
            (report(batches=((("RJCT", "AC04"), ()),)), [FAILED]),
            (report(group=("PART",), batches=((("RJCT", "AC04"), ()),)), [FAILED]),
            # So has a payment what its batch has, or its group.
            (report(batches=((("RJCT", "AC04"), (of_payment(),)),)), [FAILED]),
            (report(group=("RJCT", "AC04"), batches=(((), (of_payment(),)),)), [FAILED]),
            (report(group=("RJCT",), batches=(((), (of_payment(("", "AC04")),)),)), [FAILED]),
            (report(group=("PART",), batches=(((), (of_payment(("RJCT", "AC04")),)),)), [FAILED]),
            (report(group=("ACTC",), batches=(((), (of_payment(("RJCT", "AC04")),)),)), [FAILED]),
            # Where the payment is not named it is its batch's only one.
            (report(batches=(((), (of_payment(("RJCT", "AC04"), ""),)),)), [FAILED]),
            (report(batches=((("ACSP",), ()), (("RJCT", "AC04"), ()))), [PENDING, FAILED]),
        ],
    )
    async def test_say_what_became_of_an_order(
        self, counter: Counter, content: str, expected: list[Outcome]
    ) -> None:
        await counter.orders()
        delivery = await counter.reads(content)

        assert [each.outcome for each in delivery.events] == expected
        assert {each.reference for each in delivery.events} == {REF}
        assert len({each.event_id for each in delivery.events}) == len(expected)
        assert kinds(delivery) == []

    @pytest.mark.parametrize(
        "content",
        [
            report(),
            report(batches=(((), ()),)),
            report(batches=(((), (of_payment(),)),)),
            report(group=("PART",), batches=(((), (of_payment(("", "AC04")),)),)),
            report(group=("CANC",)),
            # The bank has it twice, whatever else it says.
            report(group=("RJCT", "NARR", "AM05")),
            report(group=("RJCT", "DUPL"), batches=((("RJCT", "NARR"), ()),)),
            report(group=("RJCT", "DUPL"), batches=(((), (of_payment(("RJCT", "NARR")),)),)),
        ],
    )
    async def test_that_prove_nothing_are_doubts(self, counter: Counter, content: str) -> None:
        await counter.orders()
        delivery = await counter.reads(content)

        assert (delivery.events, kinds(delivery)) == ((), ["status_unclear"])
