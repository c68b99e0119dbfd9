"""Take a video note apart into upright pictures, a few a second, never all in memory at once.

Runs in a worker process (`kyc.workers`): whatever a hostile file does, it does there.
"""

import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from kit.errors import DomainError
from kyc.images import Pixels

MAX_BYTES = 20 * 1024 * 1024
"""What Telegram lets a bot download."""
MAX_SECONDS = 60
MAX_SIDE = 1920
LOOKS_PER_SECOND = 10
LOOK_SIDE = 640
"""The side of a video note. Larger frames are reduced to it."""

_MAX_FRAMES = 61 * 60
_FORMATS = ((slice(4, 8), b"ftyp", "mov"), (slice(0, 4), b"\x1a\x45\xdf\xa3", "matroska"))
"""Where a signature lies, and the one demuxer that may read such a file: a list of files to play,
which could name any file or address, is never opened."""
_CODECS = frozenset({"h264", "hevc", "mpeg4", "vp8", "vp9", "av1", "libdav1d"})
_THUMBNAIL = 48


class ClipTooLarge(DomainError):
    """More bytes than a bot can fetch."""

    code = "clip_too_large"


class ClipFormatUnsupported(DomainError):
    """Not an MP4 or WebM film, whatever its name says."""

    code = "clip_format_unsupported"


class ClipNotReadable(DomainError):
    """Starts like a film, but is cut off or damaged."""

    code = "clip_not_readable"


class ClipWithoutPicture(DomainError):
    """Only sound, or a film without a single frame."""

    code = "clip_without_picture"


class ClipTooManyPixels(DomainError):
    code = "clip_too_many_pixels"


class ClipTooLong(DomainError):
    code = "clip_too_long"


@dataclass(frozen=True)
class Frame:
    index: int
    """Counted over all frames of the film."""
    at: float
    """Seconds since the first frame."""
    gray: Pixels
    """Height x width."""


@dataclass
class Film:
    """A clip while it is looked at."""

    content: bytes
    thumbnails: list[tuple[float, NDArray[np.float32]]] = field(default_factory=list)
    """Of every frame so far, also of those between two looks: a cut hides in one of them."""

    def looks(self) -> Iterator[Frame]:
        """Ten frames a second."""
        due = 0.0
        self.thumbnails.clear()
        for index, (at, frame) in enumerate(_decoded(self.content)):
            self.thumbnails.append((at, _thumbnail(frame)))
            if at + 1e-3 >= due:
                due = max(due + 1 / LOOKS_PER_SECOND, at + 0.5 / LOOKS_PER_SECOND)
                yield Frame(index, at, _upright(frame, "gray"))

    def stills(self, indexes: Collection[int]) -> list[Pixels]:
        """These frames again, in color and in the film's order."""
        frames = enumerate(_decoded(self.content))
        return [_upright(frame, "rgb24") for index, (_, frame) in frames if index in indexes]


def _decoded(content: bytes) -> Iterator[tuple[float, Any]]:
    if len(content) > MAX_BYTES:
        raise ClipTooLarge(limit_mb=MAX_BYTES // 2**20)
    demuxer = _demuxer(content)
    try:
        yield from _frames(content, demuxer)
    except (DomainError, MemoryError):
        raise
    except (av.FFmpegError, ValueError, OverflowError):
        raise ClipNotReadable() from None


def _demuxer(content: bytes) -> str:
    for place, signature, demuxer in _FORMATS:
        if content[place] == signature:
            return demuxer
    raise ClipFormatUnsupported()


def _frames(content: bytes, demuxer: str) -> Iterator[tuple[float, Any]]:
    with av.open(io.BytesIO(content), mode="r", format=demuxer) as container:
        stream = _only_film(container)
        last = count = 0.0
        first: float | None = None
        for frame in container.decode(stream):
            _require_bounds(frame.width, frame.height)
            first = frame.time or 0.0 if first is None else first
            last = max(last, (frame.time or 0.0) - first)
            count += 1
            if last > MAX_SECONDS + 1 or count > _MAX_FRAMES:
                raise ClipTooLong(limit_seconds=MAX_SECONDS)
            yield last, frame
        if not count:
            raise ClipWithoutPicture()
        # One picture may stand still for as long as it likes.
        if count > 1 and last < 0.8 * _seconds(stream) - 1:
            # Cut off: the film promised more than it holds.
            raise ClipNotReadable()


def _only_film(container: Any) -> Any:
    films = container.streams.video
    if not films:
        raise ClipWithoutPicture()
    stream = films[0]
    codec = stream.codec_context
    if len(container.streams) > 4 or len(films) > 1 or codec.name not in _CODECS:
        raise ClipFormatUnsupported()
    _require_bounds(codec.width, codec.height)
    if _seconds(stream) > MAX_SECONDS + 1:
        raise ClipTooLong(limit_seconds=MAX_SECONDS)
    codec.options = {"max_pixels": str(MAX_SIDE**2)}
    # One thread: the pool of workers is the parallelism, and each thread keeps frames.
    codec.thread_count = 1
    return stream


def _seconds(stream: Any) -> float:
    return float(stream.duration * stream.time_base) if stream.duration else 0.0


def _require_bounds(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE:
        raise ClipTooManyPixels(limit=MAX_SIDE)


def _upright(frame: Any, layout: str) -> Pixels:
    scale = min(1.0, LOOK_SIDE / max(frame.width, frame.height))
    width, height = (max(16, round(side * scale)) for side in (frame.width, frame.height))
    pixels = frame.to_ndarray(format=layout, width=width, height=height)
    quarters = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, quarters))


def _thumbnail(frame: Any) -> NDArray[np.float32]:
    small = frame.to_ndarray(
        format="gray", width=_THUMBNAIL, height=_THUMBNAIL, interpolation="AREA"
    )
    return np.asarray(small, dtype=np.float32)
