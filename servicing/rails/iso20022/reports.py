"""What the bank says about payments by name: status reports (pain.002) and returns (pacs.004)."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from kit.money import Money
from servicing.rails.base import (
    Delivery,
    Direction,
    Doubt,
    FileRefused,
    Outcome,
    OutcomeStatus,
    RailEvent,
)
from servicing.rails.iso20022.orders import reference_of
from servicing.rails.iso20022.xml import Node

RAIL = "iso20022"
STATUS, RETURN = "pain.002.001", "pacs.004.001"
# The versions in which every place that we read is where we look for it.
_VERSIONS = {
    STATUS: range(3, 15),
    RETURN: range(2, 15),
    "camt.053.001": range(2, 14),
    "camt.054.001": range(2, 14),
}
_REJECTED = "RJCT"
# None of these is money that arrived: only the account's own entries prove that.
_UNDER_WAY = frozenset(
    ("RCVD", "PDNG", "PATC", "ACTC", "ACCP", "ACFC", "ACSP", "ACWC", "ACWP", "ACSC", "ACCC", "PRES")
)
# The bank has it twice, and carries out the first: no proof that nothing moved.
_DUPLICATE = frozenset(("DUPL", "AM05", "DU01", "DU02", "DU03", "DU04", "DU05"))


def family_of(kind: str) -> str:
    """A message's name without its version, when it is read here."""
    family, _, version = kind.rpartition(".")
    is_version = len(version) == 2 and version.isascii() and version.isdecimal()
    if not is_version or int(version) not in _VERSIONS.get(family, ()):
        raise FileRefused(f"{kind[:40]} is not read here")
    return family


def status(root: Node, *, sent: Callable[[str], Money | None]) -> Delivery:
    """A report names no amounts: `sent` is what we ordered under a reference, if we did.

    A group's or a batch's word counts for what has none of its own below it: they are one payment.
    """
    message = root.id("GrpHdr/MsgId")
    found = [_event(message, told, sent(told.reference)) for told in _told(root)]
    return Delivery(
        message,
        events=_numbered(each for each in found if isinstance(each, RailEvent)),
        doubts=tuple(each for each in found if isinstance(each, Doubt)),
    )


def returned(root: Node) -> Delivery:
    message = root.id("GrpHdr/MsgId")
    transactions = root.all("TxInf")
    if not transactions:
        raise FileRefused("no TxInf")
    return Delivery(message, events=_numbered(_return(message, each) for each in transactions))


def _return(message: str, transaction: Node) -> RailEvent:
    reference = reference_of(transaction.find_id("OrgnlEndToEndId") or "NOTPROVIDED")
    rail_id = transaction.find_id("RtrId") or transaction.id("OrgnlTxId")
    amount = transaction.money("RtrdIntrBkSttlmAmt")
    reasons = _reasons(transaction, "RtrRsnInf")
    outcome = Outcome(
        OutcomeStatus.RETURNED, amount, rail_id, failure_code=reasons[0] if reasons else None
    )
    return RailEvent(
        RAIL, f"{message}:{rail_id}", Direction.PAYOUT, reference, rail_id, amount, outcome
    )


def _numbered(events: Iterable[RailEvent]) -> tuple[RailEvent, ...]:
    """What one message says twice under one name is heard twice."""
    told: Counter[str] = Counter()
    found = []
    for each in events:
        told[each.event_id] += 1
        n = told[each.event_id]
        found.append(each if n == 1 else replace(each, event_id=f"{each.event_id}:{n}"))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Told:
    reference: str
    status: str
    reasons: tuple[str, ...]
    """Of the payment, its batch and its group, the nearest first."""


def _told(root: Node) -> Iterator[_Told]:
    """Of whatever the report speaks about."""
    group = root.one("OrgnlGrpInfAndSts")
    of_group = group.find_text("GrpSts") or ""
    why_group = _reasons(group, "StsRsnInf")
    batches = root.all("OrgnlPmtInfAndSts")
    for batch in batches:
        name = batch.id("OrgnlPmtInfId")
        of_batch = batch.find_text("PmtInfSts") or of_group
        why_batch = _reasons(batch, "StsRsnInf") + why_group
        payments = batch.all("TxInfAndSts")
        for payment in payments:
            reference = payment.find_id("OrgnlEndToEndId") or name
            told = payment.find_text("TxSts") or of_batch
            yield _Told(reference_of(reference), told, _reasons(payment, "StsRsnInf") + why_batch)
        if not payments:
            yield _Told(reference_of(name), of_batch, why_batch)
    if not batches:
        yield _Told(reference_of(group.id("OrgnlMsgId")), of_group, why_group)


def _event(message: str, told: _Told, amount: Money | None) -> RailEvent | Doubt:
    reference, reason = told.reference, next(iter(told.reasons), None)
    facts = {"status": told.status, "reason": " ".join(told.reasons)}
    if amount is None:
        return Doubt("status_of_nothing_we_sent", reference, facts)
    if told.status == _REJECTED and _DUPLICATE.isdisjoint(told.reasons):
        outcome = Outcome(OutcomeStatus.FAILED, failure_code=reason or _REJECTED)
    elif told.status in _UNDER_WAY:
        outcome = Outcome(OutcomeStatus.PENDING)
    else:
        return Doubt("status_unclear", reference, facts)
    return RailEvent(
        RAIL, f"{message}:{reference}", Direction.PAYOUT, reference, reference, amount, outcome
    )


def _reasons(node: Node, path: str) -> tuple[str, ...]:
    given = [each.find_id("Rsn/Cd") or each.find_id("Rsn/Prtry") for each in node.all(path)]
    return tuple(each for each in given if each)
