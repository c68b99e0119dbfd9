"""The M-Pesa rail: payouts by B2C, prompts by STK push, payments to our number by C2B.

There is no idempotency key: an order leaves us once. Callbacks are unsigned, so they are hints;
what is believed is the answer to a question of ours.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_network

from kit.clock import Clock
from kit.config import Settings
from kit.money import Money
from servicing.rails.addresses import Addresses
from servicing.rails.base import (
    CALLER,
    SMALLEST,
    Ack,
    AckStatus,
    Caps,
    Delivery,
    Direction,
    Instruction,
    Outcome,
    OutcomeStatus,
    RailEvent,
    StatementLine,
)
from servicing.rails.mpesa import messages
from servicing.rails.mpesa.callbacks import NAME, Callbacks, Network
from servicing.rails.mpesa.daraja import Daraja, NoAnswer, NotSent, Refused, security_credential
from servicing.rails.mpesa.messages import CURRENCY
from servicing.rails.mpesa.portal import Portal

_B2C = "/mpesa/b2c/v3/paymentrequest"
_PUSH = "/mpesa/stkpush/v1/processrequest"
_PUSH_QUERY = "/mpesa/stkpushquery/v1/query"
_STATUS = "/mpesa/transactionstatus/v1/query"
# Daraja takes no address in which it reads its own name or a word such as "query" or "exec".
_CALLED_AT = "/webhooks/rail/daraja"
_REGISTER = "/mpesa/c2b/v2/registerurl"
_MSISDN = re.compile(r"254\d{9}\Z")
_WHOLE = SMALLEST[NAME]
_PATIENCE_SECONDS = 20.0
_PROMPT_OPEN = ("4999",)
_PROMPT_OPEN_ERROR = "500.001.1001"
_OPEN_WORDS = ("being processed", "under processing")
# What ends a prompt for good. Every other number is a reason to ask again.
_PROMPT_ENDS = {
    "1": "insufficient_funds",
    "1001": "busy_with_another",
    "1019": "expired",
    "1025": "not_shown",
    "1032": "cancelled",
    "1037": "unreachable",
    "2001": "wrong_pin",
    "9999": "not_shown",
}


@dataclass(frozen=True)
class Organisation:
    """We, as M-Pesa knows us. One number both pays out and receives."""

    shortcode: str
    passkey: str
    initiator: str
    security_credential: str


def of(settings: Settings, clock: Clock) -> "MpesaRail":
    """Raises ValueError or OSError for a certificate, networks or a folder of no use."""
    certificate, folder = settings.mpesa_certificate, settings.mpesa_folder
    assert certificate is not None, "checked before the start"
    return MpesaRail(
        Organisation(
            shortcode=settings.mpesa_shortcode,
            passkey=settings.mpesa_passkey.get_secret_value(),
            initiator=settings.mpesa_initiator,
            security_credential=security_credential(
                settings.mpesa_initiator_password.get_secret_value(), certificate
            ),
        ),
        Daraja(
            settings.mpesa_base_url,
            consumer_key=settings.mpesa_consumer_key.get_secret_value(),
            consumer_secret=settings.mpesa_consumer_secret.get_secret_value(),
            clock=clock,
            timeout_seconds=_PATIENCE_SECONDS,
        ),
        Addresses(
            settings.base_url + _CALLED_AT, settings.mpesa_callback_secret.get_secret_value()
        ),
        clock=clock,
        portal=Portal(folder) if folder is not None else None,
        callers=[ip_network(each.strip()) for each in settings.mpesa_callers.split(",") if each],
    )


class MpesaRail:
    name = NAME
    caps = Caps(honours_keys=False)

    def __init__(
        self,
        ours: Organisation,
        daraja: Daraja,
        addresses: Addresses,
        *,
        clock: Clock,
        portal: Portal | None = None,
        callers: Sequence[Network] = (),
    ) -> None:
        self._ours = ours
        self._daraja = daraja
        self._addresses = addresses
        self._clock = clock
        self._portal = portal
        self._callbacks = Callbacks(addresses, ours.shortcode, clock=clock, callers=callers)

    async def close(self) -> None:
        await self._daraja.close()

    async def submit(self, instruction: Instruction) -> Ack:
        if refusal := _refusal(instruction):
            return Ack(AckStatus.REJECTED, code=refusal)
        try:
            if instruction.direction is Direction.PAYOUT:
                answer = await self._daraja.post(_B2C, self._payout(instruction))
                return Ack(AckStatus.ACCEPTED, rail_id=_name(answer, "ConversationID"))
            answer = await self._daraja.post(_PUSH, self._prompt(instruction))
            return Ack(AckStatus.ACCEPTED, rail_id=_name(answer, "CheckoutRequestID"))
        except Refused as refused:
            return Ack(AckStatus.REJECTED, code=refused.code)
        except NotSent as why:
            return Ack(AckStatus.NOT_SENT, code=why.code)
        except NoAnswer:
            return Ack(AckStatus.UNKNOWN)

    async def query(self, instruction: Instruction) -> Outcome:
        """A prompt's fate is told at once, a payout's at an address made for this question."""
        if instruction.direction is Direction.COLLECT:
            return await self._query_prompt(instruction)
        ref = instruction.client_ref
        answer_to = self._addresses.make("outcome", ref, self._stamp())
        await self._ask({"OriginalConversationID": ref}, answer_to)
        return Outcome(OutcomeStatus.UNKNOWN)

    async def confirm(self, rail_id: str) -> None:
        """The answer comes as an event."""
        answer_to = self._addresses.make("receipt", rail_id, self._stamp())
        await self._ask({"TransactionID": rail_id}, answer_to)

    async def register(self) -> None:
        """Tell Daraja where payments to our number are announced. It takes that once."""
        await self._daraja.post(
            _REGISTER,
            {
                "ShortCode": self._ours.shortcode,
                # What happens while we cannot be reached: the customer's payment goes through.
                "ResponseType": "Completed",
                "ConfirmationURL": self._addresses.make("paid"),
                "ValidationURL": self._addresses.make("maypay"),
            },
        )

    def parse_callback(
        self, headers: Mapping[str, str], body: bytes, path: str = ""
    ) -> list[RailEvent]:
        return self._callbacks.read(headers.get(CALLER, ""), body, path)

    def answer(self, path: str, *, is_welcome: bool) -> Mapping[str, object]:
        """What Daraja wants to hear; only a payment that has not been made can be turned away."""
        if is_welcome:
            return {"ResultCode": 0, "ResultDesc": "Accepted"}
        return {"ResultCode": "C2B00012", "ResultDesc": "Rejected"}

    async def statement(self, day: date, currency: str) -> list[StatementLine] | None:
        """Daraja gives none: it is what staff took out of the organisation's portal."""
        if self._portal is None or currency != CURRENCY:
            return None
        return await self._portal.statement(day)

    async def arrived(self) -> list[str]:
        return await self._portal.arrived() if self._portal else []

    async def read(self, name: str) -> Delivery:
        assert self._portal is not None, "nothing arrives without a folder"
        return await self._portal.read(name)

    async def keep(self, name: str, delivery: Delivery) -> None:
        assert self._portal is not None, "nothing arrives without a folder"
        await self._portal.keep(name, delivery)

    async def refuse(self, name: str) -> None:
        assert self._portal is not None, "nothing arrives without a folder"
        await self._portal.refuse(name)

    def _payout(self, instruction: Instruction) -> dict[str, str]:
        about = (instruction.client_ref, instruction.amount.minor)
        return {
            "OriginatorConversationID": instruction.client_ref,
            "InitiatorName": self._ours.initiator,
            "SecurityCredential": self._ours.security_credential,
            "CommandID": "BusinessPayment",
            "Amount": _whole(instruction.amount),
            "PartyA": self._ours.shortcode,
            "PartyB": _msisdn(instruction),
            "Remarks": instruction.description[:100],
            "QueueTimeOutURL": self._addresses.make("payoutlate", *about),
            "ResultURL": self._addresses.make("payout", *about),
            "Occassion": "",
        }

    def _prompt(self, instruction: Instruction) -> dict[str, str]:
        return {
            **self._password(),
            "TransactionType": "CustomerPayBillOnline",
            "Amount": _whole(instruction.amount),
            "PartyA": _msisdn(instruction),
            "PartyB": self._ours.shortcode,
            "PhoneNumber": _msisdn(instruction),
            "CallBackURL": self._addresses.make(
                "collect", instruction.client_ref, instruction.amount.minor
            ),
            # Twelve characters at most: under them M-Pesa also announces the payment itself.
            "AccountReference": instruction.client_ref[1:13],
            "TransactionDesc": "Loan payment",
        }

    def _password(self) -> dict[str, str]:
        now = messages.timestamp(self._clock.now())
        password = f"{self._ours.shortcode}{self._ours.passkey}{now}".encode()
        return {
            "BusinessShortCode": self._ours.shortcode,
            "Password": base64.b64encode(password).decode(),
            "Timestamp": now,
        }

    async def _query_prompt(self, instruction: Instruction) -> Outcome:
        """The whole amount moves or nothing: a prompt has no other."""
        if instruction.rail_id is None:
            return Outcome(OutcomeStatus.UNKNOWN)
        asked = {**self._password(), "CheckoutRequestID": instruction.rail_id}
        try:
            answer = await self._daraja.post(_PUSH_QUERY, asked)
        except NoAnswer as why:
            said = why.message.lower()
            is_open = why.code == _PROMPT_OPEN_ERROR and any(each in said for each in _OPEN_WORDS)
            return Outcome(OutcomeStatus.PENDING if is_open else OutcomeStatus.UNKNOWN)
        except NotSent:
            return Outcome(OutcomeStatus.UNKNOWN)
        if answer.get("CheckoutRequestID") != instruction.rail_id:
            return Outcome(OutcomeStatus.UNKNOWN)
        return _prompt_outcome(str(answer.get("ResultCode")), instruction)

    async def _ask(self, about: Mapping[str, str], answer_to: str) -> None:
        """A question that is lost is asked again by whoever waits for its answer."""
        try:
            await self._daraja.post(
                _STATUS,
                {
                    "Initiator": self._ours.initiator,
                    "SecurityCredential": self._ours.security_credential,
                    "CommandID": "TransactionStatusQuery",
                    **about,
                    "PartyA": self._ours.shortcode,
                    "IdentifierType": "4",
                    "ResultURL": answer_to,
                    "QueueTimeOutURL": self._addresses.make("late"),
                    "Remarks": "Status",
                    "Occasion": "",
                },
            )
        except (NotSent, NoAnswer):
            return

    def _stamp(self) -> int:
        return int(self._clock.now().timestamp())


def _refusal(instruction: Instruction) -> str | None:
    """What M-Pesa cannot do is not sent."""
    if instruction.amount.currency != CURRENCY:
        return "currency_not_offered"
    if instruction.amount.minor % _WHOLE:
        return "whole_shillings_only"
    if not _MSISDN.match(_msisdn(instruction)):
        return "not_a_kenyan_number"
    return None


def _whole(amount: Money) -> str:
    return str(amount.minor // _WHOLE)


def _msisdn(instruction: Instruction) -> str:
    return instruction.account.removeprefix("+")


def _name(answer: Mapping[str, object], field: str) -> str | None:
    return str(answer[field])[:80] if answer.get(field) else None


def _prompt_outcome(code: str, instruction: Instruction) -> Outcome:
    if code == "0":
        return Outcome(OutcomeStatus.SETTLED, instruction.amount, instruction.rail_id)
    if code in _PROMPT_OPEN:
        return Outcome(OutcomeStatus.PENDING)
    if code in _PROMPT_ENDS:
        return Outcome(OutcomeStatus.FAILED, failure_code=_PROMPT_ENDS[code])
    return Outcome(OutcomeStatus.UNKNOWN)
