"""What M-Pesa tells us: published examples are read, and everything else is refused."""

import copy
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.config import Settings
from servicing.rails.addresses import Addresses
from servicing.rails.base import CALLER, CallbackMalformed, OutcomeStatus, SignatureInvalid
from servicing.rails.mpesa import rail as mpesa
from servicing.rails.mpesa.rail import MpesaRail
from tests.servicing.lending import HandClock, kes
from tests.servicing.rails.mpesa_published import (
    B2C_FAILED,
    B2C_RESULT,
    PAYMENT,
    PUSH_CANCELLED,
    PUSH_PAID,
    REF,
    STATUS_RESULT,
)
from tests.servicing.rails.mpesa_street import NUMBER, SECRET, settings_for

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
ASKED = "C" + REF[1:]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=90),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a message where something stands."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def address(*parts: str | int) -> str:
    """The path of an address of ours, as our web server hands it on."""
    return Addresses("", SECRET).make(*parts).removeprefix("/")


@pytest.fixture
def installation(tmp_path: Path) -> Settings:
    return settings_for("http://127.0.0.1:9", tmp_path)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


class TestCallbacks:
    @pytest.fixture
    async def rail(self, installation: Settings, clock: HandClock) -> AsyncIterator[MpesaRail]:
        rail = mpesa.of(installation, clock)
        yield rail
        await rail.close()

    def read(self, rail: MpesaRail, body: Any, *parts: str | int) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        (event,) = rail.parse_callback({}, raw, address(*parts))
        return event

    def test_as_published_are_read_as_hints(self, rail: MpesaRail) -> None:
        out = self.read(rail, B2C_RESULT, "payout", REF, 1000)
        failed = self.read(rail, B2C_FAILED, "payout", REF, 1000)
        paid = self.read(rail, PUSH_PAID, "collect", ASKED, 100)
        cancelled = self.read(rail, PUSH_CANCELLED, "collect", ASKED, 100)
        payment = self.read(rail, PAYMENT, "paid")

        assert all(each.is_hint for each in (out, failed, paid, cancelled, payment))
        assert (out.reference, out.amount, out.outcome.status) == (REF, kes(10), "settled")
        assert (failed.amount, failed.outcome.status) == (kes(10), "failed")
        assert (paid.amount, paid.rail_id) == (kes(1), "ws_CO_191220191020363925")
        assert cancelled.outcome.status == "failed"
        assert (payment.rail_id, payment.reference) == ("RKTQDM7W6S", "L-7K3QFWX")

    def test_before_a_payment_is_a_question(self, rail: MpesaRail) -> None:
        asked = self.read(rail, PAYMENT, "maypay")

        assert (asked.is_question, asked.is_hint, asked.amount) == (True, False, kes(10))
        assert rail.answer("maypay", is_welcome=False) == {
            "ResultCode": "C2B00012",
            "ResultDesc": "Rejected",
        }

    def test_that_answer_our_question_are_believed(self, rail: MpesaRail) -> None:
        told = self.read(rail, STATUS_RESULT, "outcome", REF, int(NOW.timestamp()))

        assert (told.is_hint, told.account, told.amount) == (False, NUMBER, kes(10))
        assert told.outcome.status is OutcomeStatus.SETTLED
        assert told.outcome.settled_at == datetime(2018, 2, 23, 2, 41, 12, tzinfo=UTC)

    @pytest.mark.parametrize("said", ["Pending", "Authorized", "", "Reversed"])
    def test_that_say_something_else_settle_nothing(self, rail: MpesaRail, said: str) -> None:
        body = json.dumps(STATUS_RESULT).replace('"Completed"', f'"{said}"').encode()

        told = self.read(rail, body, "outcome", REF, int(NOW.timestamp()))

        assert told.outcome.status is OutcomeStatus.UNKNOWN

    def test_that_come_too_late_to_a_question_are_refused(
        self, rail: MpesaRail, clock: HandClock
    ) -> None:
        stamp = int(NOW.timestamp())
        clock.at += timedelta(hours=2)

        with pytest.raises(SignatureInvalid):
            self.read(rail, STATUS_RESULT, "outcome", REF, stamp)

    def test_at_an_address_that_we_did_not_make_are_refused(self, rail: MpesaRail) -> None:
        good = address("payout", REF, 1000)
        body = json.dumps(B2C_RESULT).encode()
        for path in (
            "", "/", good[:-1], good + "0", good.replace("1000", "1001"),
            good.replace("payout", "outcome"), good.rpartition("/")[0], "paid/" + "0" * 40,
            good.replace("/", "//"), "../" + good, good.upper(), "payout/é/1/" + "0" * 40,
        ):  # fmt: skip
            with pytest.raises(SignatureInvalid):
                rail.parse_callback({}, body, path)

    def test_without_a_secret_of_ours_nothing_is_believed(self) -> None:
        nobody = Addresses("https://kopa.example", "")
        path = nobody.make("paid").removeprefix("https://kopa.example/")

        with pytest.raises(SignatureInvalid):
            nobody.read(path)

    def test_of_somebody_else_are_refused(self, installation: Settings, clock: HandClock) -> None:
        networks = {"mpesa_callers": "196.201.214.0/24, 196.201.212.0/24"}
        rail = mpesa.of(installation.model_copy(update=networks), clock)
        body, path = json.dumps(PAYMENT).encode(), address("paid")

        assert rail.parse_callback({CALLER: "196.201.212.127"}, body, path)
        for caller in ("196.201.213.1", "", "localhost", "::1"):
            with pytest.raises(SignatureInvalid):
                rail.parse_callback({CALLER: caller}, body, path)

    @pytest.mark.parametrize(
        ("body", "old", "new", "parts"),
        [
            (B2C_RESULT, '"Result":', '"Rezult":', ("payout", REF, 1000)),
            (B2C_RESULT, '"ResultCode": 0', '"ResultCode": null', ("payout", REF, 1000)),
            (B2C_RESULT, '"Value": 10', '"Value": 10.005', ("payout", REF, 1000)),
            (B2C_RESULT, '"Value": 10', '"Value": NaN', ("payout", REF, 1000)),
            (B2C_RESULT, '"Value": 10', '"Value": 1e400', ("payout", REF, 1000)),
            (B2C_RESULT, '{"ResultParameter": [', '{"ResultParameter": [7, ', ("payout", REF, 1)),
            (
                B2C_RESULT,
                '"Value": 10}',
                '"Value": 10}, {"Key": "TransactionAmount", "Value": 11}',
                ("payout", REF, 1000),
            ),
            (
                PUSH_PAID,
                '"ResultCode": 0',
                '"ResultCode": 1032, "ResultCode": 0',
                ("collect", REF, 100),
            ),
            (PUSH_PAID, '"Value": 1.0', '"Value": 01', ("collect", REF, 100)),
            (
                STATUS_RESULT,
                '"Value": "10"',
                '"Value": "11", "Value": "10"',
                ("outcome", REF, int(NOW.timestamp())),
            ),
            (
                STATUS_RESULT,
                "20180223054112",
                '"00010101000000"',
                ("outcome", REF, int(NOW.timestamp())),
            ),
            (PUSH_PAID, '"stkCallback"', '"other"', ("collect", REF, 100)),
            (PUSH_PAID, '"ws_CO_191220191020363925"', '""', ("collect", REF, 100)),
            (PAYMENT, '"10"', '"-10"', ("paid",)),
            (PAYMENT, '"10"', '"0"', ("paid",)),
            (PAYMENT, '"10"', '"ten"', ("paid",)),
            (PAYMENT, '"600997"', '"600998"', ("paid",)),
            (PAYMENT, '"RKTQDM7W6S"', '"../RKT"', ("paid",)),
            (PAYMENT, "{", "[", ("paid",)),
            (PAYMENT, '"600997"', '"600998"', ("maypay",)),
            (STATUS_RESULT, f'"{REF}"', '"another"', ("outcome", REF, int(NOW.timestamp()))),
            (STATUS_RESULT, '"Amount"', '"Amont"', ("outcome", REF, int(NOW.timestamp()))),
            (STATUS_RESULT, '"MBN31H462N"', '"MBN/31"', ("outcome", REF, int(NOW.timestamp()))),
            (STATUS_RESULT, "20180223054112", "2018", ("outcome", REF, int(NOW.timestamp()))),
            (STATUS_RESULT, "x", "x", ("receipt", "MBN31H462N", int(NOW.timestamp()))),
            (STATUS_RESULT, "x", "x", ("receipt", "ANOTHER123", int(NOW.timestamp()))),
        ],
    )
    def test_that_cannot_be_read_are_refused(
        self, rail: MpesaRail, body: Any, old: str, new: str, parts: tuple[str | int, ...]
    ) -> None:
        raw = json.dumps(body).replace(old, new).encode()

        with pytest.raises(CallbackMalformed):
            self.read(rail, raw, *parts)

    @pytest.mark.parametrize("minor", ["0", "0.00", "-1", "99", "101"])
    @pytest.mark.parametrize(
        ("body", "old", "parts"),
        [
            (B2C_RESULT, '"Value": 10}', ("payout", REF, 1000)),
            (PUSH_PAID, '"Value": 1.0}', ("collect", ASKED, 100)),
        ],
    )
    def test_of_another_amount_say_so(
        self, rail: MpesaRail, body: Any, old: str, parts: tuple[str | int, ...], minor: str
    ) -> None:
        """Nothing at all is another amount, too."""
        text = json.dumps(body)
        assert old in text

        told = self.read(rail, text.replace(old, f'"Value": {minor}}}').encode(), *parts)

        assert told.amount == kes(minor)

    @pytest.mark.parametrize(
        "parameters",
        [
            [{"Key": "TransactionAmount", "Value": "10.00"}],
            [{"ResultParameter": [{"Key": "TransactionAmount", "Value": 10.0}]}],
            [{"ResultParameter": {"Key": "TransactionAmount", "Value": 10}}],
            {"ResultParameter": {"Key": "TransactionAmount", "Value": 10}},
            {"ResultParameter": [{"Key": "TransactionAmount", "Value": 10}] * 2},
        ],
    )
    def test_with_parameters_in_lists_or_without_are_read(
        self, rail: MpesaRail, parameters: Any
    ) -> None:
        body = {"Result": {**B2C_RESULT["Result"], "ResultParameters": parameters}}

        assert self.read(rail, body, "payout", REF, 5000).amount == kes(10)

    def test_of_a_queue_that_was_too_long_are_hints(self, rail: MpesaRail) -> None:
        told = self.read(rail, {"Result": "late"}, "payoutlate", REF, 1000)

        assert (told.is_hint, told.outcome.status) == (True, OutcomeStatus.UNKNOWN)
        assert rail.parse_callback({}, b"{}", address("late")) == []

    @given(
        st.sampled_from(
            [(B2C_RESULT, ("payout", REF, 1000)), (PUSH_PAID, ("collect", ASKED, 100)),
             (PAYMENT, ("paid",)), (STATUS_RESULT, ("outcome", REF, int(NOW.timestamp())))]
        ),
        st.data(),
    )  # fmt: skip
    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_stands_in_them_are_read_or_refused(
        self, rail: MpesaRail, published: tuple[Any, tuple[str | int, ...]], data: st.DataObject
    ) -> None:
        """One value of a published message is another: the amount is right, or none is read."""
        body, parts = published
        changed = copy.deepcopy(body)
        places = [*_places(changed)]
        holder, key = data.draw(st.sampled_from(places))
        holder[key] = data.draw(_JSON)

        with suppress(CallbackMalformed):
            for event in rail.parse_callback({}, json.dumps(changed).encode(), address(*parts)):
                assert event.amount.currency == "KES"
                assert len(event.event_id) <= 120

    @pytest.mark.parametrize("raw", [b"", b"\xff", b"null", b"7", b"[" * 100_000])
    def test_that_are_no_json_object_are_refused(self, rail: MpesaRail, raw: bytes) -> None:
        with pytest.raises(CallbackMalformed):
            self.read(rail, raw, "payoutlate", REF, 1000)
