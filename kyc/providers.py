"""A provider over HTTP in the place of any check: it gets the evidence that it needs and no more.

What does not come back well (no answer, an unsigned one, one that cannot be read) is a doubt for a
person, never a pass. Requests and answers are signed with the key that both sides hold; repeats
carry the same idempotency key. The wire is described in docs/providers.md.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from kit.config import CheckName, KycProvider
from kit.errors import TransientFailure
from kyc.checks import CheckResult, Evidence
from kyc.embedded import Check
from kyc.screening import check as screening
from kyc.screening.matching import Hit
from kyc.states import CheckKind, CheckVerdict

UNAVAILABLE, NOT_UNDERSTOOD = "provider_unavailable", "provider_not_understood"
SIGNATURE, KEY = "X-Kopa-Signature", "Idempotency-Key"
NEEDS: Mapping[CheckKind, tuple[str, ...]] = {
    CheckKind.DOCUMENT: ("document", "typed", "on"),
    CheckKind.AUTHENTICITY: ("document", "noticed"),
    CheckKind.FACE: ("document", "selfie"),
    CheckKind.LIVENESS: ("clip", "challenge", "selfie"),
    CheckKind.DUPLICATES: ("document", "selfie"),
    CheckKind.SCREENING: ("typed",),
}
"""The parts of the evidence that a check of this kind looks at."""
_TRIES = 3
_TIMEOUT_SECONDS = 15.0
_LARGEST_ANSWER = 256 * 1024
log = structlog.get_logger(__name__)

_Code = Annotated[str, StringConstraints(pattern=r"\A[a-z][a-z0-9_]{1,59}\z")]
_Words = Annotated[str, StringConstraints(max_length=500)]
_Number = bool | Annotated[int, Field(ge=-(2**53), le=2**53)] | float


class _Read(BaseModel):
    """A field of a document."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    value: _Words
    confidence: float | None = None


_READ, _HITS = TypeAdapter(dict[_Code, _Read]), TypeAdapter(list[Hit])


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    verdict: Literal["clear", "doubt"]
    """A provider refuses nobody either."""
    reasons: list[_Code] = Field(default=[], max_length=20)
    numbers: dict[_Code, _Number] = Field(default={}, max_length=40)
    found: dict[_Code, Any] = Field(default={}, max_length=40)


class _NotUnderstood(Exception):
    """The answer is no answer of this provider's."""


@dataclass(frozen=True)
class Provider:
    kind: CheckKind
    url: str
    key: str
    name: str
    transport: httpx.AsyncBaseTransport | None = None
    pause_seconds: float = 1.0

    async def check(self, evidence: Evidence, request_key: str) -> CheckResult:
        """Asks up to three times under the same key."""
        body = self._body(evidence, request_key)
        for tried in range(1, _TRIES + 1):
            try:
                return self._result(await self._ask(body, request_key))
            except _NotUnderstood:
                return self._doubt(NOT_UNDERSTOOD)
            except TransientFailure as failure:
                log.warning("provider.failed", provider=self.name, kind=self.kind, why=str(failure))
                if tried < _TRIES:
                    await asyncio.sleep(self.pause_seconds * 4 ** (tried - 1))
        return self._doubt(UNAVAILABLE)

    async def _ask(self, body: bytes, request_key: str) -> bytes:
        headers = {
            "Content-Type": "application/json",
            KEY: request_key,
            SIGNATURE: signature(self.key, body),
        }
        try:
            async with httpx.AsyncClient(
                transport=self.transport, timeout=_TIMEOUT_SECONDS
            ) as client:
                answer = await client.post(self.url, content=body, headers=headers)
        except httpx.HTTPError as failure:
            raise TransientFailure(type(failure).__name__) from None
        if answer.status_code >= 500 or answer.status_code in (202, 408, 429):
            raise TransientFailure(f"status {answer.status_code}")
        if answer.status_code != 200 or len(answer.content) > _LARGEST_ANSWER:
            raise _NotUnderstood
        # The answer to this question: one to another would carry another signature.
        expected = signature(self.key, request_key.encode() + b"\n" + answer.content)
        if not hmac.compare_digest(expected.encode(), answer.headers.get(SIGNATURE, "").encode()):
            raise _NotUnderstood
        return answer.content

    def _body(self, evidence: Evidence, request_key: str) -> bytes:
        parts = {name: _sent(getattr(evidence, name)) for name in NEEDS[self.kind]}
        if self.kind is CheckKind.SCREENING:
            parts["names"] = [
                {"name": person.name, "born": _sent(person.born)}
                for person in screening.names(evidence)
            ]
        return json.dumps({"check": self.kind, "key": request_key, "evidence": parts}).encode()

    def _result(self, content: bytes) -> CheckResult:
        try:
            answer = _Answer.model_validate_json(content)
            found = _found(self.kind, answer.found)
        except ValidationError:
            raise _NotUnderstood from None
        return CheckResult(
            kind=self.kind,
            verdict=CheckVerdict(answer.verdict),
            source=self.name,
            reasons=tuple(answer.reasons),
            numbers=_numbers(self.kind, answer.numbers),
            found=found,
        )

    def _doubt(self, reason: str) -> CheckResult:
        return CheckResult(self.kind, CheckVerdict.DOUBT, self.name, (reason,))


def checks(
    configured: Mapping[CheckName, KycProvider],
    request_key: str,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> dict[CheckKind, Check]:
    """Of one attempt, which `request_key` names for ever: it was stored before anybody is asked."""

    def of(kind: CheckKind, known: KycProvider) -> Check:
        name = known.name or httpx.URL(known.url).host
        provider = Provider(kind, known.url, known.key.get_secret_value(), name[:80], transport)

        async def check(evidence: Evidence) -> CheckResult:
            return await provider.check(evidence, f"{request_key}:{kind}")

        return check

    return {CheckKind(kind): of(CheckKind(kind), known) for kind, known in configured.items()}


def signature(key: str, content: bytes) -> str:
    return f"sha256={hmac.new(key.encode(), content, hashlib.sha256).hexdigest()}"


def _numbers(kind: CheckKind, said: Mapping[str, _Number]) -> dict[str, Any]:
    """Those that mean something to Kopa as it understands them, all others as they came."""
    if kind is not CheckKind.FACE:
        return dict(said)
    odd = {name for name in ("distance", "threshold", "fmr") if isinstance(said.get(name), bool)}
    if not 0 < said.get("fmr", 0) < 1:
        odd.add("fmr")
    return {name: value for name, value in said.items() if name not in odd | {"problems"}}


def _found(kind: CheckKind, said: Mapping[str, Any]) -> dict[str, Any]:
    """With fields and hits in the shape of Kopa's own. Raises ValidationError for other fields;
    other hits are left out: the verdict stands without them."""
    found = dict(said)
    if kind is CheckKind.DOCUMENT and "fields" in found:
        read = _READ.validate_python(found["fields"])
        found["fields"] = {name: field.model_dump() for name, field in read.items()}
    if kind is CheckKind.SCREENING and (hits := _hits(found.pop("hits", ()))):
        found["hits"] = hits
    return found


def _hits(said: Any) -> list[dict[str, Any]]:
    try:
        hits = {hit.key: hit for hit in _HITS.validate_python(said) if _can_be_kept(hit)}
    except ValidationError:
        return []
    return [hit.explained() for hit in hits.values()]


def _can_be_kept(hit: Hit) -> bool:
    is_named = 0 < len(hit.publisher) <= 60 and 0 < len(hit.uid) <= 200
    return is_named and "\0" not in hit.publisher + hit.uid and 0 <= hit.score <= 1


def _sent(part: Any) -> Any:
    if isinstance(part, bytes):
        return base64.b64encode(part).decode()
    if isinstance(part, Mapping):
        return dict(part)
    if isinstance(part, tuple | list):
        return [dict(each) for each in part]
    return None if part is None else str(part)
