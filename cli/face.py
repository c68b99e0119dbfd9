"""`kopa face`: compare faces from the command line, exactly as the identity check does."""

import sys
from pathlib import Path
from typing import Any

import click

from cli import documents
from kit.errors import DomainError
from kyc import faces, images
from kyc.faces import FaceComparison, Verdict
from kyc.images import Pixels

_SENTENCES = {
    "picture_too_large": "is larger than 10 MB",
    "picture_format_unsupported": "is not a JPEG, PNG or WebP picture",
    "picture_not_readable": "is cut off or damaged",
    "picture_too_many_pixels": "has too many pixels",
    "picture_moves": "is an animation, not a picture",
}


@click.group()
def face() -> None:
    """Compare faces."""


@face.command()
@click.argument("document", metavar="A")
@click.argument("selfie", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def compare(document: str, selfie: str, *, as_json: bool) -> None:
    """Is the largest face of A (a document) the face on B (a selfie)? "-" reads stdin.

    Exits 0 for the same person, 1 for anything else, 2 for a file that cannot be read.
    """
    if document == selfie == "-":
        documents.refuse("only one of the two pictures can come from stdin")
    comparison = faces.compare(faces.default_engine(), _read(document), _read(selfie))
    if as_json:
        documents.write(_document(comparison))
    else:
        _show(comparison)
    raise SystemExit(0 if comparison.verdict is Verdict.SAME else 1)


def _read(source: str) -> Pixels:
    limit = images.MAX_BYTES + 1
    try:
        if source == "-":
            return images.decode(sys.stdin.buffer.read(limit))
        with Path(source).open("rb") as file:
            return images.decode(file.read(limit))
    except OSError as error:
        documents.refuse(f"{source} cannot be read: {error.strerror}")
    except DomainError as error:
        documents.refuse(f"{source} {_SENTENCES[error.code]}")


def _document(comparison: FaceComparison) -> dict[str, Any]:
    """`score` grows with likeness; `match` is `score >= threshold`, once both faces are clear."""
    return {
        "match": comparison.verdict is Verdict.SAME,
        "verdict": comparison.verdict,
        "score": _likeness(comparison.distance),
        "threshold": _likeness(comparison.threshold),
        "false_match_rate": comparison.fmr,
        "faces_found": list(comparison.faces_found),
        "quality": {
            shot: [
                {"problem": found.problem, "measured": found.measured, "limit": found.limit}
                for found in findings
            ]
            for shot, findings in comparison.quality.items()
        },
        "explanation": list(comparison.explanation),
        "engine": comparison.engine,
    }


def _likeness(distance: float | None) -> float | None:
    return None if distance is None else round(1 - distance, 4)


def _show(comparison: FaceComparison) -> None:
    document = _document(comparison)
    rows = [
        ("verdict", comparison.verdict),
        ("score", document["score"] if document["score"] is not None else "none"),
        (
            "threshold",
            f"{document['threshold']} (1 stranger in {round(1 / comparison.fmr)} passes)",
        ),
        ("faces found", " and ".join(str(count) for count in comparison.faces_found)),
        ("explanation", ", ".join(comparison.explanation)),
    ]
    rows += [
        (f"{shot}", f"{found.problem} (measured {found.measured}, limit {found.limit})")
        for shot, findings in comparison.quality.items()
        for found in findings
    ]
    for name, value in rows:
        click.echo(f"{name:12} {value}")
