"""What mobile money's adapter writes and believes, held against the official description."""

import json
from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kit.money import InvalidAmount, Money
from servicing.rails.addresses import Addresses
from servicing.rails.base import CallbackMalformed, Direction, OutcomeStatus, SignatureInvalid
from servicing.rails.gsma import wire
from servicing.rails.gsma.wire import Party
from tests.conftest import SHARED
from tests.servicing.rails import gsma_spec
from tests.servicing.rails.gsma_provider import SECRET, gsma_rail
from tests.servicing.rails.gsma_spec import EXCERPT, Exchange

ORDER = "P0123456789abcdef0123456789abcdef"
TOLD = {
    "transactionReference": "W1",
    "requestingOrganisationTransactionReference": ORDER,
    "type": "disbursement",
    "transactionStatus": "completed",
    "amount": "29200",
    "currency": "KES",
    "debitParty": [{"key": "organisationid", "value": "kopa"}],
    "creditParty": [{"key": "msisdn", "value": "+12025550101"}],
    "creationDate": "2026-11-20T07:00:00Z",
}
ERROR = {"errorCategory": "businessRule", "errorCode": "insufficientFunds"}


class TestDescription:
    @pytest.mark.parametrize("name", ["disbursements", "merchant-payments"])
    def test_is_the_official_one(self, name: str) -> None:
        official = SHARED / "specs" / f"gsma-1.2.0-{name}.yaml"
        if not official.exists():
            pytest.skip(f"{official.name} is not on this machine: the excerpt stands for it")
        # Through JSON, as the excerpt went: a status is a number in YAML.
        described = json.loads(json.dumps(yaml.safe_load(official.read_text(encoding="utf-8"))))

        for path, operations in EXCERPT["paths"].items():
            assert described["paths"][path] | operations == described["paths"][path]
        for kind, parts in EXCERPT["components"].items():
            assert described["components"][kind] | parts == described["components"][kind]

    def test_finds_what_is_wrong(self) -> None:
        """A judge that lets everything pass would prove nothing."""
        good = Exchange(
            "POST", "/transactions/type/disbursement", "",
            {"x-date": "2026-11-20T07:00:00+00:00",
             "x-correlationid": wire.correlation_id("P1"), "x-callback-url": "https://kopa.example"},
            json.dumps({"amount": "29200", "currency": "KES", "creditParty": TOLD["creditParty"]})
            .encode(),
            400, {"x-date": "2026-11-20T07:00:00+00:00"}, json.dumps(ERROR).encode(),
        )  # fmt: skip
        assert gsma_spec.faults(good) == []

        def changed(**what: Any) -> list[str]:
            one = deepcopy(good)
            for name, value in what.items():
                setattr(one, name, value)
            return gsma_spec.faults(one)

        assert changed(path="/transactions/type/gift") != []
        assert changed(headers=good.headers | {"x-correlationid": "P1"}) != []
        assert changed(headers=good.headers | {"x-date": "Friday"}) != []
        assert changed(headers=good.headers | {"x-other": "1"}) != []
        assert changed(body=good.body.replace(b"29200", b"200.00")) != []
        assert changed(body=good.body.replace(b"KES", b"KSH")) != []
        assert changed(body=good.body.replace(b"{", b'{"sum": "1",', 1)) != []
        assert changed(answer=b'{"errorCategory": "bad", "errorCode": "formatError"}') != []
        assert changed(status=409) != []
        assert changed(answered={}) != []


class TestAmount:
    @pytest.mark.parametrize(
        ("money", "written"),
        [
            (Money(200_00, "KES"), "200"),
            (Money(200_50, "KES"), "200.5"),
            (Money(200_05, "KES"), "200.05"),
            (Money(0, "KES"), "0"),
            (Money(5, "KES"), "0.05"),
            (Money(1_000, "UGX"), "1000"),
            (Money(1_000, "KWD"), "1"),
            (Money(1_005, "KWD"), "1.005"),
            (Money(1_0000, "CLF"), "1"),
        ],
    )
    def test_has_no_zeros_at_the_end(self, money: Money, written: str) -> None:
        assert wire.amount(money) == written

    @given(st.integers(0, 10**15 - 1), st.sampled_from(["UGX", "KES", "KWD", "CLF"]))
    def test_is_as_described_and_is_read_again(self, minor: int, currency: str) -> None:
        money = Money(minor, currency)
        written = wire.amount(money)

        assert gsma_spec.judged({"$ref": "#/components/schemas/amount"}, written, "amount") == []
        assert wire.read_amount({"amount": written, "currency": currency}) == money

    def test_is_read_with_zeros_too(self) -> None:
        """The official examples have them."""
        assert wire.read_amount({"amount": "15.00", "currency": "KES"}) == Money(15_00, "KES")

    @pytest.mark.parametrize(
        ("amount", "currency"),
        [("-5", "KES"), ("05", "KES"), (".5", "KES"), ("5.", "KES"), ("5.005", "KES"),
         ("5.5", "UGX"), ("5.0005", "KWD"), ("1e3", "KES"), (" 5", "KES"), ("5\n", "KES"),
         ("NaN", "KES"), ("\u0665", "KES"), (5, "KES"), (None, "KES"), ("9" * 19, "KES"),
         ("9" * 18, "KES"), ("5", "kes"), ("5", ""), ("9" * 15, "CLF")],
    )  # fmt: skip
    def test_of_no_sense_is_refused(self, amount: object, currency: str) -> None:
        with pytest.raises((wire.Unreadable, InvalidAmount)):
            wire.read_amount({"amount": amount, "currency": currency})


class TestParty:
    def test_is_a_phone_unless_it_says_otherwise(self) -> None:
        assert Party.of("254700000001") == Party.of("+254700000001")
        assert Party.of("254700000001").written() == [{"key": "msisdn", "value": "+254700000001"}]
        assert Party.of("walletid@77") == Party("walletid", "77")


class TestError:
    @pytest.mark.parametrize(
        ("status", "category", "code", "proven"),
        [
            (400, "businessRule", "insufficientFunds", True),
            (400, "validation", "formatError", True),
            (404, "identification", "identifierError", True),
            (401, "authorisation", "requestDeclined", True),
            (401, "authorisation", "clientAuthorisationError", False),
            (400, "businessRule", "duplicateRequest", False),
            (400, "businessRule", "rateLimitError", False),
            (500, "internal", "genericError", False),
            (503, "serviceUnavailable", "genericError", False),
            (500, "businessRule", "insufficientFunds", False),
            (200, "businessRule", "insufficientFunds", False),
        ],
    )
    def test_proves_a_refusal_or_nothing(
        self, status: int, category: str, code: str, proven: bool
    ) -> None:
        told = wire.refusal(status, {"errorCategory": category, "errorCode": code})

        assert told == (code if proven else None)

    @pytest.mark.parametrize(
        ("code", "status"),
        [
            ("requestDeclined", OutcomeStatus.FAILED),
            ("clientAuthorisationError", OutcomeStatus.FAILED),
            ("duplicateRequest", OutcomeStatus.UNKNOWN),
        ],
    )
    def test_of_a_request_that_was_taken_ends_it(self, code: str, status: OutcomeStatus) -> None:
        assert wire.read_error({"errorCode": code}).status is status


class TestCallback:
    @pytest.fixture
    def path(self) -> str:
        return Addresses("http://kopa", SECRET).make("payout", ORDER).split("/", 3)[3]

    def told(self, path: str, **changed: Any) -> Any:
        body = json.dumps(TOLD | changed).encode()
        (event,) = gsma_rail("http://rail").parse_callback({}, body, path)
        return event

    def test_is_a_hint(self, path: str) -> None:
        event = self.told(path)

        assert event.is_hint
        assert (event.direction, event.reference) == (Direction.PAYOUT, ORDER)
        assert event.outcome.status is OutcomeStatus.SETTLED

    @pytest.mark.parametrize("said", ["Completed", "COMPLETED"])
    def test_is_read_in_any_case(self, path: str, said: str) -> None:
        event = self.told(path, transactionStatus=said)

        assert event.outcome.status is OutcomeStatus.SETTLED

    def test_is_about_the_order_of_its_address(self, path: str) -> None:
        other = self.told(path, requestingOrganisationTransactionReference="P2")

        assert other.reference == ORDER

    def test_of_a_failure_says_why(self, path: str) -> None:
        (event,) = gsma_rail("http://rail").parse_callback({}, json.dumps(ERROR).encode(), path)

        assert event.outcome.failure_code == "insufficientFunds"

    def test_with_the_same_words_is_the_same_event(self, path: str) -> None:
        assert self.told(path).event_id == self.told(path).event_id
        assert self.told(path).event_id != self.told(path, amount="29200.01").event_id

    def test_to_another_address_is_forged(self, path: str) -> None:
        rail, body = gsma_rail("http://rail"), json.dumps(TOLD).encode()
        for forged in (
            "", ORDER, path[:-1], path.upper(), path.replace("payout", "collect"),
            path.replace(ORDER, ORDER[:-1]), path + "/", "incoming/" + path.rpartition("/")[2],
        ):  # fmt: skip
            with pytest.raises(SignatureInvalid):
                rail.parse_callback({}, body, forged)

    def test_without_a_secret_of_ours_nobody_is_believed(self) -> None:
        addresses = Addresses("http://kopa", "")
        rail = gsma_rail("http://rail", addresses=addresses)
        path = addresses.make("payout", ORDER).split("/", 3)[3]

        with pytest.raises(SignatureInvalid):
            rail.parse_callback({}, json.dumps(TOLD).encode(), path)

    def test_of_another_request_is_refused(self, path: str) -> None:
        rail, body = gsma_rail("http://rail"), json.dumps(TOLD).encode()
        right = {"x-correlationid": wire.correlation_id(ORDER).upper()}
        assert rail.parse_callback(right, body, path)

        with pytest.raises(CallbackMalformed):
            rail.parse_callback({"X-CorrelationID": wire.correlation_id("P2")}, body, path)

    @pytest.mark.parametrize(
        "body",
        ["", "null", "7", '"text"', "[]", "{}", "<xml/>", "[" * 30_000, '{"amount":' * 5_000,
         '{"errorCategory": 1}', '{"errorCategory": "x", "errorCode": ["y"]}', "\udcff",
         " " * 70_000 + "{}",
         json.dumps(TOLD).replace("{", '{"amount": "1",', 1)],
    )  # fmt: skip
    def test_of_no_sense_is_refused(self, path: str, body: str) -> None:
        content = body.encode("utf-8", "surrogateescape")
        with pytest.raises(CallbackMalformed):
            gsma_rail("http://rail").parse_callback({}, content, path)

    @pytest.mark.parametrize(
        "changed",
        [{"transactionReference": "W" * 81}, {"transactionReference": ""},
         {"transactionReference": "W\0"}, {"transactionReference": None}, {"amount": 29200},
         {"amount": "292000000000000000"}, {"currency": "XX"}, {"debitParty": None},
         {"creditParty": [{"key": "msisdn"}]}, {"creationDate": "2026-11-20T07:00:00"},
         {"creationDate": "soon"}, {"creationDate": 1}, {"type": []},
         {"modificationDate": "9999-12-31T23:59:59-12:00"},
         {"modificationDate": "0001-01-01T00:00:00+14:00"},
         {"requestingOrganisationTransactionReference": "x" * 257}],
    )  # fmt: skip
    def test_with_a_part_of_no_sense_is_refused(self, path: str, changed: dict[str, Any]) -> None:
        with pytest.raises(CallbackMalformed):
            self.told(path, **changed)

    def test_of_incoming_money_carries_what_the_payer_wrote(self) -> None:
        path = Addresses("http://kopa", SECRET).make(Direction.INCOMING).split("/", 3)[3]
        asked = {"type": "merchantpay", "requestingOrganisationTransactionReference": ""}

        event = self.told(path, **asked, descriptionText="KOPA-1\0\n ")

        assert (event.direction, event.reference) == (Direction.INCOMING, "KOPA-1")
