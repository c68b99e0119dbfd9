"""`kopa liveness`: judge a video note from the command line, exactly as the identity check does."""

from collections.abc import Sequence
from typing import Any

import click

from cli import documents, pictures
from kit.errors import DomainError
from kyc.liveness import challenge, clips, judging
from kyc.liveness.challenge import Act
from kyc.liveness.judging import LivenessReport

_SENTENCES = {
    "clip_too_large": "is larger than 20 MB",
    "clip_format_unsupported": "is not an MP4 or WebM film with one picture track",
    "clip_not_readable": "is cut off or damaged",
    "clip_without_picture": "is a film without pictures",
    "clip_too_many_pixels": "has more than 1920 pixels a side",
    "clip_too_long": "is longer than a minute",
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
    report = _judged(video, acts, selfie, document)
    if as_json:
        documents.write(_document(report))
    else:
        _show(report)
    raise SystemExit(0 if report.is_live else 1)


def _judged(
    video: str, acts: Sequence[Act], selfie: str | None, document: str | None
) -> LivenessReport:
    try:
        return judging.judge(
            pictures.content(video, clips.MAX_BYTES), acts,
            selfie=pictures.read(selfie) if selfie else None,
            document=pictures.read(document) if document else None,
        )  # fmt: skip
    except pictures.Unreadable as error:
        documents.refuse(str(error))
    except DomainError as error:
        documents.refuse(f"{video} {_SENTENCES.get(error.code, error)}")


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
