"""Signed notes (C2SP signed-note): a few lines of text, and below them who signed it with Ed25519.

Keys are written as Go's `note` package writes them: `name+id+key`, the private one with
`PRIVATE+KEY+` before it. The name is part of the key, and of what its id is made from.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PRIVATE = "PRIVATE+KEY+"
_ED25519 = b"\x01"
_ID, _KEY, _SIGNATURE = 4, 32, 64


class BadKey(ValueError):
    """The text is not a key of this kind, or was not copied whole."""


class BadNote(Exception):
    """No key that we trust has signed this."""


@dataclass(frozen=True, slots=True)
class Note:
    signed_by: str
    """The name of the key."""
    text: str


class Signer:
    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        if not name or "+" in name or any(char.isspace() for char in name):
            raise BadKey("the name of a key has no spaces and no plus sign")
        self.name = name
        self._key = key
        self._public = key.public_key().public_bytes_raw()

    @classmethod
    def parse(cls, text: str) -> "Signer":
        if not text.startswith(_PRIVATE):
            raise BadKey("a private key begins with PRIVATE+KEY+")
        name, written_id, seed = _parts(text.removeprefix(_PRIVATE))
        signer = cls(name, Ed25519PrivateKey.from_private_bytes(seed))
        if _id(name, signer._public) != written_id:
            raise BadKey("the key does not fit its id")
        return signer

    @property
    def private(self) -> str:
        return f"{_PRIVATE}{self._written(self._key.private_bytes_raw())}"

    @property
    def public(self) -> str:
        """What others need to check what this key signs."""
        return self._written(self._public)

    def sign(self, text: str) -> str:
        """The note. `text` is whole lines."""
        assert text.endswith("\n"), "a note's text ends with a line's end"
        signed = _id(self.name, self._public) + self._key.sign(text.encode())
        return f"{text}\n{_line(self.name, signed)}\n"

    def _written(self, key: bytes) -> str:
        key_id = _id(self.name, self._public).hex()
        return f"{self.name}+{key_id}+{base64.b64encode(_ED25519 + key).decode()}"


def generate(name: str) -> Signer:
    return Signer(name, Ed25519PrivateKey.generate())


def read(note: str, public_keys: Iterable[str]) -> Note:
    """What one of the keys has signed. Raises BadNote; signatures of others do not matter."""
    text, between, below = note.rpartition("\n\n")
    if not between or not below.endswith("\n"):
        raise BadNote("no text with signatures below it")
    text += "\n"
    lines = set(below.removesuffix("\n").split("\n"))
    for written in public_keys:
        name, key_id, key = _parts(written)
        if _id(name, key) != key_id:
            raise BadKey("the key does not fit its id")
        for signature in _signatures(lines, name, key_id):
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(signature, text.encode())
            except InvalidSignature:
                raise BadNote(f"the signature of {name} does not fit the text") from None
            return Note(name, text)
    raise BadNote("not signed by a key that we know")


def _signatures(lines: Iterable[str], name: str, key_id: bytes) -> Iterable[bytes]:
    for line in lines:
        signed = _decode(line.rpartition(" ")[2])
        # Written again, so that no second spelling of the same bytes passes.
        if signed[:_ID] == key_id and line == _line(name, signed):
            yield signed[_ID:]


def _line(name: str, signed: bytes) -> str:
    return f"\N{EM DASH} {name} {base64.b64encode(signed).decode()}"


def _parts(written: str) -> tuple[str, bytes, bytes]:
    """Name, id and 32 bytes of a key."""
    name, key_id, encoded = (*written.strip().split("+", 2), "", "")[:3]
    key = _decode(encoded)
    if not name or len(key) != 1 + _KEY or key[:1] != _ED25519:
        raise BadKey("a key is written as name+id+key, for Ed25519")
    try:
        return name, bytes.fromhex(key_id), key[1:]
    except ValueError:
        raise BadKey("the id of a key is eight hexadecimal digits") from None


def _id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_ID]


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
