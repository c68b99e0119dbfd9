"""Settings from the environment (and `.env`): one class, read once at the start of a program."""

from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import (
    AliasChoices,
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from kit.money import InvalidAmount, Money

_ROOT = Path(__file__).resolve().parent.parent
_DATABASES = ("postgresql+psycopg://", "postgresql://", "sqlite+aiosqlite:///")


def _outside(name: str) -> AliasChoices:
    """Settings of outside services keep the name under which the world knows them."""
    return AliasChoices(name, f"KOPA_{name}")


GroupName = Literal["age", "region", "sex"]
CheckName = Literal["document", "authenticity", "face", "liveness", "duplicates", "screening"]


class KycProvider(BaseModel):
    """Who makes a check of the identity instead of Kopa."""

    url: str
    key: SecretStr
    """Signs what we ask and what they answer."""
    name: str = ""
    """On the record. Empty: the host of `url`."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="KOPA_", env_file=".env", extra="ignore", populate_by_name=True
    )

    database_url: str = ""
    """Empty: SQLite in `var/kopa.db`."""
    var: Path = Path("var")
    """Where the embedded database, keys and sandbox files live."""
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    public_url: str = ""
    """How the outside reaches us (webhooks). Empty: http://host:port."""
    lender_name: str = "Kopa Lending"
    timezone: str = "Africa/Nairobi"
    """The lender's business time zone: it decides which date "today" is."""
    country: str = "KE"
    currency: str = "KES"
    hand_money_two_from: str = "0"
    """From this amount of `currency` on, two of staff enter money by hand. 0: always."""
    products_file: Path = _ROOT / "onboarding" / "products.yaml"
    policy_file: Path = _ROOT / "scoring" / "policies" / "default.yaml"
    late_policy_file: Path | None = None
    """How late loans are classed and provided for. Unset: by `country`, else the default's."""
    model_dir: Path = _ROOT / "scoring" / "artifacts" / "stock"

    master_key: SecretStr = SecretStr("")
    """Base64 of 32 bytes that wrap the keys of persons. Empty: made once in `var/`."""
    index_key: SecretStr = SecretStr("")
    """Base64 of 32 bytes for the blind indexes. Empty: made once in `var/`."""
    previous_master_keys: list[SecretStr] = []
    seal_key: SecretStr = SecretStr("")
    """`PRIVATE+KEY+name+id+key`, with which we sign for our ledger. Empty: made once in `var/`."""
    previous_seal_keys: list[str] = []
    """The public halves of older keys."""

    backup_to: str = ""
    """Public keys of age that backups are sealed for. Empty: of a key that is made in `var/`."""

    sandbox: bool | None = None
    """Stand-ins for the outside. Unset: on when there is no TELEGRAM_BOT_TOKEN."""

    telegram_bot_token: SecretStr = Field(
        SecretStr(""), validation_alias=_outside("TELEGRAM_BOT_TOKEN")
    )
    telegram_api_url: str = Field("", validation_alias=_outside("TELEGRAM_API_URL"))
    telegram_mode: Literal["polling", "webhook"] = Field(
        "polling", validation_alias=_outside("TELEGRAM_MODE")
    )
    telegram_webhook_secret: SecretStr = Field(
        SecretStr(""), validation_alias=_outside("TELEGRAM_WEBHOOK_SECRET")
    )
    telegram_payment_provider_token: SecretStr = Field(
        SecretStr(""), validation_alias=_outside("TELEGRAM_PAYMENT_PROVIDER_TOKEN")
    )
    """From @BotFather, for the provider that takes cards in the chat. Empty: no cards."""
    twilio_account_sid: str = Field("", validation_alias=_outside("TWILIO_ACCOUNT_SID"))
    twilio_auth_token: SecretStr = Field(
        SecretStr(""), validation_alias=_outside("TWILIO_AUTH_TOKEN")
    )
    twilio_from: str = Field("", validation_alias=_outside("TWILIO_FROM"))
    twilio_messaging_service_sid: str = Field(
        "", validation_alias=_outside("TWILIO_MESSAGING_SERVICE_SID")
    )
    twilio_api_url: str = Field("", validation_alias=_outside("TWILIO_API_URL"))
    rail: Literal["wallet", "iso20022", "gsma", "mpesa"] = Field(
        "wallet", validation_alias=_outside("RAIL")
    )
    """How money goes out and comes in: a wallet's HTTP, payment files of a bank, mobile money."""
    rail_base_url: str = Field("", validation_alias=_outside("RAIL_BASE_URL"))
    rail_api_key: SecretStr = Field(SecretStr(""), validation_alias=_outside("RAIL_API_KEY"))
    rail_webhook_secret: SecretStr = Field(
        SecretStr(""), validation_alias=_outside("RAIL_WEBHOOK_SECRET")
    )
    rail_folder: Path | None = Field(None, validation_alias=_outside("RAIL_FOLDER"))
    """Where files are exchanged with the bank."""
    rail_account: str = Field("", validation_alias=_outside("RAIL_ACCOUNT"))
    """Our account there: an IBAN, or the bank's own number."""
    rail_bic: str = Field("", validation_alias=_outside("RAIL_BIC"))
    """The bank. Empty: it knows whose account it is."""
    gsma_base_url: str = Field("", validation_alias=_outside("GSMA_BASE_URL"))
    """Mobile money by the GSMA's API: what comes before `/transactions`."""
    gsma_account: str = Field("", validation_alias=_outside("GSMA_ACCOUNT"))
    """Ours, as the provider writes it: `organisationid@1234`, or a phone number."""
    gsma_client_id: str = Field("", validation_alias=_outside("GSMA_CLIENT_ID"))
    gsma_client_secret: SecretStr = Field(
        SecretStr(""), validation_alias=_outside("GSMA_CLIENT_SECRET")
    )
    gsma_token_url: str = Field("", validation_alias=_outside("GSMA_TOKEN_URL"))
    """Where OAuth 2.0 gives tokens. Empty: id and secret go along with every call."""
    gsma_api_key: SecretStr = Field(SecretStr(""), validation_alias=_outside("GSMA_API_KEY"))
    gsma_callback_secret: SecretStr = Field(
        SecretStr(""), validation_alias=_outside("GSMA_CALLBACK_SECRET")
    )
    """Ours alone: it makes the addresses for callbacks, which nobody can guess."""
    mpesa_base_url: str = Field(
        "https://api.safaricom.co.ke", validation_alias=_outside("MPESA_BASE_URL")
    )
    mpesa_consumer_key: SecretStr = Field(
        SecretStr(""), validation_alias=_outside("MPESA_CONSUMER_KEY")
    )
    mpesa_consumer_secret: SecretStr = Field(
        SecretStr(""), validation_alias=_outside("MPESA_CONSUMER_SECRET")
    )
    mpesa_shortcode: str = Field("", validation_alias=_outside("MPESA_SHORTCODE"))
    """Our number at M-Pesa, which both pays out and receives."""
    mpesa_passkey: SecretStr = Field(SecretStr(""), validation_alias=_outside("MPESA_PASSKEY"))
    mpesa_initiator: str = Field("", validation_alias=_outside("MPESA_INITIATOR"))
    mpesa_initiator_password: SecretStr = Field(
        SecretStr(""), validation_alias=_outside("MPESA_INITIATOR_PASSWORD")
    )
    mpesa_certificate: Path | None = Field(None, validation_alias=_outside("MPESA_CERTIFICATE"))
    """M-Pesa's own, for whose key the initiator's password is encrypted."""
    mpesa_callback_secret: SecretStr = Field(
        SecretStr(""), validation_alias=_outside("MPESA_CALLBACK_SECRET")
    )
    """Ours alone: it makes the addresses for callbacks, which nobody can guess."""
    mpesa_callers: str = Field("", validation_alias=_outside("MPESA_CALLERS"))
    """Networks that may call back, as in `196.201.214.0/24,196.201.212.0/24`. Empty: all."""
    mpesa_folder: Path | None = Field(None, validation_alias=_outside("MPESA_FOLDER"))
    """Where staff put statements from the organisation's portal."""

    liveness: Literal["required", "off"] = "required"
    """Whether borrowers are asked for a video note that shows that they are there."""
    kyc_providers: dict[CheckName, KycProvider] = {}
    """Checks that somebody else makes: `{"face": {"url": …, "key": …}}`."""
    fairness_groups: tuple[GroupName, ...] = ("age",)
    """How approvals and errors may be told apart to see whether people are treated alike, as the
    law of the market allows. Region and sex are opened for that alone; sex is the document's."""
    screening_dir: Path | None = None
    """Where the lender puts sanctions and PEP lists. Unset: `kopa screening load FOLDER` only."""

    worker_id: str = ""
    """Name of this worker. Empty: `local` on SQLite, host-process-random on PostgreSQL."""
    worker_dead_after_seconds: float = 30.0
    job_polling_seconds: float = 0.25
    log_level: str = "INFO"
    metrics_token: SecretStr = SecretStr("")
    """Whoever shows it may read `/metrics`. Empty: only this machine may."""

    @field_validator("database_url")
    @classmethod
    def _database_is_one_of_ours(cls, url: str) -> str:
        if url and not url.startswith(_DATABASES):
            raise ValueError("must begin with postgresql+psycopg:// or sqlite+aiosqlite:///")
        return url

    @model_validator(mode="after")
    def _amounts_are_money(self) -> Self:
        wrong = ValueError(
            "KOPA_HAND_MONEY_TWO_FROM must be an amount of KOPA_CURRENCY, and that a code like KES"
        )
        try:
            if self.hand_money_for_two.minor < 0:
                raise wrong
        except (InvalidAmount, TypeError, ValueError):
            raise wrong from None
        return self

    @property
    def hand_money_for_two(self) -> Money:
        return Money.parse(self.hand_money_two_from, self.currency)

    @property
    def url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.var.absolute() / 'kopa.db'}"

    def payee(self, rail: str) -> str:
        """Whom people name who pay by themselves: a business number, an account."""
        return {
            "mpesa": self.mpesa_shortcode,
            "gsma": self.gsma_account,
            "iso20022": self.rail_account,
        }.get(rail, "")

    @property
    def is_sandbox(self) -> bool:
        if self.sandbox is not None:
            return self.sandbox
        return not self.telegram_bot_token.get_secret_value()

    @property
    def base_url(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


_INSIDE = {*get_args(CheckName), *KycProvider.model_fields}


def what_is_wrong(error: ValueError) -> str | None:
    """Which settings cannot be read, and why; never what they hold, which may be a secret. None
    where it is about something else."""
    if isinstance(error, SettingsError):
        return f"{error}: it must be JSON"
    if not isinstance(error, ValidationError) or error.title != Settings.__name__:
        return None
    return "; ".join(
        f"{_variable(each['loc'])}{each['msg'].removeprefix('Value error, ')}"
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    )


def _variable(place: tuple[int | str, ...]) -> str:
    """Of the environment, before what is said of it. Empty where that names it."""
    if not place:
        return ""
    name, *inside = (str(each) for each in place)
    variable = f"KOPA_{name.upper()}" if name in Settings.model_fields else name
    known = [each for each in inside if each in _INSIDE]  # What else stands there is a value.
    return f"{'.'.join([variable, *known])}: "
