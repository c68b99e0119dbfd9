"""The model card: what the model is made of, how good it is, and what it cannot do."""

from collections.abc import Iterator

from scoring.model.manifest import Column
from scoring.training.metrics import Estimate
from scoring.training.run import Result

_DIRECTIONS = {1: "more is riskier", -1: "more is safer", 0: "free"}
_NAMES = {
    "auc": "AUC",
    "gini": "Gini",
    "ks": "KS",
    "brier": "Brier score",
    "log_loss": "Log loss",
    "ece": "Calibration error (ECE, 10 bins)",
}


def write(result: Result) -> str:
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    facts = result.training
    yield f"# Model card: {result.name}\n"
    yield (
        f"Probability that a loan goes bad (`{result.target}` = 1). LightGBM "
        f"({', '.join(facts['configurations'])}, averaged) with monotone constraints, Platt "
        "calibration on held-out scores, one text file.\n"
    )
    yield from _data(result)
    yield from _quality(result)
    yield from _inputs(result)
    yield from _limits(result)
    yield from _reproduce(result)


def _data(result: Result) -> Iterator[str]:
    facts = result.training
    yield "## Data\n"
    if result.mapping is not None:
        yield f"{result.mapping.title}. {result.mapping.source}\n"
    yield (
        f"{facts['rows']:,} rows, {facts['bad']:,} bad ({facts['bad_rate']:.1%}). "
        f"SHA-256 of the file: `{facts['data_sha256']}`.\n"
    )
    if facts["population_bad_rate"] is not None:
        yield (
            f"Probabilities are moved from the sample's base rate to "
            f"{facts['population_bad_rate']:.1%}. The numbers and pictures below are before that "
            "move, against the sample itself.\n"
        )
    for note in result.notes:
        yield f"- {note}"
    if result.notes:
        yield ""


def _quality(result: Result) -> Iterator[str]:
    yield "## Quality on rows the model had not seen\n"
    yield (
        "Five folds. Choice of configuration, early stopping and category codes happen inside the "
        "other four; brackets are 95 % bootstrap intervals.\n"
    )
    later = result.out_of_time
    yield "| measure | five folds |" + (
        " newest 30 %, trained on the oldest 70 % |" if later else ""
    )
    yield "|---|---|" + ("---|" if later else "")
    for key, value in result.cross_validated.items():
        yield f"| {_NAMES[key]} | {_shown(value)} |" + (f" {_shown(later[key])} |" if later else "")
    yield "\n![Ranking](roc.png) ![Calibration](calibration.png) ![Scores](distribution.png)\n"


def _inputs(result: Result) -> Iterator[str]:
    yield "## Inputs, in the model's order\n"
    yield "| column | direction | missing | meaning |"
    yield "|---|---|---|---|"
    for column in result.columns:
        missing = result.training["missing"][column.name]
        meaning = result.training["features"][column.name] or "a column of the lender's own data"
        yield f"| `{column.name}` | {_direction(column)} | {missing:.1%} | {meaning} |"
    yield (
        "\nMissing stays missing where training knew missing; elsewhere it counts as the middle "
        "value. Unseen and rare categories are missing.\n"
    )


def _direction(column: Column) -> str:
    return "category" if column.levels is not None else _DIRECTIONS[column.monotone]


def _limits(result: Result) -> Iterator[str]:
    if result.mapping is None:
        return
    yield "## Limits\n"
    for limit in result.mapping.limits:
        yield f"- {limit}"
    yield "\n## How the data was mapped\n"
    for name, source in result.mapping.features.items():
        yield f"- `{name}` from {', '.join(f'`{c}`' for c in source.columns)}: {source.why}"
    yield "\nLeft out:\n"
    for name, why in result.mapping.left_out.items():
        yield f"- `{name}`: {why}"
    yield ""


def _reproduce(result: Result) -> Iterator[str]:
    facts = result.training
    time = f" --time {facts['time_column']}" if facts["time_column"] else ""
    mapping = " --mapping mapping.yaml" if result.mapping else ""
    yield "## Make it again\n"
    yield f"`kopa model train DATA --target {result.target}{time}{mapping} --out DIR`"
    yield f"\nSeed {facts['seed']}. The same file gives the same model."


def _shown(estimate: Estimate) -> str:
    return f"{estimate.value:.4f} [{estimate.low:.4f}, {estimate.high:.4f}]"
