"""A trained model on disk and in memory: loaded only when every hash of its manifest agrees."""

from scoring.model.loading import load
from scoring.model.predictor import Contribution, Model

__all__ = ["Contribution", "Model", "load"]
