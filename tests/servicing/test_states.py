"""The lives of loans and orders: final states stay final, and nothing skips the asking."""

import pytest

from kit.state import InvalidTransition, Machine
from servicing.states import (
    LOAN,
    PAYMENT_REQUEST,
    PAYOUT,
    REFUND,
    LoanEvent,
    LoanStatus,
    OrderEvent,
    OrderStatus,
)


class TestLoan:
    def test_that_was_never_paid_out_is_over(self) -> None:
        assert not LOAN.events(LoanStatus.CANCELED)

    @pytest.mark.parametrize("status", [LoanStatus.CLOSED, LoanStatus.WRITTEN_OFF])
    def test_that_is_over_opens_only_when_what_ended_it_is_taken_back(
        self, status: LoanStatus
    ) -> None:
        assert LOAN.events(status) == {LoanEvent.REOPENED}

    def test_cannot_be_paid_out_twice(self) -> None:
        with pytest.raises(InvalidTransition):
            LOAN.after(LoanStatus.ACTIVE, LoanEvent.DISBURSED)


class TestOrder:
    @pytest.mark.parametrize("machine", [PAYOUT, PAYMENT_REQUEST, REFUND])
    @pytest.mark.parametrize("status", [OrderStatus.SETTLED, OrderStatus.FAILED])
    def test_that_is_final_absorbs(
        self, machine: Machine[OrderStatus, OrderEvent], status: OrderStatus
    ) -> None:
        comes_back = status is OrderStatus.SETTLED

        assert machine.events(status) == ({OrderEvent.RETURN} if comes_back else set())

    def test_is_sent_only_when_the_rail_cannot_have_it_for_certain(self) -> None:
        sendable = {status for status in OrderStatus if PAYOUT.allows(status, OrderEvent.SUBMIT)}

        assert sendable == {
            OrderStatus.CREATED, OrderStatus.HELD, OrderStatus.SUBMITTING, OrderStatus.UNKNOWN
        }  # fmt: skip

    def test_cannot_settle_before_it_was_sent(self) -> None:
        assert not PAYOUT.allows(OrderStatus.CREATED, OrderEvent.SETTLE)
