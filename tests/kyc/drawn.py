"""Faces and documents that we draw ourselves, for machines without photographs."""

from sandbox.specimens.faces import LINA, OMAR, ZARA, Look, portrait

__all__ = ["LINA", "OMAR", "ZARA", "Look", "portrait"]
