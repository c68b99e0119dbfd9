"""What M-Pesa keeps: who may call, what moved, and the certificate for whose key passwords come."""

import base64
import functools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from kit.ids import new_id
from sandbox.store import Json
from sandbox.surroundings import Surroundings
from sandbox.trouble import Door

ZONE = ZoneInfo("Africa/Nairobi")
TROUBLES = (
    "no_token",
    "forget_tokens",
    "stop_at_gate",
    "fail",
    "delay",
    "lose_order",
    "lose_answer",
    "fail_later",
    "delay_settlement",
    "answer_prompt",
    "leave_prompt",
    "lose_callback",
    "repeat_callback",
    "delay_callback",
    "reorder_callbacks",
    "misstate_amount",
)


@dataclass(frozen=True)
class MpesaAccount:
    """The lender's contract with Safaricom."""

    consumer_key: str = "sandbox-key"
    consumer_secret: str = "sandbox-secret"  # noqa: S105 - a stand-in's
    shortcode: str = "600997"
    passkey: str = "sandbox-passkey"
    initiator: str = "kopa"
    initiator_password: str = "Safaricom#2026"  # noqa: S105 - a stand-in's
    float_shillings: int = 1_000_000
    purse_shillings: int = 50_000
    """What a customer has at the start."""
    settle_seconds: float = 0.3
    token_seconds: int = 3599


class Refused(Exception):
    """Daraja says no: nothing was done."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


class Mpesa:
    def __init__(self, account: MpesaAccount, surroundings: Surroundings) -> None:
        self.account = account
        self.clock = surroundings.clock
        self.outgoing = surroundings.outgoing
        self.door = Door(*TROUBLES)
        self.tokens: dict[str, datetime] = {}
        self.orders: dict[str, Json] = {}
        """Payouts, by the originator's name for them."""
        self.prompts: dict[str, Json] = {}
        """By CheckoutRequestID."""
        self.movements: list[Json] = []
        """Money that moved, and payouts that failed, in order."""
        self.urls: Json = {}
        self.held_callbacks: list[tuple[str, Json]] = []
        self.asked = 0
        """How many questions about transactions were taken."""

    def new_token(self) -> Json:
        token = new_id().hex
        seconds = self.account.token_seconds
        self.tokens[token] = self.clock.now() + timedelta(seconds=seconds)
        return {"access_token": token, "expires_in": str(seconds)}

    def is_valid(self, token: str) -> bool:
        until = self.tokens.get(token)
        return until is not None and self.clock.now() < until

    def stamp(self) -> str:
        return self.clock.now().astimezone(ZONE).strftime("%Y%m%d%H%M%S")

    def move(self, kind: str, msisdn: str, shillings: int, status: str, **facts: object) -> Json:
        """A line of the lender's account; `shillings` is positive when money came to it."""
        movement: Json = {
            "receipt": f"S{new_id().hex[-9:]}".upper(),
            "kind": kind,
            "msisdn": msisdn,
            "shillings": shillings,
            "status": status,
            "at": self.clock.now().astimezone(UTC),
            "reference": "",
            "originator": "",
            **facts,
        }
        self.movements.append(movement)
        return movement

    def find(self, *, receipt: str = "", originator: str = "") -> Json | None:
        return next(
            (
                each
                for each in self.movements
                if (receipt and each["receipt"] == receipt)
                or (originator and each["originator"] == originator)
            ),
            None,
        )

    def float_left(self) -> int:
        moved: int = sum(
            each["shillings"] for each in self.movements if each["status"] == "Completed"
        )
        return self.account.float_shillings + moved

    def purse_of(self, msisdn: str) -> int:
        moved: int = sum(
            each["shillings"]
            for each in self.movements
            if each["msisdn"] == msisdn and each["status"] == "Completed"
        )
        return self.account.purse_shillings - moved

    def knows_initiator(self, name: str, credential: str) -> bool:
        try:
            password = _key().decrypt(base64.b64decode(credential), padding.PKCS1v15())
        except ValueError:
            return False
        expected = self.account.initiator_password.encode()
        return (name, password) == (self.account.initiator, expected)


@functools.cache
def certificate() -> bytes:
    """Ours to give out, in PEM: whoever encrypts for it is read by `knows_initiator`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "M-Pesa sandbox")])
    key = _key()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2046, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
