"""A passport and a card of Utopia, drawn, and how they look when a phone photographs them."""

import io
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from kit.letters import BOLD, REGULAR
from sandbox.specimens import ocr_b, zones
from sandbox.specimens.zones import Holder

PAGE_MM, CARD_MM = (125.0, 88.0), (85.6, 54.0)
"""ID-3 and ID-1 of ISO 7810."""
DOTS = 12
"""Pixels a millimetre: 300 an inch."""
_INK, _LABEL = (38, 42, 60), (120, 84, 90)
_LETTER_MM = 2.54


def passport(holder: Holder, portrait: Image.Image) -> Image.Image:
    """The data page."""
    page = _paper(PAGE_MM, (226, 233, 241), (178, 200, 222))
    pen = _Pen(page)
    pen.band("UTOPIA", "PASSPORT · PASSEPORT", 8.5)
    pen.picture(portrait, (5, 15, 35, 45))
    pen.field(44, 14, "Type", "P")
    pen.field(58, 14, "Code", zones.COUNTRY)
    pen.field(80, 14, "Passport No.", holder.number)
    pen.field(44, 24, "Surname", holder.surname.upper())
    pen.field(44, 34, "Given names", holder.given_names.upper())
    pen.field(44, 44, "Date of birth", f"{holder.birth_date:%d.%m.%Y}")
    pen.field(74, 44, "Sex", holder.sex)
    pen.field(88, 44, "Nationality", "UTOPIAN")
    pen.field(44, 54, "Date of expiry", f"{holder.expires:%d.%m.%Y}")
    pen.field(74, 54, "Authority", "SPECIMEN OFFICE")
    pen.zone((5.5, 69), zones.passport(holder))
    return page


def card(holder: Holder, portrait: Image.Image) -> Image.Image:
    """An identity card with everything on one side."""
    page = _paper(CARD_MM, (237, 232, 214), (214, 200, 160))
    pen = _Pen(page)
    pen.band("UTOPIA", "IDENTITY CARD", 5)
    pen.picture(portrait, (3, 6.5, 20, 25.7))
    pen.field(26, 6.5, "Surname", holder.surname.upper())
    pen.field(26, 13, "Given names", holder.given_names.upper())
    pen.field(26, 19.5, "Date of birth", f"{holder.birth_date:%d.%m.%Y}")
    pen.field(48, 19.5, "Sex", holder.sex)
    pen.field(26, 26, "Expires", f"{holder.expires:%d.%m.%Y}")
    pen.field(48, 26, "Document No.", holder.number)
    pen.zone((4.5, 36.5), zones.card(holder))
    return page


def front(holder: Holder, portrait: Image.Image) -> Image.Image:
    """Of an identity card with two sides."""
    page = _paper(CARD_MM, (226, 236, 226), (184, 210, 190))
    pen = _Pen(page)
    pen.band("UTOPIA", "IDENTITY CARD", 5)
    pen.picture(portrait, (3, 8, 24, 31))
    for place, (label, value) in enumerate(
        (
            ("Surname", holder.surname.upper()),
            ("Given names", holder.given_names.upper()),
            ("Date of birth", f"{holder.birth_date:%d.%m.%Y}"),
            ("Document No.", holder.number),
            ("Expires", f"{holder.expires:%d.%m.%Y}"),
        )
    ):
        pen.field(31, 8 + 8 * place, label, value)
    return page


def back(holder: Holder) -> Image.Image:
    """The other side: nothing but an address and the machine-readable zone."""
    page = _paper(CARD_MM, (226, 236, 226), (184, 210, 190))
    pen = _Pen(page)
    pen.field(5, 6, "Address", "1 HARBOUR ROAD, NEW TOWN")
    pen.field(5, 15, "Authority", "SPECIMEN OFFICE")
    pen.zone((4.5, 33), zones.card(holder))
    return page


def shot(document: Image.Image, holder: Holder) -> bytes:
    """A phone's JPEG of it on a table: each holder's lies another way."""
    return jpeg(photographed(document, seed=zlib.crc32(holder.number.encode())))


def photographed(
    document: Image.Image, *, seed: int = 7, width: int = 1600, tilt: float = 0.03,
    turn: float = 2.0, across: float = 0.86,
) -> Image.Image:  # fmt: skip
    """As a phone sees it on a table: a little turned and tilted, with grain.

    `across` is the share of the picture's width that the document takes, `tilt` how far its corners
    wander, `turn` degrees by which it lies askew.
    """
    chance = np.random.default_rng(seed)
    high = round(width * 0.75)
    shot = _table(chance, width, high)
    wide = width * across
    tall = wide * document.height / document.width
    box = np.array([[-wide, -tall], [wide, -tall], [wide, tall], [-wide, tall]]) / 2
    askew = np.radians(turn)
    spin = np.array([[np.cos(askew), np.sin(askew)], [-np.sin(askew), np.cos(askew)]])
    corners = box @ spin + (width / 2, high / 2) + chance.uniform(-tilt, tilt, (4, 2)) * wide
    laid = document.convert("RGB").resize((round(wide), round(tall)), Image.Resampling.LANCZOS)
    ways = _perspective(corners, laid.size)
    size, method = (width, high), Image.Transform.PERSPECTIVE
    over = laid.transform(size, method, ways, Image.Resampling.BICUBIC)
    mask = Image.new("L", laid.size, 255).transform(size, method, ways)
    shadow = mask.filter(ImageFilter.GaussianBlur(width / 130))
    shot = Image.composite(Image.new("RGB", size, (40, 34, 30)), shot, shadow.point(_faint))
    shot.paste(over, (0, 0), mask)
    lit = np.asarray(shot, dtype=np.float32) * np.linspace(0.93, 1.02, width)[None, :, None]
    grain = chance.normal(0, 2.5, (high, width, 1))
    return Image.fromarray(np.clip(lit + grain, 0, 255).astype(np.uint8))


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _faint(level: int) -> float:
    return level * 0.35


def _table(chance: np.random.Generator, width: int, height: int) -> Image.Image:
    """Wood: darker than paper, grained from side to side."""
    planks = chance.normal(0, 9, (height // 4 + 1, width // 64 + 1)).astype(np.float32)
    grain = Image.fromarray(planks).resize((width, height), Image.Resampling.BICUBIC)
    wood = np.asarray(grain)[:, :, None] * (1, 0.9, 0.8) + (112, 84, 62)
    return Image.fromarray(np.clip(wood, 0, 255).astype(np.uint8))


def _perspective(corners: NDArray[np.float64], size: tuple[int, int]) -> list[float]:
    """Where each point of the shot lies in the document, as eight numbers for Pillow."""
    width, height = size
    flat = [(0, 0), (width, 0), (width, height), (0, height)]
    rows, wanted = [], []
    for (x, y), (u, v) in zip(corners, flat, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
        wanted += [u, v]
    return [float(way) for way in np.linalg.solve(np.array(rows), np.array(wanted))]


def _paper(size: tuple[float, float], paper: ocr_b.Color, wave: ocr_b.Color) -> Image.Image:
    """Tinted paper with waves, as security paper has them."""
    width, height = round(size[0] * DOTS), round(size[1] * DOTS)
    page = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(page)
    across = np.arange(0, width + 12, 12)
    for start in range(-40, height + 40, 14):
        down = start + 22 * np.sin(across / width * 17 + start / 60)
        pen.line(list(zip(across.tolist(), down.tolist(), strict=True)), fill=wave, width=2)
    return page


class _Pen:
    """Draws in millimetres."""

    def __init__(self, page: Image.Image) -> None:
        self.page = page
        self.on = ImageDraw.Draw(page)

    def band(self, country: str, kind: str, size: float) -> None:
        """The title, and that it is no document."""
        self._text(5, 1.2, country, size * 0.62, bold=True)
        right = self.page.width / DOTS - 5
        self.on.text(
            (right * DOTS, 1.8 * DOTS), f"{kind} · SPECIMEN", _INK,
            font=ImageFont.truetype(BOLD, round(size * 0.38 * DOTS)), anchor="ra",
        )  # fmt: skip

    def picture(self, portrait: Image.Image, box: tuple[float, float, float, float]) -> None:
        left, top, width, height = (round(length * DOTS) for length in box)
        fitted = ImageOps.fit(portrait.convert("RGB"), (width, height), centering=(0.5, 0.4))
        self.page.paste(fitted, (left, top))

    def field(self, left: float, top: float, label: str, value: str) -> None:
        tall = self.page.height > CARD_MM[1] * DOTS
        self._text(left, top, label, 2.1 if tall else 1.6, color=_LABEL)
        self._text(left, top + (2.8 if tall else 2.0), value, 3.6 if tall else 2.7)

    def zone(self, at: tuple[float, float], rows: list[str]) -> None:
        width = self.page.width - 2 * at[0] * DOTS
        pitch = min(_LETTER_MM * DOTS, width / len(rows[0]))
        ocr_b.write(self.page, (at[0] * DOTS, at[1] * DOTS), pitch, rows)

    def _text(
        self, left: float, top: float, text: str, size: float, *,
        bold: bool = False, color: ocr_b.Color = _INK,
    ) -> None:  # fmt: skip
        font = ImageFont.truetype(BOLD if bold else REGULAR, round(size * DOTS))
        self.on.text((left * DOTS, top * DOTS), text, color, font=font)
