"""Risk models: how well they rank and mean it, what that is worth, and how fast they answer."""

import sys

from bench import scoring_accuracy, scoring_latency, scoring_tradeoff
from bench.report import Line


def lines(*, tiny: bool = False) -> list[Line]:
    """A part whose data is not here is left out, with a sentence that says so."""
    found = []
    for part in (scoring_accuracy, scoring_tradeoff, scoring_latency):
        try:
            found += part.lines(tiny=tiny)
        except FileNotFoundError as missing:
            print(missing, file=sys.stderr)
    return found
