"""`kopa liveness`: judge a video note from the command line, exactly as the identity check does."""

import sys
from pathlib import Path
from typing import Any

import click

from cli import documents
from kit.errors import DomainError
from kyc import images
from kyc.liveness import challenge, clips, judging
from kyc.liveness.judging import LivenessReport

_SENTENCES = {
    "clip_too_large": "is larger than 20 MB",
    "clip_format_unsupported": "is not an MP4 or WebM film with one picture track",
    "clip_not_readable": "is cut off or damaged",
    "clip_without_picture": "is a film without pictures",
    "clip_too_many_pixels": "has more than 1920 pixels a side",
    "clip_too_long": "is longer than a minute",
    "picture_too_large": "is larger than 10 MB",
    "picture_format_unsupported": "is not a JPEG, PNG or WebP picture",
    "picture_not_readable": "is cut off or damaged",
    "picture_too_many_pixels": "has too many pixels",
    "picture_moves": "is an animation, not a picture",
}


@click.group()
def liveness() -> None:
    """Is a living person there?"""


@liveness.command()
@click.argument("video")
@click.option(
    "--challenge", "asked", required=True, metavar="ACT,ACT,ACT",
    help="turn_left, turn_right, blink_twice, open_mouth, come_closer: in order.",
)  # fmt: skip
@click.option("--selfie", help="A picture of the person who should be in the film.")
@click.option("--document", help="A document with that person's portrait.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def check(
    video: str, asked: str, selfie: str | None, document: str | None, *, as_json: bool
) -> None:
    """Does somebody in VIDEO do these acts, in this order, alive? "-" reads stdin.

    Left is the person's own left, in a film that is not mirrored. Exits 0 for live, 1 for
    anything else, 2 for a file that cannot be read.
    """
    try:
        acts = challenge.parse(asked.split(","))
    except DomainError as error:
        documents.refuse(f"--challenge takes acts out of {error.params['known']}")
    pictures = {
        name: None if source is None else _picture(source)
        for name, source in (("selfie", selfie), ("document", document))
    }
    try:
        report = judging.judge(_read(video, clips.MAX_BYTES), acts, **pictures)
    except DomainError as error:
        documents.refuse(f"{video} {_SENTENCES[error.code]}")
    if as_json:
        documents.write(_document(report))
    else:
        _show(report)
    raise SystemExit(0 if report.is_live else 1)


def _picture(source: str) -> bytes:
    content = _read(source, images.MAX_BYTES)
    try:
        images.decode(content)
    except DomainError as error:
        documents.refuse(f"{source} {_SENTENCES[error.code]}")
    return content


def _read(source: str, limit: int) -> bytes:
    try:
        if source == "-":
            return sys.stdin.buffer.read(limit + 1)
        with Path(source).open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        documents.refuse(f"{source} cannot be read: {error.strerror}")


def _document(report: LivenessReport) -> dict[str, Any]:
    return {"live": report.is_live, **report.to_json()}


def _show(report: LivenessReport) -> None:
    rows = [("verdict", str(report.verdict)), ("reasons", ", ".join(report.reasons) or "none")]
    for answer in report.answers.acts:
        found = answer.event
        what = "not found" if found is None else f"at {found.at:.1f} s {_numbers(found.measured)}"
        rows.append((answer.act, what))
    if report.likeness.selfie is not None:
        rows.append(
            ("selfie", f"distance {report.likeness.selfie}, same to {report.likeness.same}")
        )
    rows += [
        ("frames", f"{report.frames} looked at, {report.missed} without a face"),
        ("CPU", f"{report.cpu_ms_per_frame} ms a frame"),
    ]
    for name, value in rows:
        click.echo(f"{name:12} {value}")


def _numbers(measured: dict[str, float]) -> str:
    return "(" + ", ".join(f"{name} {value}" for name, value in measured.items()) + ")"
