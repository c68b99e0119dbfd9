"""The identity check: reading documents, recognizing faces, and living persons in video notes."""

import sys

from bench import documents, faces_accuracy, forgeries, gallery, liveness
from bench.report import Line


def lines(*, tiny: bool = False) -> list[Line]:
    """A part whose pictures are not here is left out, with a sentence that says so."""
    found = []
    for part in (documents, forgeries, faces_accuracy, gallery, liveness):
        try:
            found += part.lines(tiny=tiny)
        except FileNotFoundError as missing:
            print(missing, file=sys.stderr)
    return found
