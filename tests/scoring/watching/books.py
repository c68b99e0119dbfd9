"""Made-up books by a seed: steady, shifted, miscalibrated, unfair."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from scoring.watching import drift
from scoring.watching.performance import Floats
from scoring.watching.report import Decided, Watched

START = datetime(2026, 9, 1, tzinfo=UTC)
CUT_OFF = 0.2


def drawn(
    rows: int,
    *,
    seed: int,
    shift: float = 0.0,
    odds: float = 0.0,
    unfair: float = 0.0,
    overridden: float = 0.02,
) -> list[Decided]:
    """Applicants with two features and honest probabilities.

    `shift` moves a feature, `odds` moves the truth away from what is stated (in log-odds),
    `unfair` is how much riskier the people of group b are called than they are.
    """
    dice = np.random.default_rng(seed)
    return list(_drawn(dice, rows, shift, odds, unfair, overridden))


def _drawn(
    dice: np.random.Generator, rows: int, shift: float, odds: float, unfair: float, share: float
) -> Iterator[Decided]:
    income, kind = dice.normal(shift, 1, rows), dice.choice(["shop", "farm", "none"], rows)
    group = dice.choice(["a", "b"], rows)
    truth = -2.2 - 0.9 * income + 0.5 * (kind == "none")
    called = truth + unfair * (group == "b")
    bad = dice.random(rows) < _logistic(truth + odds)
    overridden = dice.random(rows) < share
    for n in range(rows):
        pd = float(_logistic(called[n]))
        approved = pd <= CUT_OFF
        yield Decided(
            at=START + timedelta(minutes=n),
            pd=pd,
            values={"income": float(income[n]), "kind": str(kind[n])},
            is_approved=approved,
            is_override=bool(overridden[n]),
            is_bad=bool(bad[n]) if approved else None,
            groups={"sex": str(group[n])},
        )


def _logistic(odds: Floats) -> Floats:
    probabilities: Floats = 1 / (1 + np.exp(-odds))
    return probabilities


def watched(rows: int = 5_000, *, seed: int = 1) -> Watched:
    """What a model that was trained on a steady book remembers of it."""
    learned = drawn(rows, seed=seed)
    return Watched(
        drift.reference([each.pd for each in learned]),
        {
            name: drift.reference([each.values[name] for each in learned])
            for name in ("income", "kind")
        },
    )


def unanswered(decided: list[Decided]) -> list[Decided]:
    return [replace(each, is_bad=None) for each in decided]
