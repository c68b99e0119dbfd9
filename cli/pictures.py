"""Pictures from files or standard input, and one sentence for a file that is none."""

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
    """One sentence about a file that is no picture."""


def read(source: str) -> Pixels:
    """The upright pixels in `source` ("-" is standard input)."""
    limit = images.MAX_BYTES + 1
    try:
        if source == "-":
            return images.decode(sys.stdin.buffer.read(limit))
        with Path(source).open("rb") as file:
            return images.decode(file.read(limit))
    except OSError as error:
        raise Unreadable(f"{source} cannot be read: {error.strerror}") from None
    except ValueError:
        raise Unreadable(f"{source!r} is not the name of a file") from None
    except DomainError as error:
        raise Unreadable(f"{source} {_SENTENCES[error.code]}") from None
