"""Calls to a mobile money provider: who we are, and answers that may be anything."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from kit.clock import Clock
from servicing.rails import http
from servicing.rails.gsma import wire
from servicing.rails.gsma.wire import Transaction, Unreadable

_EARLY = timedelta(seconds=30)
"""A token is replaced before it ends: the call takes time too."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content: Any
    headers: Mapping[str, str]

    @property
    def is_not_found(self) -> bool:
        """The provider's word, not that of a proxy on the way."""
        missing = self.status == httpx.codes.NOT_FOUND
        return missing and self.content["errorCategory"] == "identification"

    def must_be_ok(self) -> None:
        if self.status != httpx.codes.OK:
            raise Unreadable(str(self.status))


class ClientCredentials(httpx.Auth):
    """RFC 6749, section 4.4: our id and secret for a token, the token for everything else."""

    requires_response_body = True

    def __init__(self, token_url: str, client_id: str, secret: str, clock: Clock) -> None:
        self._token_url = token_url
        self._basic = httpx.BasicAuth(client_id, secret)
        self._clock = clock
        self._token = ""
        self._until: datetime | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._until is None or self._clock.now() >= self._until:
            asked = httpx.Request(
                "POST", self._token_url, data={"grant_type": "client_credentials"}
            )
            self._keep((yield from _signed(self._basic, asked)))
        request.headers["Authorization"] = f"Bearer {self._token}"
        answer = yield request
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._until = None

    def _keep(self, answer: httpx.Response) -> None:
        given = answer.raise_for_status().json()
        self._token = str(given["access_token"])
        lasts = timedelta(seconds=int(given.get("expires_in", 3600)))
        self._until = self._clock.now() + lasts - _EARLY


class Client:
    def __init__(
        self,
        base_url: str,
        *,
        auth: httpx.Auth | None,
        api_key: str,
        clock: Clock,
        timeout_seconds: float,
    ) -> None:
        headers = {"Accept": "application/json", "Accept-Charset": "utf-8"}
        if api_key:
            headers["X-API-Key"] = api_key
        self._clock = clock
        self._http = http.client(
            base_url, timeout_seconds=timeout_seconds, headers=headers, auth=auth
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, **asked: str | int) -> Answer:
        return await self._call("GET", path, params=asked)

    async def find(self, reference: str) -> Transaction | None:
        """One transaction by the provider's name for it."""
        answer = await self.get(f"transactions/{quote(reference, safe='')}")
        if answer.is_not_found:
            return None
        answer.must_be_ok()
        told = wire.read_transaction(answer.content)
        if told.reference != reference:
            raise Unreadable("transactionReference")
        return told

    async def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        return await self._call("POST", path, json=body, headers=headers)

    async def _call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **given: Any
    ) -> Answer:
        """Raises httpx.HTTPError and ValueError: there is no answer, or it is none."""
        dated = {"X-Date": self._clock.now().isoformat(), **(headers or {})}
        try:
            answer = await self._http.request(method, path, headers=dated, **given)
            return Answer(answer.status_code, answer.json(), answer.headers)
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Unreadable(type(error).__name__) from error


def _signed(
    auth: httpx.BasicAuth, request: httpx.Request
) -> Generator[httpx.Request, httpx.Response, httpx.Response]:
    """One request of the flow, with another name and password than the rest."""
    return (yield next(auth.auth_flow(request)))
