"""`kopa face compare`: what programs and people get, and the exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.face import face
from kyc import images
from tests.kyc.drawn import LINA, OMAR, ZARA, portrait


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("pictures")
    pictures = {
        "card": portrait(LINA),
        "lina": portrait(LINA, width=220, smile=0.6),
        "omar": portrait(OMAR),
        "zara": portrait(ZARA),
        "wall": portrait(LINA)[:200, :200] // 8,
    }
    for name, pixels in pictures.items():
        (home / f"{name}.jpg").write_bytes(images.encode(pixels))
    (home / "note.jpg").write_text("my selfie")
    return home


def compare(folder: Path, a: str, b: str, *options: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    paths = [str(folder / f"{name}.jpg") for name in (a, b)]
    result = CliRunner().invoke(face, ["compare", *paths, *options])
    return result.exit_code, result.stdout, result.stderr


class TestCompare:
    def test_the_same_person(self, folder: Path) -> None:
        code, output, _ = compare(folder, "card", "lina", "--json")

        answer = json.loads(output)
        assert code == 0
        assert answer["match"] is True
        assert answer["score"] >= answer["threshold"] == 0.455
        assert answer["faces_found"] == [1, 1]
        assert answer["quality"] == {"document": [], "selfie": []}
        assert answer["false_match_rate"] == 0.001

    def test_another_person(self, folder: Path) -> None:
        code, output, _ = compare(folder, "card", "omar", "--json")

        answer = json.loads(output)
        assert code == 1
        assert (answer["match"], answer["verdict"]) == (False, "different")
        assert answer["score"] < answer["threshold"]

    def test_a_likeness_that_one_look_does_not_settle(self, folder: Path) -> None:
        code, output, _ = compare(folder, "card", "zara", "--json")

        assert code == 1
        assert "looked_again" in json.loads(output)["explanation"]

    def test_no_face_to_compare(self, folder: Path) -> None:
        code, output, _ = compare(folder, "card", "wall", "--json")

        answer = json.loads(output)
        assert code == 1
        assert (answer["match"], answer["score"]) == (False, None)
        assert [found["problem"] for found in answer["quality"]["selfie"]][-1] == "no_face"

    def test_a_table_for_people(self, folder: Path) -> None:
        code, output, _ = compare(folder, "card", "lina")

        assert code == 0
        assert "same" in output.splitlines()[0]
        assert "1 stranger in 1000" in output

    def test_a_picture_from_standard_input(self, folder: Path) -> None:
        card = str(folder / "card.jpg")
        selfie = (folder / "lina.jpg").read_bytes()

        result = CliRunner().invoke(face, ["compare", card, "-"], input=selfie)

        assert result.exit_code == 0

    @pytest.mark.parametrize(
        ("name", "sentence"),
        [("note", "is not a JPEG, PNG or WebP picture"), ("nowhere", "cannot be read: No such")],
    )
    def test_bad_input_is_one_line(self, folder: Path, name: str, sentence: str) -> None:
        code, output, error = compare(folder, "card", name)

        assert code == 2
        assert output == ""
        assert sentence in error
        assert error.count("\n") == 1

    def test_only_one_picture_comes_from_standard_input(self) -> None:
        assert CliRunner().invoke(face, ["compare", "-", "-"]).exit_code == 2
