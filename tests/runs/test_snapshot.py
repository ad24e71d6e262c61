"""A checked table survives its file to the bit, with all it says of itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scaling_utils import load
from scaling_utils.conventions import Conventions
from scaling_utils.errors import ConventionError, DataError
from scaling_utils.runs.snapshot import write_snapshot
from scaling_utils.runs.table import RunTable

COUNTED = Conventions(flop_rule="reported", param_count="non-embedding", loss_unit="nats/byte")


def table():
    frame = pd.DataFrame(
        {
            "N": [7e7, 4e8, 1 / 3 * 1e9],
            "C": [1e18, 2e19, 3e20],
            "loss": [3.4, 2.9, 2.7],
            "<b>own</b>": ["x", None, "$y$\n"],
            "depth": [12, 24, 36],
            "ratio": [np.nan, 1.5, 2.5],
        }
    )
    runs = RunTable.from_frame(frame, conventions=COUNTED, source="a\n<i>.csv", sha256="ab")
    return replace(runs, unmeasured=5)


def test_it_comes_back_as_it_was(tmp_path):
    path = tmp_path / "mine.runs.parquet"
    write_snapshot(table(), path)
    again = load(path)
    pd.testing.assert_frame_equal(again.frame, table().frame, check_exact=True, check_dtype=False)
    assert again.conventions == COUNTED
    assert (again.source, again.sha256) == ("a\n<i>.csv", "ab")
    assert dict(again.spelling) == dict(table().spelling)
    assert (again.untrained, again.unmeasured) == (0, 5)


@pytest.mark.parametrize("name", ["mine.runs.parquet", "renamed.parquet"])
def test_it_counts_as_before_however_it_is_read(tmp_path, name):
    write_snapshot(table(), tmp_path / "mine.runs.parquet")
    path = (tmp_path / "mine.runs.parquet").rename(tmp_path / name)
    for runs in (load([path], exclude=["run-1"]), load(path), load(tmp_path)):
        assert runs.conventions == COUNTED
        assert (runs.source, runs.sha256) == ("a\n<i>.csv", "ab")
    assert load([path], exclude=["run-1"]).frame["run_id"].tolist() == ["run-2", "run-3"]
    csv = tmp_path / "more.csv"
    csv.write_text("N,C,loss\n1e8,1e19,3\n")
    with pytest.raises(ConventionError, match="param_count"):
        load([path, csv])
    assert load([path, csv], conventions=COUNTED).n_runs == 4


def test_a_folder_whose_name_looks_like_a_pattern(tmp_path):
    path = tmp_path / "a[1]" / "mine.runs.parquet"
    path.parent.mkdir()
    write_snapshot(table(), path)
    assert len(load(path)) == len(load(path, exclude=["run-1"])) + 1 == 3


def test_the_same_table_gives_the_same_bytes(tmp_path):
    for name in ("a.runs.parquet", "b.runs.parquet"):
        write_snapshot(table(), tmp_path / name)
    assert (tmp_path / "a.runs.parquet").read_bytes() == (tmp_path / "b.runs.parquet").read_bytes()


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", b"run_id,params\n"])
def test_another_file_of_that_name_is_refused(tmp_path, content):
    path = tmp_path / "mine.runs.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"mine\.runs\.parquet"):
        load(path)


def test_parquet_of_another_program_is_refused(tmp_path):
    import polars as pl

    path = tmp_path / "mine.runs.parquet"
    pl.DataFrame({"params": [1.0]}).write_parquet(path)
    with pytest.raises(DataError, match="no table of runs"):
        load(path)


def test_a_name_that_load_would_not_know_is_refused(tmp_path):
    with pytest.raises(ValueError, match="ends in"):
        write_snapshot(table(), tmp_path / "mine.parquet")
