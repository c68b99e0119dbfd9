"""Mobile money over HTTP: disbursements, payment requests, hints, and a statement in pages.

A provider signs nothing. What it tells us by itself is a reason to ask it, and no more.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from urllib.parse import quote, urlsplit

import httpx

from kit.clock import Clock
from kit.config import Settings
from kit.errors import TransientFailure
from kit.money import InvalidAmount, Money
from servicing.rails.addresses import Addresses
from servicing.rails.base import (
    HINT,
    Ack,
    AckStatus,
    CallbackMalformed,
    Caps,
    Direction,
    Instruction,
    Outcome,
    OutcomeStatus,
    RailEvent,
    StatementLine,
    each_name_once,
)
from servicing.rails.gsma import statement, wire
from servicing.rails.gsma.client import Answer, Client, ClientCredentials
from servicing.rails.gsma.wire import Party

NAME = "gsma"
BODY_BYTES_MAX = 64 * 1024
_DESCRIPTION_MAX = 160
_UNKNOWN = Outcome(OutcomeStatus.UNKNOWN)
_DECIDED = (OutcomeStatus.SETTLED, OutcomeStatus.FAILED, OutcomeStatus.RETURNED)
_KINDS = {Direction.PAYOUT: "disbursement", Direction.COLLECT: "merchantpay"}
_TAKEN = {201: "transactionReference", 202: "serverCorrelationId"}
"""Done at once, or to be asked about."""
_SERVER_ID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_NO_ANSWER = (
    httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError, OverflowError, InvalidAmount
)  # fmt: skip
_NO_REASON = {"errorCode": "genericError"}
_NOTHING = Money(0, "XXX")
"""A failure is told without an amount."""


def of(settings: Settings, clock: Clock) -> "GsmaRail":
    secret = settings.gsma_client_secret.get_secret_value()
    auth: httpx.Auth | None = None
    if settings.gsma_token_url:
        auth = ClientCredentials(settings.gsma_token_url, settings.gsma_client_id, secret, clock)
    elif settings.gsma_client_id:
        auth = httpx.BasicAuth(settings.gsma_client_id, secret)
    return GsmaRail(
        settings.gsma_base_url,
        auth=auth,
        api_key=settings.gsma_api_key.get_secret_value(),
        account=settings.gsma_account,
        addresses=addresses(settings),
        clock=clock,
    )


def addresses(settings: Settings) -> Addresses:
    return Addresses(
        f"{settings.base_url}/webhooks/rail/{NAME}",
        settings.gsma_callback_secret.get_secret_value(),
    )


def incoming_address(settings: Settings) -> str:
    """Where the provider is to tell of money that a payer sent by himself."""
    return addresses(settings).make(Direction.INCOMING)


class GsmaRail:
    name = NAME
    # A provider refuses a correlation id that it has had.
    caps = Caps(honours_keys=True)

    def __init__(
        self,
        base_url: str,
        *,
        account: str,
        addresses: Addresses,
        clock: Clock,
        auth: httpx.Auth | None = None,
        api_key: str = "",
        timeout_seconds: float = 10.0,
    ) -> None:
        self._account = Party.of(account)
        self._addresses = addresses
        self._client = Client(
            base_url, auth=auth, api_key=api_key, clock=clock, timeout_seconds=timeout_seconds
        )

    async def close(self) -> None:
        await self._client.close()

    async def submit(self, instruction: Instruction) -> Ack:
        theirs, ours = Party.of(instruction.account).written(), self._account.written()
        is_payout = instruction.direction is Direction.PAYOUT
        body = {
            "requestingOrganisationTransactionReference": instruction.client_ref,
            "amount": wire.amount(instruction.amount),
            "currency": instruction.amount.currency,
            "debitParty": ours if is_payout else theirs,
            "creditParty": theirs if is_payout else ours,
            "descriptionText": instruction.description[:_DESCRIPTION_MAX],
        }
        headers = {
            "X-CorrelationID": wire.correlation_id(instruction.client_ref),
            "X-Callback-URL": self._addresses.make(instruction.direction, instruction.client_ref),
        }
        path = f"transactions/type/{_KINDS[instruction.direction]}"
        try:
            return _acknowledged(await self._client.post(path, body, headers))
        except _NO_ANSWER:
            return Ack(AckStatus.UNKNOWN)

    async def query(self, instruction: Instruction) -> Outcome:
        """By our correlation id; by the provider's own while there is no transaction yet."""
        known = wire.correlation_id(instruction.client_ref)
        try:
            answer = await self._client.get(f"responses/{known}")
            if answer.status == httpx.codes.OK:
                kind, name = urlsplit(answer.content["link"]).path.split("/")[-2:]
                if kind == "transactions":
                    return await self._made(name, instruction)
                return await self._state(name, instruction)
            if not answer.is_not_found:
                return _UNKNOWN
            if instruction.rail_id and _SERVER_ID.match(instruction.rail_id):
                return await self._state(instruction.rail_id, instruction)
            return Outcome(OutcomeStatus.NOT_FOUND)
        except _NO_ANSWER:
            return _UNKNOWN

    def parse_callback(
        self, headers: Mapping[str, str], body: bytes, path: str = ""
    ) -> list[RailEvent]:
        """A hint, from whoever knows the address of this order."""
        direction, *order = self._addresses.read(path)
        client_ref = order[0] if order else ""
        if len(body) > BODY_BYTES_MAX:
            raise CallbackMalformed(field="size")
        try:
            content = json.loads(body, object_pairs_hook=each_name_once)
            _check_correlation(headers, client_ref)
            if client_ref and "errorCategory" in content:
                outcome, amount = wire.read_error(content), _NOTHING
            else:
                told = wire.read_transaction(content)
                outcome, amount = told.outcome, told.amount
                client_ref = client_ref or told.written
        except (*_NO_ANSWER, RecursionError) as error:
            raise CallbackMalformed(field=type(error).__name__) from error
        return [
            RailEvent(
                rail=NAME,
                event_id=HINT + hashlib.sha256(path.encode() + b"\n" + body).hexdigest(),
                direction=Direction(direction),
                reference=client_ref,
                rail_id=outcome.rail_id or "",
                amount=amount,
                outcome=outcome,
                is_hint=True,
            )
        ]

    async def confirm(self, rail_id: str) -> RailEvent | None:
        try:
            told = await self._client.find(rail_id)
        except _NO_ANSWER:
            return None
        if told is None or told.status not in _DECIDED or not told.amount:
            return None
        if (direction := statement.direction(told, self._account)) is None:
            return None
        came = direction is Direction.INCOMING
        return RailEvent(
            rail=NAME,
            event_id=f"{told.reference}:{told.outcome.status}",
            direction=direction,
            reference=told.written if came else told.order,
            rail_id=told.reference,
            amount=told.amount,
            outcome=told.outcome,
            account=told.phone if came else "",
        )

    async def statement(self, day: date, currency: str) -> list[StatementLine]:
        """Raises TransientFailure when the provider does not give all of it."""
        try:
            lines = await statement.lines(self._client, self._account, day)
        except _NO_ANSWER as error:
            raise TransientFailure(f"statement of {day}: {type(error).__name__}") from error
        return [line for line in lines if line.amount.currency == currency]

    async def _state(self, server_id: str, instruction: Instruction) -> Outcome:
        """How far the provider is with a request that it took."""
        answer = await self._client.get(f"requeststates/{quote(server_id, safe='')}")
        if answer.is_not_found:
            return Outcome(OutcomeStatus.NOT_FOUND)
        answer.must_be_ok()
        status = wire.text(answer.content, "status").lower()
        if status == "pending":
            return Outcome(OutcomeStatus.PENDING)
        if status == "failed":
            return wire.read_error(answer.content.get("error") or _NO_REASON)
        if status == "completed":
            return await self._made(answer.content["objectReference"], instruction)
        return _UNKNOWN

    async def _made(self, reference: str, instruction: Instruction) -> Outcome:
        """The transaction that came of an order; another's would settle nothing."""
        told = await self._client.find(reference)
        if told is None or told.kind != _KINDS[instruction.direction]:
            return _UNKNOWN
        return told.outcome if told.order in ("", instruction.client_ref) else _UNKNOWN


def _acknowledged(answer: Answer) -> Ack:
    if name := _TAKEN.get(answer.status):
        rail_id = wire.text(answer.content, name, wire.RAIL_ID_MAX)
        return Ack(AckStatus.ACCEPTED, rail_id=rail_id)
    if code := wire.refusal(answer.status, answer.content):
        return Ack(AckStatus.REJECTED, code=code)
    if answer.content["errorCode"] == wire.DUPLICATE:
        return Ack(AckStatus.ACCEPTED)
    return Ack(AckStatus.UNKNOWN)


def _check_correlation(headers: Mapping[str, str], client_ref: str) -> None:
    given = next((value for key, value in headers.items() if key.lower() == "x-correlationid"), "")
    if given and client_ref and given.lower() != wire.correlation_id(client_ref):
        raise wire.Unreadable("X-CorrelationID")
