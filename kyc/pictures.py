"""The long work on pictures as awaitable calls: bytes in, findings out, outside transactions."""

from dataclasses import dataclass

import numpy as np

from kyc import faces, images, workers
from kyc.documents import authenticity, capture, finding
from kyc.documents.authenticity import Signal
from kyc.documents.reading import DocumentReading
from kyc.faces import FaceComparison
from kyc.images import Pixels
from kyc.quality import Finding, Problem, Shot


@dataclass(frozen=True)
class Inspection:
    """An uploaded picture, cleaned, with what is wrong with it."""

    shot: Shot
    content: bytes
    """A new upright JPEG without metadata: the only form in which a picture is stored."""
    faces_found: int
    findings: tuple[Finding, ...]
    signals: tuple[Signal, ...] = ()
    """What speaks against a document's picture: seen in the upload, before it was cleaned."""
    image_hash: str | None = None
    """Of a document's picture, to know it again."""
    reading: DocumentReading | None = None
    """What was read on the document so far, this picture included."""


async def inspect(content: bytes, shot: Shot) -> Inspection:
    """Decode, clean and check one upload. A file that cannot be read raises its DomainError."""
    _require_small(content)
    return await workers.run(inspect_here, content, shot)


async def inspect_back(content: bytes) -> Inspection:
    """The other side of a document, which has no portrait."""
    _require_small(content)
    return await workers.run(inspect_back_here, content)


async def clean(content: bytes) -> bytes:
    """An upright JPEG without metadata, whatever the picture shows."""
    _require_small(content)
    return await workers.run(clean_here, content)


async def compare(document: bytes, selfie: bytes) -> FaceComparison:
    """Compare the faces of two stored (or uploaded) pictures."""
    return await workers.run(compare_here, document, selfie)


async def describe(selfie: bytes) -> tuple[str, bytes | None]:
    """The engine's name and the template of a stored selfie's face; None without a face."""
    return await workers.run(describe_here, selfie)


async def warm_up() -> None:
    """Start a worker and load its models, so that the first borrower does not wait for them."""
    await workers.run(_load)


def inspect_here(content: bytes, shot: Shot) -> Inspection:
    """`inspect` in this process."""
    pixels = images.decode(content)
    if shot is Shot.DOCUMENT:
        return _inspect_document(content, pixels)
    examined = faces.examine(faces.default_engine(), pixels, shot)
    return Inspection(shot, images.encode(examined.pixels), len(examined.faces), examined.findings)


def _require_small(content: bytes) -> None:
    """A huge file is not even carried to the worker."""
    if len(content) > images.MAX_BYTES:
        raise images.PictureTooLarge(limit_mb=images.MAX_BYTES // 2**20)


def _inspect_document(upload: bytes, pixels: Pixels) -> Inspection:
    """The document first, and then the portrait in it."""
    found = finding.find(pixels)
    upright = np.ascontiguousarray(np.rot90(pixels, found.quarters))
    examined = faces.examine(faces.default_engine(), upright, Shot.DOCUMENT)
    findings = {one.problem: one for one in capture.check(pixels, found)}
    for one in examined.findings:
        findings.setdefault(one.problem, one)
    return Inspection(
        shot=Shot.DOCUMENT,
        content=images.encode(examined.pixels),
        faces_found=len(examined.faces),
        findings=tuple(findings.values()),
        signals=authenticity.examine(upload, pixels, found.page),
        image_hash=authenticity.image_hash(examined.pixels),
    )


def inspect_back_here(content: bytes) -> Inspection:
    """`inspect_back` in this process."""
    pixels = images.decode(content)
    found = finding.find(pixels)
    findings = tuple(
        one for one in capture.check(pixels, found) if one.problem is not Problem.NO_DOCUMENT
    )
    upright = np.ascontiguousarray(np.rot90(pixels, found.quarters))
    return Inspection(
        shot=Shot.DOCUMENT,
        content=images.encode(upright),
        faces_found=0,
        findings=findings,
        signals=authenticity.examine(content, pixels, found.page),
        image_hash=authenticity.image_hash(upright, authenticity.FINER_WAVES),
    )


def clean_here(content: bytes) -> bytes:
    """`clean` in this process."""
    return images.encode(images.decode(content))


def compare_here(document: bytes, selfie: bytes) -> FaceComparison:
    """`compare` in this process."""
    return faces.compare(faces.default_engine(), images.decode(document), images.decode(selfie))


def describe_here(selfie: bytes) -> tuple[str, bytes | None]:
    """`describe` in this process."""
    engine = faces.default_engine()
    pixels = images.decode(selfie)
    found = engine.detect(pixels)
    return engine.name, engine.embed(pixels, found[0]).tobytes() if found else None


def _load() -> None:
    faces.default_engine().detect(images.BLANK)
