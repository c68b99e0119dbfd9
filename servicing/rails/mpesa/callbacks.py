"""What Daraja tells us, made into events: hints, questions, and answers to our own questions."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from kit.clock import Clock
from kit.money import Money
from servicing.rails.addresses import Addresses
from servicing.rails.base import (
    HINT,
    CallbackMalformed,
    Direction,
    Outcome,
    OutcomeStatus,
    RailEvent,
    SignatureInvalid,
)
from servicing.rails.mpesa import messages
from servicing.rails.mpesa.messages import CURRENCY

NAME = "mpesa"
Network = IPv4Network | IPv6Network
_ANSWERED_WITHIN = timedelta(hours=1)
_STATUSES = {
    "completed": OutcomeStatus.SETTLED,
    "failed": OutcomeStatus.FAILED,
    "cancelled": OutcomeStatus.FAILED,
    "declined": OutcomeStatus.FAILED,
    "expired": OutcomeStatus.FAILED,
}


class Callbacks:
    def __init__(
        self, addresses: Addresses, shortcode: str, *, clock: Clock, callers: Sequence[Network]
    ) -> None:
        self._addresses = addresses
        self._shortcode = shortcode
        self._clock = clock
        self._callers = callers
        self._readers: dict[str, Callable[..., list[RailEvent]]] = {
            "payout": self._paid_out,
            "payoutlate": self._not_paid_out_yet,
            "collect": self._prompted,
            "paid": self._paid_in,
            "maypay": self._may_be_paid_in,
            "outcome": self._outcome_of_payout,
            "receipt": self._outcome_of_payment,
            "late": self._not_answered,
        }

    def read(self, caller: str, body: bytes, path: str) -> list[RailEvent]:
        self._check_caller(caller)
        what, *facts = self._addresses.read(path)
        return self._readers[what](messages.read(body), *facts)

    def _check_caller(self, caller: str) -> None:
        if not self._callers:
            return
        try:
            address = ip_address(caller)
        except ValueError as error:
            raise SignatureInvalid() from error
        if not any(address in network for network in self._callers):
            raise SignatureInvalid()

    def _check_fresh(self, stamp: str) -> None:
        """An address that is believed serves its own question, not whoever finds it in a log."""
        if self._clock.now().timestamp() - int(stamp) > _ANSWERED_WITHIN.total_seconds():
            raise SignatureInvalid()

    def _paid_out(self, content: Mapping[str, Any], ref: str, minor: str) -> list[RailEvent]:
        told = messages.result(content)
        status = OutcomeStatus.SETTLED if told.is_success else OutcomeStatus.FAILED
        amount = told.amount("TransactionAmount")
        if amount is None:
            amount = Money(int(minor), CURRENCY)
        return [_hint(Direction.PAYOUT, ref, ref, amount, status, _said(content))]

    def _not_paid_out_yet(
        self, content: Mapping[str, Any], ref: str, minor: str
    ) -> list[RailEvent]:
        amount = Money(int(minor), CURRENCY)
        return [_hint(Direction.PAYOUT, ref, ref, amount, OutcomeStatus.UNKNOWN, "late")]

    def _prompted(self, content: Mapping[str, Any], ref: str, minor: str) -> list[RailEvent]:
        told = messages.prompted(content)
        status = OutcomeStatus.SETTLED if told.code == "0" else OutcomeStatus.FAILED
        amount = Money(int(minor), CURRENCY) if told.amount is None else told.amount
        return [_hint(Direction.COLLECT, ref, told.checkout_id, amount, status, _said(content))]

    def _paid_in(self, content: Mapping[str, Any]) -> list[RailEvent]:
        paid = self._payment(content)
        settled = OutcomeStatus.SETTLED
        return [_hint(Direction.INCOMING, paid.reference, paid.receipt, paid.amount, settled)]

    def _may_be_paid_in(self, content: Mapping[str, Any]) -> list[RailEvent]:
        paid = self._payment(content)
        return [
            RailEvent(
                rail=NAME, event_id=paid.receipt, direction=Direction.INCOMING,
                reference=paid.reference, rail_id=paid.receipt, amount=paid.amount,
                outcome=Outcome(OutcomeStatus.PENDING, paid.amount), is_question=True,
            )
        ]  # fmt: skip

    def _outcome_of_payout(
        self, content: Mapping[str, Any], ref: str, stamp: str
    ) -> list[RailEvent]:
        self._check_fresh(stamp)
        told = messages.result(content)
        if not told.is_success:
            return []  # M-Pesa cannot say. Whoever waits asks again.
        if told.values.get("OriginatorConversationID") != ref:
            raise CallbackMalformed(field="OriginatorConversationID")
        account = told.party("CreditPartyName")
        return [_answer(told, Direction.PAYOUT, ref, account, f"outcome:{ref}:{stamp}")]

    def _outcome_of_payment(
        self, content: Mapping[str, Any], receipt: str, stamp: str
    ) -> list[RailEvent]:
        self._check_fresh(stamp)
        told = messages.result(content)
        if not told.is_success:
            return []
        if told.values.get("ReceiptNo") != receipt:
            raise CallbackMalformed(field="ReceiptNo")
        if told.party("CreditPartyName") != self._shortcode:
            raise CallbackMalformed(field="CreditPartyName")
        account = told.party("DebitPartyName")
        return [_answer(told, Direction.INCOMING, receipt, account, f"receipt:{receipt}:{stamp}")]

    def _not_answered(self, content: Mapping[str, Any]) -> list[RailEvent]:
        return []

    def _payment(self, content: Mapping[str, Any]) -> messages.Payment:
        paid = messages.payment(content)
        if paid.shortcode != self._shortcode:
            raise CallbackMalformed(field="BusinessShortCode")
        return paid


def _answer(
    told: messages.Result, direction: Direction, reference: str, account: str, event_id: str
) -> RailEvent:
    amount = told.amount("Amount")
    said = told.values.get("TransactionStatus", "").lower()
    status = _STATUSES.get(said, OutcomeStatus.UNKNOWN)
    if amount is None or (status is OutcomeStatus.SETTLED and amount.minor <= 0):
        raise CallbackMalformed(field="Amount")
    receipt = messages.receipt_of(told.values.get("ReceiptNo", ""), "ReceiptNo")
    is_failed = status is OutcomeStatus.FAILED
    return RailEvent(
        rail=NAME, event_id=event_id, direction=direction, reference=reference, rail_id=receipt,
        amount=amount, account=account,
        outcome=Outcome(
            status, amount, receipt, failure_code=said if is_failed else None,
            settled_at=told.instant("FinalisedTime"),
        ),
    )  # fmt: skip


def _hint(
    direction: Direction, reference: str, rail_id: str, amount: Money, status: OutcomeStatus,
    said: str = "",
) -> RailEvent:  # fmt: skip
    """The same words about an order are one hint; a payment is announced once for all."""
    return RailEvent(
        rail=NAME, event_id=(HINT + ":".join(filter(None, (rail_id, said))))[:120],
        direction=direction, reference=reference, rail_id=rail_id, amount=amount,
        outcome=Outcome(status, amount), is_hint=True,
    )  # fmt: skip


def _said(content: Mapping[str, Any]) -> str:
    """The same words again are the same hint."""
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]
