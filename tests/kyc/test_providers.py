"""A provider takes the place of a check: signed, once, and never a pass when it does not answer."""

import base64
import json
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest

from kit.config import KycProvider, Settings
from kyc import providers
from kyc.checks import CheckResult, Evidence
from kyc.documents.confirming import Told
from kyc.documents.fields import Field, FieldName, Source
from kyc.documents.labels import Kind
from kyc.documents.reading import DocumentReading
from kyc.providers import Provider
from kyc.screening.entries import Strength
from kyc.screening.matching import BirthAgrees, Hit
from kyc.states import CheckKind, CheckVerdict
from sandbox.trouble import Trouble
from sandbox.vendor.app import Vendor, create_app

EVIDENCE = Evidence(
    document=b"document", selfie=b"selfie", clip=b"film", challenge={"acts": ["blink"]},
    typed={"full_name": "Amina Otieno"}, on=date(2026, 11, 20),
)  # fmt: skip


@pytest.fixture
def vendor() -> Vendor:
    return Vendor("shared key")


async def ask(
    vendor: Vendor,
    kind: CheckKind = CheckKind.FACE,
    *,
    key: str = "shared key",
    named: str = "1",
    evidence: Evidence = EVIDENCE,
) -> CheckResult:
    transport = httpx.ASGITransport(create_app(vendor))
    url = "https://vendor.example/v1/checks"
    provider = Provider(kind, url, key, "vendor", transport, pause_seconds=0)
    return await provider.check(evidence, named)


class TestAnswers:
    async def test_are_mapped(self, vendor: Vendor) -> None:
        clear = await ask(vendor)
        vendor.door.order(Trouble(kind="doubt", code="mask"))
        doubt = await ask(vendor, named="2")

        assert (clear.kind, clear.verdict, clear.source) == ("face", CheckVerdict.CLEAR, "vendor")
        assert clear.numbers == {"score": 0.99}
        assert (doubt.verdict, doubt.reasons) == (CheckVerdict.DOUBT, ("mask",))

    @pytest.mark.parametrize("kind", list(CheckKind))
    async def test_any_check_can_be_replaced(self, vendor: Vendor, kind: CheckKind) -> None:
        assert (await ask(vendor, kind)).kind is kind

    async def test_only_the_evidence_that_is_needed_leaves(self, vendor: Vendor) -> None:
        await ask(vendor, CheckKind.FACE)
        await ask(vendor, CheckKind.SCREENING)

        face, screening = (asked["evidence"] for asked in vendor.asked)
        assert {name: base64.b64decode(part) for name, part in face.items()} == {
            "document": b"document",
            "selfie": b"selfie",
        }
        assert screening == {
            "typed": {"full_name": "Amina Otieno"},
            "names": [{"name": "Amina Otieno", "born": None}],
        }

    async def test_names_that_were_read_or_corrected_are_screened(self, vendor: Vendor) -> None:
        read = {FieldName.NAME: Field("OTIENO ZAWADI", 0.9, Source.MRZ)}
        told = Told(
            DocumentReading(Kind.PASSPORT, None, False, read, (), (), ()),
            {FieldName.NAME: "Otiena Zawadi"},
        )

        await ask(vendor, CheckKind.SCREENING, evidence=replace(EVIDENCE, told=told))

        names = [each["name"] for each in vendor.asked[0]["evidence"]["names"]]
        assert names == ["Amina Otieno", "OTIENO ZAWADI", "Otiena Zawadi"]

    @pytest.mark.parametrize("fmr", [0, 1, -0.1, True])
    async def test_a_rate_that_is_none_is_left_out(self, vendor: Vendor, fmr: float) -> None:
        said = {"distance": 0.3, "threshold": 0.5, "fmr": fmr, "problems": 0}
        vendor.answers["1"] = json.dumps({"verdict": "clear", "numbers": said}).encode()

        assert (await ask(vendor)).numbers == {"distance": 0.3, "threshold": 0.5}

    async def test_hits_are_kept_in_the_shape_of_our_own(self, vendor: Vendor) -> None:
        hit = Hit(
            "OFAC", "7", "A. Otieno", "A. Otieno", Strength.WEAK, "", "person", 0.9, 0.9, (), (),
            (), BirthAgrees.UNKNOWN, (), None, (),
        )  # fmt: skip
        for named, hits in enumerate(([hit.explained()] * 2, [{"name": "A. Otieno"}], 5)):
            said = {"verdict": "doubt", "found": {"hits": hits}}
            vendor.answers[str(named)] = json.dumps(said).encode()

        found = [(await ask(vendor, CheckKind.SCREENING, named=str(n))).found for n in range(3)]

        assert found == [{"hits": [hit.explained()]}, {}, {}]


class TestFaults:
    async def test_a_failure_is_asked_again_under_the_same_key(self, vendor: Vendor) -> None:
        vendor.door.order(Trouble(kind="error", times=2))

        assert (await ask(vendor)).verdict is CheckVerdict.CLEAR
        assert [asked["key"] for asked in vendor.asked] == ["1", "1", "1"]

    @pytest.mark.parametrize(
        ("trouble", "reason"),
        [
            (Trouble(kind="error", times=3), providers.UNAVAILABLE),
            (Trouble(kind="error", times=3, status=429), providers.UNAVAILABLE),
            (Trouble(kind="error", status=403), providers.NOT_UNDERSTOOD),
            (Trouble(kind="unsigned"), providers.NOT_UNDERSTOOD),
            (Trouble(kind="replay"), providers.NOT_UNDERSTOOD),
            (Trouble(kind="nonsense"), providers.NOT_UNDERSTOOD),
        ],
    )
    async def test_what_is_no_answer_is_a_doubt(
        self, vendor: Vendor, trouble: Trouble, reason: str
    ) -> None:
        vendor.door.order(trouble)

        answer = await ask(vendor)

        assert (answer.verdict, answer.reasons) == (CheckVerdict.DOUBT, (reason,))

    @pytest.mark.parametrize(
        ("kind", "said"),
        [
            (CheckKind.DOCUMENT, {"found": {"fields": []}}),
            (CheckKind.DOCUMENT, {"found": {"fields": {"number": "X1"}}}),
            (CheckKind.DOCUMENT, {"found": {"fields": {"number": {"value": 5}}}}),
            (CheckKind.FACE, {"numbers": {"distance": float("nan")}}),
            (CheckKind.FACE, {"numbers": {"distance": float("inf")}}),
            (CheckKind.FACE, {"numbers": {"distance": 10**400}}),
        ],
    )
    async def test_another_shape_is_a_doubt(
        self, vendor: Vendor, kind: CheckKind, said: dict[str, Any]
    ) -> None:
        vendor.answers["1"] = json.dumps({"verdict": "clear"} | said).encode()

        answer = await ask(vendor, kind)

        assert (answer.verdict, answer.reasons) == (
            CheckVerdict.DOUBT,
            (providers.NOT_UNDERSTOOD,),
        )

    async def test_a_signature_of_other_letters_is_a_doubt(self) -> None:
        def signed(request: httpx.Request) -> httpx.Response:
            told = [(providers.SIGNATURE.encode(), "sha256=\u00e9".encode())]
            return httpx.Response(200, headers=told)

        transport = httpx.MockTransport(signed)
        provider = Provider(CheckKind.FACE, "https://x.example", "k", "x", transport, 0)

        assert (await provider.check(EVIDENCE, "1")).reasons == (providers.NOT_UNDERSTOOD,)

    async def test_nobody_there_is_a_doubt(self) -> None:
        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectTimeout("late", request=request)

        transport = httpx.MockTransport(refuse)
        provider = Provider(CheckKind.FACE, "https://x.example", "k", "x", transport, 0)

        assert (await provider.check(EVIDENCE, "1")).reasons == (providers.UNAVAILABLE,)

    async def test_another_key_is_turned_away(self, vendor: Vendor) -> None:
        assert (await ask(vendor, key="guessed")).verdict is CheckVerdict.DOUBT
        assert not vendor.asked


class TestConfiguration:
    async def test_names_checks_and_keys(
        self, monkeypatch: pytest.MonkeyPatch, vendor: Vendor
    ) -> None:
        monkeypatch.setenv(
            "KOPA_KYC_PROVIDERS",
            '{"screening": {"url": "https://vendor.example/v1/checks", "key": "shared key"}}',
        )
        configured = Settings(_env_file=None).kyc_providers
        transport = httpx.ASGITransport(create_app(vendor))

        made_by = providers.checks(configured, "identity:7:2", transport=transport)
        answer = await made_by[CheckKind.SCREENING](EVIDENCE)

        assert list(made_by) == [CheckKind.SCREENING]
        assert answer.source == "vendor.example"
        assert vendor.asked[0]["key"] == "identity:7:2:screening"
        assert "shared key" not in repr(configured)

    def test_refuses_a_check_that_there_is_not(self) -> None:
        with pytest.raises(ValueError, match="horoscope"):
            Settings(
                _env_file=None,
                kyc_providers={"horoscope": KycProvider(url="https://x", key="k")},
            )
