"""Films that are not of a living person who does what was asked, made from still pictures."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np

from sandbox.specimens import films
from sandbox.specimens.films import Actor, Pixels, Pose

_TABLE = (120, 110, 100)
_PAPER_SHARE = 0.92
_CAMERA_SIDES = 2.2


def swung_photograph(person: Pixels, acts: Sequence[str], seed: int) -> bytes:
    """Paper before the camera: turned by 45 degrees where a head should turn, brought closer."""
    actor = Actor(person)
    still = actor.show(Pose())
    poses = films.perform(acts, seed)
    return films.film((_paper(still, pose) for pose in poses), seed=seed)


def mask_with_cut_eyes(person: Pixels, acts: Sequence[str], seed: int) -> bytes:
    """A printed face with holes: living eyes blink behind it, the rest is flat and rigid."""
    actor = Actor(person)
    poses = films.perform(acts, seed)
    frames = (_paper(actor.show(Pose(closed=pose.closed)), pose) for pose in poses)
    return films.film(frames, seed=seed)


def still_with_motion_blur(person: Pixels, acts: Sequence[str], seed: int) -> bytes:
    """A photograph that is shaken."""
    still = Actor(person).show(Pose())
    random = np.random.default_rng(seed)
    frames = []
    for _ in films.perform(acts, seed):
        length = int(random.integers(1, 12))
        moved = np.roll(still, random.integers(-6, 7, 2), (0, 1))
        blurred = cv2.blur(moved, (length, 1 + length // 3))
        frames.append(np.asarray(blurred, dtype=np.uint8))
    return films.film(frames, seed=seed)


def other_challenge(person: Pixels, acts: Sequence[str], seed: int) -> bytes:
    """A good film, recorded for another order: the same acts, the first one last."""
    return films.record(person, [*acts[1:], acts[0]], seed)


def missing_act(person: Pixels, acts: Sequence[str], seed: int) -> bytes:
    return films.record(person, acts[:-1], seed)


def swap_in_the_middle(person: Pixels, other: Pixels, acts: Sequence[str], seed: int) -> bytes:
    """One person begins, another one goes on: at once, as a face swap switches itself on."""
    actors = (Actor(person), Actor(other))
    poses = films.perform(acts, seed)
    half = len(poses) // 2
    return films.film(
        (actors[index >= half].show(pose) for index, pose in enumerate(poses)), seed=seed
    )


def faded_swap(person: Pixels, other: Pixels, acts: Sequence[str], seed: int) -> bytes:
    """As above, within half a second."""
    actors = (Actor(person), Actor(other))
    poses = films.perform(acts, seed)
    half = len(poses) // 2

    def frame(index: int, pose: Pose) -> Pixels:
        share = min(1.0, max(0.0, (index - half) / 12))
        first, second = (actor.show(pose).astype(np.float64) for actor in actors)
        return (first * (1 - share) + second * share).astype(np.uint8)

    return films.film((frame(index, pose) for index, pose in enumerate(poses)), seed=seed)


def cut(person: Pixels, acts: Sequence[str], seed: int) -> bytes:
    """Two takes put together: the camera stands elsewhere, a little nearer."""
    actor = Actor(person)
    poses = films.perform(acts, seed)
    half = len(poses) // 2
    moved = [
        pose
        if index < half
        else replace(pose, zoom=pose.zoom * 1.1, right=pose.right + 0.07, down=pose.down - 0.05)
        for index, pose in enumerate(poses)
    ]
    return films.film((actor.show(pose) for pose in moved), seed=seed)


def two_people(person: Pixels, other: Pixels, acts: Sequence[str], seed: int) -> bytes:
    """Another face beside the first, from the middle on."""
    first, second = Actor(person), Actor(other)
    poses = films.perform(acts, seed)
    beside = second.show(Pose(zoom=0.9))

    def frame(index: int, pose: Pose) -> Pixels:
        shown = first.show(replace(pose, right=-0.24))
        if index >= len(poses) // 3:
            shown[:, films.SIDE * 3 // 5 :] = beside[:, films.SIDE * 3 // 10 : films.SIDE * 7 // 10]
        return shown

    return films.film((frame(index, pose) for index, pose in enumerate(poses)), seed=seed)


OF_ONE: dict[str, Callable[[Pixels, Sequence[str], int], bytes]] = {
    "swung photograph": swung_photograph,
    "mask with cut eyes": mask_with_cut_eyes,
    "still with motion blur": still_with_motion_blur,
    "answer to another challenge": other_challenge,
    "an act is missing": missing_act,
    "cut": cut,
}
OF_TWO: dict[str, Callable[[Pixels, Pixels, Sequence[str], int], bytes]] = {
    "swap in the middle": swap_in_the_middle,
    "faded swap": faded_swap,
    "two people": two_people,
}


def _paper(still: Pixels, pose: Pose) -> Pixels:
    """The picture as a sheet before the camera that does with its hands what a head should do."""
    side = still.shape[0]
    angle = np.radians(pose.yaw * 1.5)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], dtype=np.float64) * _PAPER_SHARE
    across, deep = corners[:, 0] * np.cos(angle), -corners[:, 0] * np.sin(angle)
    nearer = pose.zoom * _CAMERA_SIDES / (_CAMERA_SIDES + deep)
    seen = np.stack([across * nearer, corners[:, 1] * nearer], axis=1)
    where = (seen + 1) * side / 2 + np.array([pose.right, pose.down]) * side
    before = (np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) + 1) * side / 2
    plane = cv2.getPerspectiveTransform(before.astype(np.float32), where.astype(np.float32))
    return np.asarray(
        cv2.warpPerspective(still, plane, (side, side), borderValue=_TABLE), dtype=np.uint8
    )
