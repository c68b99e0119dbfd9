"""The same work through the worker process, and what happens when a worker dies."""

import asyncio
import io
import os
import signal
import time

import numpy as np
import pytest
from PIL import Image

from kyc import images, pictures, workers
from kyc.faces import Verdict
from kyc.quality import Problem, Shot
from tests.kyc.drawn import LINA, portrait

LINAS_CARD = images.encode(portrait(LINA))
LINAS_SELFIE = images.encode(portrait(LINA, width=220, smile=0.6))
WALL = images.encode(np.full((400, 400, 3), 180, dtype=np.uint8))


class TestInspect:
    async def test_gives_a_clean_picture_and_no_findings(self) -> None:
        inspection = await pictures.inspect(LINAS_SELFIE, Shot.SELFIE)

        assert inspection.findings == ()
        assert inspection.faces_found == 1
        assert images.decode(inspection.content).shape == (484, 440, 3)

    async def test_stores_a_picture_upright_that_was_sent_lying(self) -> None:
        lying = images.encode(np.ascontiguousarray(np.rot90(portrait(LINA))))

        inspection = await pictures.inspect(lying, Shot.DOCUMENT)

        assert images.decode(inspection.content).shape == portrait(LINA).shape

    async def test_names_what_is_wrong(self) -> None:
        (finding,) = (await pictures.inspect(WALL, Shot.SELFIE)).findings

        assert finding.problem is Problem.NO_FACE

    async def test_brings_a_refusal_back_from_the_worker(self) -> None:
        with pytest.raises(images.PictureFormatUnsupported):
            await pictures.inspect(b"a sticker", Shot.SELFIE)

    async def test_does_not_carry_a_huge_file_to_the_worker(self) -> None:
        with pytest.raises(images.PictureTooLarge) as refusal:
            await pictures.inspect(bytes(images.MAX_BYTES + 1), Shot.SELFIE)

        assert refusal.value.params == {"limit_mb": 10}


class TestCompare:
    async def test_the_same_person(self) -> None:
        assert (await pictures.compare(LINAS_CARD, LINAS_SELFIE)).verdict is Verdict.SAME

    async def test_nobody(self) -> None:
        assert (await pictures.compare(LINAS_CARD, WALL)).explanation == ("selfie_no_face",)

    async def test_leaves_the_event_loop_free(self) -> None:
        await pictures.warm_up()
        stall, whole = await asyncio.wait_for(_longest_stall(), timeout=60)

        assert stall < whole / 2


class TestWorkers:
    async def test_a_worker_that_dies_is_one_clear_error_and_the_next_call_works(self) -> None:
        with pytest.raises(workers.PictureCheckFailed):
            await workers.run(_die)

        assert await workers.run(abs, -3) == 3

    async def test_memory_has_a_limit(self) -> None:
        with pytest.raises(workers.PictureCheckFailed):
            await workers.run(bytearray, workers.MEMORY_BYTES)

    async def test_time_has_a_limit(self) -> None:
        with pytest.raises(workers.PictureCheckFailed):
            await workers.run(_spin_with_a_second_left)

    async def test_a_bug_comes_back_as_itself(self) -> None:
        with pytest.raises(ZeroDivisionError):
            await workers.run(divmod, 1, 0)

    async def test_closing_stops_the_processes_and_the_next_call_starts_new_ones(self) -> None:
        before = await workers.run(os.getpid)
        workers.close()

        assert await workers.run(os.getpid) != before

    async def test_decoding_the_largest_pictures_stays_far_below_the_limit(self) -> None:
        buffer = io.BytesIO()
        Image.new("RGBA", (5000, 4000), (9, 9, 9, 200)).save(buffer, "PNG")

        inspection = await pictures.inspect(buffer.getvalue(), Shot.SELFIE)

        assert inspection.findings[-1].problem is Problem.NO_FACE


async def _longest_stall() -> tuple[float, float]:
    """How late the loop was at worst while a comparison ran, and how long that took."""
    start = time.perf_counter()
    job = asyncio.ensure_future(pictures.compare(LINAS_CARD, LINAS_SELFIE))
    longest = 0.0
    while not job.done():
        before = time.perf_counter()
        await asyncio.sleep(0.005)
        longest = max(longest, time.perf_counter() - before)
    await job
    return longest, time.perf_counter() - start


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _spin_with_a_second_left() -> None:
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + 1, resource.RLIM_INFINITY))
    while True:
        pass
