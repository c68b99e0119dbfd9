"""Accounts, transfers and what moved, as the rail's operator keeps them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kit.ids import new_id
from kit.money import Money
from sandbox.people import People
from sandbox.store import Json
from sandbox.surroundings import Surroundings
from sandbox.trouble import Door

TROUBLES = (
    "fail",
    "delay",
    "lose_answer",
    "reject",
    "fail_later",
    "return_later",
    "delay_settlement",
    "delay_callback",
    "lose_callback",
    "repeat_callback",
    "reorder_callbacks",
    "hide_pending",
    "answer_at_once",
    "forget_tokens",
)


@dataclass(frozen=True)
class WalletAccount:
    """The lender's contract with the rail."""

    api_key: str
    webhook_secret: str
    callback_url: str = ""
    """Where the rail tells of incoming money; empty: nowhere."""
    callback_tongue: str = ""
    """In which protocol it does; empty: in its own."""
    currency: str = "USD"
    float_major: str = "1000000"
    """What the lender has on the rail at the start, in every currency."""
    purse_major: str = "500"
    """What a person has in the pocket at the start, in `currency`."""
    settle_seconds: float = 0.3


class Refused(Exception):
    """The rail says no: nothing was done."""

    def __init__(self, code: str, message: str, *, status: int = 422) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


Tongue = Callable[["Wallet", str, Json], Json]
"""`(wallet, event_id, transfer)` -> method, headers, body."""


class Wallet:
    def __init__(self, account: WalletAccount, surroundings: Surroundings, people: People) -> None:
        self.account = account
        self.clock = surroundings.clock
        self.store = surroundings.store
        self.bus = surroundings.bus
        self.outgoing = surroundings.outgoing
        self.people = people
        self.door = Door(*TROUBLES)
        self.held_callbacks: list[Json] = []
        self.tongues: dict[str, Tongue] = {}
        """How callbacks are written in other protocols than our own."""
        self.transfers: dict[str, Json] = {t["id"]: t for t in self.store.list("transfer")}
        self.movements: list[Json] = self.store.list("movement")

    def amount(self, transfer: Json) -> Money:
        return Money(transfer["amount_minor"], transfer["currency"])

    def open_transfer(self, *, direction: str, account: str, money: Money, **facts: Any) -> Json:
        transfer = {
            "id": f"W{new_id().hex}",
            "direction": direction,
            "account": account,
            "amount_minor": money.minor,
            "currency": money.currency,
            "status": "pending",
            "failure_code": None,
            "settled_at": None,
            "created_at": self.clock.now().isoformat(),
            **facts,
        }
        self._keep(transfer)
        return transfer

    def change(self, transfer_id: str, **facts: Any) -> Json:
        transfer = self.transfers[transfer_id] | facts
        self._keep(transfer)
        return transfer

    def _keep(self, transfer: Json) -> None:
        self.transfers[transfer["id"]] = transfer
        self.store.put("transfer", transfer["id"], transfer)
        self.tell(transfer["account"])

    def tell(self, account: str) -> None:
        """The owner's page shows the new state."""
        self.bus.publish(f"wallet:{account}", "wallet", wallet=self.shown(account))

    def find_by_reference(self, reference: str) -> Json | None:
        """Only what the lender ordered: a payer may write any reference, and twice."""
        ordered = (t for t in self.transfers.values() if t["direction"] != "incoming")
        return next((t for t in ordered if t["reference"] == reference), None)

    def move(
        self, *, owner: str, minor: int, transfer: Json | None, text: str, currency: str
    ) -> None:
        """Money into (positive) or out of a person's account; the lender is the other side."""
        number = self.store.next_number("movement")
        movement = {
            "number": number,
            "at": self.clock.now().isoformat(),
            "account": owner,
            "minor": minor,
            "currency": currency,
            "text": text,
            "transfer": None if transfer is None else public(transfer),
        }
        self.movements.append(movement)
        self.store.put("movement", number, movement)
        self.tell(owner)

    def balance(self, account: str, currency: str) -> Money:
        start = self.account.purse_major if currency == self.account.currency else "0"
        moved = sum(
            m["minor"]
            for m in self.movements
            if m["account"] == account and m["currency"] == currency
        )
        return Money.parse(start, currency) + Money(moved, currency)

    def lender_balance(self, currency: str, *, before: datetime | None = None) -> Money:
        moved = sum(
            m["minor"]
            for m in self.movements
            if m["transfer"] is not None
            and m["currency"] == currency
            and (before is None or instant(m["at"]) < before)
        )
        return Money.parse(self.account.float_major, currency) - Money(moved, currency)

    def available(self, currency: str) -> Money:
        """The lender's balance less the payouts that are on their way."""
        promised = [
            self.amount(t)
            for t in self.transfers.values()
            if t["direction"] == "payout" and t["status"] == "pending" and t["currency"] == currency
        ]
        return self.lender_balance(currency) - Money.total(promised, currency)

    def shown(self, account: str) -> Json:
        """What the owner sees: balances, what moved, and who asks for money."""
        own = [m for m in self.movements if m["account"] == account]
        currencies = {self.account.currency, *(m["currency"] for m in own)}
        return {
            "account": account,
            "balances": [
                {"currency": c, "amount": self.balance(account, c).major}
                for c in sorted(currencies)
            ],
            "movements": [
                m | {"amount": Money(m["minor"], m["currency"]).major} for m in reversed(own)
            ],
            "requests": [
                public(t) | {"description": t["description"]}
                for t in self.transfers.values()
                if t["account"] == account
                and t["direction"] == "collect"
                and t["status"] == "pending"
            ],
        }


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def public(transfer: Json) -> Json:
    """The transfer as the rail's protocol shows it."""
    names = (
        "id",
        "reference",
        "direction",
        "account",
        "currency",
        "status",
        "failure_code",
        "settled_at",
        "created_at",
    )
    amount = Money(transfer["amount_minor"], transfer["currency"]).major
    return {name: transfer[name] for name in names} | {"amount": amount}
