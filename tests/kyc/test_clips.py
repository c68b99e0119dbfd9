"""Video notes taken apart, and files that only pretend to be one."""

import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from kit.errors import DomainError
from kyc import workers
from kyc.liveness import clips
from kyc.liveness.clips import Film

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def frames(count: int, width: int = 160, height: int = 160) -> Iterator[Pixels]:
    """The upper half is bright, the lower dark; the picture grows lighter."""
    for index in range(count):
        picture = np.full((height, width, 3), 20 + index % 50, dtype=np.uint8)
        picture[: height // 2] += 150
        yield picture


def film(
    pictures: Iterator[Pixels], *, rate: int = 25, rotation: int = 0, container: str = "mp4"
) -> bytes:
    file = io.BytesIO()
    with av.open(file, mode="w", format=container) as output:
        stream: Any = output.add_stream("libx264", rate=rate)
        stream.pix_fmt, stream.options = "yuv420p", {"preset": "ultrafast"}
        for index, picture in enumerate(pictures):
            if index == 0:
                stream.height, stream.width = picture.shape[:2]
                if rotation:
                    stream.set_display_rotation(rotation)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return file.getvalue()


def sound() -> bytes:
    file = io.BytesIO()
    with av.open(file, mode="w", format="mp4") as output:
        stream: Any = output.add_stream("aac", rate=16000)
        silence = av.AudioFrame.from_ndarray(
            np.zeros((1, 16000), dtype=np.float32), format="fltp", layout="mono"
        )
        silence.sample_rate, silence.time_base = 16000, Fraction(1, 16000)
        output.mux(stream.encode(silence))
        output.mux(stream.encode(None))
    return file.getvalue()


def gif() -> bytes:
    file = io.BytesIO()
    pictures = [Image.fromarray(picture) for picture in frames(3)]
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:])
    return file.getvalue()


def look(content: bytes) -> int:
    return len(list(Film(content).looks()))


class TestFilm:
    def test_ten_looks_a_second(self) -> None:
        film_ = Film(film(frames(75)))

        looks = list(film_.looks())

        assert len(looks) == pytest.approx(30, abs=1)
        assert looks[0].at == 0
        assert looks[-1].at == pytest.approx(2.9, abs=0.15)
        assert len(film_.thumbnails) == 75

    def test_stills_are_the_frames_that_were_looked_at(self) -> None:
        film_ = Film(film(frames(40)))
        wanted = [frame.index for frame in film_.looks()][3:6]

        stills = film_.stills(wanted)

        assert [still.shape for still in stills] == [(160, 160, 3)] * 3
        assert stills[0].mean() < stills[2].mean()

    def test_large_frames_are_reduced(self) -> None:
        (first, *_) = Film(film(frames(3, 1280, 720))).looks()

        assert first.gray.shape == (360, 640)

    def test_a_phone_on_its_side_is_turned_upright(self) -> None:
        """Stored with the sky on the left, shown with the sky above."""
        sky_left = (np.ascontiguousarray(np.rot90(picture)) for picture in frames(5))

        (first, *_) = Film(film(sky_left, rotation=-90)).looks()

        assert first.gray[:60].mean() > first.gray[100:].mean() + 80

    def test_webm_and_quicktime_are_films_too(self) -> None:
        assert look(film(frames(25), container="mov")) == 10
        assert look(film(frames(25), container="matroska")) == 10


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": (lambda: b"my video note", "clip_format_unsupported"),
    "nothing": (lambda: b"", "clip_format_unsupported"),
    "a GIF by another name": (gif, "clip_format_unsupported"),
    "a list of other files": (
        lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "clip_format_unsupported",
    ),
    "only sound": (sound, "clip_without_picture"),
    "its first half": (lambda: film(frames(50))[:2000], "clip_not_readable"),
    "a header and noise": (
        lambda: film(frames(5))[:40] + bytes(range(256)) * 40, "clip_not_readable",
    ),
    "huge frames": (lambda: film(frames(2, 4096, 64)), "clip_too_many_pixels"),
    "too long": (lambda: film(frames(70, 32, 32), rate=1), "clip_too_long"),
    "too many bytes": (
        lambda: b"\0\0\0\x18ftypisom" + bytes(clips.MAX_BYTES), "clip_too_large",
    ),
}  # fmt: skip


class TestHostileFiles:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_one_refusal_with_a_sentence(self, name: str) -> None:
        make, code = HOSTILE[name]

        with pytest.raises(DomainError) as refusal:
            look(make())

        assert refusal.value.code == code

    async def test_in_a_worker_as_well(self) -> None:
        with pytest.raises(clips.ClipFormatUnsupported):
            await workers.run(look, b"my video note")
