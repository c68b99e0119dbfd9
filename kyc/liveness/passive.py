"""What a small network thinks of single pictures: one signal for a person who looks, no verdict.

It lets deep fakes and disguises pass and one printed photograph in three (docs/kyc.md).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import cv2
import numpy as np

from kyc import networks, weights
from kyc.images import Pixels
from kyc.quality import Face

_AROUND = 2.7
"""The crop's side over the box's: paper and frames show around the face."""
_LIVE = 0
"""Of the three answers: live, and two kinds of attack."""


def score(pictures: Sequence[tuple[Pixels, Face]]) -> float | None:
    """The mean share of "live", 0 to 1; None where the weights are not here."""
    if not pictures or not weights.is_here(weights.FACE_LIVENESS):
        return None
    return round(float(np.mean([_score(pixels, face) for pixels, face in pictures])), 3)


def _score(pixels: Pixels, face: Face) -> float:
    network = _network()
    (given,) = network.get_inputs()
    side = int(given.shape[2])
    half = _AROUND * max(face.height, face.right - face.left) / 2
    across, down = face.middle
    scale = side / (2 * half)
    placed = np.array([[scale, 0, side / 2 - scale * across], [0, scale, side / 2 - scale * down]])
    crop = cv2.warpAffine(
        pixels, placed, (side, side), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT
    )
    # Trained with blue first and without any scaling.
    blue_first = crop[..., ::-1].astype(np.float32).transpose(2, 0, 1)[np.newaxis]
    (answer,) = network.run(None, {given.name: blue_first})
    powers = np.exp(answer[0] - answer[0].max())
    return float(powers[_LIVE] / powers.sum())


@cache
def _network() -> Any:
    return networks.session(weights.FACE_LIVENESS)
