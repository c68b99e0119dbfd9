"""What Telegram learns from a film itself: how long and how large it is, and its first picture."""

import io
from dataclasses import dataclass

import av
from PIL import Image, ImageOps

THUMBNAIL_SIDE = 320


@dataclass(frozen=True)
class Seen:
    duration: int
    """Whole seconds."""
    length: int
    """Width and height of a round film."""
    thumbnail: bytes
    """A square JPEG."""


def look(content: bytes) -> Seen | None:
    """None for what is no film."""
    try:
        with av.open(io.BytesIO(content), mode="r") as container:
            frame = next(container.decode(video=0))
            seconds = (container.duration or 0) / av.time_base
            picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
    except (av.FFmpegError, StopIteration, IndexError, ValueError):
        return None
    square = io.BytesIO()
    ImageOps.fit(picture, (THUMBNAIL_SIDE, THUMBNAIL_SIDE)).save(square, "JPEG", quality=80)
    return Seen(max(1, round(seconds)), min(picture.size), square.getvalue())
