"""`kopa model`: risk models from training to deciding, each command in a module of its own."""

import click

from cli.lazy import LazyGroup

COMMANDS = {
    "alternatives": ("cli.alternatives:alternatives", "As good, and treating groups more alike?"),
    "book": ("cli.model_book:book", "The matured loans of the database as training rows."),
    "challenge": ("cli.line_up:challenge", "Let a model decide for a share of the borrowers."),
    "compare": ("cli.model_using:compare", "Models beside each other on the same data."),
    "evaluate": ("cli.model_using:evaluate", "A model on data with known outcomes."),
    "grow": ("cli.grow:grow", "Learn the trees from more rows than one machine holds."),
    "line-up": ("cli.line_up:show", "Who decides, since when and why."),
    "list": ("cli.line_up:every", "Every model that is kept."),
    "promote": ("cli.line_up:promote", "Propose that a model decides from now on."),
    "register": ("cli.line_up:register", "Keep a model by its hash, after every check."),
    "replay": ("cli.line_up:replay", "Make the stored decisions again, to the bit."),
    "rescore": ("cli.rescore:rescore", "Score many rows or all decisions again, part by part."),
    "roll-back": ("cli.line_up:roll_back", "Back to the champion before, at once."),
    "score": ("cli.model_using:score", "Probability of each row, and what moved it most."),
    "shadow": ("cli.line_up:shadow", "Let a model assess everything without deciding."),
    "train": ("cli.model_training:train", "A model from a table of loans."),
    "watch": ("cli.watching:watch", "Drift, calibration, ranking, approvals and gaps."),
}
"""name -> (module:function, one line of help). Kept sorted."""


@click.group(cls=LazyGroup, lazy=COMMANDS)
def model() -> None:
    """Risk models: train, compare, watch and let decide."""
