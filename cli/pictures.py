"""Pictures and films from files or standard input, and one sentence for a file that is none."""

import sys
from pathlib import Path

from kit.errors import DomainError
from kyc import images
from kyc.images import Pixels

_SENTENCES = {
    "picture_too_large": "is larger than 10 MB",
    "picture_format_unsupported": "is not a JPEG, PNG or WebP picture",
    "picture_not_readable": "is cut off or damaged",
    "picture_too_many_pixels": "has too many pixels",
    "picture_moves": "is an animation, not a picture",
}


class Unreadable(Exception):
    """One sentence about a file that cannot be read, or is no picture."""


def read(source: str) -> Pixels:
    """The upright pixels in `source` ("-" is standard input)."""
    try:
        return images.decode(content(source, images.MAX_BYTES))
    except DomainError as error:
        raise Unreadable(f"{source} {_SENTENCES[error.code]}") from None


def content(source: str, most: int) -> bytes:
    """What is in `source`; of more than `most` bytes only so much that one sees that it is more."""
    try:
        if source == "-":
            return sys.stdin.buffer.read(most + 1)
        with Path(source).open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise Unreadable(f"{source} cannot be read: {error.strerror}") from None
    except ValueError:
        raise Unreadable(f"{source!r} is not the name of a file") from None
