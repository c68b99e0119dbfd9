"""Tests that stand beside a policy: applicants with a probability, and what is to come out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kit.errors import DomainError, Kind
from scoring import engine, handwritten, snapshot
from scoring.engine import Assessment
from scoring.model.calibration import Calibrator, Floats
from scoring.model.manifest import Manifest
from scoring.model.predictor import Model
from scoring.policy import Outcome, Policy
from scoring.refusals import Sentence

_AS_OF = "2026-01-01T00:00:00+00:00"


class CasesRefused(Sentence, DomainError):
    code = "policy_cases_refused"
    kind = Kind.INVALID
    sentence = "The cases cannot be used: {problem}."


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Expected(_Part):
    """Only what is named is compared."""

    outcome: Outcome | None = None
    grade: str | None = None
    approved_minor: int | None = None
    limit_minor: int | None = None
    reasons: list[str] | None = None
    annual_rate_bps: int | None = None


class Case(_Part):
    name: str
    pd: float = Field(ge=0, le=1)
    given: dict[str, Any] = {}
    """Parts of a snapshot, over those of the file."""
    expect: Expected


class Cases(_Part):
    given: dict[str, Any] = {}
    """The applicant whom each case changes."""
    cases: list[Case] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    differs: dict[str, tuple[object, object]] = field(default_factory=dict)
    """What was expected and what came out."""

    @property
    def holds(self) -> bool:
        return not self.differs


def beside(policy: Path) -> Path:
    """`strict.yaml` has its cases in `strict.tests.yaml`."""
    return policy.with_name(f"{policy.stem}.tests.yaml")


def parse(text: str) -> Cases:
    try:
        return Cases.model_validate(handwritten.load(text))
    except handwritten.NotYaml as error:
        raise CasesRefused(problem=str(error)) from None
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in detail["loc"])
        raise CasesRefused(problem=f"{place or 'the file'}: {detail['msg']}") from None


def run(policy: Policy, cases: Cases) -> Iterator[Result]:
    for case in cases.cases:
        document = _merged({"version": snapshot.VERSION, "as_of": _AS_OF}, cases.given, case.given)
        try:
            applicant = snapshot.from_json(document)
        except snapshot.SnapshotUnreadable as error:
            problem = f"{case.name}: {error.params['problem']}"
            raise CasesRefused(problem=problem) from None
        found = _parts(engine.assess(applicant, of_risk(case.pd), policy))
        wanted = case.expect.model_dump(exclude_none=True)
        yield Result(case.name, {k: (v, found[k]) for k, v in wanted.items() if found[k] != v})


def of_risk(pd: float) -> Model:
    """A model that finds this probability in everybody."""
    manifest = Manifest(
        name=f"{pd}", library_version="", model_sha256="", columns=(), target="",
        calibrator=_AsItIs(1.0, 0.0),
    )  # fmt: skip
    return Model(manifest, _Fixed(pd), "")


def _parts(found: Assessment) -> dict[str, object]:
    return {
        "outcome": found.outcome,
        "grade": found.grade,
        "approved_minor": found.approved_minor,
        "limit_minor": found.limit_minor,
        "reasons": list(found.reasons),
        "annual_rate_bps": None if found.price is None else found.price.annual_rate_bps,
    }


def _merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            is_group = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
            merged[key] = _merged(merged[key], value) if is_group else value
    return merged


class _AsItIs(Calibrator):
    def __call__(self, scores: Floats) -> Floats:
        return scores


@dataclass(frozen=True, slots=True)
class _Fixed:
    pd: float
    width: int = 0

    def raw_scores(self, rows: Floats) -> Floats:
        return np.full(len(rows), self.pd)

    def contributions(self, rows: Floats) -> Floats:
        return np.zeros((len(rows), 1))
