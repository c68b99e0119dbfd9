"""dlib and its models, each loaded once a process, and only by those who look at faces.

`face_recognition` itself would load two more networks that nobody uses here.
"""

import importlib
from functools import cache
from typing import Any


def library() -> Any:
    return importlib.import_module("dlib")


@cache
def frontal_faces() -> Any:
    """The detector by histograms of gradients."""
    return library().get_frontal_face_detector()


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
