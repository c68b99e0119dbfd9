"""Drawn documents with another portrait or another number put in, saved as JPEG before and after:
how many are noticed, and how often a picture is suspected that nobody changed."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bench import document_shots
from bench.report import Goal, Line
from kyc.documents import authenticity, recompression
from sandbox.specimens import documents, faces

FIRST, SECOND = (70, 75, 80, 85, 90), (75, 85, 90, 95)
FIRST_LIT, SECOND_LIT = (70, 75, 80, 85), (90, 95)
"""In lights that burn or blacken some pixels of a color."""
FINER = 10
"""By so much the second quality has to be higher, or the steps of the first are gone."""
_DOCUMENTS = 4
_LETTERS = list("ABCDEFGHJKLMNPRSTUVWXYZ0123456789")


@dataclass
class Found:
    """What single pictures measure."""

    true: list[int] = field(default_factory=list)
    portraits: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def add(
        self, raw: Image.Image, seed: int, firsts: Sequence[int], seconds: Sequence[int]
    ) -> None:
        for first in firsts:
            once = documents.jpeg(raw, first)
            opened = _opened(once)
            self.true.append(recompression.missing_steps(once))
            for second in seconds:
                self.true.append(_measured(opened, second))
                if second >= first + FINER:
                    self.portraits.append(_measured(with_portrait(opened), second))
                    self.numbers.append(_measured(with_number(opened, seed), second))


def lines(*, tiny: bool = False) -> list[Line]:
    plain, lit = Found(), Found()
    for seed, raw in enumerate(_raw(1 if tiny else _DOCUMENTS)):
        plain.add(raw, seed, FIRST, SECOND)
        for light in LIGHTS:
            lit.add(light(raw), seed, FIRST_LIT, SECOND_LIT)
    true = plain.true + lit.true
    return [
        Line(f"forgeries: true pictures suspected, of {len(true)}", "pictures", _noticed(true),
             goal=Goal("at most", 1)),
        Line("forgeries: largest patch in a true picture", "blocks", max(true)),
        *_found("", plain),
        *_found(" in odd light", lit),
    ]  # fmt: skip


def _found(light: str, found: Found) -> Iterator[Line]:
    saved = f"noticed{light}, of {len(found.portraits)}, saved {FINER} or more finer"
    yield Line(f"forgeries: pasted portraits {saved}", "pictures", _noticed(found.portraits))
    yield Line(f"forgeries: typed numbers {saved}", "pictures", _noticed(found.numbers))


def _measured(picture: Image.Image, quality: int) -> int:
    return recompression.missing_steps(documents.jpeg(picture, quality))


def _noticed(measured: Sequence[int]) -> int:
    return sum(blocks > authenticity.BARE_BLOCKS for blocks in measured)


def soft_glare(picture: Image.Image) -> Image.Image:
    """A lamp mirrored in the document's foil."""
    rows, columns = np.mgrid[: picture.height, : picture.width]
    wide = picture.width / 6
    away = (columns - 0.69 * picture.width) ** 2 + (rows - 0.42 * picture.height) ** 2
    return _of(_floats(picture) + 180 * np.exp(-away / wide**2)[..., None])


def overexposed(picture: Image.Image) -> Image.Image:
    return _of(_floats(picture) * 1.6)


def warm_lamp(picture: Image.Image) -> Image.Image:
    return _of(_floats(picture) * (1.35, 1.0, 0.55))


def red_patch(picture: Image.Image) -> Image.Image:
    """A cover or a seal in a color that the camera cannot show."""
    high, wide = round(picture.height / 3), round(picture.width / 3)
    grain = np.random.default_rng(0).normal(0, 12, (high, wide, 1))
    colored = picture.copy()
    colored.paste(
        _of(np.add(grain, (250, 10, 10))), (round(0.56 * picture.width), picture.height // 4)
    )
    return colored


LIGHTS = (soft_glare, overexposed, warm_lamp, red_patch)


def _floats(picture: Image.Image) -> NDArray[np.float64]:
    return np.asarray(picture, dtype=np.float64)


def _of(pixels: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def is_noticed(upload: bytes) -> bool:
    return recompression.missing_steps(upload) > authenticity.BARE_BLOCKS


def with_portrait(picture: Image.Image) -> Image.Image:
    """Another person's, which was a JPEG by itself, over the document's."""
    width, height = picture.size
    forged = picture.copy()
    forged.paste(
        _other_portrait().resize((width // 5, width // 4)), (width // 8, round(0.3 * height))
    )
    return forged


@cache
def _other_portrait() -> Image.Image:
    return _opened(documents.jpeg(Image.fromarray(faces.portrait(faces.OMAR, width=300)), 85))


def with_number(picture: Image.Image, seed: int = 0) -> Image.Image:
    """Nine letters typed over a strip of paper."""
    chance = np.random.default_rng(seed)
    width, height = picture.size
    left, top, wide, high = (round(part) for part in (0.5 * width, 0.42 * height,
                                                      0.2 * width, 0.045 * height))  # fmt: skip
    strip = np.asarray(picture.crop((left, top, left + wide, top + high)), dtype=np.float32)
    paper = np.median(strip.reshape(-1, 3), axis=0) + chance.normal(0, 2, (high, wide, 1))
    typed = Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8))
    font = ImageFont.load_default(round(0.8 * high))
    ImageDraw.Draw(typed).text((4, 2), "".join(chance.choice(_LETTERS, 9)), (30, 30, 40), font)
    forged = picture.copy()
    forged.paste(typed, (left, top))
    return forged


def _raw(count: int) -> Iterator[Image.Image]:
    """As the camera's chip saw them, before any JPEG."""
    chance = np.random.default_rng(4)
    face = Image.fromarray(faces.portrait(faces.LINA, width=200))
    for place in range(count):
        draw = documents.passport if place % 2 == 0 else documents.card
        yield documents.photographed(draw(document_shots.holder(chance), face), seed=place + 3)


def _opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")
