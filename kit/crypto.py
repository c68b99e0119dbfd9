"""Personal data at rest: AES-256-GCM per field, a key per person, blind indexes for look-ups."""

import base64
import hashlib
import hmac
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kit.config import Settings
from kit.db import Base, insert_once
from kit.errors import DomainError, Kind
from kit.notes import Signer, generate

_VERSION = b"\x01"
_NONCE = 12
_KEY_ID = 4


class KeyDestroyed(DomainError):
    """The person was erased: what was sealed for them can never be read again."""

    kind = Kind.NOT_FOUND
    code = "personal_data_erased"


class CannotOpen(Exception):
    """Sealed bytes were changed, moved to another place, or sealed with an unknown key."""


class PersonKeyRow(Base):
    """The data key of one person, wrapped by the master key. Erasure empties `wrapped`."""

    __tablename__ = "person_keys"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]


class Vault:
    """Holds the master keys (the first one wraps, all of them unwrap), the index key, and the key
    with which this installation signs."""

    def __init__(
        self, master_keys: Sequence[bytes], index_key: bytes, signer: Signer | None = None
    ) -> None:
        if not master_keys or any(len(key) != 32 for key in [*master_keys, index_key]):
            raise ValueError("master and index keys are 32 bytes each")
        self._masters = {_key_id(key): key for key in master_keys}
        self._current = _key_id(master_keys[0])
        self._index_key = index_key
        self.signer = signer

    def wrap(self, place: str, key: bytes) -> bytes:
        return self._current + _seal(self._masters[self._current], place, key)

    def unwrap(self, place: str, wrapped: bytes) -> bytes:
        master = self._masters.get(wrapped[:_KEY_ID])
        if master is None:
            raise CannotOpen("no master key with this id")
        return _open(master, place, wrapped[_KEY_ID:])

    def blind_index(self, column: str, value: str) -> str:
        """A keyed hash bound to `column`: equal values can be found, none can be read."""
        digest = hmac.new(self._index_key, f"{column}\0{value}".encode(), hashlib.sha256)
        return digest.hexdigest()[:32]


class PersonKey:
    """Seals and opens what belongs to one person. `place` is `table.column.row_id`."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, place: str, plaintext: bytes | str) -> bytes:
        content = plaintext.encode() if isinstance(plaintext, str) else plaintext
        return _seal(self._key, place, content)

    def open(self, place: str, sealed: bytes) -> bytes:
        return _open(self._key, place, sealed)

    def open_text(self, place: str, sealed: bytes) -> str:
        return self.open(place, sealed).decode()


async def person_key(
    session: AsyncSession, vault: Vault, person_id: UUID, *, now: datetime
) -> PersonKey:
    """The person's data key, made at first use. Raises KeyDestroyed after an erasure."""
    place = f"person_keys.wrapped.{person_id}"
    row = await session.get(PersonKeyRow, person_id)
    if row is None:
        wrapped = vault.wrap(place, os.urandom(32))
        await insert_once(
            session, PersonKeyRow, person_id=person_id, wrapped=wrapped, created_at=now
        )
        row = await session.get_one(PersonKeyRow, person_id)
    if row.wrapped is None:
        raise KeyDestroyed()
    # A session forgets rows that nobody holds, and one transaction often seals several things.
    session.info.setdefault("person_keys", {})[person_id] = row
    return PersonKey(vault.unwrap(place, row.wrapped))


def vault_of(session: AsyncSession) -> Vault:
    """The vault that the session's maker was given (`sessions_of`), so that use cases which seal
    something by the way (a message's parameters) need no extra argument."""
    vault = session.info["vault"]
    assert isinstance(vault, Vault)
    return vault


async def shred(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Destroy the person's key: everything sealed with it becomes noise.

    Not yet in backups that were made before: they hold the key, wrapped with the master key.
    """
    row = await session.get(PersonKeyRow, person_id, with_for_update=True)
    if row is not None and row.wrapped is not None:
        row.wrapped, row.destroyed_at = None, now


def open_vault(settings: Settings) -> Vault:
    """This installation's vault. Keys that are not configured are made once, owner-readable."""
    master = settings.master_key.get_secret_value()
    index = settings.index_key.get_secret_value()
    older = [_decode(key.get_secret_value()) for key in settings.previous_master_keys]
    return Vault(
        [_decode(master or kept(_master_file(settings), _random)), *older],
        _decode(index or kept(_index_file(settings), _random)),
        Signer.parse(settings.seal_key.get_secret_value() or kept(_seal_file(settings), _named)),
    )


def key_files(settings: Settings) -> list[Path]:
    """Where the keys are that are not configured."""
    given = {
        _master_file(settings): settings.master_key,
        _index_file(settings): settings.index_key,
        _seal_file(settings): settings.seal_key,
    }
    return [path for path, key in given.items() if not key.get_secret_value()]


async def opens_persons(session: AsyncSession, vault: Vault) -> bool:
    """Whether the vault has the master key of the newest person."""
    newest = select(PersonKeyRow).where(PersonKeyRow.wrapped.is_not(None))
    row = await session.scalar(newest.order_by(PersonKeyRow.created_at.desc()).limit(1))
    try:
        if row is not None and row.wrapped is not None:
            vault.unwrap(f"person_keys.wrapped.{row.person_id}", row.wrapped)
    except CannotOpen:
        return False
    return True


def index_key_name(settings: Settings) -> str:
    """What tells the index key from others; empty, and no key made, where there is none yet."""
    key, file = settings.index_key.get_secret_value(), _index_file(settings)
    if not key and file.exists():
        key = file.read_text().strip()
    return _key_id(_decode(key)).hex() if key else ""


def public_seal_keys(settings: Settings) -> list[str]:
    """What this installation's signatures are checked with, without making a key."""
    private = settings.seal_key.get_secret_value()
    if not private and _seal_file(settings).exists():
        private = _seal_file(settings).read_text().strip()
    current = [Signer.parse(private).public] if private else []
    return [*current, *settings.previous_seal_keys]


def _master_file(settings: Settings) -> Path:
    return settings.var / "master.key"


def _index_file(settings: Settings) -> Path:
    return settings.var / "index.key"


def _seal_file(settings: Settings) -> Path:
    return settings.var / "seal.key"


def _random() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def _named() -> str:
    """Nobody else's name, and the same for ever."""
    return generate(f"kopa/ledger-{os.urandom(4).hex()}").private


def _decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def kept(path: Path, make: Callable[[], str]) -> str:
    """The secret in a file, made once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        descriptor, draft = tempfile.mkstemp(dir=path.parent)  # Readable by its owner only.
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
        # Of programs that start together one makes the key, and all read it whole.
        with suppress(FileExistsError):
            os.link(draft, path)
        Path(draft).unlink()
    return path.read_text().strip()


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"kopa key id" + key).digest()[:_KEY_ID]


def _seal(key: bytes, place: str, content: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, content, place.encode())


def _open(key: bytes, place: str, sealed: bytes) -> bytes:
    if sealed[:1] != _VERSION:
        raise CannotOpen("unknown envelope version")
    nonce, content = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
    try:
        return AESGCM(key).decrypt(nonce, content, place.encode())
    except InvalidTag:
        raise CannotOpen(f"sealed bytes do not belong to {place}") from None
