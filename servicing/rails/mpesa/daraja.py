"""Daraja over HTTP: a token that is renewed in time, and what an answer proves about an order."""

import asyncio
import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kit.clock import Clock
from servicing.rails import http

_TOKEN = "/oauth/v1/generate"  # noqa: S105 - a path
# Answers of the gateway, which stands before M-Pesa: the order has not been passed on.
_NOT_PASSED_ON = (401, 403, 404, 429)
_OVERTAXED = ("500.003.02", "500.003.03")
_EARLY = timedelta(seconds=60)
_LASTS_MAX = 24 * 3600
_NO_TOKEN = (httpx.HTTPError, ValueError, KeyError, TypeError, OverflowError, RecursionError)


class NotSent(Exception):
    """Proven: M-Pesa has not been given it. The same order may be sent later. `code`: why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(NotSent):
    """Proven: nothing was done, and the same order would be refused again."""


class NoAnswer(Exception):
    """It may or may not have been done. The answer, if there was one, said `code` and `message`."""

    def __init__(self, code: str = "", message: str = "") -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


class Daraja:
    def __init__(
        self,
        base_url: str,
        *,
        consumer_key: str,
        consumer_secret: str,
        clock: Clock,
        timeout_seconds: float,
    ) -> None:
        self._keys = (consumer_key, consumer_secret)
        self._clock = clock
        self._token = ""
        self._token_until: datetime | None = None
        self._renewing = asyncio.Lock()
        self._client = http.client(base_url, timeout_seconds=timeout_seconds, headers={})

    async def close(self) -> None:
        await self._client.aclose()

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request that was accepted; raises NotSent, Refused or NoAnswer."""
        token = await self._valid_token()
        answer = await self._send(path, body, token)
        if _says_token_invalid(answer):
            # The gateway passed nothing on: with a new token it is the first order still.
            answer = await self._send(path, body, await self._valid_token(instead_of=token))
        return _accepted(answer)

    async def _send(self, path: str, body: Mapping[str, Any], token: str) -> httpx.Response:
        try:
            return await self._client.post(
                path, json=dict(body), headers={"Authorization": f"Bearer {token}"}
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise NotSent("unreachable") from None
        except httpx.HTTPError:
            raise NoAnswer() from None

    async def _valid_token(self, *, instead_of: str = "") -> str:
        async with self._renewing:
            now = self._clock.now()
            is_old = self._token_until is None or now >= self._token_until
            if is_old or self._token == instead_of:
                self._token, seconds = await self._new_token()
                self._token_until = now + timedelta(seconds=seconds) - _EARLY
            return self._token

    async def _new_token(self) -> tuple[str, int]:
        try:
            answer = await self._client.get(
                _TOKEN, params={"grant_type": "client_credentials"}, auth=self._keys
            )
            answer.raise_for_status()
            content = answer.json()
            return str(content["access_token"]), min(int(content["expires_in"]), _LASTS_MAX)
        except _NO_TOKEN:
            raise NotSent("no_token") from None


def security_credential(password: str, certificate: Path) -> str:
    """The initiator's password as M-Pesa takes it: for its own key, PKCS #1 v1.5, Base64."""
    content = certificate.read_bytes()
    is_text = b"-----BEGIN" in content
    load = x509.load_pem_x509_certificate if is_text else x509.load_der_x509_certificate
    key = load(content).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("M-Pesa's certificate holds an RSA key")
    return base64.b64encode(key.encrypt(password.encode(), padding.PKCS1v15())).decode()


def _accepted(answer: httpx.Response) -> dict[str, Any]:
    content = _content(answer)
    code = _code(content)
    if answer.is_success and str(content.get("ResponseCode")) == "0":
        return content
    at_the_gate = _says_token_invalid(answer) or _is_overtaxed(answer, code)
    if answer.status_code in _NOT_PASSED_ON or at_the_gate:
        raise NotSent(code or f"http_{answer.status_code}")
    # What it calls a repeat it has: that is no proof that nothing was done.
    if answer.status_code == 400 and code and "duplicate" not in answer.text.lower():
        raise Refused(code)
    raise NoAnswer(code or f"http_{answer.status_code}", str(content.get("errorMessage", "")))


def _is_overtaxed(answer: httpx.Response, code: str) -> bool:
    """Its limits count at the gate. "System is busy" under the same number may come from behind."""
    return code in _OVERTAXED and "violation" in answer.text.lower()


def _says_token_invalid(answer: httpx.Response) -> bool:
    if answer.status_code == 401:
        return True
    return answer.status_code in (400, 404) and "invalid access token" in answer.text.lower()


def _content(answer: httpx.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _code(content: Mapping[str, Any]) -> str:
    code = content.get("errorCode")
    if code is None and isinstance(fault := content.get("fault"), dict):
        detail = fault.get("detail")
        code = detail.get("errorcode") if isinstance(detail, dict) else None
    return str(code)[:60] if code is not None else ""
