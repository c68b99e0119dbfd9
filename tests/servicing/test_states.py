"""The lives of loans and orders: final states stay final, and nothing skips the asking."""

import pytest

from kit.state import InvalidTransition, Machine
from servicing.states import (
    LOAN,
    PAYMENT_REQUEST,
    PAYOUT,
    LoanEvent,
    LoanStatus,
    OrderEvent,
    OrderStatus,
)


class TestLoan:
    @pytest.mark.parametrize("status", [LoanStatus.CANCELED, LoanStatus.WRITTEN_OFF])
    def test_that_is_over_stays_over(self, status: LoanStatus) -> None:
        assert not LOAN.events(status)

    def test_that_is_closed_opens_only_when_a_payment_goes_back(self) -> None:
        assert LOAN.events(LoanStatus.CLOSED) == {LoanEvent.REPAYMENT_REVERSED}

    def test_cannot_be_paid_out_twice(self) -> None:
        with pytest.raises(InvalidTransition):
            LOAN.after(LoanStatus.ACTIVE, LoanEvent.DISBURSED)


class TestOrder:
    @pytest.mark.parametrize("machine", [PAYOUT, PAYMENT_REQUEST])
    @pytest.mark.parametrize("status", [OrderStatus.SETTLED, OrderStatus.FAILED])
    def test_that_is_final_absorbs(
        self, machine: Machine[OrderStatus, OrderEvent], status: OrderStatus
    ) -> None:
        assert not machine.events(status)

    def test_is_sent_only_when_the_rail_cannot_have_it_for_certain(self) -> None:
        sendable = {status for status in OrderStatus if PAYOUT.allows(status, OrderEvent.SUBMIT)}

        assert sendable == {OrderStatus.CREATED, OrderStatus.SUBMITTING, OrderStatus.UNKNOWN}

    def test_cannot_settle_before_it_was_sent(self) -> None:
        assert not PAYOUT.allows(OrderStatus.CREATED, OrderEvent.SETTLE)
