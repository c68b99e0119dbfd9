"""dlib and its models, each loaded once a process, and only by those who look at faces.

`face_recognition` itself would load two more networks that nobody uses here.
"""

import hashlib
import importlib
from functools import cache
from pathlib import Path
from typing import Any

from kyc.weights import WeightsAltered

_FRONTAL = Path(__file__).with_name("frontal_faces.svm")
"""dlib's own detector as dlib saves it: to unpack the one in the library takes 0.7 s."""
_FRONTAL_SHA256 = "f3f7aa833fb4a14a46fc48689f45b98d85ef72d6dfaf8bdc012b7d3c522a5426"


def library() -> Any:
    return importlib.import_module("dlib")


@cache
def frontal_faces() -> Any:
    """The detector by histograms of gradients."""
    if hashlib.sha256(_FRONTAL.read_bytes()).hexdigest() != _FRONTAL_SHA256:
        raise WeightsAltered(name=_FRONTAL.name)
    return library().fhog_object_detector(str(_FRONTAL))


@cache
def five_points() -> Any:
    return library().shape_predictor(_files().pose_predictor_five_point_model_location())


@cache
def all_points() -> Any:
    """Sixty-eight of them."""
    return library().shape_predictor(_files().pose_predictor_model_location())


@cache
def encoder() -> Any:
    return library().face_recognition_model_v1(_files().face_recognition_model_location())


def _files() -> Any:
    return importlib.import_module("face_recognition_models")
