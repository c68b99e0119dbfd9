"""`kopa face compare`: what programs and people get, and the exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.face import face
from kyc import images
from tests.kyc.drawn import LINA, OMAR, ZARA, portrait

ENGINE = ("--engine", "face_recognition")


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
    """Exit code, standard output, standard error; by the engine that works everywhere."""
    paths = [str(folder / f"{name}.jpg") for name in (a, b)]
    result = CliRunner().invoke(face, ["compare", *paths, *ENGINE, *options])
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

    def test_at_another_rate(self, folder: Path) -> None:
        _, usual, _ = compare(folder, "card", "lina", "--json")
        _, strict, _ = compare(folder, "card", "lina", "--json", "--fmr", "1e-5")

        assert json.loads(strict)["false_match_rate"] == 1e-5
        assert json.loads(strict)["threshold"] > json.loads(usual)["threshold"]
        assert json.loads(strict)["score"] == json.loads(usual)["score"]

    def test_an_engine_whose_weights_are_not_here(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KOPA_WEIGHTS", str(tmp_path))

        code, _, error = compare(folder, "card", "lina", "--engine", "fr_feature")

        assert code == 2
        assert "make models" in error


class TestBatch:
    def test_a_line_for_each_pair(self, folder: Path, tmp_path: Path) -> None:
        pairs = self.table(folder, tmp_path, ("card", "lina"), ("card", "omar"))

        result = CliRunner().invoke(face, ["compare", "--batch", pairs, *ENGINE])

        answers = [json.loads(line) for line in result.stdout.splitlines()]
        assert result.exit_code == 0
        assert [answer["match"] for answer in answers] == [True, False]
        assert answers[1]["b"].endswith("omar.jpg")
        _, alone, _ = compare(folder, "card", "lina", "--json")
        assert answers[0]["score"] == json.loads(alone)["score"]

    def test_goes_on_after_a_file_that_is_no_picture(self, folder: Path, tmp_path: Path) -> None:
        pairs = self.table(folder, tmp_path, ("card", "note"), ("card", "lina"))

        result = CliRunner().invoke(face, ["compare", "--batch", pairs, *ENGINE])

        failed, fine = (json.loads(line) for line in result.stdout.splitlines())
        assert result.exit_code == 1
        assert "is not a JPEG" in failed["error"]
        assert fine["match"] is True

    def test_a_table_of_a_spreadsheet_beside_its_pictures(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        pairs = folder / "pairs.csv"
        pairs.write_text("\ufeffA, B\ncard.jpg, lina.jpg\n", encoding="utf-8")
        monkeypatch.chdir(tmp_path)

        result = CliRunner().invoke(face, ["compare", "--batch", str(pairs), *ENGINE])

        assert json.loads(result.stdout)["match"] is True

    @pytest.mark.parametrize("table", ["", "a,b\n", "x,y\n1,2\n", "a,b\ncard.jpg,\n"])
    def test_a_table_without_pairs_is_one_line(self, tmp_path: Path, table: str) -> None:
        (tmp_path / "pairs.csv").write_text(table)

        result = CliRunner().invoke(face, ["compare", "--batch", str(tmp_path / "pairs.csv")])

        assert result.exit_code == 2
        assert "needs the columns a and b" in result.stderr

    def test_two_pictures_or_a_batch(self, folder: Path) -> None:
        result = CliRunner().invoke(face, ["compare", str(folder / "card.jpg")])

        assert result.exit_code == 2

    def table(self, folder: Path, place: Path, *pairs: tuple[str, str]) -> str:
        lines = [f"{folder / a}.jpg,{folder / b}.jpg" for a, b in pairs]
        (place / "pairs.csv").write_text("\n".join(["a,b", *lines]))
        return str(place / "pairs.csv")
