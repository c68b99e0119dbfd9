"""A generic head: where the 68 points that dlib finds lie on it, in millimeters.

Only averages enter: distances between the corners of eyes and mouth, heights and depths of nose
and chin after Farkas, Anthropometry of the Head and Face (1994), women and men together. x to the
picture's right, y down, z away from the camera; the origin is between the eyes.
"""

import numpy as np
from numpy.typing import NDArray

OUTER_EYES = (36, 45)
INNER_EYES = (39, 42)
RIGHT_EYE = range(36, 42)
"""The person's right: on the left of a picture that is not mirrored."""
LEFT_EYE = range(42, 48)
MOUTH_CORNERS = (48, 54)
NOSE_TIP = (29, 30)
NOSE_BASE = 33
FACE_HEIGHT_MM = 120
"""From the root of the nose to the chin."""

RIGID = (27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 39, 42, 45, 48, 54)
"""Points that neither a blink nor an open mouth moves much."""
_PLACES = (
    (0, -2, -5), (0, 11, -13), (0, 23, -20), (0, 35, -27),
    (-14, 45, -6), (-7, 47, -11), (0, 49, -13), (7, 47, -11), (14, 45, -6),
    (-45, 0, 9), (-16.5, 1, 3), (16.5, 1, 3), (45, 0, 9),
    (-26, 71, -2), (26, 71, -2),
)  # fmt: skip
_SHALLOWER = (1, 1, 0.6)
"""dlib's points lie on average faces: of a turned head they show three fifths of the depth."""
RIGID_MM: NDArray[np.float64] = np.array(_PLACES, dtype=np.float64) * _SHALLOWER
