"""Films of a face that acts, made from one picture: for playing and testing without a camera.

The head is a relief over the picture: it turns in depth, its lids slide, its jaw drops. Whoever
can do this can also deceive: what such films prove is written in docs/kyc.md.
"""

import importlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Maps = tuple[NDArray[np.float32], NDArray[np.float32]]
"""For each pixel the column and the row that it shows."""

SIDE = 400
"""Telegram's video notes are squares of 384 to 640 pixels."""
FRAMES_PER_SECOND = 25
_EYES_APART_MM = 90
"""From outer corner to outer corner."""
_FACE_SHARE = 0.32
"""Eyes to chin in shares of the frame, before anybody comes closer."""
_AXIS_MM = 90
"""How far behind the eyes the head turns."""
_CAMERA_MM = 600
_STEP_DEGREES = 0.25
_GRID = 40
_MOUTH_MM = 20
_INSIDE = (46, 20, 24)

_FACE_MM = (
    -14, -2, 5, 8, 9, 9, 8, 5, -2, -14, 6, 14, 21, 28, 8, 13, 15, 13, 8, -8, 0, 1, -3, 0, 0,
    -3, 1, 0, -8, 0, 0, 0, 8, 13, 14, 13, 8, 0, 7, 11, 12, 11, 7, 1, 11, 12, 11, 1, 11, 12, 11,
)  # fmt: skip
_JAW_MM = {5: -38, 6: -25, 7: -10, 8: -4, 9: -10, 10: -25, 11: -38}
_RELIEF_MM = _JAW_MM | dict(zip(range(17, 68), _FACE_MM, strict=True))
"""How far each of the 68 points stands out of the plane of the eyes, on an average face."""


@dataclass(frozen=True)
class Pose:
    """What the face does in one frame."""

    yaw: float = 0.0
    """Degrees; positive to the person's left."""
    closed: float = 0.0
    """1 for shut eyes."""
    opened: float = 0.0
    """1 for a wide open mouth."""
    zoom: float = 1.0
    right: float = 0.0
    """Shift in shares of the frame."""
    down: float = 0.0


class NoFaceToAct(ValueError):
    """The picture shows no upright face."""


class Actor:
    """The person in a picture."""

    def __init__(self, pixels: Pixels) -> None:
        self.face, self.points = _framed(pixels)
        eyes = self.points[[36, 45]]
        self.mm = float(np.linalg.norm(eyes[1] - eyes[0])) / _EYES_APART_MM
        self.middle = eyes.mean(axis=0)
        self._turns: dict[float, Maps] = {}

    def show(self, pose: Pose) -> Pixels:
        face = self.face
        if pose.opened > 0:
            face = self._mouth(face, pose.opened)
        if pose.closed > 0:
            for eye in (range(36, 42), range(42, 48)):
                face = self._lid(face, eye, pose.closed)
        yaw = round(pose.yaw / _STEP_DEGREES) * _STEP_DEGREES
        if yaw not in self._turns:
            self._turns[yaw] = self._turned(yaw)
        across, down = self._turns[yaw]
        seen = _zoomed(across, down, pose)
        return np.asarray(
            cv2.remap(face, *seen, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
            dtype=np.uint8,
        )

    def _turned(self, yaw: float) -> Maps:
        chosen = list(_RELIEF_MM)
        places = (self.points[chosen] - self.middle) / self.mm
        relief = np.array([_RELIEF_MM[index] for index in chosen], dtype=np.float64)
        angle = np.radians(yaw)
        across = places[:, 0] * np.cos(angle) + (relief + _AXIS_MM) * np.sin(angle)
        depth = -places[:, 0] * np.sin(angle) + (relief + _AXIS_MM) * np.cos(angle) - _AXIS_MM
        nearer = (_CAMERA_MM - relief) / (_CAMERA_MM - depth)
        targets = np.stack([across * nearer, places[:, 1] * nearer], axis=1)
        still = self._surroundings()
        return _spline(
            np.concatenate([targets * self.mm + self.middle, still]),
            np.concatenate([self.points[chosen], still]),
        )

    def _surroundings(self) -> Floats:
        """Points that stay where they are: around the head, and the frame's edge."""
        angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        ring = np.stack([135 * np.cos(angles), 35 + 165 * np.sin(angles)], axis=1)
        edge = [
            (x, y)
            for x in (0, SIDE / 2, SIDE)
            for y in (0, SIDE / 2, SIDE)
            if (x, y) != (SIDE / 2, SIDE / 2)
        ]
        return np.concatenate([ring * self.mm + self.middle, np.array(edge, dtype=np.float64)])

    def _lid(self, face: Pixels, eye: Sequence[int], closed: float) -> Pixels:
        corners = self.points[list(eye)]
        columns = np.arange(SIDE, dtype=np.float64)
        order = np.argsort(corners[[0, 1, 2, 3], 0])
        top = _curve(columns, corners[[0, 1, 2, 3]][order])
        bottom = _curve(columns, corners[[0, 5, 4, 3]][order])
        height = float(np.max(bottom - top)) + 1
        lid = top + closed * (bottom - top)
        rows = np.arange(SIDE, dtype=np.float64)[:, None]
        start = top - height
        squeezed = start + (rows - start) * height / (height + lid - top)
        inside = (rows >= start) & (rows <= lid) & (lid > top)
        source = np.where(inside, squeezed, rows).astype(np.float32)
        across = np.repeat(columns[None, :], SIDE, axis=0).astype(np.float32)
        moved = cv2.remap(face, across, source, cv2.INTER_LINEAR).astype(np.float64)
        lash = np.exp(-(((rows - lid) / (0.09 * height + 0.6)) ** 2)) * (lid > top + 0.5)
        return np.asarray(moved * (1 - 0.75 * lash[:, :, None]), dtype=np.uint8)

    def _mouth(self, face: Pixels, opened: float) -> Pixels:
        columns = np.arange(SIDE, dtype=np.float64)
        rows = np.arange(SIDE, dtype=np.float64)[:, None]
        left, right = self.points[60, 0], self.points[64, 0]
        reach = 1 - ((columns - (left + right) / 2) / ((right - left) / 2)) ** 2
        gap = opened * _MOUTH_MM * self.mm * np.sqrt(np.clip(reach, 0, 1))
        lips = np.interp(columns, self.points[[60, 62, 64], 0], self._between_lips())
        upper, lower = lips - 0.15 * gap, lips + 0.85 * gap
        falling = np.clip(1 - (rows - lower) / (70 * self.mm), 0, 1)
        rising = np.clip(1 - (upper - rows) / (22 * self.mm), 0, 1)
        source = np.where(rows >= lower, rows - 0.85 * gap * falling, rows + 0.15 * gap * rising)
        across = np.repeat(columns[None, :], SIDE, axis=0).astype(np.float32)
        moved = cv2.remap(face, across, source.astype(np.float32), cv2.INTER_LINEAR)
        inside = (rows > upper) & (rows < lower)
        soft = cv2.GaussianBlur(inside.astype(np.float64), (0, 0), 1.0)[:, :, None]
        return np.asarray(moved * (1 - soft) + np.array(_INSIDE) * soft, dtype=np.uint8)

    def _between_lips(self) -> Floats:
        middle = self.points[[62, 66], 1].mean()
        return np.array([self.points[60, 1], middle, self.points[64, 1]])


def perform(acts: Iterable[str], seed: int = 0) -> list[Pose]:
    """Frame by frame what a person does who was asked for these acts."""
    random = Random(seed)  # noqa: S311 (a play, not a secret)
    tracks: dict[str, list[float]] = {"yaw": [], "closed": [], "opened": [], "zoom": []}
    zoom = 1.0
    _add(tracks, _pause(random.uniform(0.7, 1.0)), zoom)
    for act in acts:
        move, zoom_to = _move(act, random, zoom)
        _add(tracks, move, zoom, zoom_to)
        zoom = zoom_to
        _add(tracks, _pause(random.uniform(0.4, 0.7)), zoom)
    phase = random.uniform(0, 6)
    return [
        Pose(
            yaw + 1.5 * float(np.sin(phase + frame / 17)), closed, opened, near,
            0.006 * float(np.sin(phase + frame / 23)), 0.005 * float(np.cos(phase + frame / 31)),
        )
        for frame, (yaw, closed, opened, near) in enumerate(zip(*tracks.values(), strict=True))
    ]  # fmt: skip


def film(
    frames: Iterable[Pixels],
    *,
    grain: float = 2.0,
    seed: int = 0,
    rate: Fraction = Fraction(FRAMES_PER_SECOND),
) -> bytes:
    """The frames as an MP4, as a phone would send them."""
    noise = np.random.default_rng(seed)
    file = io.BytesIO()
    with av.open(file, mode="w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=rate)
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "23", "preset": "veryfast"}
        for index, pixels in enumerate(frames):
            if index == 0:
                stream.height, stream.width = pixels.shape[:2]
            grained = pixels + noise.normal(0, grain, (*pixels.shape[:2], 1))
            frame = av.VideoFrame.from_ndarray(
                np.clip(grained, 0, 255).astype(np.uint8), format="rgb24"
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def record(pixels: Pixels, acts: Iterable[str], seed: int = 0) -> bytes:
    """The person in the picture does what was asked."""
    actor = Actor(pixels)
    return film((actor.show(pose) for pose in perform(acts, seed)), seed=seed)


def record_clearly(pixels: Pixels, acts: Iterable[str], seed: int = 0) -> bytes:
    """The same with farther turns, as who wants to be understood, and half of the frames: a
    quarter of a second of a processor for each second of film."""
    actor, poses = Actor(pixels), perform(acts, seed)[::2]
    shown = (actor.show(replace(pose, yaw=1.2 * pose.yaw)) for pose in poses)
    return film(shown, seed=seed, rate=Fraction(FRAMES_PER_SECOND, 2))


def _move(act: str, random: Random, zoom: float) -> tuple[dict[str, list[float]], float]:
    pace = random.uniform(0.85, 1.2)
    if act in ("turn_left", "turn_right"):
        most = random.uniform(26, 31) * (1 if act == "turn_left" else -1)
        return {"yaw": [most * share for share in _wave(0.5 * pace, 0.4 * pace)]}, zoom
    if act == "blink_twice":
        gap = [0.0] * round(random.uniform(0.25, 0.45) * FRAMES_PER_SECOND)
        return {"closed": [*_wave(0.08, 0.12), *gap, *_wave(0.08, 0.12)]}, zoom
    if act == "open_mouth":
        most = random.uniform(0.8, 1)
        return {"opened": [most * share for share in _wave(0.3 * pace, 0.5 * pace)]}, zoom
    if act == "come_closer":
        return {"near": list(_rise(1.1 * pace))}, zoom * random.uniform(1.4, 1.55)
    raise ValueError(f"nobody knows how to {act}")


def _wave(rise_seconds: float, hold_seconds: float) -> Iterator[float]:
    rise = list(_rise(rise_seconds))
    yield from rise
    yield from [1.0] * round(hold_seconds * FRAMES_PER_SECOND)
    yield from reversed(rise)


def _rise(seconds: float) -> Iterator[float]:
    for share in np.linspace(0, 1, max(2, round(seconds * FRAMES_PER_SECOND))):
        yield float(share * share * (3 - 2 * share))


def _pause(seconds: float) -> dict[str, list[float]]:
    return {"yaw": [0.0] * round(seconds * FRAMES_PER_SECOND)}


def _add(
    tracks: dict[str, list[float]], move: dict[str, list[float]], zoom: float, to: float = 0
) -> None:
    (length,) = {len(track) for track in move.values()}
    near = move.get("near", [0.0] * length)
    for name in ("yaw", "closed", "opened"):
        tracks[name] += move.get(name, [0.0] * length)
    tracks["zoom"] += [zoom + ((to or zoom) - zoom) * share for share in near]


def _framed(pixels: Pixels) -> tuple[Pixels, Floats]:
    """A square around the largest face, and its 68 points."""
    points = _landmarks(pixels)
    eyes, chin = points[36:48].mean(axis=0), points[8]
    scale = _FACE_SHARE * SIDE / max(float(chin[1] - eyes[1]), 1.0)
    middle = eyes * 0.55 + chin * 0.45
    moved = np.array(
        [[scale, 0, SIDE / 2 - scale * middle[0]], [0, scale, SIDE / 2 - scale * middle[1]]]
    )
    face = cv2.warpAffine(
        pixels, moved, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(face, dtype=np.uint8), points @ moved[:, :2].T + moved[:, 2]


def _landmarks(pixels: Pixels) -> Floats:
    detector, predictor = _models()
    scale = min(1.0, 800 / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    boxes = detector(small, 1)
    if not boxes:
        raise NoFaceToAct("no face in this picture")
    box = max(boxes, key=lambda found: found.height())
    parts = predictor(small, box).parts()
    return np.array([(part.x / scale, part.y / scale) for part in parts], dtype=np.float64)


@cache
def _models() -> tuple[Any, Any]:
    dlib = importlib.import_module("dlib")
    models = importlib.import_module("face_recognition_models")
    predictor = dlib.shape_predictor(models.pose_predictor_model_location())
    return dlib.get_frontal_face_detector(), predictor


def _curve(columns: Floats, corners: Floats) -> Floats:
    return np.asarray(np.interp(columns, corners[:, 0], corners[:, 1]))


def _spline(targets: Floats, sources: Floats) -> Maps:
    """A thin-plate spline through the points, on a coarse grid that is made finer."""
    n = len(targets)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = _kernel(targets, targets) + 1e-3 * np.eye(n)
    system[:n, n] = system[n, :n] = 1
    system[:n, n + 1 :] = targets
    system[n + 1 :, :n] = targets.T
    weights = np.linalg.solve(system, np.concatenate([sources, np.zeros((3, 2))]))
    steps = np.linspace(0, SIDE - 1, _GRID)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    ones = np.ones((len(grid), 1))
    found = np.concatenate([_kernel(grid, targets), ones, grid], axis=1) @ weights
    maps = found.astype(np.float32).reshape(_GRID, _GRID, 2)
    # Corners of the coarse grid are pixels, not edges: stretched by the same rule as its steps.
    places = np.linspace(0, _GRID - 1, SIDE, dtype=np.float32)
    across, down = np.meshgrid(places, places)
    fine = cv2.remap(maps, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return fine[:, :, 0].astype(np.float32), fine[:, :, 1].astype(np.float32)


def _kernel(a: Floats, b: Floats) -> Floats:
    squared = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2)
    return np.asarray(squared * np.log(squared + 1e-9))


def _zoomed(across: NDArray[np.float32], down: NDArray[np.float32], pose: Pose) -> Maps:
    steps = np.arange(SIDE, dtype=np.float32)
    columns = (steps - SIDE * (0.5 + pose.right)) / pose.zoom + SIDE / 2
    rows = (steps - SIDE * (0.5 + pose.down)) / pose.zoom + SIDE / 2
    places = np.meshgrid(columns.astype(np.float32), rows.astype(np.float32))
    edge = cv2.BORDER_REPLICATE
    return (
        cv2.remap(across, *places, cv2.INTER_LINEAR, borderMode=edge).astype(np.float32),
        cv2.remap(down, *places, cv2.INTER_LINEAR, borderMode=edge).astype(np.float32),
    )
