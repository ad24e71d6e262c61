"""`scaling-book ladder`: what it prints, and how it fails."""

import sys

import pytest

from scaling_utils import cli
from scaling_utils.ladder.design import groups
from scaling_utils.ladder.store import run_file, write_run


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """A function that gives exit code, standard output and standard error of a command."""
    monkeypatch.setenv("SCALING_DATA_CACHE", str(tmp_path / "cache"))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["scaling-book", "ladder", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        told = capsys.readouterr()
        return caught.value.code or 0, told.out, told.err

    return run


def test_status_counts_by_group(call, make_run, tmp_path):
    write_run(tmp_path, make_run())
    code, out, err = call("status", "--out", tmp_path)
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (code, err) == (0, "")
    assert list(lines) == list(groups())
    assert lines["prose-1e12"].split() == ["1", "of", "21"]
    assert lines["code-1e12"].split() == ["0", "of", "21"]


def test_status_names_a_damaged_file(call, make_run, tmp_path):
    path = write_run(tmp_path, make_run())
    path.write_text("half a fi")
    code, out, err = call("status", "--out", tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and "does not hold a finished run" in err and err.count("\n") == 1


def test_tables_of_another_folder_leave_the_registry_alone(call, make_run, monkeypatch, tmp_path):
    runs = [make_run(), make_run(budget=3e12)]
    monkeypatch.setattr("scaling_utils.ladder.tables.groups", lambda: {"both": [run.config for run in runs]})
    write_run(tmp_path, runs[0])
    code, out, _ = call("tables", "--out", tmp_path)
    assert code == 0 and out.startswith("no group of runs is finished that makes a table")
    write_run(tmp_path, runs[1])
    code, out, _ = call("tables", "--out", tmp_path)
    assert code == 0
    assert out.splitlines() == [f"wrote {tmp_path / 'prose.csv'}", f"wrote {tmp_path / 'prose-curves.csv'}"]


def test_nothing_is_trained_without_pytorch(call, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "scaling_utils.ladder.train", raising=False)
    code, out, err = call("run", "prose-1e12", "--out", tmp_path / "ladder")
    assert (code, out) == (2, "")
    assert err.startswith("error: training needs PyTorch")
    assert not (tmp_path / "ladder").exists()


def test_an_unknown_group_and_an_unknown_corpus(call, tmp_path):
    assert call("run", "nonsense", "--out", tmp_path)[2].startswith("error: no group of runs is called")
    assert call("corpus", "nonsense")[2].startswith("error: no corpus is called")
    assert not run_file(tmp_path, "x").parent.exists()
