"""What the bank says about payments by name: status reports (pain.002) and returns (pacs.004)."""

from collections.abc import Callable, Iterator

from kit.money import Money
from servicing.rails.base import (
    Delivery,
    Direction,
    Doubt,
    Outcome,
    OutcomeStatus,
    RailEvent,
)
from servicing.rails.iso20022.xml import Node

RAIL = "iso20022"
STATUS, RETURN = "pain.002.001.10", "pacs.004.001.09"
_REJECTED = "RJCT"
# None of these is money that arrived: only the account's own entries prove that.
_UNDER_WAY = frozenset(
    ("RCVD", "PDNG", "PATC", "ACTC", "ACCP", "ACFC", "ACSP", "ACWC", "ACWP", "ACSC", "ACCC", "PRES")
)
# The bank has it twice, and carries out the first: no proof that nothing moved.
_DUPLICATE = frozenset(("DUPL", "AM05", "DU01", "DU02", "DU03", "DU04", "DU05"))


def status(root: Node, *, sent: Callable[[str], Money | None]) -> Delivery:
    """A report names no amounts: `sent` is what we ordered under a reference, if we did.

    A group's or a batch's status counts for what is not named below it: they are one payment.
    """
    message = root.id("GrpHdr/MsgId")
    found = [
        _event(message, reference, told, reason, sent(reference))
        for reference, told, reason in _told(root)
    ]
    return Delivery(
        message,
        events=tuple(each for each in found if isinstance(each, RailEvent)),
        doubts=tuple(each for each in found if isinstance(each, Doubt)),
    )


def returned(root: Node) -> Delivery:
    message = root.id("GrpHdr/MsgId")
    events = []
    for transaction in root.all("TxInf"):
        rail_id = transaction.id("RtrId")
        amount = transaction.money("RtrdIntrBkSttlmAmt")
        outcome = Outcome(
            OutcomeStatus.RETURNED, amount, rail_id, failure_code=_reason(transaction, "RtrRsnInf")
        )
        events.append(
            RailEvent(
                RAIL, f"{message}:{rail_id}", Direction.PAYOUT,
                transaction.id("OrgnlEndToEndId"), rail_id, amount, outcome,
            )
        )  # fmt: skip
    return Delivery(message, events=tuple(events))


def _told(root: Node) -> Iterator[tuple[str, str, str | None]]:
    """(our reference, status, reason) of whatever the report speaks about."""
    group = root.one("OrgnlGrpInfAndSts")
    group_reason = _reason(group, "StsRsnInf")
    batches = root.all("OrgnlPmtInfAndSts")
    for batch in batches:
        batch_reason = _reason(batch, "StsRsnInf") or group_reason
        payments = batch.all("TxInfAndSts")
        for payment in payments:
            reason = _reason(payment, "StsRsnInf") or batch_reason
            yield payment.id("OrgnlEndToEndId"), payment.text("TxSts"), reason
        if not payments and (told := batch.find_text("PmtInfSts")):
            yield batch.id("OrgnlPmtInfId"), told, batch_reason
    if not batches and (told := group.find_text("GrpSts")):
        yield group.id("OrgnlMsgId"), told, group_reason


def _event(
    message: str, reference: str, told: str, reason: str | None, amount: Money | None
) -> RailEvent | Doubt:
    facts = {"status": told, "reason": reason or ""}
    if amount is None:
        return Doubt("status_of_nothing_we_sent", reference, facts)
    if told == _REJECTED and reason not in _DUPLICATE:
        outcome = Outcome(OutcomeStatus.FAILED, failure_code=reason or _REJECTED)
    elif told in _UNDER_WAY:
        outcome = Outcome(OutcomeStatus.PENDING)
    else:
        return Doubt("status_unclear", reference, facts)
    return RailEvent(
        RAIL, f"{message}:{reference}", Direction.PAYOUT, reference, reference, amount, outcome
    )


def _reason(node: Node, path: str) -> str | None:
    return node.find_id(f"{path}/Rsn/Cd") or node.find_id(f"{path}/Rsn/Prtry")
