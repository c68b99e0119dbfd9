"""Faces that are drawn: the face engines find them and tell apart those of different people."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Color = tuple[int, int, int]
_FINER = 2
"""Drawn this much larger and reduced, for smooth edges."""


@dataclass(frozen=True)
class Look:
    """What makes one drawn person unlike another. Lengths are shares of the face's width."""

    skin: Color = (224, 180, 150)
    hair: Color = (120, 70, 30)
    long_hair: bool = False
    height: float = 1.35
    eye_gap: float = 0.44
    eye: float = 0.18
    nose: float = 0.2
    mouth: float = 0.36
    brow: float = 0.03


LINA = Look(long_hair=True)
OMAR = Look(
    skin=(120, 80, 58), hair=(22, 20, 18), height=1.3, eye_gap=0.48, eye=0.13, nose=0.32,
    mouth=0.4, brow=0.06,
)  # fmt: skip
ZARA = replace(OMAR, skin=(190, 140, 110))
"""Enough like Lina that one look does not settle it."""


def portrait(
    look: Look, *, width: int = 300, smile: float = 0.0, light: float = 1.0
) -> NDArray[np.uint8]:
    """A frontal face, `width` pixels wide, before a plain wall."""
    image = Image.new("RGB", (width * 2 * _FINER, round(width * 2.2) * _FINER), (190, 195, 205))
    _Pen(image, look, width * _FINER).draw(smile)
    soft = image.filter(ImageFilter.GaussianBlur(width * _FINER * 0.008))
    reduced = soft.resize((image.width // _FINER, image.height // _FINER))
    grain = np.random.default_rng(7).normal(0, 6, (reduced.height, reduced.width, 1))
    return np.clip(np.asarray(reduced) * light + grain, 0, 255).astype(np.uint8)


class _Pen:
    """Draws in shares of the face: x in widths from its middle, y in heights."""

    def __init__(self, image: Image.Image, look: Look, width: int) -> None:
        self.on = ImageDraw.Draw(image)
        self.look = look
        self.wide, self.high = width, width * look.height
        self.x, self.y = image.width / 2, image.height / 2

    def draw(self, smile: float) -> None:
        self._head()
        for side in (-1, 1):
            self._eye(side)
        self._nose()
        self._mouth(smile)

    def _head(self) -> None:
        look = self.look
        if look.long_hair:
            self._box(-0.62, -0.2, 0.62, 0.75, look.hair)
        self._oval(0, 0.98, 0.95, 0.45, (70, 80, 110))
        self._box(-0.2, 0.3, 0.2, 0.62, _shade(look.skin, 0.8))
        self._oval(0, -0.08, 0.6, 0.57, look.hair)
        self._oval(0, 0, 0.5, 0.5, look.skin)
        for side in (-1, 1):
            self._oval(side * 0.42, 0.12, 0.07, 0.2, _shade(look.skin, 0.85))

    def _eye(self, side: int) -> None:
        look, x, y = self.look, side * self.look.eye_gap / 2, -0.08
        ratio = 1 / look.height
        for wide, tall, color in (
            (0.75, 0.5, _shade(look.skin, 0.75)),
            (0.58, 0.3, (240, 240, 240)),
            (0.28, 0.28, (60, 40, 25)),
            (0.13, 0.13, (10, 10, 10)),
        ):
            self._oval(x, y, look.eye * wide, look.eye * tall * ratio, color)
        self._line([(x - 0.12, y - 0.1), (x, y - 0.125), (x + 0.12, y - 0.1)], look.hair, look.brow)

    def _nose(self) -> None:
        nose, skin = self.look.nose, self.look.skin
        ridge = [(0.0, -0.05), (-nose / 2, 0.15), (nose / 2, 0.15)]
        self.on.polygon([self._at(*point) for point in ridge], fill=_shade(skin, 0.88))
        for side in (-1, 1):
            self._oval(side * nose * 0.28, 0.15, nose * 0.22, 0.026, _shade(skin, 0.45))

    def _mouth(self, smile: float) -> None:
        half, y = self.look.mouth / 2, 0.28
        self._oval(0, y, half, 0.035 + 0.015 * smile, (165, 75, 75))
        corner = y - 0.03 * smile
        self._line([(-half, corner), (0, y + 0.01 * smile), (half, corner)], (90, 30, 30), 0.02)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self.x + x * self.wide, self.y + y * self.high

    def _oval(self, x: float, y: float, rx: float, ry: float, fill: Color) -> None:
        self.on.ellipse((*self._at(x - rx, y - ry), *self._at(x + rx, y + ry)), fill=fill)

    def _box(self, left: float, top: float, right: float, bottom: float, fill: Color) -> None:
        self.on.rectangle((*self._at(left, top), *self._at(right, bottom)), fill=fill)

    def _line(self, points: list[tuple[float, float]], fill: Color, thick: float) -> None:
        corners = [self._at(*point) for point in points]
        self.on.line(corners, fill=fill, width=round(self.wide * thick), joint="curve")


def _shade(color: Color, factor: float) -> Color:
    red, green, blue = (round(part * factor) for part in color)
    return red, green, blue
