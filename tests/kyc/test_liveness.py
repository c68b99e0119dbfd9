"""Acting people pass and impostors do not, on drawn faces everywhere and on photographs where
they lie beside the checkout."""

import asyncio
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, ImageSequence

from bench import impostors
from cli.liveness import liveness
from kyc import images, workers
from kyc.checks import Evidence
from kyc.liveness import acts, challenge, check, clips, judging, motion
from kyc.liveness.challenge import Act, Challenge
from kyc.liveness.clips import Film
from kyc.liveness.judging import LivenessReport, Verdict
from kyc.liveness.landmarks import Watch
from kyc.liveness.motion import Motion
from kyc.states import CheckKind, CheckVerdict
from sandbox.specimens import films
from sandbox.specimens.faces import LINA, OMAR, portrait

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ASKED = (Act.TURN_LEFT, Act.BLINK_TWICE, Act.COME_CLOSER)


@cache
def lina() -> images.Pixels:
    return portrait(LINA)


@cache
def genuine() -> bytes:
    return films.record(lina(), ASKED)


def judged(clip: bytes, asked: Sequence[Act] = ASKED) -> LivenessReport:
    return judging.judge(clip, asked, selfie=lina())


class TestChallenge:
    def test_is_random_and_always_turns_the_head(self) -> None:
        random = Random(5)
        issued = {challenge.issue(random, NOW).acts for _ in range(2000)}

        assert len(issued) == 54
        assert all(len(set(asked)) == 3 for asked in issued)
        assert all({Act.TURN_LEFT, Act.TURN_RIGHT} & set(asked) for asked in issued)

    def test_comes_back_from_json(self) -> None:
        issued = challenge.issue(Random(1), NOW)

        assert Challenge.from_json(json.loads(json.dumps(issued.to_json()))) == issued

    @pytest.mark.parametrize(
        ("seconds", "forwarded", "refusal"),
        [
            (-10, False, challenge.ClipOlderThanChallenge),
            (76, False, challenge.ChallengeExpired),
            (30, True, challenge.ClipForwarded),
        ],
    )
    def test_an_answer_to_something_else(
        self, seconds: int, forwarded: bool, refusal: type[Exception]
    ) -> None:
        issued = challenge.issue(Random(1), NOW)

        with pytest.raises(refusal):
            challenge.require_fresh(
                issued, sent_at=NOW + timedelta(seconds=seconds), forwarded=forwarded
            )

    def test_an_answer_in_time(self) -> None:
        challenge.require_fresh(
            challenge.issue(Random(1), NOW), sent_at=NOW + timedelta(seconds=40), forwarded=False
        )


def moves(**tracks: Sequence[float]) -> Motion:
    """A face that does nothing but what is said, ten looks a second."""
    length = max(len(track) for track in tracks.values())
    still = {"turn": 0.0, "narrowing": 1.0, "open_share": 1.0, "lids": 1.0, "mouth": 0.05,
             "height": 120.0}  # fmt: skip
    series = {
        name: np.array([*tracks.get(name, ()), *[usual] * (length - len(tracks.get(name, ())))])
        for name, usual in still.items()
    }
    return Motion(at=np.arange(length) / 10, **series)


class TestActs:
    def test_a_turn_goes_there_and_back(self) -> None:
        there = [0.0] * 5 + [25.0] * 4

        back = acts.match([Act.TURN_LEFT], moves(turn=there + [0.0] * 5))
        stayed = acts.match([Act.TURN_LEFT], moves(turn=there))

        assert back.is_complete
        assert not stayed.is_complete

    @pytest.mark.parametrize(("degrees", "looks"), [(17.0, 6), (30.0, 2)])
    def test_a_small_or_a_short_turn_is_none(self, degrees: float, looks: int) -> None:
        motion = moves(turn=[0.0] * 5 + [degrees] * looks + [0.0] * 5)

        assert not acts.match([Act.TURN_LEFT], motion).is_complete

    def test_left_is_not_right(self) -> None:
        motion = moves(turn=[0.0] * 5 + [-25.0] * 4 + [0.0] * 5)

        answers = acts.match([Act.TURN_LEFT], motion)

        assert not answers.is_complete
        assert acts.match([Act.TURN_RIGHT], motion).is_complete

    def test_one_blink_is_not_two(self) -> None:
        once = [1.0] * 5 + [0.4] + [1.0] * 5

        assert not acts.match([Act.BLINK_TWICE], moves(open_share=once)).is_complete
        assert acts.match([Act.BLINK_TWICE], moves(open_share=once * 2)).is_complete

    def test_a_long_closing_is_no_blink(self) -> None:
        shut = [1.0] * 5 + [0.4] * 9 + [1.0] * 5 + [0.4] + [1.0] * 5

        answers = acts.match([Act.BLINK_TWICE], moves(open_share=shut))

        assert not answers.is_complete
        assert [closure.is_blink for closure in answers.closures] == [False, True]

    def test_blinks_before_their_turn_do_not_count(self) -> None:
        motion = moves(
            open_share=[1.0, 1.0, 0.4, 1.0, 1.0, 0.4, 1.0], turn=[0.0] * 8 + [25.0] * 4 + [0.0] * 8
        )

        assert acts.match([Act.BLINK_TWICE, Act.TURN_LEFT], motion).is_complete
        assert not acts.match([Act.TURN_LEFT, Act.BLINK_TWICE], motion).is_complete

    def test_an_act_that_nobody_asked_for(self) -> None:
        motion = moves(
            mouth=[0.05] * 3 + [0.5] * 4 + [0.05] * 20, turn=[0.0] * 12 + [25.0] * 4 + [0.0] * 8
        )

        (extra,) = acts.match([Act.TURN_LEFT], motion).unexpected

        assert extra.act is Act.OPEN_MOUTH

    def test_nearer_by_a_quarter(self) -> None:
        for growth, found in ((1.2, False), (1.35, True)):
            path = [120.0 * (1 + (growth - 1) * step / 10) for step in range(11)]

            motion = moves(height=[120.0] * 5 + path + path[-1:] * 5)

            assert acts.match([Act.COME_CLOSER], motion).is_complete is found


class TestJudge:
    def test_a_person_who_does_what_was_asked(self) -> None:
        report = judged(genuine())

        assert (report.verdict, report.reasons) == (Verdict.LIVE, ())
        times = [answer.event.at for answer in report.answers.acts if answer.event]
        assert times == sorted(times)
        assert len(times) == 3

    def test_the_same_film_answers_no_other_challenge(self) -> None:
        report = judged(genuine(), (Act.COME_CLOSER, Act.TURN_LEFT, Act.BLINK_TWICE))

        assert report.verdict is Verdict.NOT_LIVE
        assert "acts_out_of_order" in report.reasons

    @pytest.mark.parametrize(
        ("attack", "reason"),
        [
            ("swung photograph", "turn_left_not_found"),
            ("mask with cut eyes", "turn_left_not_found"),
            ("still with motion blur", "come_closer_not_found"),
            ("cut", "cut"),
        ],
    )
    def test_an_impostor_with_one_picture(self, attack: str, reason: str) -> None:
        report = judged(impostors.OF_ONE[attack](lina(), ASKED, 0))

        assert report.verdict is Verdict.NOT_LIVE
        assert reason in report.reasons

    @pytest.mark.parametrize(
        ("attack", "reason"),
        [("faded swap", "face_changes"), ("two people", "several_faces")],
    )
    def test_an_impostor_with_two(self, attack: str, reason: str) -> None:
        report = judged(impostors.OF_TWO[attack](lina(), portrait(OMAR), ASKED, 0))

        assert report.verdict is Verdict.NOT_LIVE
        assert reason in report.reasons

    def test_an_empty_room(self) -> None:
        wall = np.full((240, 240, 3), 128, dtype=np.uint8)

        report = judged(films.film([wall] * 60))

        assert (report.verdict, report.reasons[0]) == (Verdict.NOT_LIVE, "no_face")


class TestCheck:
    """As an identity is checked: in a worker, with evidence from the database."""

    async def test_without_a_film_there_is_nothing_to_check(self) -> None:
        done = await check.check(Evidence(b"", b""))

        assert (done.kind, done.verdict) == (CheckKind.LIVENESS, CheckVerdict.SKIPPED)

    async def test_a_person_who_does_what_was_asked_is_clear(self) -> None:
        asked = Challenge(ASKED, NOW, NOW + challenge.LIFETIME, "0")
        picture = images.encode(lina())

        done = await check.check(
            Evidence(picture, picture, clip=genuine(), challenge=asked.to_json())
        )

        assert (done.verdict, done.reasons) == (CheckVerdict.CLEAR, ())
        assert json.loads(json.dumps(done.numbers))["verdict"] == "live"

    async def test_what_is_not_clear_is_for_a_person(self) -> None:
        asked = Challenge((Act.TURN_RIGHT,), NOW, NOW + challenge.LIFETIME, "0")
        picture = images.encode(lina())

        done = await check.check(
            Evidence(picture, picture, clip=genuine(), challenge=asked.to_json())
        )

        assert done.verdict is CheckVerdict.DOUBT
        assert "turn_right_not_found" in done.reasons


class TestPhotographs:
    """Faces of real people, where their photographs lie beside the checkout."""

    @pytest.mark.parametrize("name", ["img2", "img20", "img30"])
    def test_act_and_pass(self, photographs: Path, name: str) -> None:
        person = images.decode((photographs / f"{name}.jpg").read_bytes())
        asked = (Act.OPEN_MOUTH, Act.TURN_RIGHT, Act.BLINK_TWICE)

        report = judging.judge(
            films.record(person, asked, 2), asked, selfie=person, document=person
        )

        assert report.reasons == ()

    def test_swapped_are_found_out(self, photographs: Path) -> None:
        one, other = (
            images.decode((photographs / f"{name}.jpg").read_bytes()) for name in ("img2", "img20")
        )

        report = judging.judge(impostors.faded_swap(one, other, ASKED, 0), ASKED)

        assert "face_changes" in report.reasons

    @pytest.mark.parametrize(("name", "yaw"), [("yin_demo", -15), ("yin_demo1", 12)])
    def test_turns_of_people_who_were_filmed(self, name: str, yaw: int) -> None:
        path = SHARED / "liveness" / f"{name}.gif"
        if not path.is_file():
            pytest.skip("no films of turning heads beside the checkout")
        with Image.open(path) as moving:
            pictures = [
                np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(moving)
            ]
        watch = Watch()
        for frame in Film(films.film(pictures, grain=0)).looks():
            watch.see(frame)

        yaws = [sight.yaw for sight in watch.sights]
        furthest = max(yaws, key=abs)
        assert furthest / yaw > 1
        turned = motion.measure(watch.sights).turn
        assert np.corrcoef(yaws, turned)[0, 1] > 0.9


async def test_a_note_is_not_blamed_for_a_crash_over_another_picture() -> None:
    face = images.encode(lina())
    asked = challenge.issue(Random(1), NOW).to_json()
    evidence = Evidence(document=face, selfie=face, clip=b"no film", challenge=asked)

    _, seen = await asyncio.gather(
        workers.run(os._exit, 1), check.check(evidence), return_exceptions=True
    )

    assert isinstance(seen, clips.ClipFormatUnsupported)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("notes")
    (home / "note.mp4").write_bytes(genuine())
    (home / "lina.jpg").write_bytes(images.encode(lina()))
    (home / "text.mp4").write_text("my video note")
    return home


class TestCommand:
    def run(self, folder: Path, name: str, asked: str, *options: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(
            liveness, ["check", str(folder / name), "--challenge", asked, *options]
        )
        return result.exit_code, result.stdout, result.stderr

    def test_live(self, folder: Path) -> None:
        code, output, _ = self.run(
            folder, "note.mp4", ",".join(ASKED), "--selfie", str(folder / "lina.jpg"), "--json"
        )

        answer = json.loads(output)
        assert code == 0
        assert answer["live"] is True
        assert [act["asked"] for act in answer["acts"]] == list(ASKED)
        assert all(act["found"] for act in answer["acts"])
        assert answer["faces"]["selfie"] < answer["faces"]["same"]

    def test_not_live(self, folder: Path) -> None:
        code, output, _ = self.run(folder, "note.mp4", "turn_right,open_mouth")

        assert code == 1
        assert "turn_right_not_found" in output

    @pytest.mark.parametrize(
        ("name", "asked", "sentence"),
        [
            ("text.mp4", "turn_left", "is not an MP4"),
            ("nowhere.mp4", "turn_left", "cannot be read: No such"),
            ("note.mp4", "wave", "--challenge takes acts out of turn_left"),
        ],
    )
    def test_bad_input_is_one_line(
        self, folder: Path, name: str, asked: str, sentence: str
    ) -> None:
        code, output, error = self.run(folder, name, asked)

        assert (code, output) == (2, "")
        assert sentence in error
        assert error.count("\n") == 1
