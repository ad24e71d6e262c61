"""Run files and the tables made of them."""

import csv
import random

import pytest

from scaling_utils.conventions import Conventions
from scaling_utils.ladder.config import LadderError
from scaling_utils.ladder.store import finished, read_run, run_file, write_run
from scaling_utils.ladder.tables import register, write_tables
from scaling_utils.runs import RunTable, read_runs
from scaling_utils.runs.registry import data_folder

BYTES = Conventions("6ND", "non-embedding-with-head", "nats/byte")
BUNDLED = data_folder() / "ladder"


def rows_of(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def runs(make_run):
    """Runs of each role by group."""
    attention = {"role": "attention", "context": 1024, "batch": 1}
    return {
        "prose-1e12": [make_run(), make_run(seed=1, loss=1.6)],
        "prose-3e12": [make_run(budget=3e12, loss=1.4)],
        "prose-rate": [make_run(role="rate", rate=0.024, loss=1.7)],
        "code-1e12": [make_run(corpus="code", loss=1.9)],
        "code-3e12": [make_run(corpus="code", budget=3e12, loss=1.8)],
        "attention": [make_run(**attention), make_run(**attention, attention="block-sparse")],
        "fixed": [make_run(role="fixed-steps", budget=None, schedule="constant")],
        "pair": [make_run(role="pair", loss=1.3)],
    }


@pytest.fixture
def plan(runs):
    return {name: [run.config for run in group] for name, group in runs.items()}


@pytest.fixture
def every_run(runs):
    return [run for group in runs.values() for run in group]


def test_a_run_survives_storage(make_run, tmp_path):
    run = make_run()
    path = write_run(tmp_path, run)
    assert read_run(path) == run
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"counts": {}, "config": {"width": 1}}', "\xff"])
def test_a_file_that_holds_no_run(content, tmp_path):
    path = run_file(tmp_path, "odd")
    path.parent.mkdir()
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(LadderError, match=r"odd\.json does not hold a finished run .* Remove it"):
        finished(tmp_path)


def test_a_run_under_another_name(make_run, tmp_path):
    path = write_run(tmp_path, make_run())
    path.rename(path.with_name("mine.json"))
    with pytest.raises(
        LadderError, match="holds the run prose-isoflop-1e12-d032x2-s0; give the file that name"
    ):
        finished(tmp_path)


def test_tables_depend_on_the_runs_alone(every_run, plan, make_run, tmp_path):
    """Neither the order of training nor its duration shows."""
    tables = []
    for place in ("a", "b"):
        random.Random(place).shuffle(every_run)
        for run in every_run:
            write_run(tmp_path / place, run)
        tables.append({path.name: path.read_bytes() for path in write_tables(tmp_path / place, plan=plan)})
    write_run(tmp_path / "b", make_run(seconds=99.0))
    write_tables(tmp_path / "b", plan=plan)
    assert tables[0] == tables[1]
    assert list(tables[0]) == [
        "code.csv",
        "code-curves.csv",
        "prose.csv",
        "prose-curves.csv",
        "prose-fixed-steps.csv",
        "prose-pair.csv",
        "prose-attention.csv",
    ]
    assert (tmp_path / "b" / "prose.csv").read_bytes() == tables[0]["prose.csv"]


def test_tables_are_tables_of_runs(every_run, plan, tmp_path):
    for run in every_run:
        write_run(tmp_path, run)
    for path in write_tables(tmp_path, plan=plan):
        assert isinstance(read_runs(path, conventions=BYTES), RunTable)
    ends = read_runs(tmp_path / "prose.csv", conventions=BYTES).frame
    assert ends["loss"].tolist() == [1.5, 1.6, 1.4]
    assert ends["budget"].tolist() == [1e12, 1e12, 3e12]
    assert len(read_runs(tmp_path / "prose-curves.csv", conventions=BYTES)) == 6
    assert read_runs(tmp_path / "prose-fixed-steps.csv", conventions=BYTES).frame["loss"].tolist() == [1.51]
    assert read_runs(tmp_path / "prose-pair.csv", conventions=BYTES).frame["loss"].tolist() == [1.3]
    attention = read_runs(tmp_path / "prose-attention.csv", conventions=BYTES).frame
    assert list(attention["panel"].unique())[::16] == ["bytes 0-64", "bytes 896-1024"]
    assert attention.groupby("panel").size().unique().tolist() == [2]


def test_a_group_waits_until_all_of_it_is_finished(runs, every_run, plan, make_run, tmp_path):
    last = runs["attention"][-1]
    for run in every_run:
        if run is not last:
            write_run(tmp_path, run)
    assert tmp_path / "prose-attention.csv" not in write_tables(tmp_path, plan=plan)
    write_run(tmp_path, last)
    assert tmp_path / "prose-attention.csv" in write_tables(tmp_path, plan=plan)


def test_one_slice_is_no_table(runs, plan, tmp_path):
    for run in runs["prose-1e12"]:
        write_run(tmp_path, run)
    assert write_tables(tmp_path, plan=plan) == []


def test_no_run(tmp_path):
    with pytest.raises(LadderError, match="holds no finished run; train some"):
        write_tables(tmp_path)


def test_registry_gets_the_checksums(runs, plan, tmp_path):
    for run in (*runs["prose-1e12"], *runs["prose-3e12"]):
        write_run(tmp_path / "ladder", run)
    registry = tmp_path / "registry.toml"
    registry.write_text(
        '[a]\npath = "ladder/prose.csv"\nsha256 = ""\n[b]\npath = "other.csv"\nsha256 = "11"\n'
    )
    tables = write_tables(tmp_path / "ladder", plan=plan)
    assert register(tables, registry) == ["ladder/prose-curves.csv"]
    text = registry.read_text()
    assert 'sha256 = ""' not in text and text.endswith('[b]\npath = "other.csv"\nsha256 = "11"\n')


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*.csv")), ids=lambda path: path.stem)
def test_bundled_tables_say_what_the_run_files_say(path, tmp_path):
    """Run files may be there that the table does not have yet, but never the other way round."""
    names = {row["run_id"].rpartition("/")[2] for row in rows_of(path)}
    for name in names:
        write_run(tmp_path, read_run(run_file(BUNDLED, name)))
    write_tables(tmp_path)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()
