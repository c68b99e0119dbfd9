"""Drawn documents with another portrait or another number put in, saved as JPEG before and after:
how many are noticed, and how often a picture is suspected that nobody changed."""

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench import document_shots
from bench.report import Goal, Line
from kyc.documents import authenticity, recompression
from sandbox.specimens import documents, faces

FIRST, SECOND = (70, 75, 80, 85, 90), (75, 85, 90, 95)
FINER = 10
"""By so much the second quality has to be higher, or the steps of the first are gone."""
_DOCUMENTS = 4
_LETTERS = list("ABCDEFGHJKLMNPRSTUVWXYZ0123456789")


def lines(*, tiny: bool = False) -> list[Line]:
    true = suspected = tried = portraits = numbers = 0
    for seed, raw in enumerate(_raw(1 if tiny else _DOCUMENTS)):
        for first in FIRST:
            once = documents.jpeg(raw, first)
            opened = _opened(once)
            true, suspected = true + 1, suspected + is_noticed(once)
            for second in SECOND:
                true += 1
                suspected += is_noticed(documents.jpeg(opened, second))
                if second < first + FINER:
                    continue
                tried += 1
                portraits += is_noticed(documents.jpeg(with_portrait(opened), second))
                numbers += is_noticed(documents.jpeg(with_number(opened, seed), second))
    saved = f"of {tried}, saved {FINER} or more finer"
    return [
        Line(f"forgeries: true pictures suspected, of {true}", "pictures", suspected,
             goal=Goal("at most", 1)),
        Line(f"forgeries: pasted portraits noticed, {saved}", "pictures", portraits),
        Line(f"forgeries: typed numbers noticed, {saved}", "pictures", numbers),
    ]  # fmt: skip


def is_noticed(upload: bytes) -> bool:
    return recompression.missing_steps(upload) > authenticity.BARE_BLOCKS


def with_portrait(picture: Image.Image) -> Image.Image:
    """Another person's, which was a JPEG by itself, over the document's."""
    width, height = picture.size
    other = _opened(documents.jpeg(Image.fromarray(faces.portrait(faces.OMAR, width=300)), 85))
    forged = picture.copy()
    forged.paste(other.resize((width // 5, width // 4)), (width // 8, round(0.3 * height)))
    return forged


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
