"""Five frames of a video note side by side, for staff who look at it."""

import cv2
import numpy as np

from kyc import images, workers
from kyc.images import Pixels
from kyc.liveness.clips import Film

FRAMES = 5
SIDE = 240


async def draw(clip: bytes) -> bytes:
    """A JPEG, made in a worker. Raises a DomainError for a clip that cannot be read."""
    return await workers.run(draw_here, clip)


def draw_here(clip: bytes) -> bytes:
    """`draw` in this process."""
    film = Film(clip)
    looks = [(frame.index, frame.at) for frame in film.looks()]
    chosen = dict(looks[round(n)] for n in np.linspace(0, len(looks) - 1, FRAMES))
    stills = film.stills(chosen)
    labelled = [_labelled(still, at) for still, at in zip(stills, chosen.values(), strict=True)]
    return images.encode(np.ascontiguousarray(np.concatenate(labelled, axis=1)))


def _labelled(still: Pixels, at: float) -> Pixels:
    """At one height, with the second in which it was."""
    width = round(SIDE * still.shape[1] / still.shape[0])
    small = cv2.resize(still, (width, SIDE), interpolation=cv2.INTER_AREA)
    place, white, black = (8, SIDE - 10), (255, 255, 255), (0, 0, 0)
    for color, thick in ((black, 3), (white, 1)):
        cv2.putText(
            small, f"{at:.1f} s", place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, thick, cv2.LINE_AA
        )
    return np.asarray(small, dtype=np.uint8)
