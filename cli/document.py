"""`kopa document`: read an identity document from the command line, as the identity check does."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from cli import documents, pictures
from kit.clock import SystemClock, business_date
from kyc.documents import reading
from kyc.documents.mrz import Mrz
from kyc.documents.reading import DocumentReading
from kyc.quality import Finding


@click.group()
def document() -> None:
    """Read identity documents."""


@document.command()
@click.argument("sources", metavar="IMAGE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day of reading; default today.")
def read(sources: tuple[str, ...], *, as_json: bool, on: datetime | None) -> None:
    """What does the document say? Several IMAGEs are its pages or sides. "-" reads stdin.

    Exits 0 when it was read with all checks, 1 when in part or nothing reliable, 2 for a file
    that cannot be read.
    """
    if sources.count("-") > 1:
        documents.refuse("only one of the pictures can come from stdin")
    day = on.date() if on else business_date(SystemClock().now(), "UTC")
    try:
        found = reading.read([pictures.read(source) for source in sources], on=day)
    except pictures.Unreadable as refusal:
        documents.refuse(str(refusal))
    if as_json:
        documents.write(_document(found))
    else:
        _show(found)
    raise SystemExit(0 if found.is_complete else 1)


def _document(found: DocumentReading) -> dict[str, Any]:
    """`fields` holds what is known, in part or reliably: `confidence` says how sure."""
    return {
        "type": found.kind,
        "complete": found.is_complete,
        "mrz": None if found.mrz is None else _zone(found.mrz, accepted=found.is_mrz_accepted),
        "fields": {
            name: {
                "value": field.value,
                "confidence": field.confidence,
                "source": field.source,
                "checks": list(field.checks),
            }
            for name, field in found.fields.items()
        },
        "findings": [
            {"code": reason.code, "field": reason.field, "evidence": dict(reason.evidence)}
            for reason in found.findings
        ],
        "quality": [[_finding(one) for one in picture] for picture in found.quality],
        "notes": list(found.notes),
    }


def _zone(mrz: Mrz, *, accepted: bool) -> dict[str, Any]:
    return {
        "format": mrz.format,
        "accepted": accepted,
        "lines": list(mrz.lines),
        "document_code": mrz.document_code,
        "optional": mrz.optional,
        "names_are_cut": mrz.names_are_cut,
        "checks": mrz.checks,
        "repairs": [asdict(repair) for repair in mrz.repairs],
    }


def _finding(found: Finding) -> dict[str, Any]:
    return {"problem": found.problem, "measured": found.measured, "limit": found.limit}


def _show(found: DocumentReading) -> None:
    click.echo(f"{'type':16} {found.kind}")
    if found.mrz is not None:
        failed = [name for name, holds in found.mrz.checks.items() if not holds]
        doubt = f"fails {', '.join(failed)}" if failed else "readings do not agree"
        state = "every check holds" if found.is_mrz_accepted else doubt
        click.echo(f"{'zone':16} {found.mrz.format}: {state}")
    for name, field in found.fields.items():
        checks = f" ({', '.join(field.checks)})" if field.checks else ""
        click.echo(f"{name:16} {field.value}  {field.confidence:.2f} {field.source}{checks}")
    for reason in found.findings:
        said = ", ".join(f"{source} {value}" for source, value in reason.evidence.items())
        click.echo(f"{'finding':16} {reason.code} {reason.field}: {said}")
    for picture in found.quality:
        for one in picture:
            click.echo(f"{'quality':16} {one.problem} (measured {one.measured}, limit {one.limit})")
    for note in found.notes:
        click.echo(f"{'note':16} {note}")
