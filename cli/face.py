"""`kopa face`: compare faces from the command line, exactly as the identity check does."""

import csv
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import click

from cli import documents, pictures
from kit.errors import DomainError
from kyc import faces
from kyc.faces import FaceComparison, FaceEngine, Picture, Verdict

_KEPT = 4096
"""Pictures of a batch that are remembered: some 100 KB each."""


@click.group()
def face() -> None:
    """Compare faces."""


@face.command()
@click.argument("document", metavar="[A]", required=False)
@click.argument("selfie", metavar="[B]", required=False)
@click.option("--batch", metavar="PAIRS.CSV", help="Many pairs: columns a and b name the files.")
@click.option("--engine", type=click.Choice(list(faces.ENGINES)), help="The best one here.")
@click.option(
    "--fmr", type=click.FloatRange(1e-6, 1e-2), default=faces.SAME_FMR, show_default=True,
    help="At most this share of strangers is called the same.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def compare(
    document: str | None,
    selfie: str | None,
    *,
    batch: str | None,
    engine: str | None,
    fmr: float,
    as_json: bool,
) -> None:
    """Is the main face of A (a document) the face on B (a selfie)? "-" reads stdin.

    Exits 0 for the same person, 1 for anything else, 2 for a file that cannot be read. A batch
    writes a line of JSON for each pair and exits 0 when all files could be read, else 1.
    """
    if engine is not None and engine not in faces.here():
        documents.refuse(f"the weights of {engine} are not here: run make models")
    chosen = faces.engine(engine) if engine else faces.default_engine()
    if batch is not None and document is None:
        raise SystemExit(_compare_all(chosen, batch, fmr))
    if batch is not None or document is None or selfie is None:
        documents.refuse("name two pictures, or --batch with a file of pairs")
    if document == selfie == "-":
        documents.refuse("only one of the two pictures can come from stdin")
    try:
        comparison = faces.compare_pictures(
            _picture(chosen, document), _picture(chosen, selfie), fmr=fmr
        )
    except (pictures.Unreadable, DomainError) as refusal:
        documents.refuse(str(refusal))
    if as_json:
        documents.write(_document(comparison))
    else:
        _show(comparison)
    raise SystemExit(0 if comparison.verdict is Verdict.SAME else 1)


def _compare_all(engine: FaceEngine, source: str, fmr: float) -> int:
    """The exit code. Each file is looked at once, however many pairs it is in."""
    failures = 0
    beside = Path(source).parent
    picture = lru_cache(maxsize=_KEPT)(lambda name: _picture(engine, _found(name, beside)))
    for first, second in _pairs(source):
        answer: dict[str, Any] = {"a": first, "b": second}
        try:
            answer |= _document(faces.compare_pictures(picture(first), picture(second), fmr=fmr))
        except Exception as fault:
            # Whatever a library stumbles over in one pair, the others are still compared.
            known = isinstance(fault, pictures.Unreadable | DomainError)
            answer["error"] = str(fault) if known else f"cannot be compared: {type(fault).__name__}"
            failures += 1
        click.echo(json.dumps(answer))
    return 1 if failures else 0


def _pairs(source: str) -> list[tuple[str, str]]:
    try:
        # Spreadsheets write a mark before the first letter.
        with Path(source).open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, skipinitialspace=True)
            table.fieldnames = [name.strip().lower() for name in table.fieldnames or ()]
            rows = [(row.get("a"), row.get("b")) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        documents.refuse(f"{source} cannot be read: {getattr(error, 'strerror', 'not a table')}")
    pairs = [(first.strip(), second.strip()) for first, second in rows if first and second]
    if not pairs or len(pairs) < len(rows):
        documents.refuse(f"{source} needs the columns a and b, filled in each row")
    return pairs


def _found(name: str, beside: Path) -> str:
    """As written, or beside the table that names it."""
    return name if Path(name).exists() else str(beside / name)


def _picture(engine: FaceEngine, source: str) -> Picture:
    return Picture(engine, pictures.read(source))


def _document(comparison: FaceComparison) -> dict[str, Any]:
    """`score` grows with likeness, on one scale for all pairs of an engine; `match` is
    `score >= threshold`, once both faces are clear."""
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
        ("engine", comparison.engine),
    ]
    rows += [
        (f"{shot}", f"{found.problem} (measured {found.measured}, limit {found.limit})")
        for shot, findings in comparison.quality.items()
        for found in findings
    ]
    for name, value in rows:
        click.echo(f"{name:12} {value}")
