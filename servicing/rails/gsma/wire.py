"""The words of the GSMA Mobile Money API 1.2: what we write, and what we believe of an answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from kit.money import Money
from servicing.rails.base import Outcome, OutcomeStatus

_NAMES = UUID("5b0ea6ab-35d6-4a3f-9d5b-6d2b7e0f5a41")
_AMOUNT = re.compile(r"(0|[1-9]\d{0,17})(\.\d{1,4})?\Z", re.ASCII)
_MOST = 2**63 - 1
"""What a database holds."""
_STATUSES = {
    "pending": OutcomeStatus.PENDING,
    "completed": OutcomeStatus.SETTLED,
    "failed": OutcomeStatus.FAILED,
    "reversed": OutcomeStatus.RETURNED,
}
"""The specification leaves these words to the provider; what is not here means nothing to us."""
TAKE_BACK = ("reversal", "adjustment")
_SURE = {
    400: ("businessRule", "validation"),
    401: ("authorisation",),
    404: ("identification",),
}
"""Which categories of error prove that nothing was done, by the status they come with."""
_NOT_ABOUT_THE_ORDER = (
    "duplicateRequest",
    "rateLimitError",
    "clientAuthorisationError",
    "requestingPartyAuthorisationError",
    "servicingPartyAuthorisationError",
)
"""Our key, our pace, or an order that is there already: none of them proves a failure."""

RAIL_ID_MAX = 80
DUPLICATE = "duplicateRequest"


class Unreadable(ValueError):
    """It does not say what the specification says it must."""


@dataclass(frozen=True, slots=True)
class Party:
    """One account, as `walletid@1234`; a bare number is a phone."""

    key: str
    value: str

    @classmethod
    def of(cls, account: str) -> "Party":
        key, at, value = account.partition("@")
        return cls.known(key, value) if at else cls.known("msisdn", account)

    @classmethod
    def known(cls, key: str, value: str) -> "Party":
        return cls(key, "+" + value.removeprefix("+") if key == "msisdn" else value)

    def written(self) -> list[dict[str, str]]:
        return [{"key": self.key, "value": self.value}]


@dataclass(frozen=True, slots=True)
class Transaction:
    reference: str
    """The provider's name for it."""
    order: str
    """What whoever asked for it calls it: our reference, or what a payer wrote."""
    original: str
    """Which transaction it takes back."""
    description: str
    kind: str
    status: OutcomeStatus
    amount: Money
    payers: frozenset[Party]
    payees: frozenset[Party]
    created_at: datetime | None
    changed_at: datetime | None

    @property
    def written(self) -> str:
        """What a payer wrote, for us to find his loan by."""
        return (self.order or self.description)[:RAIL_ID_MAX]

    @property
    def phone(self) -> str:
        """Of whoever paid."""
        return next((party.value for party in self.payers if party.key == "msisdn"), "")

    @property
    def moved_at(self) -> datetime | None:
        """A request waits for its payer: money moves when it is completed, not when created."""
        return self.changed_at or self.created_at

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.status, self.amount, self.reference, settled_at=self.moved_at)


def correlation_id(client_ref: str) -> str:
    """The UUID that the provider takes once; always the same for one order."""
    return str(uuid5(_NAMES, client_ref))


def amount(money: Money) -> str:
    """Without zeros at the end: the specification's pattern forbids them."""
    whole, point, part = money.major.partition(".")
    return f"{whole}{point}{part}".rstrip("0").rstrip(".") if point else whole


def read_amount(content: Mapping[str, Any]) -> Money:
    """Zeros at the end are read: the specification's own examples have them."""
    given = content["amount"]
    if not isinstance(given, str) or not _AMOUNT.match(given):
        raise Unreadable("amount")
    money = Money.parse(given, content["currency"])
    if money.minor > _MOST:
        raise Unreadable("amount")
    return money


def read_transaction(content: Mapping[str, Any]) -> Transaction:
    return Transaction(
        # Cut, two names that begin alike would be one payment.
        reference=text(content, "transactionReference", RAIL_ID_MAX),
        order=_note(content, "requestingOrganisationTransactionReference"),
        original=_note(content, "originalTransactionReference"),
        description=_note(content, "descriptionText"),
        kind=text(content, "type"),
        status=_STATUSES.get(text(content, "transactionStatus").lower(), OutcomeStatus.UNKNOWN),
        amount=read_amount(content),
        payers=_parties(content, "debitParty"),
        payees=_parties(content, "creditParty"),
        created_at=_instant(content, "creationDate"),
        changed_at=_instant(content, "modificationDate"),
    )


def refusal(status_code: int, content: Any) -> str | None:
    """The error's code when it proves that nothing was done."""
    category, code = content["errorCategory"], text(content, "errorCode")[:60]
    if category in _SURE.get(status_code, ()) and code not in _NOT_ABOUT_THE_ORDER:
        return code
    return None


def read_error(error: Any) -> Outcome:
    """What the provider says about a request that it took and could not carry out."""
    code = text(error, "errorCode")[:60]
    if code == DUPLICATE:
        return Outcome(OutcomeStatus.UNKNOWN)
    return Outcome(OutcomeStatus.FAILED, failure_code=code)


def text(content: Any, name: str, most: int = 256) -> str:
    value = content[name]
    if not isinstance(value, str) or not 1 <= len(value) <= most or not value.isprintable():
        raise Unreadable(name)
    return value


def _note(content: Mapping[str, Any], name: str) -> str:
    """What somebody wrote: as far as it can be shown."""
    value = content.get(name) or ""
    if not isinstance(value, str) or len(value) > 256:
        raise Unreadable(name)
    return "".join(filter(str.isprintable, value)).strip()


def _parties(content: Mapping[str, Any], name: str) -> frozenset[Party]:
    return frozenset(Party.known(text(each, "key"), text(each, "value")) for each in content[name])


def _instant(content: Mapping[str, Any], name: str) -> datetime | None:
    if (value := content.get(name)) is None:
        return None
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise Unreadable(name)
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:  # At the end of time.
        raise Unreadable(name) from error
