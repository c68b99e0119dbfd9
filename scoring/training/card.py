"""The model card: what the model is made of, how good it is, and what it cannot do."""

from collections.abc import Iterator

from scoring.model.manifest import Column, Decider
from scoring.training import tradeoff
from scoring.training.metrics import Estimate
from scoring.training.run import APPROVED_SHARE, Result
from scoring.watching import fairness

_DECIDERS = {
    Decider.TREES: "The trees decide",
    Decider.SCORECARD: "The scorecard decides",
    Decider.BOTH: "Trees and scorecard decide together",
}
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
        f"Probability that a loan goes bad (`{result.target}` = 1). "
        f"{_DECIDERS[result.champion.decides]}, calibrated on held-out scores. Trees: LightGBM, "
        f"averaged ({', '.join(facts['configurations'])}), one text file. The same risk "
        "[in points](scorecard.md).\n"
    )
    yield from _use(result)
    yield from _data(result)
    yield from _quality(result)
    yield from _choice(result)
    yield from _tradeoff(result)
    yield from _fairness(result)
    yield from _inputs(result)
    yield from _limits(result)
    yield from _reproduce(result)


def _use(result: Result) -> Iterator[str]:
    facts = result.training
    yield "## What it is for\n"
    yield (
        "To rank applicants for a loan like those in the data by how likely it goes bad, and to "
        "state that probability: for cut-offs, limits and prices by a policy that people wrote. "
        "Not for other decisions about a person, and not for other products, countries or years "
        "than those in the data before it was measured there.\n"
    )
    yield (
        f"It knows {facts['rows']:,} loans that somebody once approved. People who were turned "
        "away are not in the data, so the numbers below hold for applicants who look like those "
        "who got a loan. Watch the share of bad loans from the first month on.\n"
    )


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
    yield (
        "\n![Ranking](roc.png) ![Calibration](calibration.png)\n"
        "![Bad rate by tenth](deciles.png) ![Scores](distribution.png)\n"
    )
    if result.stability:
        yield (
            "Held-out scores of the same five folds by time, in parts of equal size:\n\n"
            "![Over time](stability.png)\n"
        )


def _choice(result: Result) -> Iterator[str]:
    choice, blend = result.champion.choice, result.challenger["auc"]
    yield "## Trees or points\n"
    yield (
        f"{_DECIDERS[result.champion.decides]}: chosen on {choice['rows']:,} rows that both held "
        "out, inside the training rows; the measures above choose anew in every fold. The lowest "
        "log loss decides; together is the mean of their log-odds.\n"
    )
    yield "| | log loss | AUC |"
    yield "|---|---|---|"
    for by, name in _DECIDERS.items():
        yield f"| {name} | {choice['log_loss'][by]:.4f} | {choice['auc'][by]:.4f} |"
    yield (
        f"\nLearned directions cost {choice['cost_of_directions']:+.4f} of log loss and were "
        f"{'given up' if choice['directions_given_up'] else 'kept'}.\n"
    )
    yield (
        "A challenger, two parts of what was chosen and one part CatBoost, reaches an AUC of "
        f"{_shown(blend)} in the same five folds. It is there to compare with: CatBoost takes no "
        "part in serving.\n"
    )


def _tradeoff(result: Result) -> Iterator[str]:
    yield "## How many to approve\n"
    yield (
        f"Held-out rows weighted as if {tradeoff.POPULATION:.0%} of all applicants were bad. By "
        f"count: how many of the approved loans are bad. By amount: how much of the money, when "
        f"the approved are cut into five equal parts by risk and may borrow "
        f"{_limits_shown()} of the largest loan, taking for granted that a smaller loan goes bad "
        "as often.\n"
    )
    yield "| approved | bad by count | bad by amount | bad by count, in the sample itself |"
    yield "|---|---|---|---|"
    for point in result.tradeoff.shown:
        values = (point.by_count, point.by_amount, point.as_sampled)
        yield f"| {point.approved:.0%} | " + " | ".join(map(tradeoff.percent, values)) + " |"
    yield f"\n**{tradeoff.answer(result.tradeoff)}**\n"
    yield "![Bad rate against approval rate](tradeoff.png)\n"


def _limits_shown() -> str:
    return "/".join(f"{limit:.0%}"[:-1] for limit in tradeoff.LIMITS) + " %"


def _fairness(result: Result) -> Iterator[str]:
    yield "## Fairness\n"
    if not result.fairness:
        yield (
            "No groups were looked at: `--group COLUMN` compares them without learning from the "
            "column.\n"
        )
        return
    yield (
        f"On the held-out rows, with the safest {APPROVED_SHARE:.0%} approved. No column of these "
        "was learned from; brackets are 95 % intervals.\n"
    )
    yield from fairness.lines(result.fairness)


def _inputs(result: Result) -> Iterator[str]:
    yield "## Inputs, in the model's order\n"
    yield "| column | direction | missing | meaning |"
    yield "|---|---|---|---|"
    for column in result.champion.columns:
        missing = result.training["missing"][column.name]
        meaning = result.training["features"][column.name] or "a column of the lender's own data"
        yield f"| `{column.name}` | {_direction(column)} | {missing:.1%} | {meaning} |"
    yield (
        "\nMissing stays missing where training knew missing; elsewhere it counts as the middle "
        "value. Unseen and rare categories are missing.\n"
    )
    if result.dependence:
        yield (
            "Mean probability when one column is changed and the others stay as they are, for the "
            "columns that move it most:\n\n![Partial dependence](dependence.png)\n"
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
    more = "".join(f" --without {name}" for name in facts["without"])
    more += " --class-weight balanced" if facts["class_weight"] else ""
    more += " --rejects REJECTS" if facts["rejects_sha256"] else ""
    yield "## Make it again\n"
    yield f"`kopa model train DATA --target {result.target}{time}{mapping}{more} --out DIR`"
    yield f"\nSeed {facts['seed']}. The same file gives the same model."


def _shown(estimate: Estimate) -> str:
    return f"{estimate.value:.4f} [{estimate.low:.4f}, {estimate.high:.4f}]"
