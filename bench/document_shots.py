"""Drawn passports and cards as phones photograph them, well and badly: the truth is known."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from PIL import Image, ImageFilter

from kyc.images import Pixels
from sandbox.specimens import documents, faces, zones
from sandbox.specimens.zones import Holder

_SURNAMES = (
    "ERIKSSON",
    "MWANGI",
    "OBUYA",
    "GARCIA LOPEZ",
    "KOWALSKA",
    "ODONNELL",
    "ZHAO",
    "QUISPE",
)
_GIVEN_NAMES = (
    "ANNA MARIA",
    "JOHN",
    "GRACE WANJIKU",
    "DAVID KIPROTICH",
    "SOFIA",
    "ZOE",
    "IKECHUKWU",
)
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"


@dataclass(frozen=True)
class Condition:
    """How a phone was held, and what it made of the picture."""

    name: str
    width: int
    across: float
    tilt: float
    turn: float
    blur: float
    grain: float
    quality: int


GOOD = Condition("good", 1800, 0.9, 0.01, 1.0, 0.0, 2.0, 90)
MIDDLING = Condition("middling", 1400, 0.8, 0.03, 4.0, 0.8, 6.0, 75)
BAD = Condition("bad", 1100, 0.7, 0.05, 8.0, 1.2, 10.0, 55)
CONDITIONS = (GOOD, MIDDLING, BAD)


@dataclass(frozen=True)
class Shot:
    pixels: Pixels
    zone: tuple[str, ...]
    holder: Holder


def shots(condition: Condition, count: int, *, seed: int = 5) -> Iterator[Shot]:
    """Passports and cards in turn, every holder another."""
    chance = np.random.default_rng(seed)
    face = Image.fromarray(faces.portrait(faces.LINA, width=200))
    for place in range(count):
        shown = holder(chance)
        is_passport = place % 2 == 0
        drawn = (documents.passport if is_passport else documents.card)(shown, face)
        rows = (zones.passport if is_passport else zones.card)(shown)
        yield Shot(photographed(drawn, condition, seed=seed + place), tuple(rows), shown)


def photographed(drawn: Image.Image, condition: Condition, *, seed: int) -> Pixels:
    chance = np.random.default_rng(seed)
    turn = float(chance.uniform(-condition.turn, condition.turn))
    shot = documents.photographed(
        drawn, seed=seed, width=condition.width, across=condition.across,
        tilt=condition.tilt, turn=turn,
    )  # fmt: skip
    soft = np.asarray(shot.filter(ImageFilter.GaussianBlur(condition.blur)), dtype=np.float32)
    noisy = soft + chance.normal(0, condition.grain, soft.shape)
    packed = documents.jpeg(
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)), condition.quality
    )
    return np.asarray(Image.open(io.BytesIO(packed)).convert("RGB"))


def holder(chance: np.random.Generator) -> Holder:
    return Holder(
        surname=str(chance.choice(_SURNAMES)),
        given_names=str(chance.choice(_GIVEN_NAMES)),
        birth_date=date(1950, 1, 1) + timedelta(days=int(chance.integers(0, 20_000))),
        sex=str(chance.choice(["F", "M"])),
        number="".join(chance.choice(list(_LETTERS), 9)),
        expires=date(2027, 1, 1) + timedelta(days=int(chance.integers(0, 3_600))),
    )
