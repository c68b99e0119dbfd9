"""Is the picture of a document what a camera saw? Signals towards a person, never a refusal.

Each signal is a number against a limit. How often they are wrong stands in docs/kyc.md.
"""

import io
import re
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kyc.documents import recapture, recompression
from kyc.images import Pixels


class Reason(StrEnum):
    FROM_SCREEN = "document_from_screen"
    """A grid of dots over the whole picture: a screen, or a coarse print."""
    GRAY_COPY = "document_gray_copy"
    """No color at all: a photocopy, or a document that was printed without color."""
    EDITED = "document_edited"
    """The file names a program for editing or making pictures."""
    PART_PASTED = "document_part_pasted"
    """Saved twice as JPEG, but for a part that came in between."""
    SEEN_BEFORE = "document_image_seen_before"
    """Another borrower has sent this very picture."""


@dataclass(frozen=True)
class Signal:
    reason: Reason
    measured: float
    limit: float


GRID = 10.0
COLOR = 4.0
"""Distance from gray, of 128. Specimens with any color measure 8 and more, gray copies 0."""
BARE_BLOCKS = 200
"""Of 8 x 8 pixels. Drawn pictures that nobody changed measure up to 64, saved once 0."""
SAME_SHARE = 1 / 32
"""Pictures whose hashes differ in no larger share of bits are the same picture, saved again."""
WAVES, FINER_WAVES = 8, 16
"""Along each side of a hash. The backs of all cards of one kind differ in small print alone."""

_EDITORS = re.compile(
    rb"photoshop|gimp|lightroom|illustrator|affinity|pixelmator|paint\.net|paintshop|corel|canva\b"
    rb"|snapseed|picsart|facetune|photopea|krita|inkscape|figma|imagemagick|graphicsmagick"
    rb"|stable.?diffusion|midjourney|dall.?e\b|firefly|trainedAlgorithmicMedia|comfyui|novelai",
    re.IGNORECASE,
)


def examine(upload: bytes, pixels: Pixels, page: Pixels) -> tuple[Signal, ...]:
    """What speaks against the picture: `upload` as it came, `page` the document in it."""
    grid, colors = recapture.grid(pixels), color(page)
    bare = recompression.missing_steps(upload)
    signals = {
        Signal(Reason.FROM_SCREEN, grid, GRID): grid > GRID,
        Signal(Reason.GRAY_COPY, colors, COLOR): colors < COLOR,
        Signal(Reason.EDITED, 1, 0): names_an_editor(upload),
        Signal(Reason.PART_PASTED, bare, BARE_BLOCKS): bare > BARE_BLOCKS,
    }
    return tuple(signal for signal, holds in signals.items() if holds)


def image_hash(pixels: Pixels, waves: int = WAVES) -> str:
    """A bit for each of its forms, alike for the same picture at any size and quality.

    The coarsest waves are left out: they are the design that all cards of one kind share.
    """
    gray = cv2.resize(_gray(pixels), (4 * waves, 4 * waves), interpolation=cv2.INTER_AREA)
    kept = slice(waves // 4, waves // 4 + waves)
    strengths = cv2.dct(gray.astype(np.float32))[kept, kept].flatten()
    return np.packbits(strengths > np.median(strengths)).tobytes().hex()


def differing_bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def same_bits(image_hash: str) -> int:
    """How many bits of such a hash may differ."""
    return int(4 * len(image_hash) * SAME_SHARE)


def names_an_editor(upload: bytes) -> bool:
    """Whether the notes beside the picture (not the picture) name a program that edits."""
    try:
        with Image.open(io.BytesIO(upload), formats=("JPEG", "PNG", "WEBP")) as image:
            notes = [*image.info.values(), *image.getexif().values()]
            applications = getattr(image, "applist", [])
    except Exception:
        return False  # Damaged notes say nothing.
    notes += [content for _, content in applications]
    written = (note if isinstance(note, bytes) else str(note).encode() for note in notes)
    return any(_EDITORS.search(note) for note in written)


def color(page: Pixels) -> float:
    """How far its more colorful parts are from gray: a portrait on white paper has some."""
    lab = cv2.cvtColor(page, cv2.COLOR_RGB2LAB).astype(np.float32)
    return round(float(np.percentile(np.hypot(lab[..., 1] - 128, lab[..., 2] - 128), 97)), 1)


def _gray(pixels: Pixels) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
