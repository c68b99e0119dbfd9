"""What is looked at before a program starts: settings that could not work, a second owner."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from pydantic import SecretStr
from sqlalchemy import make_url

from kit.clock import SystemClock
from kit.config import Settings
from servicing.rails import configured, telegram
from servicing.rails.mpesa import rail as mpesa

_NEEDED = (
    "TELEGRAM_BOT_TOKEN",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID",
)
_NEEDED_BY_RAIL = {
    "wallet": ("RAIL_BASE_URL", "RAIL_API_KEY", "RAIL_WEBHOOK_SECRET"),
    "iso20022": ("RAIL_FOLDER", "RAIL_ACCOUNT"),
    "gsma": (
        "GSMA_BASE_URL",
        "GSMA_ACCOUNT",
        "GSMA_CALLBACK_SECRET",
        "GSMA_CLIENT_ID or GSMA_API_KEY",
    ),
    "mpesa": (
        "MPESA_CONSUMER_KEY",
        "MPESA_CONSUMER_SECRET",
        "MPESA_SHORTCODE",
        "MPESA_PASSKEY",
        "MPESA_INITIATOR",
        "MPESA_INITIATOR_PASSWORD",
        "MPESA_CERTIFICATE",
        "MPESA_CALLBACK_SECRET",
    ),
    "telegram": ("TELEGRAM_PAYMENT_PROVIDER_TOKEN",),
}


def check_outside(settings: Settings) -> None:
    """Without its SMS or its rail a lender would promise what it cannot do."""
    by_rails = [name for rail in configured.names(settings) for name in _NEEDED_BY_RAIL[rail]]
    needed = (*_NEEDED, *by_rails)
    missing = _missing(settings, needed)
    if settings.telegram_mode == "webhook" and not _is_set(settings, "TELEGRAM_WEBHOOK_SECRET"):
        missing.append("TELEGRAM_WEBHOOK_SECRET")
    if missing:
        raise click.UsageError(
            f"not set: {', '.join(missing)}. To try Kopa without them, set KOPA_SANDBOX=true:"
            " `kopa run` then simulates what is not set."
        )
    if "mpesa" in configured.names(settings):
        check_mpesa(settings)
    check_cards(settings)


def check_simulated(settings: Settings) -> None:
    """A sandbox is for whoever asks for it, or names nothing of the outside: a token that was
    forgotten must not put people of play in front of real money."""
    spoken_of = configured.spoken_of(settings)
    if settings.sandbox is None and (spoken_of or settings.twilio_account_sid):
        check_outside(settings)
    for rail in spoken_of:
        check_rail(settings, rail)
    if "mpesa" in spoken_of:
        check_mpesa(settings)
    check_cards(settings)


def check_rail(settings: Settings, rail: str) -> None:
    if missing := _missing(settings, _NEEDED_BY_RAIL[rail]):
        raise click.UsageError(f"not set: {', '.join(missing)}")


def check_mpesa(settings: Settings) -> None:
    check_rail(settings, "mpesa")
    if not settings.base_url.startswith("https://"):
        raise click.UsageError("M-Pesa calls back by HTTPS only: set KOPA_PUBLIC_URL")
    try:
        mpesa.of(settings, SystemClock())
    except (OSError, ValueError) as error:
        raise click.UsageError(
            f"MPESA_CERTIFICATE, MPESA_CALLERS or MPESA_FOLDER: {error}"
        ) from None


def check_cards(settings: Settings) -> None:
    is_wanted = _is_set(settings, "TELEGRAM_PAYMENT_PROVIDER_TOKEN")
    if is_wanted and not telegram.takes(settings.currency):
        raise click.UsageError(
            f"Telegram takes no cards in {settings.currency}: unset TELEGRAM_PAYMENT_PROVIDER_TOKEN"
        )


def check_shared(settings: Settings) -> None:
    if _is_embedded(settings):
        raise click.UsageError(
            "several programs share a PostgreSQL: set KOPA_DATABASE_URL, or run everything in"
            " one process with `kopa run`"
        )


@contextmanager
def only_owner(settings: Settings) -> Iterator[None]:
    """One process owns an embedded database: a second one would take up the first one's work."""
    if not _is_embedded(settings):
        yield
        return
    database = make_url(settings.url).database
    assert database is not None
    lock = Path(f"{database}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            # The kernel gives it back when the process ends, however that happens.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise click.ClickException(f"Kopa runs already with {database}") from None
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _missing(settings: Settings, needed: Iterable[str]) -> list[str]:
    """`A or B` needs one of the two."""

    def is_there(names: str) -> bool:
        return any(_is_set(settings, name) for name in names.split(" or "))

    return [names for names in needed if not is_there(names)]


def _is_set(settings: Settings, name: str) -> bool:
    value = getattr(settings, name.lower())
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


def _is_embedded(settings: Settings) -> bool:
    return make_url(settings.url).get_backend_name() == "sqlite"
