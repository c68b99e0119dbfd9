"""When it is time to train anew: something is wrong, and enough has become known to do better."""

from collections.abc import Sequence

from scoring.watching import gate
from scoring.watching.report import Alert, Kind, Measure

PROPOSED = "retraining_proposed"
REASONS = frozenset({Kind.SCORE_DRIFT, Kind.FEATURE_DRIFT, Kind.CALIBRATION, Kind.RANKING})
"""Fairness and overrides are not mended by the same recipe on newer loans."""


def propose(
    measures: Sequence[Measure], *, model_sha256: str, outcomes: int, bad: int
) -> Alert | None:
    """`outcomes` and `bad` are of loans that have had their time since the model was trained."""
    because = [each for each in measures if each.is_alarming and each.kind in REASONS]
    if not because or outcomes < gate.FEWEST_ROWS or bad < gate.FEWEST_BAD:
        return None
    evidence = {
        "because": [f"{each.kind} {each.subject}".strip() for each in because],
        "new_outcomes": outcomes,
        "bad": bad,
    }
    return Alert(PROPOSED, f"model:{model_sha256[:16]}", evidence)
