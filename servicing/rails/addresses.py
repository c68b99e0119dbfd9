"""Addresses for callbacks: each says what it is about, and proves that we made it.

For rails that sign nothing: whoever calls one was given it by us, or by somebody who was.
"""

import hashlib
import hmac
import re

from servicing.rails.base import SignatureInvalid

_PART = re.compile(r"[A-Za-z0-9]{1,64}\Z")


class Addresses:
    def __init__(self, base_url: str, secret: str) -> None:
        self._base = base_url
        self._secret = secret.encode()

    def make(self, *parts: str | int) -> str:
        path = "/".join(str(part) for part in parts)
        return f"{self._base}/{path}/{self._proof(path)}"

    def read(self, path: str) -> list[str]:
        """The parts of an address of ours; raises SignatureInvalid for every other one."""
        said, _, proof = path.rpartition("/")
        parts = said.split("/")
        if not self._secret or not all(_PART.match(part) for part in parts):
            raise SignatureInvalid()
        if not hmac.compare_digest(proof.encode(), self._proof(said).encode()):
            raise SignatureInvalid()
        return parts

    def _proof(self, path: str) -> str:
        return hmac.new(self._secret, path.encode(), hashlib.sha256).hexdigest()[:40]
