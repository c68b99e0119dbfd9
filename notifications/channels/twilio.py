"""SMS through Twilio's own SDK, with a client that keeps a time limit and a base URL."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    encode_basic_auth,
)
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from kit.config import Settings
from notifications.channels import twilio_codes
from notifications.channels.base import (
    Accepted,
    Message,
    NotTaken,
    Outcome,
    Refusal,
    Refused,
    Unknown,
    Wait,
)
from notifications.states import DeliveryStatus

TIMEOUT_SECONDS = 10.0
BUSY_SECONDS = 5.0
# Their clock and ours may differ.
_SKEW = timedelta(hours=1)
_VALID_SECONDS_MAX = 36_000


class TwilioHttp(AsyncTwilioHttpClient):  # type: ignore[misc]  # The SDK has no types.
    """The SDK ignores its own `timeout` and has no base URL; both are honoured here.

    Made inside the running loop, since it opens its session at once.
    """

    def __init__(self, *, api_url: str = "", timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        super().__init__(pool_connections=False)
        self._api_url = api_url.rstrip("/")
        self.session = ClientSession(timeout=ClientTimeout(total=timeout_seconds))

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Logs nothing, unlike the SDK's own: requests carry phones and codes."""
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = encode_basic_auth(*auth)
        async with self.session.request(
            method,
            self._address(url),
            params=params,
            data=data,
            headers=sent,
            allow_redirects=allow_redirects,
        ) as response:
            return Response(response.status, await response.text(), response.headers)

    def _address(self, url: str) -> str:
        if not self._api_url:
            return url
        parts = urlsplit(url)
        return self._api_url + parts.path + (f"?{parts.query}" if parts.query else "")


class TwilioSms:
    def __init__(self, settings: Settings, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._settings = settings
        self._timeout_seconds = timeout_seconds
        self._http: TwilioHttp | None = None
        self._client: Any = None

    async def send(self, message: Message) -> Outcome:
        try:
            taken = await self._api().messages.create_async(
                to=message.to,
                body=message.text,
                status_callback=self._callback_url(message),
                **self._sender(),
                **_validity(message),
            )
        except TwilioRestException as error:
            return _refused(error)
        except ClientConnectorError as failure:
            return NotTaken(type(failure).__name__)
        except (ClientError, TimeoutError, TwilioException, ValueError) as failure:
            return Unknown(type(failure).__name__)
        return Accepted(taken.sid, _status(taken.status))

    async def find(self, message: Message, *, since: datetime) -> list[Accepted] | Unknown:
        """Messages with these words to this phone that Twilio took, newest first."""
        try:
            listed = await self._api().messages.list_async(to=message.to, limit=50)
        except (ClientError, TimeoutError, TwilioException, ValueError) as failure:
            return Unknown(type(failure).__name__)
        return [
            Accepted(found.sid, _status(found.status))
            for found in listed
            # A trial account writes its own words before ours.
            if found.body.endswith(message.text) and found.date_created >= since - _SKEW
        ]

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = self._client = None

    def _api(self) -> Any:
        if self._client is None:
            settings = self._settings
            self._http = TwilioHttp(
                api_url=settings.twilio_api_url, timeout_seconds=self._timeout_seconds
            )
            self._client = Client(
                settings.twilio_account_sid,
                settings.twilio_auth_token.get_secret_value(),
                http_client=self._http,
            )
        return self._client

    def _sender(self) -> dict[str, str]:
        service = self._settings.twilio_messaging_service_sid
        if service:
            return {"messaging_service_sid": service}
        return {"from_": self._settings.twilio_from}

    def _callback_url(self, message: Message) -> str:
        """Our delivery's id comes back with every receipt, also when the answer was lost."""
        return f"{self._settings.base_url}/webhooks/twilio/status/{message.reference}"


def _validity(message: Message) -> dict[str, int]:
    if message.valid_seconds is None:
        return {}
    return {"validity_period": max(1, min(message.valid_seconds, _VALID_SECONDS_MAX))}


def _refused(error: TwilioRestException) -> Outcome:
    code = str(error.code or error.status)
    if error.status == 429 or code == "20429":
        return Wait(BUSY_SECONDS)
    if error.status >= 500:
        return Unknown(code)
    if error.status == 401:
        return Refused(Refusal.ALARM, code)
    return Refused(twilio_codes.meaning(code), code)


def _status(said: Any) -> DeliveryStatus:
    """A message that was just taken; its end comes by a receipt."""
    return DeliveryStatus.SENT if str(said) == "sent" else DeliveryStatus.ACCEPTED
