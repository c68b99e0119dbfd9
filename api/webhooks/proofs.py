"""How the outside proves who it is, and how we refuse it when it does not."""

import hashlib
import hmac

from pydantic import SecretStr

from kit.errors import DomainError, Kind


class WebhookForged(DomainError):
    """The caller did not prove to be who it should be. Nothing was done."""

    kind = Kind.UNAUTHENTICATED
    code = "webhook_forged"


class WebhookNotUnderstood(DomainError):
    """Proven, but not what this webhook is for. Nothing was done."""

    code = "webhook_not_understood"


class WebhookOff(DomainError):
    """This installation does not use that service by webhook."""

    kind = Kind.NOT_FOUND
    code = "webhook_off"


def same_secret(given: str, expected: SecretStr) -> None:
    """Refuses everybody while no secret is configured."""
    secret = expected.get_secret_value().encode()
    if not secret or not hmac.compare_digest(given.encode(), secret):
        raise WebhookForged()


def same_digest(given: str, body: bytes, key: SecretStr) -> None:
    """`sha256=` and the hex HMAC of the raw body."""
    secret = key.get_secret_value().encode()
    expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(given.encode(), expected.encode()):
        raise WebhookForged()
