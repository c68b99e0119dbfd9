"""Faces: found, described and compared by engines that state their error rates."""

from functools import cache

from kyc.faces import feature_engine
from kyc.faces.comparison import (
    DIFFERENT_FMR,
    SAME_FMR,
    Examined,
    FaceComparison,
    Picture,
    Sighting,
    Verdict,
    compare,
    compare_many,
    compare_pictures,
    examine,
)
from kyc.faces.dlib_engine import DlibEngine
from kyc.faces.engine import FaceEngine, Template
from kyc.faces.feature_engine import FeatureEngine

__all__ = [
    "DIFFERENT_FMR", "ENGINES", "SAME_FMR", "DlibEngine", "Examined", "FaceComparison",
    "FaceEngine", "FeatureEngine", "Picture", "Sighting", "Template", "Verdict", "compare",
    "compare_many", "compare_pictures", "default_engine", "engine", "examine", "find_engine",
    "here",
]  # fmt: skip


ENGINES: dict[str, type[DlibEngine | FeatureEngine]] = {
    "fr_feature": FeatureEngine,
    "face_recognition": DlibEngine,
}
"""By short names, the best one first."""


@cache
def engine(name: str) -> FaceEngine:
    """One engine of a name a process: its models stay loaded."""
    return ENGINES[name]()


def find_engine(full_name: str) -> FaceEngine | None:
    """The engine that made a stored template, if this version has it."""
    short = next((name for name, made in ENGINES.items() if made.name == full_name), None)
    return None if short is None else engine(short)


def here() -> list[str]:
    """The names of the engines whose weights are here, the best one first."""
    return [name for name in ENGINES if name != "fr_feature" or feature_engine.is_here()]


def default_engine() -> FaceEngine:
    """The best one whose weights are here."""
    return engine(here()[0])
