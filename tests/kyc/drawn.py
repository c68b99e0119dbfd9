"""Faces and documents that we draw ourselves, for machines without photographs."""

from datetime import date
from pathlib import Path

from PIL import Image

from sandbox.specimens import documents
from sandbox.specimens.faces import LINA, OMAR, ZARA, Look, portrait
from sandbox.specimens.zones import Holder

__all__ = ["AMINA", "LINA", "OMAR", "ZARA", "Look", "face_file", "passport_file", "portrait"]

AMINA = Holder("Otieno", "Amina Wanjiru", date(1991, 3, 14))


def face_file(folder: Path, look: Look, smile: float = 0.0) -> Path:
    path = folder / f"face-{smile}.jpg"
    Image.fromarray(portrait(look, width=420, smile=smile)).save(path, quality=92)
    return path


def passport_file(folder: Path, face: Path, holder: Holder = AMINA) -> Path:
    """A photograph of the holder's passport, with the face of another file for a portrait."""
    path = folder / f"passport-{face.stem}.jpg"
    with Image.open(face) as portrayed:
        path.write_bytes(documents.shot(documents.passport(holder, portrayed), holder))
    return path
