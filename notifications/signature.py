"""Whether a webhook call is Twilio's: its signature over our public address and the form."""

from collections.abc import Mapping

from twilio.request_validator import RequestValidator

from kit.config import Settings


def public_url(settings: Settings, path: str, query: str = "") -> str:
    """The address that Twilio called. The request itself may have come through a proxy."""
    return f"{settings.base_url}{path}" + (f"?{query}" if query else "")


def valid(auth_token: str, url: str, form: Mapping[str, str], signature: str | None) -> bool:
    """An installation without a token trusts nobody."""
    if not auth_token or not signature:
        return False
    return bool(RequestValidator(auth_token).validate(url, dict(form), signature))
