"""Files as tables: the same values whatever else is in the file, or one sentence why not."""

from pathlib import Path

import numpy as np
import pytest

from scoring.model.manifest import Column
from scoring.training import guards, tables
from scoring.training.tables import Table


def csv(folder: Path, text: str) -> Table:
    path = folder / "data.csv"
    path.write_text(text)
    return tables.read(str(path))


class TestRead:
    def test_keeps_missing_missing(self, tmp_path: Path) -> None:
        read = csv(tmp_path, "a,b,c\n1,x,\n,NA,\n3,,\n")

        np.testing.assert_array_equal(read.get("a"), [1, np.nan, 3])
        assert read.get("b") == ["x", None, None]
        np.testing.assert_array_equal(read.get("c"), [np.nan] * 3)

    def test_reads_dates_and_truth_values_as_numbers(self, tmp_path: Path) -> None:
        read = csv(tmp_path, "day,open\n2026-01-02,true\n2026-01-01,false\n")

        assert list(guards.order(read, "day")) == [1, 0]
        np.testing.assert_array_equal(read.get("open"), [1, 0])

    @pytest.mark.parametrize(
        "days",
        [
            ["9999-12-31", "2024-01-31", "2024-02-01"],
            ["2024-02-01 10:00:00.123456789", "2024-01-31 10:00:00", "2024-01-31 11:00:00"],
            ["2024-03", "2024-01", "2024-02"],
            ["9999-12-31 00:00:00", "2024-01-31 10:00:00.123456789", "2024-02-01 00:00:00"],
            ["12:00:00", "10:20:30", "11:00:00"],
            ["1500970976000000123", "1499182041000000000", "1499274281000000000"],
        ],
    )
    def test_orders_by_time(self, tmp_path: Path, days: list[str]) -> None:
        assert list(guards.order(csv(tmp_path, "day\n" + "\n".join(days)), "day")) == [1, 2, 0]

    def test_refuses_dates_that_have_no_order(self, tmp_path: Path) -> None:
        with pytest.raises(guards.TimeUnordered, match=r"31/01/2024: write 2024-01-31"):
            guards.order(csv(tmp_path, "day\n31/01/2024\n01/02/2024\n"), "day")
        for gap in ("day,n\n2024-01-31,1\n,2\n", "day,n\n2024-01,1\n,2\n"):
            with pytest.raises(guards.TimeMissing, match="day has no date in some rows"):
                guards.order(csv(tmp_path, gap), "day")

    @pytest.mark.parametrize("day", ["2024-01-31", "7"])
    def test_refuses_a_time_that_stands_still(self, tmp_path: Path, day: str) -> None:
        with pytest.raises(guards.TimeStandsStill, match="day is the same in all rows"):
            guards.order(csv(tmp_path, f"day\n{day}\n{day}\n"), "day")

    def test_reads_times_of_any_precision(self, tmp_path: Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        kinds = {
            "s": (pa.int32(), pa.time32("s")),
            "ms": (pa.int32(), pa.time32("ms")),
            "ns": (pa.int64(), pa.time64("ns")),
            "at": (pa.int64(), pa.timestamp("ns")),
        }
        made = {n: pa.array([5, None], own).cast(kind) for n, (own, kind) in kinds.items()}
        parquet.write_table(pa.table(made), tmp_path / "data.parquet")

        read = tables.read(str(tmp_path / "data.parquet"))

        assert set(read.columns) == set(kinds)
        np.testing.assert_array_equal(read.get("s"), [5_000, np.nan])

    def test_reads_parquet_with_categories(self, tmp_path: Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        words = pa.array(["x", None, "x"]).dictionary_encode()
        made = pa.table({"n": [1, None, 3], "w": words, "f": [1.5, float("inf"), None]})
        parquet.write_table(made, tmp_path / "data.parquet")

        read = tables.read(str(tmp_path / "data.parquet"))

        np.testing.assert_array_equal(read.get("n"), [1, np.nan, 3])
        assert read.get("w") == ["x", None, "x"]
        np.testing.assert_array_equal(read.get("f"), [1.5, np.nan, np.nan])

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "cannot be read"),
            ("a,b\n", "no rows"),
            ("a,a\n1,2\n", "same name"),
            ("a,b\n1,2\n3\n", "cannot be read"),
            ("PAR1 but not really", "cannot be read"),
            ("a;b\n1,5;2\n", "save it with commas"),
            ("a\tb\n1\t2\n", "save it with commas"),
        ],
    )
    def test_refuses_what_is_no_table(self, tmp_path: Path, text: str, says: str) -> None:
        with pytest.raises(tables.DataUnreadable, match=says):
            csv(tmp_path, text)

    @pytest.mark.parametrize(
        ("encoding", "says"), [("latin-1", "not UTF-8"), ("utf-16", "UTF-16: save it as UTF-8")]
    )
    def test_names_the_encoding_it_needs(self, tmp_path: Path, encoding: str, says: str) -> None:
        (tmp_path / "data.csv").write_bytes("town,n\nMálaga,1\n".encode(encoding))

        for words in ((), ("town",)):
            with pytest.raises(tables.DataUnreadable, match="UTF"):
                tables.read(str(tmp_path / "data.csv"), words)
        with pytest.raises(tables.DataUnreadable, match=says):
            tables.read(str(tmp_path / "data.csv"))

    def test_refuses_parquet_that_was_cut(self, tmp_path: Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        path = tmp_path / "data.parquet"
        parquet.write_table(pa.table({"n": list(range(999))}), path)
        path.write_bytes(b"PAR1" + bytes(200) + path.read_bytes()[204:])

        with pytest.raises(tables.DataUnreadable, match="cannot be read as a table"):
            tables.read(str(path))

    def test_refuses_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(tables.DataUnreadable, match="no such file"):
            tables.read(str(tmp_path / "none.csv"))

    def test_refuses_numbers_with_a_little_text_among_them(self, tmp_path: Path) -> None:
        with pytest.raises(tables.ColumnMixed, match="'oops'"):
            csv(tmp_path, "a\n1\n2\n3\noops\n5\n")

    @pytest.mark.parametrize(
        "levels", [["true"], ["1234567"], ["01"], ["1", "2", "3", "x"], ["2026-01-02"], ["1.50"]]
    )
    def test_levels_are_the_same_whatever_else_is_in_the_file(
        self, tmp_path: Path, levels: list[str]
    ) -> None:
        path = tmp_path / "data.csv"
        path.write_text("kind,n\n" + "".join(f"{level},1\n" for level in levels))

        read = tables.read(str(path), {"kind", "not there"})

        assert read.get("kind") == levels
        np.testing.assert_array_equal(read.get("n"), np.ones(len(levels)))

    def test_levels_in_parquet_are_written_as_in_text(self, tmp_path: Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        made = pa.table({"a": [1234567.0, None], "b": [7, None], "c": [True, None]})
        parquet.write_table(made, tmp_path / "data.parquet")

        read = tables.read(str(tmp_path / "data.parquet"), set("abc"))

        assert read.columns == {"a": ["1234567", None], "b": ["7", None], "c": ["true", None]}

    def test_words_are_what_no_model_takes_for_a_number(self) -> None:
        columns = [Column("a", levels={}), Column("b", levels={}), Column("b"), Column("c")]

        assert tables.words_of(columns) == {"a"}
